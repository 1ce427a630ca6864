"""Caches as two processes would have them: each with a memory, a watch and a breaker of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from grump.lib import valkey as valkey_module
from grump.lib.cache import namespaces, tiers
from grump.lib.cache.backend import TieredCache
from grump.lib.cache.namespaces import Namespace, register
from grump.lib.cache.tiers import Tiers

Make = Callable[..., TieredCache]


@pytest.fixture(autouse=True)
def kinds(monkeypatch, settings) -> None:
    settings.TIERED_CACHE_REPAIR_MS = 100
    monkeypatch.setattr(namespaces, "_registered", {})
    register(Namespace("near"))
    register(Namespace("kept", persistent=True))
    register(Namespace("slow", stale=3600.0, jitter=0.0))


@pytest.fixture
def process(monkeypatch) -> Iterator[Make]:
    made: list[Tiers] = []

    def make(url: str = django_settings.REDIS_URL) -> TieredCache:
        """At the tests' own Valkey it has connected, which empties its memory once."""
        monkeypatch.setattr(tiers, "_tiers", {})
        valkey_module.valkey_breaker.cache_clear()
        cache = TieredCache(url, {})
        made.append(cache._tiers)
        if url == django_settings.REDIS_URL:
            cache.start()
            assert cache._tiers.watch.heard.wait(10)
        return cache

    yield make
    for one in made:
        one.watch.stop()
    valkey_module.valkey_breaker.cache_clear()


@pytest.fixture
def away(process: Make, tmp_path: Path) -> TieredCache:
    return process(f"unix://{tmp_path}/nobody.sock")
