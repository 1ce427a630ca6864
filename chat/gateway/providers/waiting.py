"""How long a provider asks us to wait, in seconds, from every spelling in use.

In order: `retry-after-ms`, `x-ms-retry-after-ms` (Azure), `retry-after` (seconds or an HTTP date, RFC 9110
10.2.3), the body's own hint, and at last the reset of a limit that is used up: OpenAI's durations
(`6m0s`, `12ms`) or Anthropic's moments (RFC 3339). Nobody waits here; the caller bounds it by its deadline.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s)")
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}

_RESETS = (  # (what is left, when it is full again)
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
)


def retry_after_s(headers: Mapping[str, str], body_hint: float | None = None) -> float | None:
    """`headers` with lower-case names. None: nothing was said, or nothing that can be understood."""
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        milliseconds = _number(headers.get(name, ""))
        if milliseconds is not None:
            return milliseconds / 1000
    after = headers.get("retry-after", "").strip()
    if after:
        seconds = _number(after)
        if seconds is None:
            seconds = _until(_http_date(after), headers)
        if seconds is not None:
            return seconds
    if body_hint is not None:
        return body_hint
    waits = [_reset(headers, reset) for left, reset in _RESETS if headers.get(left, "").strip() == "0"]
    return max((wait for wait in waits if wait is not None), default=None)


def duration_s(text: str) -> float | None:
    """Go's and protobuf's durations: `6m0s`, `12ms`, `45.837906927s`. None where it is not one."""
    text = text.strip()
    pieces = _DURATION.findall(text)
    if not pieces or "".join(number + unit for number, unit in pieces) != text:
        return None
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in pieces)
    return seconds if math.isfinite(seconds) else None


def _reset(headers: Mapping[str, str], name: str) -> float | None:
    value = headers.get(name, "")
    return duration_s(value) if "T" not in value else _until(_rfc3339(value), headers)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return max(number, 0.0) if math.isfinite(number) else None


def _until(moment: datetime | None, headers: Mapping[str, str]) -> float | None:
    """Counted from the answer's own `date` where it has one: the two clocks need not agree."""
    if moment is None:
        return None
    sent = _http_date(headers.get("date", "")) or datetime.now(UTC)
    return max((moment - sent).total_seconds(), 0.0)


def _http_date(text: str) -> datetime | None:
    try:
        return _aware(parsedate_to_datetime(text))
    except (ValueError, OverflowError):
        return None


def _rfc3339(text: str) -> datetime | None:
    try:
        return _aware(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
