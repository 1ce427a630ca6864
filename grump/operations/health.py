"""Can this process answer people? Asked by probes, so the asking must not hurt what it asks about.

*missing*: nobody can be answered (no database, one with an old schema, or this process is about to end).
*degraded*: people are served while something is down or being restarted: Valkey, the model server, a worker,
a provider.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import redis.asyncio
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from grump.lib.clients import on_loop
from grump.lib.leaving import leaving
from grump.lib.shared_breaker import resting
from grump.local import state as supervised

OK = "ok"
THIS = "this process"
NEEDED = frozenset({"database", "migrations", THIS})
DATABASE_SECONDS = 2.0
VALKEY_SECONDS = 0.25
FRESH_SECONDS = 1.0


@dataclass(frozen=True)
class Report:
    """`checks`: name → "ok" or what is wrong, in words that hold no address and no secret."""

    checks: dict[str, str]

    @property
    def status(self) -> str:
        wrong = {name for name, state in self.checks.items() if state != OK}
        if wrong & NEEDED:
            return "missing"
        return "degraded" if wrong else "ready"

    def as_json(self) -> dict[str, Any]:
        return {"status": self.status, "checks": self.checks}


@dataclass
class Health:
    """The newest report, made anew at most once a second however often it is asked for."""

    clock: Callable[[], float] = time.monotonic
    _report: Report | None = None
    _made_at: float = 0.0
    _refreshing: bool = False
    _schema_is_current: bool = False
    _database_is_busy: bool = field(default=False)

    async def report(self) -> Report:
        if leaving.begun:  # whoever asks for a probe sends nobody here any more
            return Report({THIS: "is leaving"})
        fresh = self._report and self.clock() - self._made_at < FRESH_SECONDS
        if self._report and (fresh or self._refreshing):
            return self._report
        self._refreshing = True
        try:
            database, valkey, processes = await asyncio.gather(
                self._database(), _valkey(), asyncio.to_thread(_processes)
            )
            self._report, self._made_at = Report(database | valkey | processes | _resting()), self.clock()
            return self._report
        finally:
            self._refreshing = False

    async def _database(self) -> dict[str, str]:
        if self._database_is_busy:  # the last question still hangs: do not pile up threads
            return {"database": "does not answer"}
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                return await asyncio.to_thread(self._ask_database)
        except TimeoutError:
            return {"database": f"no answer within {DATABASE_SECONDS:g} s"}

    def _ask_database(self) -> dict[str, str]:
        self._database_is_busy = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            # A process's code never changes: once its schema is there, it need not look again.
            self._schema_is_current = self._schema_is_current or not pending_migrations()
        except Exception as error:  # any driver's error means the same here; its text may hold the address
            return {"database": f"cannot be used ({type(error).__name__})"}
        finally:
            connection.close()
            self._database_is_busy = False
        return {"database": OK, "migrations": OK if self._schema_is_current else "not all applied"}


def pending_migrations() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


async def _valkey() -> dict[str, str]:
    client = on_loop(settings.REDIS_URL, socket_connect_timeout=VALKEY_SECONDS, socket_timeout=VALKEY_SECONDS)
    try:
        async with asyncio.timeout(VALKEY_SECONDS), client:
            await client.ping()
    except (TimeoutError, OSError, redis.RedisError):
        return {"valkey": f"no answer within {VALKEY_SECONDS * 1000:g} ms"}
    return {"valkey": OK}


def _processes() -> dict[str, str]:
    """The supervisor's children under `make run`; nothing where something else keeps the processes."""
    children = supervised.read().values()
    return {f"process {child.name}": OK if child.state == "up" else child.state for child in children}


def _resting() -> dict[str, str]:
    """Providers and models that are left alone because they failed; those that answer are not listed."""
    return {f"breaker {name}": state.value.replace("_", " ") for name, state in resting().items()}


health = Health()
