"""Behind an answer: questions that may follow, within a budget, and answers made before they are asked."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from chat import preferences, shapes
from chat.gateway.errors import ConnectFailed
from chat.gateway.events import Event, Finished, Text, Usage
from chat.gateway.request import ChatRequest
from chat.models import Conversation, FollowUps, Generation, Message, Preload
from chat.prediction import ahead, background, budget, makers, paying, preloading, records
from chat.prediction.follow_ups import read
from tests.chat.sockets import Tab, a_user
from tests.waiting import until

QUESTION = "Why does my queue grow although the workers are idle?"
ANSWER = "The queue grows because the workers hold reserved messages. Set the prefetch to one."
GOOD = "\n".join(
    [
        "How do I see which messages are reserved?",
        "What is a safe prefetch for workers?",
        "Why do workers hold messages?",
    ]
)


class Adviser:
    """A gateway whose model says one thing, at a price."""

    def __init__(self, said: str | None) -> None:
        self.said = said
        self.asked: list[ChatRequest] = []

    def start(self) -> None:
        pass

    async def stream(self, request: ChatRequest) -> AsyncIterator[Event]:
        self.asked.append(request)
        if self.said is None:
            raise ConnectFailed("The provider could not be reached.")
        yield Text(self.said)
        yield Finished("stop", Usage(10, 10, cost_microusd=40))

    async def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def kept(settings) -> None:
    settings.ANSWER_CACHE = True
    settings.SEMANTIC_CACHE = False


@pytest.fixture
def adviser(monkeypatch) -> Adviser:
    found = Adviser(GOOD)
    monkeypatch.setattr(background, "installed_gateway", lambda: found)
    return found


@pytest.fixture
def ann(transactional_db):
    return get_user_model().objects.create(username="ann")


def answered(user, question=QUESTION, after: Message | None = None, **made) -> Message:
    """A question and its finished answer."""
    if after is None:
        conversation = Conversation.objects.create(owner=user, updated_at=timezone.now())
    else:
        conversation = after.conversation
    asked = Message.objects.create(
        conversation=conversation, owner=user, role="user", text=question, parent=after
    )
    answer = Message.objects.create(
        conversation=conversation, owner=user, role="assistant", text=ANSWER, parent=asked
    )
    Generation.objects.create(
        owner=user, message=answer, state="complete", heartbeat_at=timezone.now(), **made
    )
    conversation.leaf_id = answer.id
    conversation.save()
    return answer


def test_three_questions_are_offered_by_the_cheapest_model_in_the_background(ann, adviser):
    answer = answered(ann)
    ahead.look_ahead(str(answer.id))
    assert shapes.opened(answer.conversation)["follow_ups"] == GOOD.split("\n")
    (request,) = adviser.asked
    assert (request.priority, request.preference, request.party) == ("background", 0.0, str(ann.pk))
    ahead.look_ahead(str(answer.id))  # the same task, delivered twice
    assert len(adviser.asked) == 1
    assert FollowUps.objects.get().cost_microusd == 40


def test_who_wants_none_and_who_has_deleted_are_asked_for_nothing(ann, adviser):
    answer = answered(ann)
    preferences.change(ann.pk, follow_ups=False)
    ahead.look_ahead(str(answer.id))
    preferences.change(ann.pk, follow_ups=True)
    answer.conversation.deleted_at = timezone.now()
    answer.conversation.save()
    ahead.look_ahead(str(answer.id))
    ahead.look_ahead(str(uuid.uuid4()))
    assert adviser.asked == []


def test_a_model_that_fails_offers_nothing(ann, adviser):
    adviser.said = None
    ahead.look_ahead(str(answered(ann).id))
    assert not FollowUps.objects.exists()


@pytest.mark.parametrize(
    "said",
    [
        "Sure! Here are three questions you might ask:",
        "The queue grows because the workers are idle. It is what it is.",
        "Do you want to know more about queues?\nWould you like an example of a queue?",
        "What is the weather in Lisbon today?\nWho won the football match?\nHow old is the moon?",
        QUESTION,
        "?" * 40,
        "What about the queue?\nBecause.\nIt depends on the workers.\nThe end.",
        "",
    ],
)
def test_what_is_no_question_on_the_matter_is_not_shown(said):
    assert read(said, QUESTION, ANSWER) == []


def test_numbers_bullets_and_doubles_are_cleaned_away():
    said = "\n".join(
        [
            "1. How do I see reserved messages?",
            '2) "What is a safe prefetch for workers?"',
            "- How do I see reserved messages?",
        ]
    )
    assert read(said, QUESTION, ANSWER) == [
        "How do I see reserved messages?",
        "What is a safe prefetch for workers?",
    ]


def test_a_list_is_read_without_what_a_small_model_says_around_it():
    said = (
        "Here are three short questions that could be asked to you:\n\n"
        '1. "What is a safe prefetch for workers?"\n'
        '2. "How do I see which messages are reserved?":\n'
        "3. What's your favourite queue?\n\n"
        "These questions are designed to encourage you to think about queues."
    )
    assert read(said, QUESTION, ANSWER) == [
        "What is a safe prefetch for workers?",
        "How do I see which messages are reserved?",
    ]


def test_the_house_stops_paying_when_the_days_money_is_spent(ann, adviser, settings):
    settings.LOOK_AHEAD_CENTS_A_DAY = 1
    first = answered(ann)
    FollowUps.objects.create(message=first, owner=ann, cost_microusd=10_000)
    ahead.look_ahead(str(answered(ann).id))
    assert adviser.asked == []


def test_guests_have_a_fifth_of_it_and_only_so_many_a_day(ann, adviser, settings, monkeypatch):
    guest = get_user_model().objects.create(username="guest-1", is_guest=True)
    settings.LOOK_AHEAD_CENTS_A_DAY = 1
    FollowUps.objects.create(message=answered(guest), owner=guest, cost_microusd=2_000)
    ahead.look_ahead(str(answered(guest).id))
    assert adviser.asked == []
    ahead.look_ahead(str(answered(ann).id))
    assert len(adviser.asked) == 1
    settings.LOOK_AHEAD_CENTS_A_DAY = 100
    monkeypatch.setattr(budget, "MOST_OF_A_GUEST", 1)
    ahead.look_ahead(str(answered(guest).id))
    assert len(adviser.asked) == 1


def asks_what_is_offered(user, times: int) -> None:
    for _ in range(times):
        FollowUps.objects.create(message=answered(user), owner=user, questions=["x"], chosen=0)


def test_the_likely_answer_is_made_only_for_who_allows_it_and_asks_what_is_offered(ann, adviser):
    ahead.look_ahead(str(answered(ann).id))
    preferences.change(ann.pk, preloading=True)
    ahead.look_ahead(str(answered(ann).id))
    assert not Preload.objects.exists()  # nothing says that ann asks what is offered
    asks_what_is_offered(ann, 6)
    answer = answered(ann)
    ahead.look_ahead(str(answer.id))
    made = Preload.objects.get()
    assert (made.conversation, made.cost_microusd) == (answer.conversation, 40)
    assert [one.text for one in adviser.asked[-1].messages] == [QUESTION, ANSWER, GOOD.split("\n")[0]]


def test_what_a_preload_was_good_for_is_written_down(ann, adviser):
    preferences.change(ann.pk, preloading=True)
    asks_what_is_offered(ann, 6)
    answer = answered(ann)
    ahead.look_ahead(str(answer.id))
    Preload.objects.update(first_token_ms=900)
    then = answered(ann, GOOD.split("\n")[0], after=answer, cached="exact", first_token_ms=20)
    ahead.look_ahead(str(then.id))
    assert FollowUps.objects.get(message=answer).chosen == 0
    record = records.of_everybody()["answer"]
    assert (record.used, record.won_ms) == (1, 880)


def test_a_kind_that_does_not_pay_is_stopped_but_for_a_few(ann, adviser, monkeypatch):
    preferences.change(ann.pk, preloading=True)
    asks_what_is_offered(ann, 6)
    answer = answered(ann)
    for _ in range(paying.TRIED):
        Preload.objects.create(
            owner=ann, conversation=answer.conversation, kind="answer", subject="x", cost_microusd=500
        )
    Preload.objects.update(made_at=timezone.now() - timedelta(hours=2))
    monkeypatch.setattr(preloading.random, "random", lambda: 0.5)
    ahead.look_ahead(str(answer.id))
    assert Preload.objects.count() == paying.TRIED
    monkeypatch.setattr(preloading.random, "random", lambda: 0.01)
    ahead.look_ahead(str(answered(ann).id))
    assert Preload.objects.count() == paying.TRIED + 1


def test_what_pays_goes_on():
    assert paying.Record(made=100, used=30, won_ms=30_000, cost_microusd=20_000).pays
    assert not paying.Record(made=100, used=3, won_ms=3_000, cost_microusd=20_000).pays
    assert paying.Record(made=5, cost_microusd=10_000).pays


async def test_a_made_answer_is_the_one_the_turn_finds(mock):
    """The real gateway twice: the worker's, and the turn's."""
    from asgiref.sync import sync_to_async

    user = await a_user()
    await sync_to_async(preferences.change)(user.pk, preloading=True, model="mock/fast")
    await sync_to_async(asks_what_is_offered)(user, 6)
    async with Tab(user) as tab:
        accepted = await tab.ask(QUESTION)
        await tab.hear_answer(accepted["generation_id"])
        conversation = await Conversation.objects.aget(id=accepted["conversation_id"])
        answer = await Message.objects.select_related("conversation").aget(id=conversation.leaf_id)
        wish = await sync_to_async(preferences.of)(user.pk)
        assert await sync_to_async(makers.answer)(answer, "And then what?", wish) is not None
        again = await tab.ask("And then what?", conversation_id=accepted["conversation_id"])
        frames = await tab.hear_answer(again["generation_id"])
    assert frames[0]["cached"] == "exact"


async def test_a_turn_queues_the_task_only_where_somebody_looks(mock, house, monkeypatch):
    queued: list[str] = []
    monkeypatch.setattr(ahead, "publish", lambda task, *args: queued.append(args[0]))
    async with Tab(await a_user()) as tab:
        accepted = await tab.ask(QUESTION)
        done = (await tab.hear_answer(accepted["generation_id"]))[-1]
        await until(lambda: queued)
    assert queued == [done["message_id"]]


def test_staff_see_what_it_was_worth(ann, client):
    answer = answered(ann)
    for won in (None, 900):
        Preload.objects.create(
            owner=ann,
            conversation=answer.conversation,
            kind="answer",
            subject="x",
            cost_microusd=100,
            won_ms=won,
        )
    FollowUps.objects.create(message=answer, owner=ann, questions=["Why?"], chosen=0, cost_microusd=40)
    assert client.get("/admin/looking-ahead/").status_code == 302
    client.force_login(get_user_model().objects.create_superuser("chief", "chief@example.org", "x"))
    page = client.get("/admin/looking-ahead/").content.decode().replace("&nbsp;", " ")
    assert "1 (50 %)" in page
    assert "900 ms" in page
    assert "$0.0002" in page
    assert 'href="/admin/looking-ahead/"' in client.get("/admin/").content.decode()
