"""One name, one behaviour: the request's `model` chooses.

All of them give the same answer (`ANSWER`) as far as they get, so that a test of failing over can compare
texts, except where a scenario is about the answer itself.
"""

import random
import zlib

from tests.fakes.markdown import MARKDOWN
from tests.fakes.registry import SCENARIOS, scenario
from tests.fakes.script import (
    Ask,
    Comment,
    Cut,
    Fault,
    Finish,
    Flood,
    Garbage,
    Hang,
    Paced,
    Refuse,
    Role,
    Say,
    Split,
    Step,
    Steps,
    Think,
    Wait,
)
from tests.fakes.words import SEED, answer_to, tokens

__all__ = ["ANSWER", "SCENARIOS"]

ANSWER = tokens(24)
SLOW_SECONDS = 0.4  # how late "slow-first-token" is
RETRY_AFTER_SECONDS = 1
FAILURES_FIRST = 2  # how often "fails-then-works" fails
FAULT_SHARE = 0.2  # of the requests for "chaos"


def say(pieces: tuple[str, ...] = ANSWER) -> list[Step]:
    return [Role(), *map(Say, pieces)]


HALF = say(ANSWER[: len(ANSWER) // 2])


# --- Providers that work ------------------------------------------------------------------------


@scenario("fast")
def fast(ask: Ask) -> Steps:
    """Answers at once."""
    return [*say(), Finish()]


@scenario("other")
def other(ask: Ask) -> Steps:
    """The same answer under a second name: where a fallback goes."""
    return [*say(), Finish()]


@scenario("echo")
def echo(ask: Ask) -> Steps:
    """Answers with the last user message, line by line."""
    return [Role(), *(Say(word) for word in ask.prompt.splitlines(keepends=True)), Finish()]


@scenario("prompted")
def prompted(ask: Ask) -> Steps:
    """An answer of its own to each prompt: `answer_to(prompt)`."""
    return [*say(answer_to(ask.prompt)), Finish()]


@scenario("reasoning")
def reasoning(ask: Ask) -> Steps:
    """Thinks for eight tokens, then answers."""
    return [Role(), *map(Think, tokens(8, seed=8)), *map(Say, ANSWER), Finish()]


@scenario("long")
def long(ask: Ask) -> Steps:
    """2,000 tokens at once."""
    return [Role(), Flood(tokens(2_000)), Finish()]


@scenario("markdown")
def markdown(ask: Ask) -> Steps:
    """A rich answer: headings, lists, a table, code, mathematics, a link, and markup that must not run."""
    size = 5
    pieces = tuple(MARKDOWN[start : start + size] for start in range(0, len(MARKDOWN), size))
    return [Role(), Paced(pieces, 200), Finish()]


@scenario("paced-50")
def paced_50(ask: Ask) -> Steps:
    """50 tokens a second for six seconds."""
    return [Paced(tokens(300), 50), Finish()]


@scenario("paced-50-long")
def paced_50_long(ask: Ask) -> Steps:
    """50 tokens a second for a minute: long enough to stop, leave and come back."""
    return [Role(), Paced(tokens(3_000), 50), Finish()]


@scenario("flood")
def flood(ask: Ask) -> Steps:
    """20,000 tokens flat out."""
    return [Flood(tokens(20_000)), Finish()]


@scenario("held")
def held(ask: Ask) -> Steps:
    """One token, then silence with the stream open: what a live stream weighs."""
    return [Role(), Say(ANSWER[0]), Hang()]


@scenario("length")
def length(ask: Ask) -> Steps:
    """Stops in mid-sentence because the answer grew too long."""
    return [*HALF, Finish("length")]


# --- Slow or silent ------------------------------------------------------------------------------


@scenario("slow-first-token")
def slow_first_token(ask: Ask) -> Steps:
    """Late, then fast."""
    return [Wait(SLOW_SECONDS), *say(), Finish()]


@scenario("hang")
def hang(ask: Ask) -> Steps:
    """Takes the request and never says a word, not even a status line."""
    return [Hang()]


@scenario("role-then-hang")
def role_then_hang(ask: Ask) -> Steps:
    """An empty first chunk, which is no progress, and silence."""
    return [Role(), Hang()]


@scenario("comments-only")
def comments_only(ask: Ask) -> Steps:
    """Keep-alive comments for a minute, which are no progress, and never a token."""
    return [step for _ in range(600) for step in (Comment(), Wait(0.1))] + [Finish()]


@scenario("comments-first")
def comments_first(ask: Ask) -> Steps:
    """A few keep-alive comments, then the answer."""
    return [Comment(), Comment("OPENROUTER PROCESSING"), *say(), Comment(), Finish()]


@scenario("stall-mid-stream")
def stall_mid_stream(ask: Ask) -> Steps:
    """Half of the answer, then silence with the stream open."""
    return [*HALF, Hang()]


# --- Refusals before the first token --------------------------------------------------------------


@scenario("refuse")
def refuse(ask: Ask) -> Steps:
    """The connection is closed in place of an answer."""
    return [Cut()]


@scenario("server-error")
def server_error(ask: Ask) -> Steps:
    """HTTP 500."""
    return [Refuse(500, "The server had an error while processing your request.")]


@scenario("unavailable")
def unavailable(ask: Ask) -> Steps:
    """HTTP 503 with a page of HTML, as a proxy in front of the provider would."""
    return [Refuse(503, "<html><body>503 Service Unavailable</body></html>", kind="html")]


@scenario("rate-limited")
def rate_limited(ask: Ask) -> Steps:
    """HTTP 429 with Retry-After."""
    return [
        Refuse(
            429,
            "Rate limit reached.",
            kind="rate_limit_error",
            code="rate_limit_exceeded",
            headers=(("Retry-After", str(RETRY_AFTER_SECONDS)),),
        )
    ]


@scenario("bad-key")
def bad_key(ask: Ask) -> Steps:
    """HTTP 401."""
    return [Refuse(401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key")]


@scenario("bad-request")
def bad_request(ask: Ask) -> Steps:
    """HTTP 400: the user's own error."""
    return [Refuse(400, "Unrecognized request argument.", "invalid_request_error", "unknown_parameter")]


@scenario("context-too-long")
def context_too_long(ask: Ask) -> Steps:
    """HTTP 400: the prompt does not fit the window."""
    message = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000."
    return [Refuse(400, message, "invalid_request_error", "context_length_exceeded")]


@scenario("content-filter")
def content_filter(ask: Ask) -> Steps:
    """Begins, then is stopped by the provider's filter."""
    return [*HALF, Finish("content_filter")]


@scenario("content-refused")
def content_refused(ask: Ask) -> Steps:
    """HTTP 400: the filter stops the prompt itself."""
    return [Refuse(400, "Your request was rejected.", "invalid_request_error", "content_filter")]


@scenario("fails-then-works")
def fails_then_works(ask: Ask) -> Steps:
    """HTTP 503 for the first two requests this server sees for it, then well."""
    return [Refuse(503, "Overloaded.")] if ask.attempt < FAILURES_FIRST else fast(ask)


# --- Streams that break ---------------------------------------------------------------------------


@scenario("die-mid-stream")
def die_mid_stream(ask: Ask) -> Steps:
    """Half of the answer, then the connection breaks."""
    return [*HALF, Cut()]


@scenario("no-terminator")
def no_terminator(ask: Ask) -> Steps:
    """Half of the answer, then a proper end of the HTTP body: not a success."""
    return list(HALF)


@scenario("mid-stream-error")
def mid_stream_error(ask: Ask) -> Steps:
    """Half of the answer, then an error event and the end."""
    return [*HALF, Fault("The engine died.")]


@scenario("error-first")
def error_first(ask: Ask) -> Steps:
    """HTTP 200, and an error as the first event."""
    return [Fault("No instance available.")]


@scenario("garbage-line")
def garbage_line(ask: Ask) -> Steps:
    """Half of the answer, then an event that is not of the dialect."""
    return [*HALF, Garbage(), Finish()]


@scenario("split-utf8")
def split_utf8(ask: Ask) -> Steps:
    """Characters of two, three and four bytes, one byte a read."""
    return [Split(1), *say(("Grüße, ", "世界 ", "🙂 ", "e\u0301 ", "👩\u200d💻")), Finish()]


@scenario("usage-missing")
def usage_missing(ask: Ask) -> Steps:
    """A whole answer without a word about its tokens."""
    return [*say(), Finish(usage=False)]


@scenario("chaos")
def chaos(ask: Ask) -> Steps:
    """Answers `answer_to(prompt)`; a fifth of the requests meets a fault of any kind, chosen by the prompt
    and the count of requests, so that a run can be repeated."""
    dice = random.Random(zlib.crc32(f"{SEED}:{ask.prompt}:{ask.attempt}".encode()))
    pieces = answer_to(ask.prompt)
    if dice.random() >= FAULT_SHARE:
        return [*say(pieces), Finish()]
    part = say(pieces[: dice.randrange(1, len(pieces))])
    faults: list[list[Step]] = [
        [Cut()],
        [Refuse(500, "The server had an error.")],
        list(rate_limited(ask)),
        [Hang()],
        [Role(), Hang()],
        [*part, Hang()],
        [*part, Cut()],
        part,
        [*part, Garbage(), Finish()],
        [*part, Fault("The engine died.")],
        [Wait(SLOW_SECONDS), *say(pieces), Finish()],
    ]
    return dice.choice(faults)


# --- For load, where every answer is known beforehand and nothing comes from a cache ----------------

LOAD_TOKENS, LOAD_TOKENS_LONG = 150, 600


@scenario("prompted-paced")
def prompted_paced(ask: Ask) -> Steps:
    """An answer of its own to each prompt, at 50 tokens a second for three seconds."""
    return [Role(), Paced(answer_to(ask.prompt, LOAD_TOKENS), 50), Finish()]


@scenario("prompted-paced-long")
def prompted_paced_long(ask: Ask) -> Steps:
    """The same, four times as long: what the words of an answer cost, apart from the turn."""
    return [Role(), Paced(answer_to(ask.prompt, LOAD_TOKENS_LONG), 50), Finish()]
