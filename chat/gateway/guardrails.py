"""A client of NeMo Guardrails' check of messages: does a rail object to what is asked, or to what is said?

Two servers speak nearly the same here. NVIDIA's microservice answers `POST /v1/guardrail/checks` with the
status "success" or "blocked"; the library's own server answers `POST /v1/checks` with "passed", "modified" or
"blocked". Which rails run, the one is told in `options.rails`, the other in `rail_types`: the address tells
which it is.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import orjson

from chat.gateway import metrics
from chat.gateway.catalogue import Provider, Timeouts
from chat.gateway.errors import GuardrailsAway
from chat.gateway.providers.http import FOREIGN, open_client
from grump.lib.breaker import Breaker, LocalStore, Outcome, Policy, Store, show

NAME = "guardrails"  # of its breaker
Rail = Literal["input", "output"]
RAILS: tuple[Rail, Rail] = ("input", "output")
ANSWER_LIMIT = 1024 * 1024  # bytes
# Whole conversations hang on it: it is left alone sooner than a provider, and tried again sooner.
POLICY = Policy(consecutive=4, pause=2.0, longest_pause=30.0)


@dataclass(frozen=True, slots=True)
class Settings:
    """`url` is the whole address of the check. `config` is the configuration's id there, empty for the
    server's own; `model` what self-checking rails are to ask. `timeout` in seconds. `fails_open`: what cannot
    be checked passes. `shows_first`: an answer is shown while it is checked, and stopped; else held until it
    was."""

    url: str
    config: str = ""
    model: str = ""
    key: str = ""
    timeout: float = 2.0
    fails_open: bool = False
    shows_first: bool = False
    rails: tuple[Rail, ...] = RAILS


class Verdict(StrEnum):
    PASSED = "passed"
    BLOCKED = "blocked"
    AWAY = "away"  # nobody could say, and that lets it pass


class Guardrails:
    def __init__(self, settings: Settings, store: Store | None = None) -> None:
        self.settings = settings
        self._breaker = Breaker(NAME, store or LocalStore(), POLICY)
        self._client: httpx.AsyncClient | None = None
        self._is_library = not urlsplit(settings.url).path.rstrip("/").endswith("/guardrail/checks")
        show(NAME, self._breaker.state)

    async def check(self, rail: Rail, messages: Sequence[dict[str, str]]) -> Verdict:
        """Raises GuardrailsAway where nobody could say and nothing may pass without. Texts are in no log."""
        begun = asyncio.get_running_loop().time()
        verdict = Verdict.AWAY
        admission = await self._breaker.admit()
        if admission.allowed:
            outcome = Outcome.ABANDONED
            try:
                async with asyncio.timeout(self.settings.timeout):
                    verdict = await self._ask(rail, messages)
                outcome = Outcome.SUCCESS
            except (*FOREIGN, ValueError):
                outcome = Outcome.FAILURE
            finally:
                await self._breaker.record(outcome, admission)
                show(NAME, self._breaker.state)
        metrics.GUARDRAIL_CHECKS.labels(rail, verdict.value).inc()
        metrics.GUARDRAIL_SECONDS.labels(rail).observe(asyncio.get_running_loop().time() - begun)
        if verdict is Verdict.AWAY and not self.settings.fails_open:
            raise GuardrailsAway("What must be checked here before it is shown cannot be checked just now.")
        return verdict

    def start(self) -> None:
        """There is nothing to begin: connections are made when the first check needs one."""

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _ask(self, rail: Rail, messages: Sequence[dict[str, str]]) -> Verdict:
        """Raises one of FOREIGN, or ValueError for whatever is no verdict."""
        if self._client is None:
            timeouts = Timeouts(connect=self.settings.timeout)
            self._client = open_client(Provider(NAME, "openai", self.settings.url, timeouts=timeouts))
        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        if self.settings.key:
            headers["authorization"] = f"Bearer {self.settings.key}"
        body = orjson.dumps(
            {"model": self.settings.model, "messages": list(messages), "guardrails": self._wish(rail)}
        )
        answer = bytearray()
        async with self._client.stream("POST", self.settings.url, headers=headers, content=body) as response:
            if response.status_code != 200:
                raise ValueError("no verdict")
            async for chunk in response.aiter_raw():
                answer += chunk
                if len(answer) > ANSWER_LIMIT:
                    raise ValueError("no verdict")
        return _read(orjson.loads(answer))

    def _wish(self, rail: Rail) -> dict[str, Any]:
        wish: dict[str, Any] = {"config_id": self.settings.config} if self.settings.config else {}
        if self._is_library:
            return wish | {"rail_types": [rail]}
        rails = {"input": rail == "input", "output": rail == "output", "dialog": False, "retrieval": False}
        return wish | {"options": {"rails": rails}}


def _read(answer: Any) -> Verdict:
    """Pure. A rail that would change a text is taken for one that objects: what it would make of it cannot be
    put into the middle of a stream."""
    match answer:
        case {"status": "success" | "passed"}:
            return Verdict.PASSED
        case {"status": "blocked" | "modified"}:
            return Verdict.BLOCKED
    raise ValueError("no verdict")
