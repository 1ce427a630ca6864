"""What was exported comes back equal; what was not, or was tampered with, changes nothing."""

import asyncio
import io
import json
import uuid
import zipfile
from contextlib import suppress

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from chat import conversations, history, importing, opening, search
from chat.models import Conversation, Generation, Message
from chat.protocol import Regenerate, Send
from grump.accounts.models import User
from grump.lib.database import in_database
from tests.chat.api.test_conversations import converse, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ann(told):
    return person("ann")


@pytest.fixture
def bob(told):
    return person("bob")


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    for module in ("exports", "imports"):
        monkeypatch.setattr(f"chat.api.{module}._pace.wait", lambda user: 0)


async def whole(response) -> bytes:
    return b"".join([piece async for piece in response.streaming_content])


def export(client, how: str = "json") -> bytes:
    return asyncio.run(whole(client.get("/api/export", {"as": how})))


def bring(client, body: bytes | str | dict):
    body = json.dumps(body) if isinstance(body, dict) else body
    return client.post("/api/import", body, content_type="application/json")


def without_names(exported: bytes) -> list:
    """The conversations with their messages numbered: what two exports of the same have in common."""
    found = json.loads(exported)["conversations"]
    for conversation in found:
        numbers = {message["id"]: n for n, message in enumerate(conversation["messages"])} | {None: None}
        conversation["shown"] = numbers[conversation["shown"]]
        for message in conversation["messages"]:
            message["id"], message["parent_id"] = numbers[message["id"]], numbers[message["parent_id"]]
    return found


def lively(client) -> None:
    """Branches, a pin, an archive, instructions, signs of all kinds."""
    first = converse(client, "One </script><b>", "Zwei 𝄞 \n\n ```")
    second = opening.open_version(client.user.pk, Regenerate(message_id=first.answer_id), "p")
    history.end_generation(
        second.generation_id,
        Generation.State.STOPPED,
        "Another",
        model="mock/fast",
        provider="mock",
        reasoning="Hm.",
    )
    conversations.change(
        client.user.pk, first.conversation_id, pinned=True, instructions="Be brief.", title="Mine"
    )
    old = converse(client, "Old")
    conversations.change(client.user.pk, old.conversation_id, archived=True)


def test_what_was_exported_comes_back_equal_in_another_account(ann, bob):
    lively(ann)
    exported = export(ann)
    assert bring(bob, exported).json() == {"conversations": 2}
    assert without_names(export(bob)) == without_names(exported)
    assert [row.title for row in conversations.newest(bob.user.pk).rows] == ["Mine"]
    assert not set(Message.objects.filter(owner=ann.user).values_list("id")) & set(
        Message.objects.filter(owner=bob.user).values_list("id")
    )


def test_what_came_back_is_shown_searched_and_asked_in_like_any_other(ann, bob):
    lively(ann)
    bring(bob, export(ann))
    mine = Conversation.objects.get(owner=bob.user, title="Mine")
    shown = bob.get(f"/api/conversations/{mine.id}").json()
    assert shown["messages"][-1]["text"] == "Another"
    assert shown["messages"][-1]["generation"]["state"] == "stopped"
    assert [found.title for found in search.search(bob.user.pk, "another")] == ["Mine"]
    send = Send(client_message_id="c", text="On", conversation_id=mine.id)
    opened = opening.open_question(bob.user.pk, send, "p")
    assert [line.text for line in opened.prompt][-2:] == ["Another", "On"]


def test_one_exported_conversation_comes_back_too(ann, bob):
    opened = converse(ann, "Alone")
    one = ann.get(f"/api/conversations/{opened.conversation_id}/export?as=json").content
    assert bring(bob, one).status_code == 201
    assert Conversation.objects.get(owner=bob.user).title == "Alone"


def test_everything_as_markdown_is_a_zip_of_files_that_no_title_can_misname(ann):
    for title in ("Same", "Same", "../../etc/passwd", "CON"):
        converse(ann, title)
    archive = zipfile.ZipFile(io.BytesIO(export(ann, "markdown")))
    assert archive.testzip() is None
    assert archive.namelist() == ["0001-Same.md", "0002-Same.md", "0003-etc-passwd.md", "0004-CON.md"]
    assert archive.read("0003-etc-passwd.md").decode().startswith("# ../../etc/passwd\n")


def test_nobody_exports_anothers_and_an_empty_export_is_one_too(ann, bob):
    lively(ann)
    assert json.loads(export(bob))["conversations"] == []
    assert zipfile.ZipFile(io.BytesIO(export(bob, "markdown"))).namelist() == []
    assert bob.get("/api/export", {"as": "pdf"}).status_code == 400


MESSAGE = {
    "id": "a",
    "parent_id": None,
    "role": "user",
    "text": "x",
    "created_at": "2026-01-01T00:00:00+00:00",
}


def file(*messages: dict, **more) -> dict:
    conversation = {
        "title": "t",
        "created_at": "2026-01-01T00:00:00Z",
        "shown": None,
        "messages": list(messages),
    }
    return {"format": "grump-export", "version": 1, "conversations": [conversation | more]}


HOSTILE = {
    "no JSON": b"\xff\xfe{",
    "cut short": b'{"format": "grump-export", "version": 1, "conversations": [{"title": "t',
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "another's format": {"format": "openai", "version": 1, "conversations": []},
    "a later version": {"format": "grump-export", "version": 2, "conversations": []},
    "no conversations": {"format": "grump-export", "version": 1},
    "a conversation that is none": {"format": "grump-export", "version": 1, "conversations": [5]},
    "messages that are none": file() | {"conversations": [{"title": "t", "messages": {}}]},
    "a message that is none": file("x"),  # type: ignore[arg-type]
    "a strange role": file(MESSAGE | {"role": "system"}),
    "a text that is none": file(MESSAGE | {"text": {"$gt": ""}}),
    "a NUL": file(MESSAGE | {"text": "a\0b"}),
    "half a character": file(MESSAGE | {"text": "\ud800"}),
    "too long a text": file(MESSAGE | {"text": "x" * 500_001}),
    "too long a title": file(MESSAGE, title="x" * 201),
    "no time": file(MESSAGE | {"created_at": "soon"}),
    "a time that is a number": file(MESSAGE | {"created_at": 10**30}),
    "a parent that is missing": file(MESSAGE | {"parent_id": "z"}),
    "itself as parent": file(MESSAGE | {"parent_id": "a"}),
    "a ring": file(MESSAGE | {"parent_id": "b"}, MESSAGE | {"id": "b", "parent_id": "a"}),
    "an id twice": file(MESSAGE, MESSAGE),
    "no id": file(MESSAGE | {"id": 5}),
    "a shown one that is missing": file(MESSAGE, shown="z"),
    "a strange state": file(MESSAGE | {"role": "assistant", "state": "paid"}),
    "a flag that is none": file(MESSAGE, pinned="yes"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_that_is_wrong_anywhere_is_refused_with_a_reason_and_changes_nothing(ann, what):
    good = file(MESSAGE)
    bad = HOSTILE[what]
    if isinstance(bad, dict) and bad.get("conversations") and bad["format"] == "grump-export":
        bad = bad | {"conversations": good["conversations"] + bad["conversations"]}  # a good one before it
    response = bring(ann, bad)
    assert response.status_code == 400, response.content
    error = response.json()["error"]
    assert error["code"] == "bad_file"
    assert error["message"]
    assert not Conversation.objects.exists()
    assert not Message.objects.exists()


@pytest.mark.parametrize("bound", ["MOST_BYTES", "MOST_CONVERSATIONS", "MOST_MESSAGES"])
def test_a_file_that_is_too_large_is_refused(ann, monkeypatch, bound):
    monkeypatch.setattr(importing, bound, 1)
    twice = file(MESSAGE, MESSAGE | {"id": "b"})
    response = bring(ann, twice | {"conversations": twice["conversations"] * 2})
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")
    assert not Conversation.objects.exists()


def test_an_import_that_breaks_off_shows_nothing(ann, monkeypatch):
    told = importing.read(json.dumps(file(MESSAGE)).encode())

    async def directly(work, *args):
        if work.__name__ == "_store_messages":
            raise RuntimeError
        return await in_database(work, *args)

    with pytest.raises(RuntimeError):
        asyncio.run(importing.store(ann.user.pk, told, directly))
    assert conversations.newest(ann.user.pk).rows == []


def test_an_id_of_another_in_a_file_is_only_a_name_in_it(ann, bob):
    theirs = converse(ann, "Secret")
    owned = MESSAGE | {"id": str(theirs.answer_id)}
    assert bring(bob, file(owned, shown=owned["id"])).status_code == 201
    assert Message.objects.get(id=theirs.answer_id).owner_id == ann.user.pk
    assert bring(bob, file(MESSAGE | {"parent_id": str(theirs.answer_id)})).status_code == 400


def test_times_to_come_do_not_stand_above_what_is_asked_later(ann):
    bring(ann, file(MESSAGE, updated_at="2999-01-01T00:00:00Z", title="From the future"))
    converse(ann, "Now")
    assert [row.title for row in conversations.newest(ann.user.pk).rows] == ["Now", "From the future"]


def test_a_visitor_without_a_session_and_another_site_import_nothing(client, ann):
    assert bring(client, file(MESSAGE)).status_code == 404
    strict = type(client)(enforce_csrf_checks=True)
    strict.cookies = ann.cookies
    assert bring(strict, file(MESSAGE)).status_code == 403


def test_the_settings_page_takes_a_file_and_says_what_became_of_it(ann):
    def send(body: bytes) -> str:
        page = ann.post("/settings/import", {"file": SimpleUploadedFile("x.json", body)}, follow=True)
        return page.content.decode()

    assert "1 conversation imported." in send(json.dumps(file(MESSAGE)).encode())
    assert "Nothing was imported. The file is not valid JSON." in send(b"{")
    assert Conversation.objects.count() == 1


@pytest.mark.parametrize(
    "name", ["../../evil.json", "/evil.json", "..\\\\..\\\\evil.json", "x/../evil.a/../b", "evil"]
)
@pytest.mark.parametrize("larger", [0, settings.FILE_UPLOAD_MAX_MEMORY_SIZE], ids=["in memory", "on disk"])
def test_what_a_file_is_called_reaches_neither_a_path_nor_the_page(ann, settings, tmp_path, name, larger):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "some" / "where"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir(parents=True)
    body = (
        f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: application/json\r\n\r\n{json.dumps(file(MESSAGE))}{' ' * larger}\r\n--edge--\r\n"
    )
    page = ann.post("/settings/import", body.encode(), "multipart/form-data; boundary=edge", follow=True)
    assert "1 conversation imported." in page.content.decode()
    assert "evil" not in page.content.decode()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["id", "parent_id", "role", "text", "messages", "title", "shown"]),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_no_nonsense_gets_further_than_a_reason(rows):
    body = json.dumps({"format": "grump-export", "version": 1, "conversations": rows}).encode()
    with suppress(importing.BadFile):
        importing.read(body)


def test_twenty_exports_an_hour_are_enough(client, monkeypatch):
    monkeypatch.undo()
    user = User.objects.create(username=uuid.uuid4().hex)
    client.force_login(user)
    answers = [client.get("/api/export") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
