"""Where the gateway's answers are kept: the installation's cache, in all of its tiers."""

from typing import Any, cast

from django.core.cache import caches

from grump.lib.cache.backend import TieredCache
from grump.lib.cache.codec import Cost
from grump.lib.cache.namespaces import Namespace, register

register(Namespace("answers", persistent=True))
register(Namespace("semantic"))


class AnswerStore:
    """`chat.gateway.answers.Store` over Django's cache: a key's namespace stands before its colon."""

    def __init__(self) -> None:
        self._cache = cast(TieredCache, caches.create_connection("default"))

    async def get(self, key: str) -> Any:
        return await self._cache.aget(key)

    async def set(
        self,
        key: str,
        value: Any,
        seconds: float,
        *,
        microusd: int = 0,
        milliseconds: int = 0,
        party: str = "",
    ) -> None:
        await self._cache.aset(key, value, seconds, cost=Cost(microusd, milliseconds), owner=party)

    async def close(self) -> None:
        await self._cache.aclose_loop()
