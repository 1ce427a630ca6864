"""Which models a server of one's own serves: asked in the background, at the start and from time to time.

Only providers whose table says `discover`. What is found is offered under `<provider>/<name>` with careful
figures, and is nobody's choice but a user's: `auto` takes it only where there is nothing else but this
machine's small model, and no other model falls back to it. A turn never waits for a look. What a server says
is hostile until read: sizes and numbers are bounded, and names that could be mistaken are refused.
"""

import asyncio
import json
import logging
import re
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

from chat.gateway.catalogue import Model, Price, Provider
from chat.gateway.providers.address import address
from chat.gateway.providers.http import FOREIGN, open_client
from grump.lib.tasks import end_tasks

logger = logging.getLogger(__name__)

EVERY = 300.0  # seconds between two looks
AGAIN = 30.0  # after a look in vain: the server may be starting
TIMEOUT = 5.0
LARGEST = 1024 * 1024  # bytes of a list
MOST = 100  # models a provider, for as long as the process lives: each name may become a metric's label
CONTEXT = 4096  # tokens, where nothing is said: Ollama's own default
WIDEST = 1_000_000
OUTPUT = 2048

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]*(/[A-Za-z0-9][A-Za-z0-9._:@+-]*)*")
_LONGEST = 90
_NO_CHAT = re.compile(r"embed|rerank|retriev|reward|guard|safety|whisper|tts|asr|parse|ocr|clip", re.I)


@dataclass(frozen=True, slots=True)
class Found:
    upstream: str
    context: int | None = None  # tokens, where the server says so


def read_list(body: bytes) -> Iterator[Found]:
    """Pure. `/v1/models` of NIM, vLLM (`max_model_len`), llama.cpp (`meta.n_ctx`), or Ollama's `/api/tags`.
    Raises ValueError where it is no list of models; an entry that cannot be used is left out."""
    try:
        tables = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    entries = tables.get("data", tables.get("models")) if isinstance(tables, dict) else None
    if not isinstance(entries, list):
        raise ValueError("is no list of models")
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        name = entry.get("id", entry.get("name"))
        if isinstance(name, str) and _usable(name):
            yield Found(name, _context(entry))


def _usable(name: str) -> bool:
    return len(name) <= _LONGEST and bool(_NAME.fullmatch(name)) and not _NO_CHAT.search(name)


def _context(entry: dict[str, Any]) -> int | None:
    meta = entry.get("meta")
    for value in (entry.get("max_model_len"), meta.get("n_ctx") if isinstance(meta, dict) else None):
        if isinstance(value, int) and not isinstance(value, bool) and value >= 256:
            return min(value, WIDEST)
    return None


def model_of(provider: Provider, found: Found, known: Iterable[Model]) -> Model:
    """With the figures that can do least harm. On hardware of one's own a token costs nothing; whoever asks
    for a key is taken to ask for as much as for its dearest known model. Pure."""
    dearest = Price()
    if provider.api_key_env and not provider.key_optional:
        prices = [model.price for model in known if model.provider == provider.name]
        dearest = max(prices, key=lambda price: (price.output, price.input), default=dearest)
    context = found.context or CONTEXT
    return Model(
        name=f"{provider.name}/{found.upstream}",
        provider=provider.name,
        upstream=found.upstream,
        context=context,
        max_output=min(OUTPUT, context // 2),
        price=Price(dearest.input, dearest.output),
        tier="simple",
        discovered=True,
        source="found on the server; its figures are careful defaults",
    )


class Discovery:
    """Looks at `providers` (each with its key) and puts what is new into `models`, by name. What a server no
    longer lists is taken from `present`, not from `models`: an answer of it may be running."""

    def __init__(
        self,
        providers: Iterable[tuple[Provider, str]],
        models: MutableMapping[str, Model],
        every: float = EVERY,
    ) -> None:
        self._providers = list(providers)
        self._models = models
        self._every = every
        self._known = list(models.values())
        self.present: set[str] = set()
        self.looks = 0  # what was made of `models` before the last one is out of date
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._follow(provider, key), name=f"models of {provider.name}")
            for provider, key in self._providers
        ]

    async def close(self) -> None:
        await end_tasks(self._tasks)

    async def look(self) -> dict[str, str]:
        """Look once at all of them; what was in the way, by provider."""
        looks = (self._look(provider, key) for provider, key in self._providers)
        troubles = await asyncio.gather(*looks)
        names = [provider.name for provider, _ in self._providers]
        return {name: trouble for name, trouble in zip(names, troubles, strict=True) if trouble}

    async def _follow(self, provider: Provider, key: str) -> None:
        while True:
            trouble = await self._look(provider, key)
            if trouble:
                logger.info("The models of %s are not known: its list %s", provider.name, trouble)
            await asyncio.sleep(AGAIN if trouble else self._every)

    async def _look(self, provider: Provider, key: str) -> str:
        """Empty where all went well."""
        try:
            async with asyncio.timeout(TIMEOUT):
                self._take(provider, read_list(await _fetch(provider, key)))
        except ValueError as reason:
            return str(reason)
        except FOREIGN:
            return "cannot be read"
        return ""

    def _take(self, provider: Provider, listed: Iterable[Found]) -> None:
        catalogued = {model.upstream for model in self._known if model.provider == provider.name}
        new = [found for found in listed if found.upstream not in catalogued]
        ours = {
            name
            for name, model in self._models.items()
            if model.discovered and model.provider == provider.name
        }
        self.present -= ours
        for found in new[:MOST]:
            model = model_of(provider, found, self._known)
            if model.name not in self._models and len(ours) < MOST:
                self._models[model.name] = model
                ours.add(model.name)
            if model.name in ours:
                self.present.add(model.name)
        self.looks += 1


async def _fetch(provider: Provider, key: str) -> bytes:
    """The list's bytes. Raises ValueError with what was wrong, without a word of what was sent or said."""
    path = "/api/tags" if provider.dialect == "ollama" else "/models"
    headers = {"accept": "application/json", "accept-encoding": "identity", **provider.headers}
    if key:
        headers["authorization"] = f"Bearer {key}"
    body = bytearray()
    async with (
        open_client(provider) as asked,
        asked.stream("GET", address(provider, path), headers=headers) as answer,
    ):
        if not answer.is_success:
            raise ValueError(f"is refused ({answer.status_code})")
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > LARGEST:
                raise ValueError("is too long")
    return bytes(body)
