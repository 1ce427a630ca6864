"""Long conversations with facts planted in them, and questions whose evidence is known.

What surrounds the facts is real text: requests of arena-hard-auto v0.1 (Apache-2.0), and as answers
Python's own language reference, which comes with every Python (`pydoc_data.topics`, PSF licence). Halves of
both are kept apart, as facts are. Every draw is seeded.
"""

import json
import pydoc_data.topics
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Literal

from chat.gateway.counting import count_tokens
from training.context.facts import HELD_OUT, TRAIN, Facts, Kind

REQUESTS = "arena_hard_v0.1_prompts.jsonl"
Asks = Literal["fact", "changed", "history", "all", "newest"]
NEWEST = 6  # messages at the end: questions about the newest are about these
IDLE = 2  # times that each sentence without a fact is said
LEADS = (
    "By the way, before I forget:",
    "Something else first.",
    "For the record:",
    "Quick note.",
    "Also,",
    "",
    "",
)
REPLIES = ("Noted.", "Understood, I will keep that in mind.", "Good to know.", "All right.")


@dataclass(frozen=True, slots=True)
class Said:
    role: str
    text: str
    tokens: int
    at: datetime
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """`evidence`: what an answer needs. Each piece is one sentence, or two that say nothing without each
    other ("Where does Dana stay?", "In 512B."), as they stand in the conversation."""

    asks: Asks
    text: str
    evidence: tuple[tuple[str, ...], ...]


@dataclass(slots=True)
class Dialogue:
    lines: list[Said] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Half:
    """What one of the two sets is made of."""

    facts: Facts
    requests: tuple[str, ...]
    prose: tuple[str, ...]


def halves(data: Path) -> tuple[Half, Half]:
    """To fit on, and to report on."""
    written = [json.loads(line)["prompt"] for line in (data / REQUESTS).read_text().splitlines()]
    requests = [text for text in written if 20 < len(text) < 1500]
    prose = [
        " ".join(paragraph.split())
        for _, topic in sorted(pydoc_data.topics.topics.items())
        for paragraph in topic.split("\n\n")
        if len(paragraph) > 160 and "::=" not in paragraph
    ]
    # The two sets' paragraphs alternate by blocks, so that both have all subjects and share no paragraph.
    return (
        Half(TRAIN, tuple(requests[0::2]), tuple(prose[0::2])),
        Half(HELD_OUT, tuple(requests[1::2]), tuple(prose[1::2])),
    )


@dataclass(slots=True)
class _Planted:
    kind: Kind
    entity: str
    first: tuple[str, ...]  # the evidence
    turns: list[list[tuple[str, str]]]  # messages of each mention, in the order of mentions
    last: tuple[str, ...] = ()


def dialogue(half: Half, tokens: int, seed: int) -> Dialogue:
    """About `tokens` long; a fact for every second pair of entity and kind, of which a third changes
    later."""
    dice = Random(seed)  # noqa: S311 - no secret
    planted = list(_plant(half.facts, dice))
    mentions: list[tuple[float, list[tuple[str, str]]]] = []
    for one in planted:
        places = sorted(dice.uniform(0.02, 0.93) for _ in one.turns)
        mentions += zip(places, one.turns, strict=True)
    for kind in half.facts.kinds:  # what is about the same and says nothing
        for text in kind.idle * IDLE:
            told = _told(text.format(e=dice.choice(half.facts.entities)), dice)
            mentions.append((dice.uniform(0.02, 0.93), told))
    mentions.sort(key=lambda mention: mention[0])
    newest = list(_plant(half.facts, dice, avoid={(one.entity, one.kind.name) for one in planted}))[:2]

    made = Dialogue()
    clock = datetime(2026, 3, 2, 9, tzinfo=UTC)
    so_far = 0

    def say(role: str, text: str) -> None:
        nonlocal clock, so_far
        clock += timedelta(seconds=dice.randrange(20, 900))
        count = count_tokens(text)
        made.lines.append(Said(role, text, count, clock))
        so_far += count

    while so_far < tokens:
        while mentions and mentions[0][0] * tokens <= so_far:
            for role, text in mentions.pop(0)[1]:
                say(role, text)
        say("user", dice.choice(half.requests))
        say("assistant", _answer(half, dice))
        if dice.random() < 0.06:  # somebody pastes what was said before
            old = dice.choice(made.lines).text[:600]
            say("user", "\n".join(f"> {line}" for line in old.splitlines()) + "\n\nWhat do you mean by that?")
            say("assistant", _answer(half, dice))
    for one in newest:
        for role, text in one.turns[0]:
            say(role, text)
    made.questions = list(_questions(half.facts, planted, newest, dice))
    return made


def _answer(half: Half, dice: Random) -> str:
    pieces = dice.sample(half.prose, dice.randrange(1, 5))
    if dice.random() < 0.25:
        pieces.insert(1, _code(dice))
    return "\n\n".join(pieces)


def _code(dice: Random) -> str:
    name = dice.choice(("load", "merge", "parse", "render", "retry", "split"))
    lines = [f"def {name}(items, limit={dice.randrange(2, 500)}):"]
    for _ in range(dice.randrange(3, 18)):
        lines.append(f"    {dice.choice('abcdxyz')} = {dice.choice(('items', 'limit', 'sorted(items)'))}")
    return "```python\n" + "\n".join([*lines, "    return items"]) + "\n```"


def _plant(facts: Facts, dice: Random, avoid: set[tuple[str, str]] | None = None) -> Iterator[_Planted]:
    pairs = [(entity, kind) for entity in facts.entities for kind in facts.kinds]
    dice.shuffle(pairs)
    if avoid is not None:
        pairs = [(entity, kind) for entity, kind in pairs if (entity, kind.name) not in avoid]
    for entity, kind in pairs[: len(pairs) // 2]:
        value = kind.value(dice)
        turns, first = _mention(kind, entity, value, dice)
        one = _Planted(kind, entity, first, [turns])
        if dice.random() < 0.34:
            other = value
            while other == value:
                other = kind.value(dice)
            update = dice.choice(kind.updates).format(e=entity, v=other)
            one.last = (update,)
            one.turns.append(_told(update, dice))
        yield one


def _mention(
    kind: Kind, entity: str, value: str, dice: Random
) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Messages, and the sentences in them that are the evidence."""
    way = dice.random()
    if way < 0.25:  # asked by the assistant, answered in a few words
        asked, answer = kind.asked.format(e=entity), kind.answer.format(e=entity, v=value)
        return [("assistant", asked), ("user", answer)], (asked, answer)
    if way < 0.5:
        first, second = (part.format(e=entity, v=value) for part in kind.two)
        return _told(f"{first} {second}", dice), (first, second)
    evidence = dice.choice(kind.statements).format(e=entity, v=value)
    return _told(evidence, dice), (evidence,)


def _told(text: str, dice: Random) -> list[tuple[str, str]]:
    return [("user", f"{dice.choice(LEADS)} {text}".strip()), ("assistant", dice.choice(REPLIES))]


def _questions(
    facts: Facts, planted: list[_Planted], newest: list[_Planted], dice: Random
) -> Iterator[Question]:
    for one in planted:
        now = dice.choice(one.kind.now).format(e=one.entity)
        if not one.last:
            yield Question("fact", now, (one.first,))
        else:
            yield Question("changed", now, (one.last,))
            yield Question("history", one.kind.before.format(e=one.entity), (one.first, one.last))
    for kind in facts.kinds:
        every = [one.last or one.first for one in planted if one.kind is kind]
        if len(every) > 1:
            yield Question("all", kind.who, tuple(every))
    for one in newest:
        yield Question("newest", dice.choice(one.kind.now).format(e=one.entity), (one.first,))
