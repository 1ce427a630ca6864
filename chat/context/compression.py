"""`fit`: a conversation made to fit a number of tokens, for the question at its end. Pure.

What is sent, in this order, so that a provider's prompt cache finds the same beginning again and again:

1. the system's words, word for word;
2. a summary of what is furthest back, where there is one; it is made anew rarely;
3. pinned messages, word for word;
4. the recent messages, word for word, from a boundary that moves in large steps and stays between them;
5. what the older messages hold for this very question: chosen sentences, in order, with speaker and time;
6. the last request, word for word, always.

Nothing is left out silently: the note says what was kept, shortened and left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chat.context.choosing import HEADER, LEAST_UNIT, NOTHING_KNOWN, Choosing, Known
from chat.context.rendering import Ranges, rendered
from chat.context.whole import PINNED, Line, Plan, Told, cost, pins_within, planned
from chat.context.window import CAUTION
from chat.gateway.counting import count_tokens
from chat.gateway.pricing import TOKENS_PER_MESSAGE

if TYPE_CHECKING:
    from chat.context.scoring import Weights

OPENING = 28  # tokens of the sentence before what was chosen
TRIES = 5
LEAST_ROOM = OPENING + HEADER + LEAST_UNIT


@dataclass(frozen=True, slots=True)
class Made:
    """A message of our own making."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Shortened:
    """What of a conversation was sent. Counts are of messages; `before` and `after` of tokens. `ranges`: of
    the messages that were shortened, by their place, which characters were kept."""

    before: int
    after: int
    whole: int
    parts: int
    out: int
    unpinned: int = 0  # pinned messages for which there was no room
    summarised: int = 0
    ranges: Mapping[int, Ranges] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fitted:
    """`pieces` in the order in which they are sent: a line's place, for all of it, or a message of our own.
    `shortened` is None where everything is sent as it is."""

    pieces: tuple[int | Made, ...]
    shortened: Shortened | None = None


def fit(
    lines: Sequence[Line],
    budget: int,
    query: str | None = None,
    known: Known = NOTHING_KNOWN,
    weights: Weights | None = None,
) -> Fitted:
    """`lines` oldest first, at least one; the last one is the request. `query` is what the sentences are
    chosen for, the last request where it is None."""
    plan = planned(lines, budget, known.summary)
    if plan is None:
        return Fitted(tuple(range(len(lines))))
    text = lines[-1].text if query is None else query
    chosen: dict[int, Ranges] = {}
    made, tokens = "", 0
    room = plan.room
    choosing = Choosing(lines, plan, text, known, weights) if room >= LEAST_ROOM and plan.older else None
    for _ in range(TRIES):  # a sentence's tokens are estimated: where it was too few, with less room again
        if choosing is None or room < LEAST_ROOM:
            made, chosen = "", {}
            break
        chosen = choosing.within(room - OPENING)
        made = rendered(lines, chosen)
        tokens = count_tokens(made)
        takes = math.ceil(CAUTION * tokens) + TOKENS_PER_MESSAGE
        if takes <= plan.room:
            break
        room = min(int(room * 0.95), int(room * (plan.room / takes) ** 1.5))
    else:
        made, chosen = "", {}
    return _fitted(lines, plan, chosen, Told(0, made, tokens), known.summary)


def extract(lines: Sequence[Line], room: int, known: Known = NOTHING_KNOWN) -> str:
    """The most telling sentences of `lines` in about `room` tokens, whatever may be asked. Empty for no
    room."""
    if not lines or room < LEAST_ROOM:
        return ""
    plan = Plan((), (), tuple(range(len(lines))), (), room, 0, False)
    return rendered(lines, Choosing(lines, plan, "", known, None).within(room - OPENING))


def newest(lines: Sequence[Line], budget: int) -> Fitted:
    """The cheap way, for when nothing better is at hand: the system's words, pinned messages, and the newest
    that fit. What is older is left out, and the note says so."""
    whole, last = sum(map(cost, lines)), len(lines) - 1
    if whole <= budget:
        return Fitted(tuple(range(len(lines))))
    kept = {last, *(place for place in range(last) if lines[place].role == "system")}
    room = budget - sum(cost(lines[place]) for place in kept)
    body = [place for place in range(last) if place not in kept]
    pins, unpinned = pins_within(lines, body, PINNED * room)
    room -= sum(cost(lines[place]) for place in pins)
    kept |= pins
    for place in reversed(body):
        if place in pins:
            continue
        room -= cost(lines[place])
        if room < 0:
            break
        kept.add(place)
    after = sum(cost(lines[place]) for place in kept)
    out = len(lines) - len(kept)
    if not out:  # and yet too long: the request alone is
        return Fitted(tuple(range(len(lines))))
    return Fitted(tuple(sorted(kept)), Shortened(whole, after, len(kept), 0, out, unpinned))


# --- Putting together ----------------------------------------------------------------------------


def _fitted(
    lines: Sequence[Line], plan: Plan, chosen: Mapping[int, Ranges], made: Told, summary: Told | None
) -> Fitted:
    """`made`: what was chosen, in words."""
    last = len(lines) - 1
    pieces: list[int | Made] = [*plan.head]
    after = sum(cost(lines[place]) for place in (*plan.head, *plan.pins, *plan.recent, last))
    if plan.told and summary is not None:
        pieces.append(Made("user", f"[Summary of the beginning of this conversation]\n{summary.text}"))
        after += summary.tokens + TOKENS_PER_MESSAGE
    pieces += sorted((*plan.pins, *plan.recent))
    if made.text:
        pieces.append(Made("user", made.text))
        after += made.tokens + TOKENS_PER_MESSAGE
    pieces.append(last)
    if len(pieces) == len(lines) and not made.text:
        return Fitted(tuple(range(len(lines))))
    whole = len(plan.head) + len(plan.pins) + len(plan.recent) + 1
    shortened = Shortened(
        before=sum(map(cost, lines)),
        after=after,
        whole=whole,
        parts=len(chosen),
        out=len(lines) - whole - len(chosen),
        unpinned=plan.unpinned,
        summarised=summary.place + 1 if plan.told and summary is not None else 0,
        ranges=chosen,
    )
    return Fitted(tuple(pieces), shortened)
