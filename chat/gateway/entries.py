"""What each key of a catalogue's tables may hold. Pure: a value comes in, the same value comes out in our
types, or a ValueError with the reason.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar, get_args
from urllib.parse import urlsplit

from chat.gateway.catalogue import TIERS, Capability, DialectName, Price, Timeouts

T = TypeVar("T")
Check = Callable[[Any], Any]

MOST = 1_000_000_000  # of anything that is counted

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|")
_PROVIDER_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")  # it becomes <NAME>_API_KEY
_MODEL_NAME = re.compile(r"[!-~]{1,100}")


def text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text that is not empty")
    return value


def note(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value


def whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST:
        raise ValueError(f"must be a whole number from 1 to {MOST:,}")
    return value


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def seconds(value: Any) -> float:
    number = _number(value)
    if number <= 0:
        raise ValueError("must be more than 0 seconds")
    return number


def dollars(value: Any) -> float:
    number = _number(value)
    if number < 0:
        raise ValueError("must not be negative")
    return number


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError("must be a number")
    if value > MOST:
        raise ValueError(f"must not be over {MOST:,}")
    return float(value)


def url(value: Any) -> str:
    """http or https, with a host, and nothing in it that is secret or never sent."""
    text(value)
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  # the reading is the check
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a URL that begins with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password; keys come from the environment")
    if parts.fragment or not all("!" <= character <= "~" for character in value):
        raise ValueError("is not a URL")
    return str(value)


def urls(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of URLs")
    return tuple(url(one) for one in value)


def variable(value: Any) -> str:
    if not isinstance(value, str) or not _VARIABLE.fullmatch(value):
        raise ValueError("must be the name of an environment variable")
    return value


def provider_name(value: str) -> str:
    if not _PROVIDER_NAME.fullmatch(value):
        raise ValueError("has a name that is not made of small letters, digits, - and _")
    return value


def model_name(value: str) -> str:
    if not _MODEL_NAME.fullmatch(value) or value == "auto":
        raise ValueError("has a name that a model cannot have")
    return value


def one_of(allowed: Collection[str]) -> Check:
    def check(value: Any) -> Any:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return check


def capabilities(value: Any) -> frozenset[Capability]:
    allowed = get_args(Capability)
    if not isinstance(value, list) or not value or not all(item in allowed for item in value):
        raise ValueError(f"must be a list of {', '.join(allowed)}")
    return frozenset(value)


def names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of models' names")
    if len(set(value)) < len(value):
        raise ValueError("names a model twice")
    return tuple(value)


def headers(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ValueError("must be a table")
    for name, content in value.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"has a name that no header can have: {name!r}")
        if not isinstance(content, str) or not (content.isascii() and content.isprintable()):
            raise ValueError(f"has a value that no header can have, under {name}")
    return dict(value)


def timeouts(value: Any) -> Timeouts:
    return Timeouts(**fields(value, dict.fromkeys(Timeouts.__dataclass_fields__, seconds)))


def price(value: Any) -> Price:
    given = fields(value, {"input": dollars, "output": dollars, "cached_input": dollars})
    for name in ("input", "output"):
        if name not in given:
            raise ValueError(f"{name} is missing")
    return Price(**given)


def fields(table: Any, checks: Mapping[str, Check]) -> dict[str, Any]:
    """Every key of a table through its check; the reason names the key."""
    if not isinstance(table, dict):
        raise ValueError("must be a table")
    for name in table:
        if name not in checks:
            raise ValueError(f"does not know the key {name!r}")
    checked: dict[str, Any] = {}
    for name, value in table.items():
        try:
            checked[name] = checks[name](value)
        except ValueError as reason:
            raise ValueError(f"{name}: {reason}") from None
    return checked


PROVIDER: Mapping[str, Check] = {
    "title": text,
    "dialect": one_of(get_args(DialectName)),
    "base_url": url,
    "api_key_env": variable,
    "key_optional": flag,
    "discover": flag,
    "replicas": urls,
    "scrape": flag,
    "headers": headers,
    "timeouts": timeouts,
    "max_concurrency": whole,
}
MODEL: Mapping[str, Check] = {
    "provider": text,
    "upstream": text,
    "context": whole,
    "max_output": whole,
    "price": price,
    "tier": one_of(TIERS),
    "capabilities": capabilities,
    "fallback": names,
    "source": note,
}
