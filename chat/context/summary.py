"""A rolling summary: what the summary before says and what came after it, told shorter by the cheapest model.

Small models make things up, and go round in circles: a sentence whose numbers, names or words are not in what
was summarised is dropped, and one that says what was said already. What is left has to hold at least half as
many names and numbers as the most telling sentences themselves do in the same room; otherwise those are the
summary.
"""

import asyncio
import logging
import re
from collections.abc import Sequence

from chat.context.choosing import Known
from chat.context.compression import extract
from chat.context.rendering import OPENING
from chat.context.terms import terms
from chat.context.units import cut
from chat.context.whole import Told
from chat.gateway.errors import GatewayError
from chat.gateway.events import Text
from chat.gateway.request import ChatMessage, ChatRequest
from chat.gateway.stack import Gateway
from chat.history import Line

logger = logging.getLogger(__name__)

INSTRUCTION = (
    "Summarise this part of a conversation in plain sentences, at most 120 words. Keep names, numbers, dates,"
    " decisions and open questions exactly as they are. Add nothing. Answer with the summary only.\n\n"
)
SOURCE = 1_400  # tokens of the conversation that are summarised at once: it fits the smallest windows
LONGEST = 260  # tokens of a summary
PATIENCE = 60.0  # seconds
GROUNDED = 0.6  # of a sentence's words have to be in the source
AGAIN = 0.7  # of its words were in one sentence before: it says the same
TELLING = 0.5  # of the names and numbers that an extract has
LEAST = 4  # words of a sentence that says something
_NUMBERS = re.compile(r"\d[\d.,:/-]*\d|\d")
_NAMES = re.compile(r"(?<=[a-z0-9,;:)] )[A-ZÀ-Þ]\w+")


def source_of(lines: Sequence[Line], before: Told | None, known: Known) -> str:
    """What a summary of `lines` is made from, `before` being the one of what precedes them."""
    said = extract(lines, SOURCE - (before.tokens if before else 0), known)
    return f"{before.text}\n\n{said}" if before else said


async def summarise(gateway: Gateway, source: str) -> str:
    """Empty where no model made one that can be believed."""
    request = ChatRequest(
        messages=(ChatMessage("user", INSTRUCTION + source),),
        max_output=LONGEST,
        temperature=0.0,
        priority="background",
        preference=0.0,  # a summary is easy, whatever is summarised
        fresh=True,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            said = [event.text async for event in gateway.stream(request) if isinstance(event, Text)]
    except (GatewayError, TimeoutError) as error:
        logger.info("No summary was made: %s", type(error).__name__)
        return ""
    return grounded("".join(said), source)


def grounded(summary: str, source: str) -> str:
    """The sentences of the summary that the source bears out, each once."""
    known, numbers = set(terms(source)), set(_NUMBERS.findall(source))
    kept: list[str] = []
    said: list[set[int]] = []
    for unit in cut(summary):
        sentence = summary[unit.start : unit.end]
        words = terms(sentence)
        if len(words) < LEAST or sum(word in known for word in words) < GROUNDED * len(words):
            continue
        is_new = _facts(sentence) - _facts(" ".join(kept))
        if not is_new and any(len(before & set(words)) >= AGAIN * len(set(words)) for before in said):
            continue
        if not set(_NUMBERS.findall(sentence)) <= numbers:
            continue
        if all(name in source for name in _NAMES.findall(sentence)):
            kept.append(sentence.strip())
            said.append(set(words))
    return " ".join(kept)


def extracted(lines: Sequence[Line], before: Told | None, known: Known) -> str:
    """The most telling sentences of `lines`, and of the summary of what precedes them, in as much room."""
    if before is not None:
        lines = [Line("assistant", before.text, before.tokens), *lines]
        known = Known({place + 1: digest for place, digest in known.digests.items()})
    return extract(lines, LONGEST, known).removeprefix(OPENING).strip()


def is_telling(summary: str, extract: str) -> bool:
    """Whether the summary says enough to stand in the extract's place."""
    return bool(summary) and len(_facts(summary)) >= TELLING * len(_facts(extract))


def _facts(text: str) -> set[str]:
    return {*_NUMBERS.findall(text), *_NAMES.findall(text)}
