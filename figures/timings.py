"""Timings that browsers send: what may be in them, and the page's token that says of which page they are.
Pure.

The token is made with the page and signed: the route, the release, the variants and the time come from us.
What a browser claims beside its numbers is its device. Whoever forges one gets nothing in; whoever sends
again what is true changes rows that are there.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.core import signing

TOKEN_SECONDS = 24 * 3600  # a tab that is open longer tells no more
MOST_BYTES = 16 * 1024
MOST_TIMINGS = 60  # of a batch
MOST_OF_PAGE = 200  # rows that one page may have
SALT = "figures.timings"

ROUTES = frozenset({"chat", "conversation"})
DEVICES = frozenset({"phone", "tablet", "desktop"})

#: What may be sent, and up to which value: milliseconds; CLS has no unit, the last three count.
RANGES: Mapping[str, float] = {
    "LCP": 120_000, "FCP": 120_000, "TTFB": 120_000, "INP": 60_000, "CLS": 100,
    # What they consist of (attribution), where the browser says so.
    "LCP_WAIT": 120_000, "LCP_LOAD": 120_000, "LCP_RENDER": 120_000,
    "INP_INPUT": 60_000, "INP_WORK": 60_000, "INP_PAINT": 60_000,
    # Our own.
    "INTERACTIVE": 120_000, "SEND_TO_PAINT": 600_000, "FRAME": 60_000, "LONG_TASKS": 600_000,
    "RECONNECTS": 10_000, "ERRORS": 10_000, "REJECTIONS": 10_000,
}  # fmt: skip
#: Of each of which a page has many: an answer's number follows the name.
REPEATED = frozenset({"SEND_TO_PAINT", "FRAME"})


@dataclass(frozen=True, slots=True)
class Page:
    """What a token says."""

    id: str
    route: str
    release: str
    variants: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One timing as it is kept; `key` is unique within its page."""

    key: str
    name: str
    value: float
    provider: str


@dataclass(frozen=True, slots=True)
class Batch:
    page: Page
    device: str
    timings: list[Sent]
    dropped: list[str]  # why, one for each that was


class Unusable(Exception):
    """Nothing of a batch can be used; its text is the reason, a word for a metric's label."""


def token_for(route: str, release: str, variants: str) -> str:
    return signing.dumps([secrets.token_hex(8), route, release, variants], salt=SALT)


def page_of(token: Any) -> Page:
    if not isinstance(token, str) or len(token) > 1000:
        raise Unusable("token")
    try:
        return Page(*signing.loads(token, salt=SALT, max_age=TOKEN_SECONDS))
    except (signing.BadSignature, TypeError, ValueError):
        raise Unusable("token") from None


def read(shape: Any, providers: Collection[str]) -> Batch:
    """A batch as it came: `{"page": token, "device": …, "timings": [[name, number, value, provider?], …]}`.
    Single timings that make no sense are dropped, the others kept. Raises Unusable."""
    if not isinstance(shape, dict) or not isinstance(shape.get("timings"), list):
        raise Unusable("shape")
    timings = shape["timings"]
    if len(timings) > MOST_TIMINGS:
        raise Unusable("many")
    page = page_of(shape.get("page"))
    device = shape.get("device")
    if not isinstance(device, str) or device not in DEVICES:
        raise Unusable("device")
    kept: dict[str, Sent] = {}
    dropped = []
    for timing in timings:
        try:
            sent = _timing(timing, providers)
        except Unusable as reason:
            dropped.append(str(reason))
        else:
            kept[sent.key] = sent
    return Batch(page, device, list(kept.values()), dropped)


def _timing(timing: Any, providers: Collection[str]) -> Sent:
    if not isinstance(timing, list) or not 3 <= len(timing) <= 4:
        raise Unusable("shape")
    name, number, value, *rest = timing
    if not isinstance(name, str) or name not in RANGES:
        raise Unusable("name")
    most_of_name = MOST_OF_PAGE if name in REPEATED else 1
    if type(number) is not int or not 0 <= number < most_of_name:
        raise Unusable("number")
    # A comparison is false for NaN, whatever it is with.
    if type(value) not in (int, float) or not 0 <= value <= RANGES[name]:
        raise Unusable("range")
    provider = rest[0] if rest else ""
    if provider and (not isinstance(provider, str) or provider not in providers):
        raise Unusable("provider")
    return Sent(f"{name}.{number}", name, float(value), provider or "")
