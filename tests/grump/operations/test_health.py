import asyncio
import json
import threading

import pytest
from django.db import OperationalError

from grump.local.state import ChildState
from grump.operations import health as health_module
from grump.operations.health import Health, Report


@pytest.fixture(autouse=True)
def fresh(monkeypatch) -> Health:
    """A process that has not been asked yet."""
    health = Health()
    monkeypatch.setattr("grump.operations.views.health", health)
    monkeypatch.setattr(health_module.supervised, "read", dict)
    return health


@pytest.fixture
def no_valkey(settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"


def answering(state: dict[str, str]):
    return lambda self: state


async def test_everything_there_is_ready(async_client, transactional_db):
    answer = await async_client.get("/api/health/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "checks": {"database": "ok", "migrations": "ok", "valkey": "ok"}},
    )


async def test_a_missing_valkey_is_named_and_people_are_still_served(
    async_client, transactional_db, no_valkey
):
    answer = await async_client.get("/api/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["checks"]["valkey"] == "no answer within 250 ms"


async def test_a_valkey_that_hangs_is_not_waited_for(settings, tmp_path, transactional_db):
    """It accepts and never speaks: the connection's own timeout is not the one that counts."""
    enough = asyncio.Event()

    async def say_nothing(reader, writer):
        await enough.wait()
        writer.close()

    server = await asyncio.start_unix_server(say_nothing, tmp_path / "deaf.sock")
    settings.REDIS_URL = f"unix://{tmp_path}/deaf.sock"
    async with asyncio.timeout(2):
        report = await Health().report()
    enough.set()
    server.close()
    await server.wait_closed()
    assert report.checks["valkey"] != "ok"


async def test_no_database_is_missing(async_client, monkeypatch):
    class Gone:
        def cursor(self):
            raise OperationalError("no route to postgres://user:secret@db")

        def close(self): ...

    monkeypatch.setattr(health_module, "connection", Gone())
    answer = await async_client.get("/api/health/ready")
    assert answer.status_code == 503
    assert answer.json()["status"] == "missing"
    assert "secret" not in answer.content.decode()


async def test_an_old_schema_is_missing_until_it_is_migrated(async_client, fresh, monkeypatch):
    pending = ["chat.0002_next"]
    monkeypatch.setattr(health_module, "pending_migrations", lambda: pending)
    now = [0.0]
    fresh.clock = lambda: now[0]
    monkeypatch.setattr(Health, "_ask_database", _without_a_database)
    assert (await async_client.get("/api/health/ready")).json()["checks"]["migrations"] == "not all applied"
    pending.clear()
    now[0] = 2.0
    assert (await async_client.get("/api/health/ready")).json()["checks"]["migrations"] == "ok"


def _without_a_database(self: Health) -> dict[str, str]:
    self._schema_is_current = self._schema_is_current or not health_module.pending_migrations()
    return {"database": "ok", "migrations": "ok" if self._schema_is_current else "not all applied"}


async def test_a_crashed_child_is_visible(async_client, monkeypatch):
    monkeypatch.setattr(Health, "_ask_database", answering({"database": "ok", "migrations": "ok"}))
    children = {
        name: ChildState(name, state, restarts=1, since=0.0, pid=None)
        for name, state in (("web", "up"), ("model", "restarting"))
    }
    monkeypatch.setattr(health_module.supervised, "read", lambda: children)
    answer = await async_client.get("/api/health/ready")
    assert answer.json()["status"] == "degraded"
    assert answer.json()["checks"]["process model"] == "restarting"
    assert answer.json()["checks"]["process web"] == "ok"


async def test_a_database_that_hangs_is_reported_and_asked_only_once(monkeypatch):
    asked, release = [], threading.Event()

    def hang(self):
        self._database_is_busy = True
        asked.append(1)
        release.wait()
        return {}

    monkeypatch.setattr(Health, "_ask_database", hang)
    monkeypatch.setattr(health_module, "DATABASE_SECONDS", 0.05)
    now = [0.0]
    health = Health(clock=lambda: now[0])
    first = await health.report()
    now[0] = 2.0
    second = await health.report()
    release.set()
    assert (first.status, second.status) == ("missing", "missing")
    assert asked == [1]


async def test_a_flood_of_probes_is_one_question_a_second(monkeypatch):
    asked = []
    monkeypatch.setattr(
        Health, "_ask_database", lambda self: asked.append(1) or {"database": "ok", "migrations": "ok"}
    )
    now = [0.0]
    health = Health(clock=lambda: now[0])
    await health.report()
    await asyncio.gather(*(health.report() for _ in range(200)))
    assert asked == [1]
    now[0] = 1.5
    await asyncio.gather(*(health.report() for _ in range(200)))
    assert asked == [1, 1]


async def test_alive_asks_nobody(async_client, no_valkey):
    """No database is allowed here: touching it would fail the test."""
    answer = await async_client.get("/api/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_the_overview_says_the_same_and_is_never_an_error(async_client, monkeypatch):
    monkeypatch.setattr(Health, "_ask_database", answering({"database": "gone"}))
    answer = await async_client.get("/api/health")
    assert (answer.status_code, json.loads(answer.content)["status"]) == (200, "missing")


@pytest.mark.parametrize(
    ("checks", "status"),
    [
        ({"database": "ok", "valkey": "ok"}, "ready"),
        ({"database": "ok", "valkey": "gone"}, "degraded"),
        ({"database": "gone", "valkey": "gone"}, "missing"),
        ({"migrations": "not all applied"}, "missing"),
    ],
)
def test_what_people_need_decides_the_status(checks, status):
    assert Report(checks).status == status


def test_probes_speak_plain_http_where_pages_do_not(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/api/health/live").status_code == 200
    assert client.get("/accounts/login/").status_code == 301
