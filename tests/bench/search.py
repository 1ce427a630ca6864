"""How long a search takes among 100,000 messages: `python -m tests.bench search [--postgres]`.

90,000 of them are one person's, whose words are searched; texts of 60 words out of 512, and one of their own.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.quota import start_django
from tests.bench.report import number, table
from tests.fakes.words import vocabulary

MESSAGES, MINE = 100_000, 90_000
BATCH = 2_000
ROUNDS = 20


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench search", description=__doc__)
    parser.add_argument("--postgres", action="store_true", help="a PostgreSQL of its own; SQLite otherwise")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="grump-bench-") as directory:
        start_django(Path(directory), options.postgres)
        sys.stdout.write(f"{measure()}\n")


def measure() -> str:
    from chat.search import search

    mine = _fill()
    words = [word.strip() for word in vocabulary()]
    rows = []
    for name, query in (
        ("a word of every eighth message", words[3]),
        ("two such words", f"{words[3]} {words[4]}"),
        ("the beginning of a word", words[3][:3]),
        ("a word of one message", "own4711"),
        ("a word of none", "nowhere"),
    ):
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            found = search(mine, query)
            times.append((time.perf_counter() - began) * 1000)
        times.sort()
        rows.append([name, str(len(found)), number(times[ROUNDS // 2]), number(times[-1])])
    return table(["search for", "found (30 at most)", "median, ms", "slowest, ms"], rows)


def _fill() -> int:
    from django.db import transaction
    from django.utils import timezone

    from chat.models import Conversation, Message
    from chat.search import index
    from grump.accounts.models import User

    dice = random.Random(1)
    users = [User.objects.create(username=name) for name in ("ann", "bob")]
    talks = [Conversation.objects.create(owner=user, title="t", updated_at=timezone.now()) for user in users]
    for start in range(0, MESSAGES, BATCH):
        talk = talks[start >= MINE]
        rows = [
            Message(
                conversation=talk,
                owner_id=talk.owner_id,
                role="user",
                text="".join(dice.choices(vocabulary(), k=60)) + f"own{place}",
            )
            for place in range(start, start + BATCH)
        ]
        with transaction.atomic():
            Message.objects.bulk_create(rows)
            index(*rows)
    return users[0].pk
