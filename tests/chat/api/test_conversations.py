"""`/api/conversations`: only one's own, changed only by good input, and undone without a question."""

import json
import uuid

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat import history, opening, shapes
from chat.models import Conversation, Generation
from chat.protocol import Regenerate, Send

pytestmark = pytest.mark.django_db(transaction=True)


def person(name: str) -> Client:
    client = Client()
    client.user = get_user_model().objects.create(username=name)
    client.force_login(client.user)
    return client


@pytest.fixture
def ann(told) -> Client:
    return person("ann")


@pytest.fixture
def bob(told) -> Client:
    return person("bob")


def converse(client: Client, *texts: str, conversation_id: uuid.UUID | None = None) -> opening.Opened:
    """Questions with an answer each, in one conversation."""
    for text in texts:
        send = Send(client_message_id=uuid.uuid4().hex, text=text, conversation_id=conversation_id)
        opened = opening.open_question(client.user.pk, send, "p")
        history.end_generation(opened.generation_id, Generation.State.COMPLETE, f"{text}!")
        conversation_id = opened.conversation_id
    return opened


def path(opened: opening.Opened, rest: str = "") -> str:
    return f"/api/conversations/{opened.conversation_id}{rest}"


def patch(client: Client, at: str, body: str):
    return client.patch(at, body, content_type="application/json")


def code_of(response) -> str:
    return response.json()["error"]["code"]


def test_the_list_holds_ones_own_newest_first(ann, bob):
    converse(ann, "Older")
    converse(ann, "Newer")
    converse(bob, "Not hers")
    titles = [row["title"] for row in ann.get("/api/conversations").json()["conversations"]]
    assert titles == ["Newer", "Older"]


def test_the_search_finds_titles_whatever_their_case_and_takes_wildcards_for_themselves(ann):
    for title in ("Backpressure", "A 100% sure thing", "Other"):
        converse(ann, title)
    found = {
        q: len(ann.get("/api/conversations", {"q": q}).json()["conversations"]) for q in ("backP", "%", "_")
    }
    assert found == {"backP": 1, "%": 1, "_": 0}


def test_a_conversation_opens_with_its_messages_and_their_answers_figures(ann):
    opened = converse(ann, "One", "Two")
    shown = ann.get(path(opened)).json()
    assert [message["text"] for message in shown["messages"]] == ["One", "One!", "Two", "Two!"]
    assert shown["messages"][1]["generation"]["state"] == "complete"
    assert shown["messages"][0]["generation"] is None
    assert not shown["earlier"]


def test_opening_takes_the_same_number_of_queries_however_many_messages(ann):
    opened = converse(ann, "One")
    counts = []
    for number in (2, 8):
        opened = converse(ann, *map(str, range(number)), conversation_id=opened.conversation_id)
        with CaptureQueriesContext(connection) as queries:
            ann.get(path(opened))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_long_conversation_is_paged_from_its_newest_message(ann, monkeypatch):
    monkeypatch.setattr("chat.shapes.BRANCH_LIMIT", 4)
    opened = converse(ann, *"abcd")
    newest = ann.get(path(opened)).json()
    assert [message["text"] for message in newest["messages"]] == ["c", "c!", "d", "d!"]
    assert newest["earlier"]
    above = ann.get(path(opened), {"before": newest["messages"][0]["id"]}).json()
    assert [message["text"] for message in above["messages"]] == ["a", "a!", "b", "b!"]
    assert not above["earlier"]


def test_of_a_long_conversation_no_query_asks_for_every_message(ann, monkeypatch):
    """Asked by the conversation, or in order, a database takes that index, and reads all that it has."""
    monkeypatch.setattr("chat.shapes.BRANCH_LIMIT", 4)
    converse(ann, *"abcd")
    with CaptureQueriesContext(connection) as queries:
        assert len(shapes.opened(Conversation.objects.get())["messages"]) == 4
    of_messages = [sql for sql in (query["sql"] for query in queries) if 'FROM "chat_message"' in sql]
    assert of_messages
    assert [sql for sql in of_messages if '"conversation_id" =' in sql or '"created_at" ASC' in sql] == []


def test_another_branch_becomes_the_shown_one_down_to_its_leaf(ann):
    first = converse(ann, "Question")
    second = opening.open_version(ann.user.pk, Regenerate(message_id=first.answer_id), "p")
    history.end_generation(second.generation_id, Generation.State.COMPLETE, "Second answer")
    shown = ann.get(path(first)).json()
    assert shown["messages"][1]["text"] == "Second answer"
    assert shown["messages"][1]["siblings"] == {
        "index": 1,
        "count": 2,
        "ids": [str(first.answer_id), str(second.answer_id)],
    }
    ann.get(path(first), {"leaf": str(first.answer_id)})
    assert ann.get(path(first)).json()["messages"][1]["text"] == "Question!"


def test_renaming_keeps_the_title_from_being_made_anew_and_tells_every_tab(ann, told):
    opened = converse(ann, "Question")
    assert patch(ann, path(opened), '{"title": "  My   own "}').json()["title"] == "My own"
    assert Conversation.objects.get().titled_by_user
    [(user_id, frame)] = told
    assert (user_id, frame.title, frame.conversation_id) == (ann.user.pk, "My own", opened.conversation_id)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"title": 5}',
        '{"title": ""}',
        '{"title": "  "}',
        json.dumps({"title": "x" * 201}),
    ],
)
def test_a_bad_title_is_refused_and_changes_nothing(ann, body):
    opened = converse(ann, "Question")
    response = patch(ann, path(opened), body)
    assert (response.status_code, code_of(response)) == (400, "bad_request")
    assert Conversation.objects.get().title == "Question"


def test_what_is_deleted_is_gone_and_comes_back(ann, told):
    opened = converse(ann, "Question")
    assert ann.delete(path(opened)).status_code == 204
    assert ann.get(path(opened)).status_code == 404
    assert ann.get("/api/conversations").json()["conversations"] == []
    assert ann.get(f"/c/{opened.conversation_id}/").status_code == 404
    assert ann.post(path(opened, "/restore")).json()["title"] == "Question"
    assert ann.get(path(opened)).status_code == 200
    assert [frame.deleted for _, frame in told] == [True, False]


@pytest.mark.parametrize("missing", [True, False], ids=["missing", "somebody else's"])
def test_a_missing_conversation_and_somebody_elses_look_alike(ann, bob, missing):
    opened = converse(ann, "Secret")
    at = f"/api/conversations/{uuid.uuid4()}" if missing else path(opened)
    for response in (
        bob.get(at),
        bob.get(at, {"leaf": str(opened.answer_id)}),
        patch(bob, at, '{"title": "Mine"}'),
        bob.delete(at),
        bob.post(f"{at}/restore"),
        Client().get(at),
    ):
        assert response.status_code == 404
        assert response.json() == {"error": {"code": "not_found", "message": "There is no such thing here."}}
    assert bob.get(at.replace("/api/conversations", "/c") + "/").status_code == 404
    assert Conversation.objects.get().title == "Secret"


@pytest.mark.parametrize(
    "query", [{"leaf": "x"}, {"before": "x"}, {"leaf": ""}, {"before": str(uuid.uuid4())}]
)
def test_a_bad_or_unknown_message_is_not_found(ann, query):
    assert ann.get(path(converse(ann, "Question")), query).status_code == 404


def test_another_site_cannot_change_anything(ann):
    opened = converse(ann, "Question")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = ann.cookies
    assert strict.delete(path(opened)).status_code == 403
    assert Conversation.objects.get().deleted_at is None


def test_only_the_methods_that_mean_something_are_taken(ann):
    opened = converse(ann, "Question")
    assert ann.put(path(opened)).status_code == 405
    assert ann.post("/api/conversations").status_code == 405
    assert ann.get(path(opened, "/restore")).status_code == 405


def titles(client: Client, **query: str) -> list[str]:
    return [row["title"] for row in client.get("/api/conversations", query).json()["conversations"]]


def test_a_pinned_conversation_stands_above_newer_ones_and_goes_back_to_its_place(ann):
    old = converse(ann, "Old")
    converse(ann, "New")
    assert patch(ann, path(old), '{"pinned": true}').json()["pinned"] is True
    assert titles(ann) == ["Old", "New"]
    patch(ann, path(old), '{"pinned": false}')
    assert titles(ann) == ["New", "Old"]


def test_no_more_than_a_few_can_be_pinned(ann, monkeypatch):
    monkeypatch.setattr("chat.conversations.PINNED_MOST", 1)
    first, second = converse(ann, "First"), converse(ann, "Second")
    patch(ann, path(first), '{"pinned": true}')
    response = patch(ann, path(second), '{"pinned": true}')
    assert (response.status_code, code_of(response)) == (409, "too_many")
    assert patch(ann, path(first), '{"pinned": true}').status_code == 200


def test_what_is_archived_leaves_the_list_and_is_found_all_the_same(ann, told):
    opened = converse(ann, "Question")
    converse(ann, "Other")
    patch(ann, path(opened), '{"archived": true}')
    assert (titles(ann), titles(ann, archived="1")) == (["Other"], ["Question"])
    assert titles(ann, q="quest") == ["Question"]
    assert ann.get(path(opened)).json()["archived"] is True
    assert told[-1][1].archived is True
    patch(ann, path(opened), '{"archived": false}')
    assert titles(ann) == ["Other", "Question"]


def test_asking_in_an_archived_conversation_brings_it_back(ann):
    opened = converse(ann, "Question")
    patch(ann, path(opened), '{"archived": true}')
    converse(ann, "More", conversation_id=opened.conversation_id)
    assert titles(ann) == ["Question"]


def test_the_list_is_read_on_behind_its_last_line_without_a_gap(ann, monkeypatch):
    monkeypatch.setattr("chat.conversations.LIST_LIMIT", 2)
    for title in "abcde":
        converse(ann, title)
    Conversation.objects.filter(title__in="bcd").update(
        updated_at=Conversation.objects.get(title="c").updated_at
    )
    patch(ann, path_of(ann, "e"), '{"pinned": true}')
    seen, query = [], {}
    while True:
        page = ann.get("/api/conversations", query).json()
        seen += [row["title"] for row in page["conversations"]]
        if not page["more"]:
            break
        query = {"behind": page["conversations"][-1]["id"]}
    assert sorted(seen) == list("abcde")
    assert (seen[0], seen[-1]) == ("e", "a")


def path_of(client: Client, title: str) -> str:
    return f"/api/conversations/{Conversation.objects.get(owner=client.user, title=title).id}"


def test_nobody_reads_on_behind_anothers_line(ann, bob):
    opened = converse(ann, "Secret")
    for behind in (str(opened.conversation_id), "x", str(uuid.uuid4())):
        assert bob.get("/api/conversations", {"behind": behind}).status_code == 404


def test_instructions_are_kept_and_shown_and_bounded(ann):
    opened = converse(ann, "Question")
    assert patch(ann, path(opened), '{"instructions": " Be brief. "}').json()["instructions"] == "Be brief."
    assert ann.get(path(opened)).json()["instructions"] == "Be brief."
    assert patch(ann, path(opened), json.dumps({"instructions": "x" * 8001})).status_code == 400


@pytest.mark.parametrize(
    "body",
    ['{"pinned": 1}', '{"archived": "yes"}', '{"instructions": 5}', '{"instructions": "a\\u0000b"}',
     '{"owner": 1}', '{"title": "x", "pinned": null}'],
)  # fmt: skip
def test_a_wish_that_is_none_is_refused_whole(ann, body):
    opened = converse(ann, "Question")
    assert patch(ann, path(opened), body).status_code == 400
    assert Conversation.objects.get().title == "Question"
