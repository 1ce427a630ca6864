"""What quotas add to a turn's two visits to the database: `python -m tests.bench quota [--postgres]`.

The product's own functions that open and end a turn, with the ledger and without it (its two writers do
nothing then), in turns: one with, one without, for one person in a conversation of their own each time.
"""

import argparse
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from tests.bench.report import number, table

TURNS = 500
WARM = 50


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench quota", description=__doc__)
    parser.add_argument("--postgres", action="store_true", help="a PostgreSQL of its own; SQLite otherwise")
    parser.add_argument("--turns", type=int, default=TURNS)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="grump-bench-") as directory:
        start_django(Path(directory), options.postgres)
        sys.stdout.write(f"{_table(*measure(options.turns))}\n")


def start_django(home: Path, postgres: bool) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "grump.settings",
        "GRUMP_VAR": str(home),
        "GRUMP_DEVELOPMENT": "on",
        "GRUMP_LOCAL_MODEL": "off",
        "DATABASE_URL": f"sqlite:///{home / 'grump.sqlite3'}",
        "LOG_LEVEL": "WARNING",
    }
    if postgres:
        from tests.environment import start_postgres

        os.environ["DATABASE_URL"] = start_postgres(home)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def measure(turns: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Milliseconds of opening and ending a turn, with the ledger and without."""
    from grump.accounts.models import User
    from usage.allowance import usual_plan
    from usage.models import Membership

    user = User.objects.create(username="ann")
    Membership.objects.create(owner=user, plan=usual_plan("unlimited"))
    taken: list[dict[str, list[float]]] = [{"open": [], "end": []}, {"open": [], "end": []}]
    for number_ in range(2 * (turns + WARM)):
        without = number_ % 2
        if without:
            with _no_ledger():
                times = _turn(user.pk)
        else:
            times = _turn(user.pk)
        if number_ >= 2 * WARM:
            for name, value in times.items():
                taken[without][name].append(value * 1000)
    return taken[0], taken[1]


def _turn(user_id: int) -> dict[str, float]:
    from chat import history, opening, protocol
    from chat.models import Generation

    send = protocol.Send(client_message_id=uuid.uuid4().hex, text="What is backpressure?")
    began = time.perf_counter()
    opened = opening.open_question(user_id, send, "bench", opening.Asking(100_000, 400_000))
    opened_at = time.perf_counter()
    spent = {"input_tokens": 12, "output_tokens": 30, "cost_microusd": 5, "model": "mock/fast"}
    history.end_generation(opened.generation_id, Generation.State.COMPLETE, "Like so.", **spent)
    return {"open": opened_at - began, "end": time.perf_counter() - opened_at}


@contextmanager
def _no_ledger() -> Iterator[None]:
    with patch("usage.quota.reserve"), patch("usage.quota.settle"):
        yield


def _table(used: dict[str, list[float]], without: dict[str, list[float]]) -> str:
    def middle(values: list[float], share: float) -> float:
        return sorted(values)[int(share * len(values))]

    rows = []
    for name in ("open", "end"):
        with_, none = ([middle(some[name], share) for share in (0.5, 0.95)] for some in (used, without))
        cells = [number(value, 2) for value in (*none, *with_, with_[0] - none[0])]
        rows.append([f"{name} a turn", *cells])
    header = ["ms", "without, p50", "p95", "with, p50", "p95", "added, p50"]
    return table(header, rows)
