"""What is worked out behind an answer, so that the next turn finds it: counts, digests, vectors, a summary.

Only for conversations near a window, only what is missing, and each piece stored as soon as it is there: a
worker that dies loses one batch.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.core.cache import caches

from chat import history
from chat.context import plans, stored, summary
from chat.context.choosing import Known
from chat.context.digest import pack_vectors, texts_of
from chat.context.whole import older_places
from chat.context.window import CAUTION
from chat.gateway.counting import count_tokens
from chat.gateway.embedding import DEFAULT, Embedder
from chat.gateway.errors import GatewayError, UnknownModel
from chat.gateway.routing import LOCAL
from chat.gateway.stack import Gateway
from chat.gateway.tokenizers import Tokenizers
from chat.history import Line
from grump.lib.database import in_database

logger = logging.getLogger(__name__)

BATCH = 32  # passages that are embedded at once
SUMMARY_ROOM = 2_000  # tokens of a budget: in less the room is better spent on the sentences themselves
TRIED = 86_400.0  # seconds until a summary that did not come about is tried again
UNTELLING = "context:untelling"  # the cheapest model's last summary said too little
AGAIN = 3600.0  # seconds until it is asked for one again: until then extracts are the summaries
QUESTION = Line("user", "", 200)  # the one that has not been asked yet


async def prepare(gateway: Gateway, message_id: UUID, budget: int, families: Sequence[str]) -> None:
    """Everything that a question after `message_id` would need."""
    lines = [line for line in await in_database(history.prompt, message_id) if line.text]
    if not lines:
        return
    await count(gateway, lines, families)
    embedder = _embedder(gateway)
    worked = await in_database(stored.worked_out, lines, embedder.model.name if embedder else "")
    await in_database(stored.keep_digests, lines, worked)
    if embedder is not None:
        await _embed(embedder, lines, worked)
    if budget >= SUMMARY_ROOM:
        await _summarise(gateway, lines, worked, budget, families)


async def count(gateway: Gateway, lines: Sequence[Line], families: Sequence[str]) -> None:
    """By the tokenizers that there are, what they have not counted yet; a text is counted once."""
    tokenizers = Tokenizers(families, gateway.catalogue.providers.get(LOCAL))
    found: dict[UUID, dict[str, int]] = {}
    try:
        for line in lines:
            if line.id is not None and not tokenizers.families <= line.counts.keys():
                found[line.id] = {**line.counts, **await tokenizers.count(line.text)}
    finally:
        await tokenizers.close()
    if found:
        await in_database(stored.keep_counts, found)


def _embedder(gateway: Gateway) -> Embedder | None:
    try:
        return gateway.embedder(DEFAULT)
    except UnknownModel:
        return None


async def _embed(embedder: Embedder, lines: Sequence[Line], worked: stored.Worked) -> None:
    batch: list[tuple[UUID, list[str]]] = []
    for place, line in enumerate(lines):
        if line.id is None or place in worked.vectors:
            continue
        texts = texts_of(line.text, worked.digests[place], lines[place - 1].text if place else "")
        if texts:
            batch.append((line.id, texts))
        if sum(len(texts) for _, texts in batch) >= BATCH or place == len(lines) - 1:
            await _embed_batch(embedder, batch)
            batch = []
    await _embed_batch(embedder, batch)


async def _embed_batch(embedder: Embedder, batch: Sequence[tuple[UUID, list[str]]]) -> None:
    if not batch:
        return
    texts = [text for _, texts in batch for text in texts]
    rows: list[list[float]] = []
    try:
        for at in range(0, len(texts), BATCH):
            rows += (await embedder.embed(texts[at : at + BATCH])).vectors
    except GatewayError as error:
        logger.info("Passages were not embedded: %s", error.code)
        return
    found: dict[UUID, bytes] = {}
    for id, own in batch:
        found[id], rows = pack_vectors(rows[: len(own)]), rows[len(own) :]
    await in_database(stored.keep_vectors, found, embedder.model.name)


async def _summarise(
    gateway: Gateway, lines: Sequence[Line], worked: stored.Worked, budget: int, families: Sequence[str]
) -> None:
    counted = plans.counted([*lines, QUESTION], families)
    older = older_places(counted, budget)
    if not older:
        return
    last = older[-1]
    before = await in_database(stored.last_summary, lines)
    if before is not None and before.place >= last:
        return
    # Once for each boundary: what a model could not tell believably it cannot a minute later.
    if not await caches["default"].aadd(f"context:told:{lines[last].id}", True, TRIED):
        return
    first = before.place + 1 if before is not None else 0
    part = [replace(line, pinned=False) for line in counted[first : last + 1]]
    known = Known({place - first: worked.digests[place] for place in range(first, last + 1)})
    source = summary.source_of(part, before, known)
    extract = summary.extracted(part, before, known)
    text = extract
    if await caches["default"].aget(UNTELLING) is None:
        told = await summary.summarise(gateway, source)
        if summary.is_telling(told, extract):
            text = told
        else:
            await caches["default"].aset(UNTELLING, True, AGAIN)
    last_id = lines[last].id
    if text and last_id is not None:
        tokens = round(CAUTION * count_tokens(text))
        await in_database(stored.keep_summary, last_id, text, tokens)
