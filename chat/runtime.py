"""What one event loop holds: its gateway, its live streams, its keeper. Made at first use, one a loop."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings

from chat.answer_store import AnswerStore
from chat.context.asking import Fitter
from chat.gateway import guardrails
from chat.gateway.loading import load
from chat.gateway.stack import Gateway, build
from chat.keeper import Keeper
from chat.live import Live
from chat.usage_news import UsageNews
from experiments.exposures import ExposureLog
from figures.sampling import Sampler
from grump.celery import app
from grump.lib import env
from grump.lib.tasks import end_tasks


class Runtime:
    def __init__(self, gateway: Gateway) -> None:
        # New at every start, so that a restarted process is not taken for the one that died.
        self.process = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
        self.gateway = gateway
        self.live = Live(settings.REDIS_URL, self.process)
        self.keeper = Keeper(self.live)
        self.usage = UsageNews(self.live)
        self.sampler = Sampler(self.process)
        self.exposures = ExposureLog()
        self.fitter = Fitter(settings.REDIS_URL, self.process, queue_fit)
        self.calls: set[asyncio.Task[None]] = set()  # of the API, which no socket follows
        # What others keep with this loop and is to end with it.
        self.closing: list[Callable[[], Awaitable[None]]] = []
        self.gateway.start()
        self.live.start()
        self.keeper.start()
        self.usage.start()
        self.sampler.start()

    async def close(self) -> None:
        """Interrupt what runs, store it, and let go of every connection."""
        await end_tasks(list(self.calls))
        for close in self.closing:
            await close()
        await self.sampler.close()
        await self.usage.close()
        await self.fitter.close()
        await self.keeper.close()
        await self.live.close()
        await self.exposures.close()
        await self.gateway.close()


def queue_fit(arguments: Mapping[str, Any], expires: float) -> None:
    """For the worker of the queue `context`. Raises where the broker is away."""
    app.send_task("chat.fit_context", kwargs=dict(arguments), queue="context", expires=expires, retry=False)


def installed_gateway() -> Gateway:
    """A new gateway over the installation's catalogue."""
    return build(
        load(settings.GRUMP_CATALOG, env.everything()),
        valkey=settings.REDIS_URL,
        answers=AnswerStore() if settings.ANSWER_CACHE else None,
        answers_last=settings.ANSWER_CACHE_SECONDS,
        answers_shared=settings.ANSWER_CACHE_SHARED,
        semantic_error=settings.SEMANTIC_CACHE_ERROR if settings.SEMANTIC_CACHE else None,
        joined_widely=settings.JOIN_SHARED,
        guardrails=_guardrails(),
    )


def _guardrails() -> guardrails.Settings | None:
    if not settings.GUARDRAILS_URL:
        return None
    return guardrails.Settings(
        url=settings.GUARDRAILS_URL,
        config=settings.GUARDRAILS_CONFIG,
        model=settings.GUARDRAILS_MODEL,
        key=settings.GUARDRAILS_API_KEY,
        timeout=settings.GUARDRAILS_TIMEOUT_MS / 1000,
        fails_open=settings.GUARDRAILS_AWAY == "pass",
        shows_first=settings.GUARDRAILS_ANSWERS == "shown",
        rails=tuple(rail for rail in guardrails.RAILS if settings.GUARDRAILS_RAILS in ("both", rail)),
    )


_gateways: WeakKeyDictionary[asyncio.AbstractEventLoop, Gateway] = WeakKeyDictionary()
_runtimes: WeakKeyDictionary[asyncio.AbstractEventLoop, Runtime] = WeakKeyDictionary()


def gateway() -> Gateway:
    """The running loop's gateway. Nothing is started or opened by asking for it."""
    loop = asyncio.get_running_loop()
    if loop not in _gateways:
        _gateways[loop] = installed_gateway()
    return _gateways[loop]


def runtime() -> Runtime:
    """The running loop's runtime, its background tasks started."""
    loop = asyncio.get_running_loop()
    if loop not in _runtimes:
        _runtimes[loop] = Runtime(gateway())
    return _runtimes[loop]


def running_runtime() -> Runtime | None:
    """The running loop's runtime, if anything has needed one."""
    return _runtimes.get(asyncio.get_running_loop())


async def close_runtime() -> None:
    loop = asyncio.get_running_loop()
    alone = _gateways.pop(loop, None)
    found = _runtimes.pop(loop, None)
    if found is not None:
        await found.close()
    elif alone is not None:
        await alone.close()  # a view asked for it, and no socket came: its connections are open all the same
