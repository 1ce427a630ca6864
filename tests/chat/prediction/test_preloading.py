"""What is made ready for whom: kind by kind, from a person's own pattern, and found by who asks."""

import uuid

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.utils import timezone

from chat import history, preferences
from chat.context import making
from chat.context.asking import Fitter
from chat.context.window import room_for_prompt
from chat.gateway.counting import count_tokens
from chat.models import Conversation, FollowUps, Generation, Message, Preload
from chat.prediction import ahead, makers, preloading, records
from grump.lib.database import in_database
from tests.chat.context.conversations import a_conversation
from tests.chat.prediction.test_ahead import answered, asks_what_is_offered
from tests.chat.sockets import Tab, a_user

NEXT = "Which harbour was it on day 90?"
OTHER = "Who mends the sails?"


@pytest.fixture
def ann(mock):
    """Nothing of the worker's knows another test's catalogue."""
    kept = (makers._known, making.question_embedder)
    for one in kept:
        one.cache_clear()
    yield get_user_model()
    for one in kept:
        one.cache_clear()


def somebody(users):
    user = users.objects.create(username=uuid.uuid4().hex)
    preferences.change(user.pk, model="mock/fast")
    return user


def a_long_talk(user) -> Message:
    """Of over 8,000 tokens, for a window as large; its last message is an answer."""
    talk = Conversation.objects.create(owner=user, updated_at=timezone.now())
    parent, rows = None, []
    for line in a_conversation(140)[:-1]:
        parent = Message(
            conversation=talk, owner=user, parent=parent, role=line.role, text=line.text,
            tokens=count_tokens(line.text),
        )  # fmt: skip
        rows.append(parent)
    Message.objects.bulk_create(rows)
    assert parent is not None
    Generation.objects.create(owner=user, message=parent, state="complete", heartbeat_at=timezone.now())
    talk.leaf_id = parent.id
    talk.save()
    return parent


def who_asks_what_is_offered(users) -> Message:
    user = somebody(users)
    asks_what_is_offered(user, 8)
    answer = a_long_talk(user)
    FollowUps.objects.create(message=answer, owner=user, questions=[NEXT, OTHER])
    return answer


async def test_the_fit_for_the_likely_question_is_there_when_it_is_asked(ann, house, settings):
    answer = await sync_to_async(who_asks_what_is_offered)(ann)
    await sync_to_async(ahead.look_ahead)(str(answer.id), False)
    made = await Preload.objects.aget(kind=Preload.Kind.FIT)
    assert made.subject == records.digest(NEXT)
    question = Message(
        conversation_id=answer.conversation_id, owner_id=answer.owner_id, parent=answer, role="user",
        text=NEXT, tokens=count_tokens(NEXT),
    )  # fmt: skip
    await in_database(question.save)

    def unasked(arguments, expires) -> None:
        raise AssertionError("the worker was asked")

    fitter = Fitter(settings.REDIS_URL, "p", unasked)
    try:
        gateway = house.gateway
        room, families = room_for_prompt(gateway.window("mock/fast")), gateway.families("mock/fast")
        lines = await in_database(history.prompt, question.id)
        ready = await fitter.fit(lines, room, families, answer.conversation_id)
        assert ready.way == "cache"
        assert ready.fitted.shortened is not None
    finally:
        await fitter.close()


def a_turn(answer: Message, text: str, context: dict) -> Message:
    """The person asks `text` after `answer`, and is answered from what `context` tells."""
    asked = Message.objects.create(
        conversation_id=answer.conversation_id,
        owner_id=answer.owner_id,
        parent=answer,
        role="user",
        text=text,
    )
    then = Message.objects.create(
        conversation_id=answer.conversation_id, owner_id=answer.owner_id, parent=asked, role="assistant",
        text="Harbour 12.",
    )  # fmt: skip
    Generation.objects.create(
        owner_id=answer.owner_id, message=then, state="complete", heartbeat_at=timezone.now(), context=context
    )
    return then


async def test_what_a_fit_has_won_is_what_its_making_took(ann):
    def play() -> int:
        answer = who_asks_what_is_offered(ann)
        ahead.look_ahead(str(answer.id), False)
        Preload.objects.filter(kind="fit").update(first_token_ms=180)
        then = a_turn(answer, NEXT, {"way": "cache", "waited_ms": 30})
        ahead.look_ahead(str(then.id), False)
        return records.of_one(answer.owner_id)["fit"].won_ms

    assert await sync_to_async(play)() == 150


async def test_a_fit_that_the_worker_made_anew_was_not_won(ann):
    def play() -> int:
        answer = who_asks_what_is_offered(ann)
        ahead.look_ahead(str(answer.id), False)
        ahead.look_ahead(str(a_turn(answer, NEXT, {"way": "worker"}).id), False)
        return records.of_one(answer.owner_id)["fit"].used

    assert await sync_to_async(play)() == 0


class Server:
    """Embeds everything alike, and counts."""

    def __init__(self) -> None:
        self.model = type("Model", (), {"name": "local-embeddings/minilm"})
        self.embedded: list[str] = []

    async def embed(self, texts):
        self.embedded += texts
        return type("Embedded", (), {"vectors": [[1.0, 0.5] for _ in texts]})


async def test_the_vector_of_a_likely_question_is_made_once(ann, monkeypatch):
    server = Server()
    monkeypatch.setattr(making, "question_embedder", lambda: server)

    def play() -> tuple[bool, bool]:
        return making.embed_ahead(NEXT, 1), making.embed_ahead(NEXT, 1)

    assert await sync_to_async(play)() == (True, False)
    assert server.embedded == [NEXT]


async def test_a_short_conversation_is_made_nothing_for_but_its_answer(ann):
    def play() -> int:
        user = somebody(ann)
        asks_what_is_offered(user, 8)
        answer = answered(user)
        FollowUps.objects.create(message=answer, owner=user, questions=[NEXT])
        ahead.look_ahead(str(answer.id), False)
        return Preload.objects.count()

    assert await sync_to_async(play)() == 0


async def test_who_never_asks_what_is_offered_gets_nothing_made(ann):
    def play() -> int:
        user = somebody(ann)
        answer = a_long_talk(user)
        FollowUps.objects.create(message=answer, owner=user, questions=[NEXT])
        ahead.look_ahead(str(answer.id), False)
        return Preload.objects.count()

    assert await sync_to_async(play)() == 0


async def test_an_hour_has_room_for_so_many(ann, monkeypatch):
    monkeypatch.setitem(preloading.MOST_AN_HOUR, "fit", 0)
    monkeypatch.setitem(preloading.MOST_AN_HOUR, "vector", 0)

    def play() -> int:
        ahead.look_ahead(str(who_asks_what_is_offered(ann).id), False)
        return Preload.objects.count()

    assert await sync_to_async(play)() == 0


# --- Pages -----------------------------------------------------------------------------------------


def who_comes_back(user, times: int = 6) -> tuple[Conversation, Conversation]:
    """Two conversations, gone back to in turn: one is open now, the other comes next."""
    last = [answered(user), answered(user)]
    for _ in range(times):
        last = [answered(user, "And now?", after=one) for one in last]
    return last[0].conversation, last[1].conversation


def test_a_page_is_fetched_because_its_owner_comes_back_and_what_that_won_is_told(
    client, transactional_db, told
):
    user = get_user_model().objects.create(username="ann")
    first, second = who_comes_back(user)
    client.force_login(user)
    likely = client.get(f"/api/conversations/likely?current={second.id}").json()["conversations"]
    assert likely == [str(first.id)]
    assert client.get(f"/api/conversations/{first.id}?ahead=likely").json()["id"] == str(first.id)
    records.opened(user.pk, first.id, 140)
    records.opened(user.pk, first.id, 140)  # told twice, counted once
    record = records.of_everybody()["page"]
    assert (record.made, record.used, record.won_ms) == (1, 1, 140)


def test_nobody_claims_a_win_without_a_fetch_nor_for_somebody_else(db):
    ann, bob = (get_user_model().objects.create(username=name) for name in ("ann", "bob"))
    talk = answered(ann).conversation
    records.opened(ann.pk, talk.id, 500)
    records.fetched(ann.pk, talk.id, 3)
    with pytest.raises(history.NotFound):
        records.opened(bob.pk, talk.id, 500)
    assert records.of_everybody()["page"].used == 0


def test_somebody_elses_conversation_is_neither_likely_nor_fetched(client, transactional_db, told):
    ann, bob = (get_user_model().objects.create(username=name) for name in ("ann", "bob"))
    first, _ = who_comes_back(ann)
    client.force_login(bob)
    assert client.get("/api/conversations/likely").json() == {"conversations": []}
    assert client.get(f"/api/conversations/{first.id}?ahead=likely").status_code == 404
    assert not Preload.objects.exists()


def test_who_fetches_without_end_leaves_neither_rows_nor_tasks_without_end(
    client, transactional_db, valkey, monkeypatch
):
    monkeypatch.setitem(preloading.MOST_AN_HOUR, Preload.Kind.PAGE, 3)
    queued: list[tuple[object, ...]] = []
    monkeypatch.setattr(ahead, "publish", lambda *task: queued.append(task))
    user = get_user_model().objects.create(username="ann")
    first, second = who_comes_back(user)
    client.force_login(user)
    for _ in range(2):
        client.get(f"/api/conversations/likely?current={second.id}")
    for _ in range(5):
        assert client.get(f"/api/conversations/{first.id}?ahead=likely").status_code == 200
    assert Preload.objects.count() == 3
    assert [task for task, *_ in queued] == [ahead.TASK]


def test_a_page_that_is_never_opened_is_no_longer_fetched(db):
    user = get_user_model().objects.create(username="ann")
    first, second = who_comes_back(user)
    for _ in range(30):
        records.fetched(user.pk, first.id, 40)
    Preload.objects.update(made_at=timezone.now() - 2 * records.OPENED_WITHIN * 60)
    asked = [preloading.likely_pages(user.pk, "UTC", second.id) for _ in range(40)]
    assert sum(map(len, asked)) < 10  # one in twenty


async def test_the_page_says_that_it_was_opened(mock):
    user = await a_user()
    answer = await sync_to_async(answered)(user)
    await sync_to_async(records.fetched)(user.pk, answer.conversation_id, 3)
    async with Tab(user) as tab:
        await tab.say("conversation.opened", conversation_id=answer.conversation_id, won_ms=90)
        await tab.say("ping", id=1)
        await tab.hear_until("pong")
    assert (await Preload.objects.aget()).won_ms == 90
