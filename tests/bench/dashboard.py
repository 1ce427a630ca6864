"""How long the staff's dashboard takes over many answers: `python -m tests.bench dashboard [--postgres]`.

Ten million generations of the last 30 days are written by the database itself, added up by what the worker
runs, and then the page is asked for: three windows, all of them and one model's alone. Beside the time on the
clock stands that of this process's CPU, which other processes of the machine do not stretch.
"""

import argparse
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.bench.quota import start_django
from tests.bench.report import number, table

DAYS = 30
ROUNDS = 20
MODELS, PLANS, RELEASES, VARIANTS = 8, 4, 6, 4
BATCH = 500_000

Taken = tuple[float, float]  # on the clock and of the CPU, milliseconds


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench dashboard", description=__doc__)
    parser.add_argument("--postgres", action="store_true", help="a PostgreSQL of its own; SQLite otherwise")
    parser.add_argument("--events", type=int, default=10_000_000)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="grump-bench-") as directory:
        start_django(Path(directory), options.postgres)
        sys.stdout.write(f"{measure(options.events)}\n")


def measure(events: int) -> str:
    _fill(events)
    rows = [_row("an hour added up", f"{events / DAYS / 24:,.0f} answers", _roll())]
    for title, query in (
        ("24 hours", "window=day"),
        ("7 days", "window=week"),
        ("30 days", "window=month"),
        ("7 days, one model", "window=week&cut=model&value=bench/m1&by=variant"),
    ):
        taken, queries = _asked(query)
        rows.append(_row(f"the page, {title}", f"{queries} queries", taken))
    return table(["what", "of", "CPU, median, ms", "clock, median, ms", "slowest, ms"], rows)


def _fill(events: int) -> None:
    from django.db import connection
    from django.utils import timezone

    from chat.models import Generation
    from grump.accounts.models import User

    user = User.objects.create_superuser("chief", "chief@example.org", "x")
    lite = connection.vendor == "sqlite"
    step = DAYS * 86_400 / events
    begins = (timezone.now() - timedelta(days=DAYS) + timedelta(minutes=1)).timestamp()

    def at(delay: float = 0) -> str:
        seconds = f"({begins + delay:.3f} + n * {step:.9f})"
        return (
            f"strftime('%Y-%m-%d %H:%M:%f', {seconds}, 'unixepoch')" if lite else f"to_timestamp({seconds})"
        )

    identity = "printf('%032x', n)" if lite else "lpad(to_hex(n), 32, '0')::uuid"
    dice = "((n * 7919 + n / 13) % 1000)"
    values: dict[str, str] = {
        "id": identity, "message_id": identity, "owner_id": str(user.pk),
        "state": f"CASE WHEN {dice} = 0 THEN 'failed' WHEN {dice} < 20 THEN 'stopped' ELSE 'complete' END",
        "error_code": f"CASE WHEN {dice} = 0 THEN 'provider_unavailable' ELSE '' END",
        "provider": "'bench'", "model": f"'bench/m' || (n % {MODELS})", "plan": f"'plan' || (n % {PLANS})",
        "release": f"'r' || (n * {RELEASES} / {events})", "variants": f"'window:' || (n % {VARIANTS})",
        "cached": "CASE WHEN n % 5 = 0 THEN 'exact' ELSE '' END",
        "requested_model": "'auto'", "first_token_ms": f"30 + {dice} * {dice} / 2000",
        "total_ms": f"300 + {dice} * 5", "input_tokens": "400", "output_tokens": "200",
        "cost_microusd": "120",
        "created_at": at(-2), "heartbeat_at": at(), "ended_at": at(), "journal": "'[]'",
    }  # fmt: skip
    names, places = [], []
    for field in Generation._meta.concrete_fields:
        default: Any = "" if field.empty_strings_allowed else None
        if field.has_default():
            default = field.get_default()
        if isinstance(default, bool):
            default = f"{int(default)}" if lite else str(default).upper()
        elif isinstance(default, int):
            default = str(default)
        else:
            default = "NULL" if default is None else "''"
        names.append(f'"{field.column}"')
        places.append(values.get(field.column, default))
    # No conversations and messages behind them: nothing that is measured reads any.
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys=OFF" if lite else "SET session_replication_role = replica")
        for start in range(0, events, BATCH):
            end = min(start + BATCH, events) - 1
            numbers = f"SELECT n FROM generate_series({start}::bigint, {end}::bigint) AS n"
            if lite:
                numbers = f"SELECT {start} UNION ALL SELECT n + 1 FROM numbers WHERE n < {end}"
            numbers = f"WITH {'RECURSIVE' if lite else ''} numbers(n) AS ({numbers})"
            into = f'INSERT INTO "{Generation._meta.db_table}" ({", ".join(names)})'
            select = f"SELECT {', '.join(places)} FROM numbers"
            cursor.execute(f"{into} {numbers} {select}" if lite else f"{numbers} {into} {select}")
            sys.stderr.write(f"\r{end + 1:,} written")
        cursor.execute("ANALYZE")
    sys.stderr.write("\n")


def _roll() -> list[Taken]:
    """What the worker runs, an hour at a time."""
    from django.utils import timezone

    from chat import totals
    from figures import rolling

    rolling.HOURS_AT_ONCE = 1
    taken: list[Taken] = []
    while len(taken) <= DAYS * 24:
        began, cpu = time.perf_counter(), time.process_time()
        if not rolling.roll(totals.SOURCES[0], timezone.now()):
            break
        taken.append(((time.perf_counter() - began) * 1000, (time.process_time() - cpu) * 1000))
    return taken


def _asked(query: str) -> tuple[list[Taken], int]:
    from django.db import connection
    from django.test import Client

    from grump.accounts.models import User

    client = Client(headers={"Host": "127.0.0.1"})
    client.force_login(User.objects.get(username="chief"))
    address = f"/admin/?part=figures&{query}"
    asked = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        assert client.get(address, secure=True).status_code == 200
    taken: list[Taken] = []
    for _ in range(ROUNDS):
        began, cpu = time.perf_counter(), time.process_time()
        assert client.get(address, secure=True).status_code == 200
        taken.append(((time.perf_counter() - began) * 1000, (time.process_time() - cpu) * 1000))
    return taken, asked


def _row(what: str, of: str, taken: list[Taken]) -> list[str]:
    wall, cpu = sorted(one[0] for one in taken), sorted(one[1] for one in taken)
    middle = len(taken) // 2
    return [what, of, number(cpu[middle], 0), number(wall[middle], 0), number(wall[-1], 0)]
