"""What servers of one's own say of themselves: ready or not, requests that wait, the key-value cache in use.

Only providers whose table says `scrape`; behind the requests, from time to time. NIM 1.x and vLLM, whose
figures NIM 2 passes through, name them differently; both are read. What a server says is bounded.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit, urlunsplit

import httpx

from chat.gateway import metrics
from chat.gateway.catalogue import Provider
from chat.gateway.providers.http import FOREIGN, open_client
from chat.gateway.replicas import Replica, Replicas
from grump.lib.tasks import end_tasks

logger = logging.getLogger(__name__)

EVERY = 5.0  # seconds between two looks
TIMEOUT = 2.0
LARGEST = 1024 * 1024  # bytes of a scrape
# Below the server's root. NIM's own first; a 404 leads to the next one.
METRICS = ("/v1/metrics", "/metrics")
READY = ("/v1/health/ready", "/health")
_CACHE = frozenset({"gpu_cache_usage_perc", "kv_cache_usage_perc"})


def read_load(text: str) -> tuple[int, int, float]:
    """Running, waiting, share of the cache in use: added up, the cache's largest, over all models
    of the server. Pure; a line that cannot be read is left out."""
    running = waiting = cache = 0.0
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, _, rest = line.partition("{") if "{" in line else line.partition(" ")
        try:
            value = float(rest.rpartition("}")[2].split()[0])
        except (ValueError, IndexError):
            continue
        if not 0 <= value < 1e9:  # also what is not a number
            continue
        match name.strip().rpartition(":")[2]:
            case "num_requests_running":
                running += value
            case "num_requests_waiting":
                waiting += value
            case found if found in _CACHE:
                cache = max(cache, value)
    return int(running), int(waiting), min(cache, 1.0)


class Scraping:
    def __init__(self, providers: Iterable[tuple[Provider, str, Replicas]], every: float = EVERY) -> None:
        """Each with its key, which a gateway in front of the servers may want."""
        self._providers = list(providers)
        self._every = every
        self._tasks: list[asyncio.Task[None]] = []
        self._found: dict[tuple[str, Iterable[str]], int] = {}  # which path of a list a server knows

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._follow(provider, key, replicas), name=f"load of {provider.name}")
            for provider, key, replicas in self._providers
        ]

    async def close(self) -> None:
        await end_tasks(self._tasks)

    async def look(self) -> None:
        """Look once at all of them."""
        for provider, key, replicas in self._providers:
            async with open_client(provider) as client:
                await self._look(client, provider, key, replicas)

    async def _follow(self, provider: Provider, key: str, replicas: Replicas) -> None:
        async with open_client(provider) as client:
            while True:
                await self._look(client, provider, key, replicas)
                await asyncio.sleep(self._every)

    async def _look(
        self, client: httpx.AsyncClient, provider: Provider, key: str, replicas: Replicas
    ) -> None:
        headers = {"accept-encoding": "identity", **provider.headers}
        if key:
            headers["authorization"] = f"Bearer {key}"
        await asyncio.gather(*(self._look_at(client, headers, replica) for replica in replicas.all))
        for replica in replicas.all:
            labels = (provider.name, replica.name)
            metrics.REPLICA_READY.labels(*labels).set(float(replica.ready))
            metrics.REPLICA_RUNNING.labels(*labels).set(replica.running)
            metrics.REPLICA_WAITING.labels(*labels).set(replica.waiting)
            metrics.REPLICA_CACHE.labels(*labels).set(replica.cache_usage)

    async def _look_at(self, client: httpx.AsyncClient, headers: Mapping[str, str], replica: Replica) -> None:
        was_ready = replica.ready
        try:
            async with asyncio.timeout(TIMEOUT):
                status, _ = await self._get(client, headers, replica, READY)
                # A server that has no such path says nothing about itself, which is no reason to avoid it.
                replica.ready = status < 400 or status == 404
                status, body = await self._get(client, headers, replica, METRICS)
                if status == 200:
                    replica.running, replica.waiting, replica.cache_usage = read_load(body)
        except FOREIGN:
            replica.ready = False
        if replica.ready != was_ready:
            logger.info("%s is %s", replica.name, "ready" if replica.ready else "not ready")

    async def _get(
        self, client: httpx.AsyncClient, headers: Mapping[str, str], replica: Replica, paths: tuple[str, ...]
    ) -> tuple[int, str]:
        """Status and text of the first of the paths that the server knows."""
        root = urlsplit(replica.address)
        known = self._found.get((replica.address, paths), 0)
        for number, path in enumerate(paths[known:], known):
            url = urlunsplit((root.scheme, root.netloc, path, "", ""))
            async with client.stream("GET", url, headers=headers) as answer:
                if answer.status_code == 404 and number + 1 < len(paths):
                    continue
                self._found[replica.address, paths] = number
                body = bytearray()
                async for chunk in answer.aiter_raw():
                    body += chunk
                    if len(body) > LARGEST:
                        break
                return answer.status_code, body.decode("utf-8", "replace")
        return 404, ""
