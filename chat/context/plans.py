"""A fit as it travels: the key of everything that went into it, and its spelling. Pure."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from hashlib import blake2b
from itertools import chain
from math import ceil
from typing import Any
from zlib import crc32

from chat.context.compression import Fitted, Made, Shortened
from chat.context.scoring import WEIGHTS
from chat.context.window import CAUTION
from chat.history import Line

VERSION = "4"  # another one makes every stored plan unfindable: change it with what `fit` does
NOBODY = bytes(16)  # in place of an id
BLOCK = 128  # lines that are hashed together


def tokens_of(lines: Sequence[Line], families: Sequence[str]) -> list[int]:
    """What each line has at most in any of the families: exact where it was counted, else estimated with
    caution."""
    return [_tokens(line, families) for line in lines]


def counted(lines: Sequence[Line], families: Sequence[str]) -> list[Line]:
    """The lines with those tokens."""
    return [with_tokens(line, _tokens(line, families)) for line in lines]


def with_tokens(line: Line, tokens: int) -> Line:
    """As `dataclasses.replace` would, in a third of the time: there are thousands of them."""
    return Line(
        line.role,
        line.text,
        tokens,
        line.id,
        line.at,
        line.pinned,
        line.counts,
        line.embedded,
        line.summarised,
    )


def _tokens(line: Line, families: Sequence[str]) -> int:
    counts = line.counts
    if not counts:
        return ceil(line.tokens * CAUTION)
    exact = [counts[name] for name in families if name in counts]
    if families and len(exact) == len(families):
        return max(exact)
    return max([ceil(line.tokens * CAUTION), *exact])


def key_of(
    lines: Sequence[Line],
    budget: int,
    query: str,
    tokens: Sequence[int] | None = None,
    blocks: list[bytes] | None = None,
) -> str:
    """Of everything that is said and asked: two fits with one key are of the same conversation. `tokens` in
    place of the lines' own. `blocks`: the hashes of the first lines' blocks, where they are known; those that
    are made now are added to them.

    Of the last line only its text and length count: under which id it is stored, and when, changes nothing of
    a fit, and so one can be made before it is asked.
    """
    last = len(lines) - 1
    if tokens is None:
        tokens = [line.tokens for line in lines]
    blocks = [] if blocks is None else blocks
    whole = last // BLOCK
    for at in range(len(blocks) * BLOCK, whole * BLOCK, BLOCK):
        blocks.append(_block(lines[at : at + BLOCK], tokens[at : at + BLOCK]))
    request = lines[last]
    said = f"{VERSION} {budget} {last} {request.role} {tokens[last]} {len(query)}\0{query}\0{request.text}"
    digest = blake2b(said.encode("utf-8", "replace"), digest_size=20)
    digest.update(b"".join(blocks[:whole]))
    digest.update(_block(lines[whole * BLOCK : last], tokens[whole * BLOCK : last]))
    return digest.hexdigest()


def _block(lines: Sequence[Line], tokens: Sequence[int]) -> bytes:
    """Column by column, because a text for each line, put together of ids and times, took ten times as long
    as hashing all that was said."""
    digest = blake2b(b"".join([line.id.bytes if line.id else NOBODY for line in lines]), digest_size=20)
    digest.update("\0".join([line.role for line in lines]).encode())
    digest.update(array("Q", tokens).tobytes())
    digest.update(bytes([line.pinned for line in lines]))
    digest.update(array("d", [line.at.timestamp() if line.at else 0.0 for line in lines]).tobytes())
    digest.update(array("Q", [len(line.text) for line in lines]).tobytes())
    digest.update("".join([line.text for line in lines]).encode("utf-8", "replace"))
    return digest.digest()


def cache_key(key: str, lines: Sequence[Line]) -> str:
    """Of everything that goes into a fit: also of what has been worked out from the messages so far, so
    that a fit made before their embeddings came is not taken for one made after."""
    digest = blake2b(f"{key} {_weights()} ".encode(), digest_size=20)
    digest.update(bytes([line.embedded + 2 * line.summarised for line in lines[:-1]]))
    return f"context:{digest.hexdigest()}"


@cache
def _weights() -> int:
    return crc32(WEIGHTS.read_bytes())


def spell(fitted: Fitted) -> dict[str, Any]:
    """As JSON: places, and what was made."""
    pieces = [piece if isinstance(piece, int) else [piece.role, piece.text] for piece in fitted.pieces]
    if fitted.shortened is None:
        return {"pieces": pieces}
    told = {field.name: getattr(fitted.shortened, field.name) for field in fields(fitted.shortened)}
    # A message's place, and then where each range begins and ends: read in half the time of pairs in pairs.
    told["ranges"] = [[place, *chain(*spans)] for place, spans in fitted.shortened.ranges.items()]
    return {"pieces": pieces, "shortened": told}


def read(written: Mapping[str, Any], count: int) -> Fitted:
    """Raises ValueError, TypeError or KeyError for what is no plan for `count` lines, or one that loses the
    last of them."""
    pieces = tuple(piece if isinstance(piece, int) else Made(*piece) for piece in written["pieces"])
    places = [piece for piece in pieces if isinstance(piece, int)]
    if not places or places[-1] != count - 1 or not all(0 <= place < count for place in places):
        raise ValueError("a plan for another conversation")
    told = written.get("shortened")
    if told is None:
        return Fitted(pieces)
    ranges = {row[0]: tuple(zip(row[1::2], row[2::2], strict=True)) for row in told["ranges"]}
    return Fitted(pieces, Shortened(**{**told, "ranges": ranges}))
