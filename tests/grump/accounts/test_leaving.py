"""What is stored about somebody leaves with them as a file, and goes when they go: all of it, and no more."""

import gzip
import json
import uuid
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from chat import search
from chat.models import Conversation, Generation, Message
from grump.accounts import portrait
from grump.accounts.leaving import erase
from grump.accounts.models import User
from grump.audit.models import AuditEntry
from grump.operations import portable
from usage import keys, quota
from usage.models import Membership, Plan

pytestmark = pytest.mark.django_db


def somebody(name: str) -> User:
    """With a row in every table that has one for a person, each with `name` in its words."""
    user = User.objects.create_user(
        name, f"{name}@example.org", "a good long one", first_name=f"{name} first"
    )
    Client().force_login(user)
    EmailAddress.objects.create(user=user, email=user.email)
    Authenticator.objects.create(user=user, type="totp", data={"secret": f"{name} secret"})
    Membership.objects.create(owner=user, plan=Plan.objects.get(name="pro"))
    keys.make(user, f"{name} key")
    talk = Conversation.objects.create(owner=user, title=f"{name} title", updated_at=timezone.now())
    asked = Message.objects.create(conversation=talk, owner=user, role="user", text=f"{name} asks")
    said = Message.objects.create(
        conversation=talk, owner=user, role="assistant", parent=asked, text=f"{name} hears"
    )
    Generation.objects.create(owner=user, message=said, state="complete", heartbeat_at=timezone.now())
    search.index(asked, said)
    key = uuid.uuid4()
    quota.reserve(user.pk, key, quota.Estimate(10, 0))
    quota.settle(key, quota.Spent(10, 0, model="mock/fast"))
    return user


def everything(path: Path) -> dict[str, list[str]]:
    """The whole database in words, by table; and what is searched by, which no backup holds."""
    portable.write(path)
    tables: dict[str, list[str]] = {}
    for line in gzip.decompress(path.read_bytes()).splitlines()[1:-1]:
        entry = json.loads(line)
        if isinstance(entry, dict):
            rows = tables.setdefault(entry["model"], [])
        else:
            rows.append(line.decode())
    with connection.cursor() as cursor:
        source = "chat_search" if connection.vendor == "sqlite" else "chat_indexed"
        cursor.execute(f"SELECT * FROM {source}")
        tables[source] = [str(row) for row in cursor.fetchall()]
    return tables


@pytest.fixture
def one_connection(monkeypatch) -> None:
    """The test's own transaction is the one moment."""
    from contextlib import nullcontext

    monkeypatch.setattr(portable, "_one_moment", nullcontext)


def test_nothing_of_somebody_who_left_is_left_and_nothing_of_others_is_gone(tmp_path, one_connection):
    mira, bob = somebody("mira"), somebody("bob")
    before = everything(tmp_path / "before")
    erase(mira)
    after = everything(tmp_path / "after")
    left = [f"{table}: {row}" for table, rows in after.items() for row in rows if "mira" in row]
    assert left == []
    for table, rows in before.items():
        assert len([row for row in rows if "bob" in row]) == len(
            [row for row in after[table] if "bob" in row]
        )
    assert User.objects.get() == bob
    sessions = after["sessions.session"]
    assert len(sessions) == len(before["sessions.session"]) - 1


def test_that_somebody_was_erased_stays_on_record_without_a_name(tmp_path):
    mira = somebody("mira")
    number = mira.pk
    erase(mira)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id, entry.target) == ("erased", str(number), f"accounts.user {number}")


def test_the_sockets_of_whoever_leaves_are_closed(closed, monkeypatch):
    monkeypatch.setattr("grump.accounts.leaving.close_sockets", lambda *ids: closed.extend(ids))
    mira = somebody("mira")
    number = mira.pk
    erase(mira)
    assert number in closed


def test_the_file_holds_every_table_and_only_ones_own(tmp_path):
    mira = somebody("mira")
    somebody("bob")
    written = json.loads(b"".join(portrait.export(mira)))
    tables = written["tables"]
    assert "bob" not in json.dumps(tables)
    assert [row["text"] for row in tables["chat.message"]] in (
        ["mira asks", "mira hears"],
        ["mira hears", "mira asks"],
    )
    for table in (
        "accounts.user",
        "account.emailaddress",
        "usage.entry",
        "usage.membership",
        "chat.generation",
    ):
        assert len(tables[table]) == 1, table


def test_no_secret_is_in_the_file():
    mira = somebody("mira")
    text = b"".join(portrait.export(mira)).decode()
    digest = keys.of(mira).get().digest
    for secret in (mira.password, digest, "mira secret"):
        assert secret not in text


def test_a_long_table_comes_in_pages_and_whole(monkeypatch, django_assert_max_num_queries):
    mira = somebody("mira")
    talk = Conversation.objects.get(owner=mira)
    Message.objects.bulk_create(
        Message(conversation=talk, owner=mira, role="user", text=str(number)) for number in range(1200)
    )
    with django_assert_max_num_queries(60):
        written = json.loads(b"".join(portrait.export(mira)))
    assert len(written["tables"]["chat.message"]) == 1202


def test_every_table_that_refers_to_a_person_lets_go_of_them():
    """One that would keep its rows (SET_NULL, PROTECT, DO_NOTHING) has to say here how it is emptied."""
    kept = [
        f"{model._meta.label}.{field}"
        for model, field in portrait.person_models()
        if model._meta.get_field(field).remote_field.on_delete is not models.CASCADE
    ]
    assert kept == []


def test_the_commands_say_what_they_do_and_nothing_is_removed_without_yes(tmp_path, capsys):
    somebody("mira")
    call_command("export_user", "mira", str(tmp_path / "mira.json"))
    assert (tmp_path / "mira.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="add --yes"):
        call_command("erase_user", "mira")
    assert User.objects.exists()
    call_command("erase_user", "mira", "--yes")
    assert not User.objects.exists()
    with pytest.raises(CommandError, match="no user"):
        call_command("export_user", "mira", str(tmp_path / "again.json"))
