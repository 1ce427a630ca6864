"""What a prompt needs, in a fraction of a millisecond."""

import json
import time
from statistics import mean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.gateway.difficulty import BUCKETS, SHAPE, WEIGHTS, buckets, estimate, shape, trained
from chat.gateway.request import ChatMessage

# None of these is among what the weights were trained with.
EASY = [
    "which month comes after March?",
    "say happy new year in Greek",
    "what colour do you get from blue and yellow?",
    "a nice name for a goldfish",
    "how do I make tea?",
    "thanks a lot!",
]
HARD = [
    "Design a multi-tenant billing service on PostgreSQL: give the schema, the isolation level of every "
    "transaction, how invoices are made idempotent, and a migration plan from the present monolith without "
    "downtime. Compare two alternatives and list the risks of each.",
    "Prove that every finite integral domain is a field, then generalise the argument to Artinian rings and "
    "give a counterexample where commutativity fails.",
    "```python\nasync def worker(q):\n    while True:\n        job = q.get()\n        await run(job)\n```\n"
    "This deadlocks under load. Find every bug, rewrite it with structured concurrency and backpressure, "
    "and explain how you would test the cancellation paths.",
]


def asked(*texts: str) -> float:
    return estimate([ChatMessage("user", text) for text in texts]).weak_is_enough


def test_everyday_questions_are_told_from_demanding_ones() -> None:
    assert min(map(asked, EASY)) > max(map(asked, HARD))
    assert mean(map(asked, EASY)) - mean(map(asked, HARD)) > 0.3


def test_a_mere_follow_up_is_as_hard_as_what_it_follows() -> None:
    assert asked(HARD[0], "go on") < asked("go on")
    assert asked(HARD[0], "go on") == pytest.approx(asked(HARD[0]), abs=0.1)


def test_a_new_question_is_not_judged_by_the_old_one() -> None:
    question = "By the way, which month comes after March?"
    assert asked(HARD[0], question) == asked(question)


def test_answers_and_instructions_are_not_the_question() -> None:
    messages = [
        ChatMessage("system", HARD[0]),
        ChatMessage("assistant", HARD[1]),
        ChatMessage("user", EASY[0]),
    ]
    assert estimate(messages).weak_is_enough == asked(EASY[0])


def test_without_a_question_it_still_answers() -> None:
    assert 0 < estimate([]).weak_is_enough < 1


@given(st.text())
def test_whatever_is_asked_there_is_a_chance(text: str) -> None:
    assert 0 <= asked(text) <= 1


@given(st.text())
def test_a_text_has_one_number_a_feature_and_its_buckets_are_few(text: str) -> None:
    assert len(shape(text)) == len(SHAPE)
    assert all(0 <= bucket < BUCKETS for bucket in buckets(text))


def test_it_takes_less_than_a_millisecond() -> None:
    trained()
    prompts = [*EASY, *HARD, "word " * 200, HARD[0] * 100, "\U0001f600" * 5_000, "a\n" * 20_000]
    times = []
    for text in prompts * 5:
        begun = time.perf_counter()
        asked(text)
        times.append(time.perf_counter() - begun)
    assert median(times) < 0.001
    assert sorted(times)[-5] < 0.005  # a busy machine may stumble now and then


def test_the_weights_say_where_they_are_from_and_under_which_licence() -> None:
    table = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    assert len(table["words"]) == BUCKETS
    assert all("Apache-2.0" in source or "this project" in source for source in table["sources"])
    assert WEIGHTS.stat().st_size < 50_000
