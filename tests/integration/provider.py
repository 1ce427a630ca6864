"""A fake provider on a thread of its own, for tests that are not on its event loop, or outlive one."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Self

from tests.fakes import SCENARIOS, FakeProvider, Ledger, Scenario


class ProviderThread:
    """`with ProviderThread() as provider:` is serving; `provider.until` waits for a state of its books."""

    def __init__(self, scenarios: Mapping[str, Scenario] = SCENARIOS) -> None:
        self.scenarios = scenarios
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake provider", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = FakeProvider(scenarios=self.scenarios)
        self._run(self._server.__aenter__())
        return self

    def __exit__(self, *error: object) -> None:
        self._run(self._server.__aexit__(*error))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def ledger(self) -> Ledger:
        return self._server.ledger

    def until(self, true: Callable[[Ledger], bool], within: float = 5) -> None:
        self._run(self.ledger.until(true, within))

    def forget(self) -> None:
        self._loop.call_soon_threadsafe(self._server.forget)

    def _run(self, work) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
