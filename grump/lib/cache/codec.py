"""A value as bytes and back. Never pickle: whoever can write to Valkey or the table must not run code here.

Stored: one header byte that says how the body is packed, 24 bytes of facts about the entry (see Entry), and
the body, MessagePack with extension types for what Python has more. A whole number in an exact namespace is
stored as its digits instead, so that Valkey itself can count.
"""

import struct
import zlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgpack
from django.utils.safestring import SafeString, mark_safe

PLAIN, DEFLATED = 0x01, 0x02
COMPRESS_FROM = 1024  # bytes
MOST = 64 * 1024 * 1024  # bytes a body may unpack to: a small blob cannot fill the memory
FOREVER = 0.0

_FACTS = struct.Struct(">BddII")  # header, fresh until, expires at, micro-dollars, milliseconds


class Unreadable(ValueError):
    """Not bytes that `encode` made: another version's, or somebody else's."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What it took to make a value: what is dear to make again is kept longer."""

    microusd: int = 0
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """Times are seconds of the epoch; FOREVER never ends. Between the two a value is stale: it is served
    only while a new one is being made."""

    body: bytes
    fresh_until: float = FOREVER
    expires_at: float = FOREVER
    cost: Cost = Cost()

    def fresh(self, now: float) -> bool:
        return self.fresh_until == FOREVER or now < self.fresh_until

    def alive(self, now: float) -> bool:
        return self.expires_at == FOREVER or now < self.expires_at


def encode(entry: Entry) -> bytes:
    header, body = PLAIN, entry.body
    if len(body) > COMPRESS_FROM:
        smaller = zlib.compress(body, 1)
        if len(smaller) < len(body):
            header, body = DEFLATED, smaller
    cost = entry.cost
    facts = (min(cost.microusd, 2**32 - 1), min(cost.milliseconds, 2**32 - 1))
    return _FACTS.pack(header, entry.fresh_until, entry.expires_at, *facts) + body


def decode(blob: bytes) -> Entry:
    """Raises Unreadable."""
    try:
        header, fresh_until, expires_at, microusd, milliseconds = _FACTS.unpack_from(blob)
    except struct.error as error:
        raise Unreadable("too short") from error
    body = blob[_FACTS.size :]
    if header == DEFLATED:
        body = _inflate(body)
    elif header != PLAIN:
        raise Unreadable(f"header {header:#x}")
    return Entry(body, fresh_until, expires_at, Cost(microusd, milliseconds))


def _inflate(body: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        whole = inflater.decompress(body, MOST)
    except zlib.error as error:
        raise Unreadable("does not inflate") from error
    if not inflater.eof:
        raise Unreadable("cut short, or too large")
    return whole


# --- Values -------------------------------------------------------------------------------------------


def pack(value: Any) -> bytes:
    """Raises TypeError for a value of a type that the cache does not carry."""
    packed: bytes = msgpack.packb(value, default=_extend, strict_types=True)
    return packed


def unpack(body: bytes) -> Any:
    """Raises Unreadable."""
    try:
        return msgpack.unpackb(body, ext_hook=_restore, strict_map_key=False)
    except (ValueError, TypeError, ArithmeticError, msgpack.UnpackException) as error:
        raise Unreadable(type(error).__name__) from error


def _extend(value: Any) -> msgpack.ExtType:
    for code, (kind, take, _) in _TYPES.items():
        if type(value) is kind:
            return msgpack.ExtType(code, pack(take(value)))
    raise TypeError(f"the cache does not carry a {type(value).__name__}")


def _restore(code: int, body: bytes) -> Any:
    if code not in _TYPES:
        raise ValueError(f"extension {code}")
    return _TYPES[code][2](unpack(body))


def _when(iso: str) -> datetime:
    return datetime.fromisoformat(iso)


# A code is for ever: stored values have it.
_TYPES: dict[int, tuple[type, Any, Any]] = {
    1: (tuple, list, tuple),
    2: (set, list, set),
    3: (frozenset, list, frozenset),
    4: (datetime, datetime.isoformat, _when),
    5: (date, date.isoformat, date.fromisoformat),
    6: (time, time.isoformat, time.fromisoformat),
    7: (timedelta, lambda value: [value.days, value.seconds, value.microseconds], lambda it: timedelta(*it)),
    8: (Decimal, str, Decimal),
    9: (UUID, lambda value: value.bytes, lambda it: UUID(bytes=it)),
    10: (int, str, int),  # beyond 64 bits
    11: (SafeString, lambda value: str.__str__(value) + "", lambda it: mark_safe(it)),  # noqa: S308
}


def digits(value: Any) -> bytes | None:
    """A whole number as Valkey counts it; None for all else."""
    if type(value) is int and -(2**63) <= value < 2**63:
        return b"%d" % value
    return None


def from_digits(blob: bytes) -> int | None:
    return int(blob) if blob[:1] in b"-0123456789" and blob else None
