"""What a scripted provider can do: steps, and a scenario made of them. No spelling, no sockets."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

#: Every scenario reports the same number of prompt tokens: a test need not know the product's own
#: system prompt to know the bill.
PROMPT_TOKENS = 11


@dataclass(frozen=True, slots=True)
class Say:
    """One token of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Think:
    """One token of reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class Paced:
    """Tokens against a schedule: token i is due `i / per_second` seconds after the step began, and a late
    one does not shift the next."""

    pieces: tuple[str, ...]
    per_second: float


@dataclass(frozen=True, slots=True)
class Flood:
    """Tokens as fast as the reader takes them, many in one write."""

    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Role:
    """The empty first chunk (role only) that is no progress yet."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A keep-alive that is no progress either."""

    text: str = "keep-alive"


@dataclass(frozen=True, slots=True)
class Garbage:
    """An event that is not of the dialect."""


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


@dataclass(frozen=True, slots=True)
class Hang:
    """Silence until the client leaves."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection breaks, without the end of the HTTP body. As the first step: before any answer."""


@dataclass(frozen=True, slots=True)
class Split:
    """From here on, at most `size` bytes a write: events and characters are torn apart."""

    size: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """An HTTP error in place of a stream; only as the first step (after waits)."""

    status: int
    message: str
    kind: str = "server_error"
    code: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """An error event inside a stream that began well."""

    message: str
    kind: str = "server_error"


@dataclass(frozen=True, slots=True)
class Finish:
    """The finish reason, then usage, then the terminal marker; a script that ends without this step has
    an HTTP body that ends properly but an answer that does not."""

    reason: str = "stop"
    usage: bool = True
    marker: bool = True


Silence = Wait | Hang | Cut | Split | Refuse  # steps that can come before the status line
Spoken = Say | Think | Paced | Flood | Role | Comment | Garbage | Fault | Finish
Step = Silence | Spoken
Steps = Sequence[Step]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a script may depend on. `attempt` counts the requests for this scenario from 0; `prefill` is
    the part of the answer that already exists."""

    prompt: str = ""
    attempt: int = 0
    prefill: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    prompt_tokens: int = PROMPT_TOKENS
    completion_tokens: int = 0
    reasoning_tokens: int = 0  # contained in completion_tokens


@dataclass(frozen=True, slots=True)
class Scenario:
    """`text`, `reasoning` and `usage` are what is really sent, for the first attempt and an empty prompt;
    `steps(ask)` and the functions below tell the rest."""

    name: str
    about: str
    script: Callable[[Ask], Steps]

    def steps(self, ask: Ask) -> Steps:
        return continued(self.script(ask), ask.prefill) if ask.prefill else self.script(ask)

    @property
    def text(self) -> str:
        return "".join(said(self.script(Ask())))

    @property
    def reasoning(self) -> str:
        return "".join(step.text for step in self.script(Ask()) if isinstance(step, Think))

    @property
    def usage(self) -> Usage:
        return usage_of(self.script(Ask()))


def said(steps: Steps) -> Iterable[str]:
    """The pieces of the answer in order."""
    for step in steps:
        match step:
            case Say(text):
                yield text
            case Paced(pieces) | Flood(pieces):
                yield from pieces


def usage_of(steps: Steps) -> Usage:
    thought = sum(isinstance(step, Think) for step in steps)
    spoken = sum(1 for _ in said(steps))
    return Usage(PROMPT_TOKENS, thought + spoken, thought)


def continued(steps: Steps, prefill: str) -> Steps:
    """The same script for a request that brings the beginning of the answer: what `prefill` holds is not
    said again, also by a script that breaks off before its end. An answer that does not begin with it is
    said from its start, as a model might."""
    whole = "".join(said(steps))
    if not whole.startswith(prefill) and not prefill.startswith(whole):
        return steps
    left = len(prefill)

    def rest(pieces: Iterable[str]) -> Iterable[str]:
        nonlocal left
        for piece in pieces:
            kept = piece[left:]
            left = max(0, left - len(piece))
            if kept:
                yield kept

    shorter: list[Step] = []
    for step in steps:
        match step:
            case Say(text):
                shorter += [Say(kept) for kept in rest([text])]
            case Paced(pieces, per_second):
                shorter.append(Paced(tuple(rest(pieces)), per_second))
            case Flood(pieces):
                shorter.append(Flood(tuple(rest(pieces))))
            case _:
                shorter.append(step)
    return shorter
