"""Every address and every frame, found by walking the URLconf and the protocol, so that a new one is tried:

- with ids that are somebody else's: they are not found, and nothing of theirs is told or changed;
- with one row and with thirty: the database is asked as often (tests/chat/queries.py holds how often).
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import MISSING, fields
from urllib.parse import quote

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from chat import protocol, search
from chat.models import Conversation, Generation, Message, Prompt
from grump.accounts.models import User
from grump.lib import rows
from tests.chat.queries import FRAMES, PAGES
from tests.chat.sockets import Tab
from usage import keys, quota
from usage.allowance import usual_plan
from usage.models import Membership

SECRET = "bobs-secret-words"
METHODS = ("get", "post", "put", "patch", "delete")
# Pages of libraries: their own tests look at them; here they must only be closed to whoever is not staff.
LIBRARIES = ("accounts/",)
ADMIN = "admin/"


def routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route, pattern


def ours() -> list[tuple[str, URLPattern]]:
    return [(route, one) for route, one in routes() if not route.startswith((*LIBRARIES, ADMIN))]


def address(route: str, ids: dict[str, object]) -> str:
    """The route with its places filled in. A new kind of place needs its line in `belongings`."""
    parts = []
    for part in route.split("/"):
        if part.startswith("<"):
            name = part.strip("<>").rpartition(":")[2]
            part = quote(str(ids[name]), safe="")
        parts.append(part)
    return "/" + "/".join(parts)


def belongings(owner: User, count: int = 1) -> dict[str, object]:
    """Rows of every kind that has an id of its own; the newest one's ids, by the name URLs and frames use."""
    ids: dict[str, object] = {}
    for number in range(count):
        talk = Conversation.objects.create(owner=owner, title=f"{SECRET} {number}", updated_at=timezone.now())
        asked = Message.objects.create(
            conversation=talk, owner=owner, role="user", text=f"{SECRET} q {number}"
        )
        said = Message.objects.create(
            conversation=talk, owner=owner, role="assistant", parent=asked, text=f"{SECRET} a {number}"
        )
        made = Generation.objects.create(
            owner=owner, message=said, state="complete", heartbeat_at=timezone.now(), model="mock/fast"
        )
        Conversation.objects.filter(pk=talk.pk).update(leaf_id=said.pk)
        search.index(asked, said)
        key, _ = keys.make(owner, f"{SECRET} {number}")
        prompt = Prompt.objects.create(owner=owner, name=f"{SECRET} {number}", text=SECRET)
        spent = uuid.uuid4()
        quota.reserve(owner.pk, spent, quota.Estimate(10, 0), conversation=talk.pk)
        quota.settle(spent, quota.Spent(10, 0, model=f"mock/{number}"))
        ids = {
            "conversation_id": talk.pk, "message_id": said.pk, "generation_id": made.pk,
            "parent_id": asked.pk, "edits": asked.pk, "key_id": key.pk, "name": "mock/fast",
            "prompt_id": prompt.pk, "token": "none", "pk": 1,
        }  # fmt: skip
    return ids


def person(name: str) -> User:
    user = User.objects.create(username=name)

    Membership.objects.create(owner=user, plan=usual_plan("unlimited"))
    return user


# --- Somebody else's ------------------------------------------------------------------------------


BODIES = ({}, {"title": "mine now", "pinned": True, "text": "x", "leaf_id": str(uuid.uuid4())})


def test_somebody_elses_id_is_not_found_by_any_method(client, mock, transactional_db):
    ann, bob = person("ann"), person("bob")
    theirs = belongings(bob)
    client.force_login(ann)
    for route in [route for route, _ in ours() if "<uuid:" in route]:
        _try(client, route, theirs)
    kept = Conversation.objects.values_list("title", "deleted_at", "pinned", "archived_at")
    assert list(kept) == [(f"{SECRET} 0", None, False, None)]
    assert keys.of(bob).get().revoked_at is None


def _try(client, route: str, theirs: dict[str, object]) -> None:
    statuses = set()
    for method in METHODS:
        for body in BODIES:
            form = {} if method == "get" else {"content_type": "application/json"}
            answer = getattr(client, method)(address(route, theirs), body, **form)
            statuses.add(answer.status_code)
            assert SECRET not in getattr(answer, "content", b"").decode(errors="replace")
        # A form, for pages that take one.
        statuses.add(client.post(address(route, theirs), {"title": "mine now"}).status_code)
    # 302: "too late to bring it back", told as for any id that does not exist.
    assert 404 in statuses or route.endswith("restore"), route
    assert statuses <= {302, 400, 404, 405, 422}, (route, statuses)


def a_frame(kind: type, ids: dict[str, object]) -> dict[str, object] | None:
    """With somebody's ids in every place that takes one; None where there is no such place."""
    values: dict[str, object] = {}
    for spec in fields(kind):
        name = spec.name.rstrip("_")
        if name in ids and name != "name":
            values[name] = ids[name]
        elif spec.default is MISSING and spec.default_factory is MISSING:
            values[name] = {"client_message_id": uuid.uuid4().hex, "after": 0, "won_ms": 0}.get(name, "Hello")
    return values if any(name in ids for name in values) else None


# What they say with no id, where "Hello" is no value; and that they answer nothing.
PLAIN: dict[str, dict[str, object]] = {
    "ping": {},
    "predict": {"text": "bobs"},
    "predict.outcome": {"kinds": {}},
}


@pytest.mark.parametrize("kind", protocol.CLIENT_FRAMES)
async def test_a_frame_with_somebody_elses_ids_finds_nothing(mock, kind):
    ann, bob = await sync_to_async(person)("ann"), await sync_to_async(person)("bob")
    theirs = await sync_to_async(belongings)(bob)
    frame = a_frame(protocol.CLIENT_FRAMES[kind], theirs)
    async with Tab(ann) as tab:
        if frame is None or kind in PLAIN:
            # Nothing is looked up by an id: whatever is answered holds nothing of theirs.
            await tab.say(kind, **{**(frame or {}), **PLAIN[kind]})
            await tab.say("ping", id="over")
            while (said := await tab.hear())["type"] != "pong" or said.get("id") != "over":
                assert said["type"] != "chat.error"
                assert SECRET not in str(said)
            return
        # Each id by itself, as one that is not found hides the next.
        for name in [name for name in frame if name in theirs]:
            alone = {key: value for key, value in frame.items() if key == name or key not in theirs}
            required = {spec.name for spec in fields(protocol.CLIENT_FRAMES[kind]) if spec.default is MISSING}
            alone |= {key: value for key, value in frame.items() if key in required}
            await tab.say(kind, **alone)
            said = await tab.hear_until(
                "chat.error", "chat.accepted", "chat.start", "chat.delta", "chat.done"
            )
            assert (said["type"], said.get("code")) == ("chat.error", "not_found"), name
    assert await Message.objects.filter(owner=ann).acount() == 0


@pytest.mark.parametrize("who", ["nobody", "a guest", "a user"])
def test_the_admin_is_closed_to_everybody_else(client, mock, transactional_db, who):
    if who == "a guest":
        client.get("/")
    elif who == "a user":
        client.force_login(person("ann"))
    for route, _ in routes():
        if route.startswith(ADMIN) and "<path" not in route and "(?P" not in route and "<url>" not in route:
            ids = {"app_label": "usage", "object_id": 1, "content_type_id": 1, "id": 1, "pk": 1}
            answer = client.get(address(route, ids), follow=False)
            assert answer.status_code in {301, 302, 403, 404}, route


# --- How often the database is asked ---------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """Every statement of every thread."""
    statements: list[str] = []
    for name in ("_execute", "_executemany"):
        real = getattr(CursorWrapper, name)

        def counting(self, sql, params, *rest, real=real):
            if not sql.startswith(("BEGIN", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO")):
                statements.append(sql)
            return real(self, sql, params, *rest)

        monkeypatch.setattr(CursorWrapper, name, counting)
    monkeypatch.setattr(rows, "_may_be_asked_straight", lambda database: False)
    return statements


# Checkpoints and the reaper.
BY_THE_CLOCK = re.compile(r'SET "heartbeat_at"|"heartbeat_at" <|"chat_checkpoint"')
ASKED = {"api/search": {"q": SECRET}}


def readable() -> list[str]:
    return [route for route, _ in ours() if not route.startswith(("v1/", "metrics", "api/health"))]


def test_a_page_asks_as_often_for_thirty_rows_as_for_one(client, mock, transactional_db, asked):
    ann = person("ann")
    client.force_login(ann)
    counts: list[dict[str, int]] = []
    for more in (1, 29):
        ids = belongings(ann, more)
        counts.append({})
        for route in readable():
            client.get(address(route, ids), ASKED.get(route))  # what is kept in memory is there
            asked.clear()
            client.get(address(route, ids), ASKED.get(route))
            counts[-1][route] = len(asked)
    assert counts[0] == counts[1]
    assert counts[0] == PAGES


@pytest.mark.parametrize("kind", FRAMES)
async def test_a_frame_asks_as_often_for_thirty_rows_as_for_one(mock, kind, asked):
    ann = await sync_to_async(person)("ann")
    counts = []
    async with Tab(ann) as tab:
        for more in (1, 29):
            ids = await sync_to_async(belongings)(ann, more)
            frame = (a_frame(protocol.CLIENT_FRAMES[kind], ids) or {}) | PLAIN.get(kind, {})
            frame = {key: value for key, value in frame.items() if key not in ("edits", "parent_id")}
            if kind in ("chat.send", "chat.regenerate"):
                frame["model"] = "mock/fast"
            tries = []
            for _ in range(3):  # the least of three: what is done behind an answer may fall into any of them
                if kind == "chat.send":
                    frame["client_message_id"] = uuid.uuid4().hex
                tab.heard.clear()
                asked.clear()
                await tab.say(kind, **frame)
                if kind in ("chat.send", "chat.regenerate"):
                    accepted = await tab.hear_until("chat.accepted")
                    await tab.hear_answer(accepted["generation_id"])
                if kind == "predict":
                    await tab.hear_until("predict.result")
                await tab.say("ping", id="over")
                await tab.hear_until("pong")
                tries.append(sum(not BY_THE_CLOCK.search(sql) for sql in asked))
            counts.append(min(tries))
    assert counts[0] == counts[1], asked
    assert counts[0] == FRAMES[kind][connection.vendor == "postgresql"], asked


def test_the_table_names_every_frame_and_none_that_is_gone():
    # Predictions come from memory; what is read for them is read behind, at times of its own.
    assert set(FRAMES) == set(protocol.CLIENT_FRAMES) - {"predict"}
