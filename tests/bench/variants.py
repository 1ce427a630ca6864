"""What is compared: each variant starts its server (if it has one) and opens connections to it."""

import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import aiohttp

from grump.local import valkey
from tests.bench.process import LOAD_CORE, SERVER_CORE, Process, asgi_command, free_port, run_to_end
from tests.bench.sse import SseConnection
from tests.bench.watch import Watch
from tests.bench.websocket import WebSocketConnection
from tests.fakes import write_catalogue
from tests.fakes.scenarios import SCENARIOS


class Connection(Protocol):
    def ask(self, model: str, prompt: str) -> Watch: ...

    async def close(self) -> None: ...


class Variant(ABC):
    name: str
    process: Process | None = None  # the one under test

    @abstractmethod
    async def start(self, provider_port: int, directory: Path) -> None: ...

    @abstractmethod
    async def connections(self, count: int) -> list[Connection]:
        """Open `count` more connections, ready to ask; none of it is measured."""

    async def stop(self) -> None:
        if self.process is not None:
            self.process.stop()


class Direct(Variant):
    """The client calls the provider: what a relay adds, it adds to this."""

    name = "direct"

    async def start(self, provider_port: int, directory: Path) -> None:
        self.port = provider_port

    async def connections(self, count: int) -> list[Connection]:
        return [await SseConnection.open(self.port) for _ in range(count)]


class Barest(Variant):
    def __init__(self, server: str, *, batch: bool) -> None:
        self.server, self.batch = server, batch
        self.name = f"barest{' batch' if batch else ''}, {server}"

    async def start(self, provider_port: int, directory: Path) -> None:
        self.port = free_port()
        self.process = Process(
            asgi_command(self.server, "tests.bench.barest:application", self.port),
            core=SERVER_CORE,
            log=directory / f"{self.name}.log",
            env={
                "BAREST_UPSTREAM": f"http://127.0.0.1:{provider_port}/v1",
                "BAREST_BATCH": "1" if self.batch else "",
            },
        )
        self.process.wait_for_port(self.port)

    async def connections(self, count: int) -> list[Connection]:
        return [await WebSocketConnection.open(self.port, "/ws/chat/") for _ in range(count)]


class Grump(Variant):
    """The product, everything switched on: accounts, quota, cache, routing, metrics and storage. Its Valkey
    shares the load's core, for it is not the process under test."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.name = f"grump, {server}"
        self._valkey: Process | None = None

    async def start(self, provider_port: int, directory: Path) -> None:
        home = Path(tempfile.mkdtemp(dir=directory))
        env = self.environment = self._environment(home, provider_port)
        self._valkey = Process(
            [str(part) for part in valkey.command(home / "v.sock", home, keep=False)],
            core=LOAD_CORE,
            log=home / "valkey.log",
        )
        for command in (["migrate", "-v", "0"], ["collectstatic", "--noinput", "-v", "0"]):
            run_to_end([sys.executable, "manage.py", *command], env)
        self.port = free_port()
        self.process = Process(
            [sys.executable, "-m", "grump.serving", "--server", self.server, "--port", str(self.port)],
            core=SERVER_CORE,
            log=home / "server.log",
            env=env,
        )
        self.process.wait_for_port(self.port)

    @staticmethod
    def _environment(home: Path, provider_port: int) -> Mapping[str, str]:
        catalogue = write_catalogue(
            home / "catalogue.toml",
            f"http://127.0.0.1:{provider_port}/v1",
            SCENARIOS,
            timeouts={"first_token": 120, "idle": 120, "total": 600},
            max_concurrency=10_000,
        )
        return {
            "GRUMP_VAR": str(home),
            "DJANGO_SETTINGS_MODULE": "grump.settings",
            "GRUMP_DEVELOPMENT": "on",
            "GRUMP_LOCAL_MODEL": "off",
            "GRUMP_GUEST_PLAN": "unlimited",
            "MAX_FRAMES_PER_MINUTE": "100000",  # this client asks more than a person would
            "GRUMP_CATALOG": str(catalogue),
            "SECRET_KEY": "benchmark-only",
            "REDIS_URL": valkey.url(home / "v.sock"),
            "DATABASE_URL": f"sqlite:///{home / 'grump.sqlite3'}",
            "LOG_LEVEL": "WARNING",
        }

    async def connections(self, count: int) -> list[Connection]:
        """A guest of its own for each: all sockets of one user follow the same answers."""
        cookies = [await self._guest() for _ in range(count)]
        return [await WebSocketConnection.open(self.port, "/ws/chat/", each, "mock/") for each in cookies]

    async def _guest(self) -> str:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            async with browser.get(f"http://127.0.0.1:{self.port}/") as page:
                page.raise_for_status()
            cookies = {cookie.key: cookie.value for cookie in browser.cookie_jar}
        return "; ".join(f"{name}={value}" for name, value in cookies.items())

    async def stop(self) -> None:
        await super().stop()
        if self._valkey is not None:
            self._valkey.stop()


class GrumpApi(Grump):
    """The product's other door, `/v1`: everything as above but the conversation, and a key in its place."""

    def __init__(self, server: str) -> None:
        super().__init__(server)
        self.name = f"grump /v1, {server}"

    async def connections(self, count: int) -> list[Connection]:
        headers = {"Authorization": f"Bearer {self._key()}"}
        return [await SseConnection.open(self.port, "mock/", headers) for _ in range(count)]

    def _key(self) -> str:
        return run_to_end([sys.executable, "-c", MAKE_KEY], self.environment).split()[-1]


MAKE_KEY = """
import django, uuid; django.setup()
from grump.accounts.models import User
from usage import keys
from usage.allowance import usual_plan
from usage.models import Membership
user = User.objects.create(username=uuid.uuid4().hex)
Membership.objects.create(owner=user, plan=usual_plan("unlimited"))
print(keys.make(user, "benchmark")[1])
"""


def variants(servers: list[str], names: list[str], peers: Sequence[Variant] = ()) -> list[Variant]:
    """In the order of the tables; `names` are direct, barest, barest-batch, grump, api."""
    chosen: list[Variant] = [Direct()] if "direct" in names else []
    for server in servers:
        if "barest" in names:
            chosen.append(Barest(server, batch=False))
        if "barest-batch" in names:
            chosen.append(Barest(server, batch=True))
        if "grump" in names:
            chosen.append(Grump(server))
        if "api" in names:
            chosen.append(GrumpApi(server))
    return [*chosen, *peers]
