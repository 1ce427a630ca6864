"""What a person usually does next, counted from what they did; and whether making it ready pays."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from chat.prediction import pattern, paying
from chat.prediction.pattern import Asked

NOW = datetime(2026, 5, 14, 9, 5, tzinfo=UTC)
NEWS, CODE, COOK = (UUID(int=number) for number in (1, 2, 3))


def every_morning(*questions: str, days: int = 5, hour: int = 9, conversation: UUID = NEWS) -> list[Asked]:
    first = NOW.replace(hour=hour, minute=0) - timedelta(days=days)
    return [
        Asked(conversation, text, first + timedelta(days=day, minutes=place))
        for day in range(days)
        for place, text in enumerate(questions)
    ]


def test_what_was_asked_after_this_before_is_asked_again():
    asked = every_morning("What is on today?", "Shorter, please.")
    (first, *_) = pattern.next_questions(asked, "what is on  today", NOW)
    assert first.text == "Shorter, please."
    assert first.chance > 0.5


def test_a_routine_is_likelier_at_its_hour_than_at_another():
    asked = every_morning("What is on today?", "Shorter, please.") + every_morning(
        "What is on today?", "And tomorrow?", hour=20, days=5
    )
    asked.sort(key=lambda one: one.at)
    at_nine = {one.text: one.chance for one in pattern.next_questions(asked, "What is on today?", NOW)}
    evening = NOW.replace(hour=20)
    at_eight = {one.text: one.chance for one in pattern.next_questions(asked, "What is on today?", evening)}
    assert at_nine["Shorter, please."] > at_nine["And tomorrow?"]
    assert at_eight["Shorter, please."] < at_eight["And tomorrow?"]


def test_what_was_asked_once_is_not_expected():
    asked = [Asked(NEWS, f"Question {number}?", NOW - timedelta(hours=9 - number)) for number in range(9)]
    assert pattern.next_questions(asked, "Question 3?", NOW) == []


def test_who_asks_something_new_each_time_gets_less_certain():
    steady = every_morning("Start.", "Go on.", days=6)
    wavering = every_morning("Start.", "Go on.", days=6)
    wavering += [Asked(COOK, "Start.", NOW - timedelta(hours=1 + number)) for number in range(1)]
    for number in range(6):
        conversation = UUID(int=100 + number)
        wavering += [
            Asked(conversation, "Start.", NOW - timedelta(minutes=50 - number)),
            Asked(conversation, f"Something new, {number}.", NOW - timedelta(minutes=49 - number)),
        ]
    sure, less = (
        next(one.chance for one in pattern.next_questions(asked, "Start.", NOW) if one.text == "Go on.")
        for asked in (steady, wavering)
    )
    assert less < 0.6 * sure


def test_follow_ups_are_as_likely_as_they_were_asked():
    never = pattern.of_follow_ups(["a?", "b?"], 0, {})
    often = pattern.of_follow_ups(["a?", "b?"], 20, {0: 12, 1: 2})
    rarely = pattern.of_follow_ups(["a?", "b?"], 40, {})
    assert rarely[0].chance < never[0].chance < often[0].chance
    assert often[0].chance > 0.4


def test_the_conversation_of_this_hour_comes_first_and_the_shown_one_not_at_all():
    asked = every_morning("News?") + every_morning("Cook?", hour=18, conversation=COOK)
    asked.sort(key=lambda one: one.at)
    (morning, _), *_ = pattern.next_conversations(asked, NOW)
    (evening, _), *_ = pattern.next_conversations(asked, NOW.replace(hour=18))
    assert (morning, evening) == (NEWS, COOK)
    assert NEWS not in [id for id, _ in pattern.next_conversations(asked, NOW, current=NEWS)]


def test_what_is_done_after_one_conversation_is_likelier_after_it():
    asked = []
    for day in range(6, 0, -1):
        at = NOW - timedelta(days=day)
        asked += [Asked(NEWS, "News?", at), Asked(CODE, "Review?", at + timedelta(minutes=10))]
        asked += [Asked(COOK, "Cook?", at + timedelta(hours=1))]
    asked.append(Asked(NEWS, "News?", NOW))
    chances = dict(pattern.next_conversations(asked, NOW + timedelta(minutes=10), current=NEWS))
    assert chances[CODE] > chances[COOK]


def test_somebody_with_nothing_but_new_conversations_has_no_likely_one():
    asked = [Asked(UUID(int=number), "x", NOW - timedelta(days=number)) for number in range(30, 0, -1)]
    assert all(chance < paying.LIKELY for _, chance in pattern.next_conversations(asked, NOW))


def test_what_is_probable_enough_is_made_while_nothing_is_known():
    nothing = paying.Record()
    assert paying.may_make(nothing, nothing, 0.3, luck=0.9)
    assert not paying.may_make(nothing, nothing, 0.1, luck=0.0)


def test_work_counts_like_money():
    assert paying.Record(made=100, used=10, won_ms=1_000, work_ms=5_000).pays
    assert not paying.Record(made=100, used=10, won_ms=1_000, work_ms=15_000).pays


def test_for_whom_it_does_not_pay_it_stops_while_others_go_on():
    everybody = paying.Record(made=100, used=40, won_ms=40_000, cost_microusd=10_000)
    unlucky = paying.Record(made=paying.TRIED_BY_ONE, cost_microusd=800)
    assert paying.may_make(everybody, paying.Record(), 0.3, luck=0.9)
    assert not paying.may_make(everybody, unlucky, 0.3, luck=0.9)
    assert paying.may_make(everybody, unlucky, 0.3, luck=0.01)  # one in twenty, so that a change is seen


def test_from_where_on_it_pays_is_learned():
    dear = paying.Record(made=100, used=50, won_ms=50_000, cost_microusd=40_000)
    cheap = paying.Record(made=100, used=50, won_ms=50_000, cost_microusd=1_000)
    assert not paying.may_make(dear, paying.Record(), 0.3, luck=0.9)
    assert paying.may_make(cheap, paying.Record(), 0.05, luck=0.9)
