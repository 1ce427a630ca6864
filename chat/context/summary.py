"""A rolling summary: what the summary before says and what came after it, told shorter by the cheapest model.

Small models make things up: a sentence whose numbers, names or words are not in what was summarised is
dropped.
"""

import asyncio
import logging
import re
from collections.abc import Sequence

from chat.context.compression import Known, Told, extract
from chat.context.terms import terms
from chat.context.units import cut
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
    """The sentences of the summary that the source bears out."""
    known, numbers = set(terms(source)), set(_NUMBERS.findall(source))
    kept = []
    for unit in cut(summary):
        sentence = summary[unit.start : unit.end]
        words = terms(sentence)
        if len(words) < LEAST or sum(word in known for word in words) < GROUNDED * len(words):
            continue
        if not set(_NUMBERS.findall(sentence)) <= numbers:
            continue
        if all(name in source for name in _NAMES.findall(sentence)):
            kept.append(sentence.strip())
    return " ".join(kept)
