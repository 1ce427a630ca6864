"""Log lines without secrets: redacted in the formatter, the one place where a traceback is text too.

People's texts are kept out at the source: no call in the product logs one. What a library puts into
an exception is cut short here.
"""

import json
import logging
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from grump.lib import context

HIDDEN = "[hidden]"
LONGEST = 4000  # characters of one record, its traceback included

_SECRETS = re.compile(
    r"""
    (?P<before> (?:authorization|proxy-authorization|x-api-key|x-goog-api-key|api-key|cookie|set-cookie)
        ["']? \s* [:=,] \s* (?:b?["'])? (?:(?:bearer|basic|token)\s+)? )
        [^\s"',)\]}]+ (?: ;\s*\S+=[^\s"';]* )*
    | (?P<scheme> \b(?:bearer|basic)\s+ ) [\w.~+/=-]{8,}
    | (?P<name> \b(?:\w*(?:api_?key|token|secret|password|passwd)|sessionid|csrftoken|key)
        ["']? \s* [:=] \s* ["']? ) (?! \[hidden\] ) (?P<value> [^\s"'&,)\]}]{4,} )
    | (?P<userinfo> \w://[^\s/:@]* : ) [^\s/@]+ (?= @ )
    | (?P<link> /accounts/(?:password/reset/key|confirm-email)/ ) [^\s"'?]+
    | \b (?: sk|pk|rk|gsk|xai|nvapi|hf|r8|pplx|csk|fw|tgp_v1|ghp|github_pat|glpat ) [-_] [\w-]{12,}
    | \b AIza [\w-]{20,}
    | \b (?:AKIA|ASIA) [A-Z0-9]{12,}
    | \b eyJ [\w-]{10,} \. [\w-]{10,} \. [\w-]*
    """,
    re.VERBOSE | re.IGNORECASE,
)


def _hide(match: re.Match[str]) -> str:
    return next((text for text in match.groupdict().values() if text), "") + HIDDEN


def redact(text: str, spare: Callable[[str, str], bool] | None = None) -> str:
    """The text without keys, tokens, passwords, cookies and one-time links, and without our own secrets. In
    what is no log, `spare(name, value)` may leave a value that stands behind such a name: `key=lambda`."""

    def hide(match: re.Match[str]) -> str:
        if spare is not None and match["value"] is not None and spare(match["name"], match["value"]):
            return match.group()
        return _hide(match)

    text = _SECRETS.sub(_hide if spare is None else hide, text)
    own = _own_secrets()
    return own.sub(HIDDEN, text) if own else text


@cache
def _own_secrets() -> re.Pattern[str] | None:
    """The secrets of this process's environment, whatever they look like."""
    named = re.compile(r"_API_KEY$|_TOKEN$|SECRET|PASSWORD")
    values = {value for name, value in os.environ.items() if named.search(name) and len(value) >= 8}
    return re.compile("|".join(map(re.escape, sorted(values)))) if values else None


class RedactingFormatter(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's own name)
        # One record, one line: what comes from outside cannot forge a second one.
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        line = redact(super().format(record))
        return line if len(line) <= LONGEST else f"{line[:LONGEST]}… ({len(line)} characters)"


class JsonFormatter(RedactingFormatter):
    """One object a line, for machines: what happened, and the ids of what it was about."""

    def format(self, record: logging.LogRecord) -> str:
        text = redact(record.getMessage())
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": text[:LONGEST],
            **context.about(),
            "process": record.process,
        }
        if record.exc_info:
            entry["exception"] = redact(self.formatException(record.exc_info))[:LONGEST]
        return json.dumps(entry, ensure_ascii=False)
