"""What is being written, and how it may go on: suggestions, each with how sure it is. Pure.

Three sources answer for a word: the general model, on it what this person has said, and on that the
conversation at hand with the text itself. How sure a word is, is a logistic function of what they say,
fitted on prompts that none of them had seen (`python -m training.prediction`). A suggestion may go over
several words, as long as all of it together is sure enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log, log1p

from chat.prediction.general import General, Place
from chat.prediction.matching import Match, Said
from chat.prediction.personal import Counts, Model, OwnPlace
from chat.prediction.tokens import SENTENCE_ENDS, Typed, is_word, typed

MOST = 3
LEAST_LETTERS = 2  # fewer are typed as fast as taken
MOST_WORDS = 12
CANDIDATES = 4
# What single words seen here and before count for, against the model below (tuned on prompts, not tests).
HERE, BEFORE = 0.10, 0.10
FEATURES = 24


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`text` follows what is typed; the last `replaces` letters of that give way to it."""

    text: str
    confidence: float
    kind: str
    replaces: int = 0


@dataclass(frozen=True, slots=True)
class Sources:
    """`weights`: of the logistic function. `own` and `said` are one person's, `conversation` what was said in
    the one at hand, `here` the text itself."""

    general: General
    weights: Sequence[float]
    own: Counts | None = None
    said: Said | None = None
    conversation: Counts | None = None
    here: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True)
class _Word:
    rest: str  # what is still to be typed of it
    token: str
    confidence: float
    kind: str


def suggest(text: str, sources: Sources, threshold: float) -> list[Suggestion]:
    """The one worth most first; nothing below `threshold`."""
    begun = typed(text)
    found = [*_by_words(begun, sources, threshold), *_by_match(begun, sources, threshold)]
    # Longest first where two are equally long runs of the same text: what one takes in saves the most.
    found.sort(key=lambda one: one.confidence * (len(one.text) - 1), reverse=True)
    chosen: dict[str, Suggestion] = {}
    for one in found:
        chosen.setdefault(one.text, one)
    return list(chosen.values())[:MOST]


# --- Word by word -------------------------------------------------------------------------------


def _by_words(begun: Typed, sources: Sources, threshold: float) -> list[Suggestion]:
    found = []
    for word in _words(begun, sources):
        if word.confidence < threshold:
            continue
        if len(word.rest) >= LEAST_LETTERS:
            found.append(Suggestion(word.rest, word.confidence, word.kind))
        longer = _longer(word, begun, sources, threshold)
        if longer is not None:
            found.append(longer)
    return found


@dataclass(frozen=True, slots=True)
class Candidate:
    token: str
    rest: str
    kind: str
    signs: tuple[float, ...]


def _words(begun: Typed, sources: Sources) -> list[_Word]:
    return [
        _Word(one.rest, one.token, logistic(sources.weights, one.signs), one.kind)
        for one in candidates(begun, sources)
    ]


def candidates(begun: Typed, sources: Sources) -> list[Candidate]:
    """The likeliest words at this place, the begun one completed, and what speaks for each."""
    prefix = plain(begun.prefix)
    if not prefix and not begun.spaced:
        return []
    general, own, here = _places(begun.tokens, sources)
    among = here.mass(prefix)
    if among <= 0.0:
        return []
    tokens = [token for token in here.best(prefix, CANDIDATES) if is_word(token)]
    # What is right is that the text goes on with these letters: "functions" speaks for "function" too.
    masses = {token: here.mass(token) / among for token in tokens}
    found = []
    for token in tokens:
        rest = _written(begun, token, sources.general)
        others = (
            mass
            for other, mass in masses.items()
            if not other.startswith(token) and not token.startswith(other)
        )
        seen_own = own.seen(token) if own else 0
        seen = here.seen(token) + sources.here.words.get(token, 0) + seen_own
        if sources.conversation is not None:
            seen += sources.conversation.words.get(token, 0)
        number = sources.general.number(token)
        signs = _signs(
            share=masses[token],
            letters=len(prefix),
            rest=len(rest),
            known=general.depth,
            count=sources.general.counts[number] if number >= 0 else 0,
            here=here.depth + (own.depth if own else 0),
            seen=seen,
            other=max(others, default=0.0),
        )
        kind = "history" if seen_own else "conversation" if seen - seen_own else "general"
        found.append(Candidate(token, rest, kind, signs))
    return found


def plain(prefix: str) -> str:
    """The letters as words are counted."""
    return prefix.lower().replace("’", "'")


def _places(before: Sequence[str], sources: Sources) -> tuple[Place, OwnPlace | None, OwnPlace]:
    general = Place(sources.general, before)
    own = sources.own.after(before, general, BEFORE) if sources.own is not None else None
    below: Model = own or general
    if sources.conversation is not None:
        below = sources.conversation.after(before, below, HERE)
    return general, own, sources.here.after(before, below, HERE)


def _written(begun: Typed, token: str, general: General) -> str:
    """What is to be typed of `token`, in the case of what is typed already."""
    prefix = begun.prefix
    form = general.shown.get(token, token)
    if not prefix:
        starts = begun.tokens[-1] in SENTENCE_ENDS
        return form[:1].upper() + form[1:] if starts and form == token else form
    if len(prefix) > 1 and prefix.isupper():
        return form[len(prefix) :].upper()
    # "Jav" goes on as "aScript", "jav" as "ascript": capitals only where they were begun.
    return form[len(prefix) :] if form.startswith(prefix) else token[len(prefix) :]


def _longer(word: _Word, begun: Typed, sources: Sources, threshold: float) -> Suggestion | None:
    """The word and those after it, while all of them together are sure enough."""
    text, confidence, kind = word.rest, word.confidence, word.kind
    tokens = (*begun.tokens, word.token)
    added = 0
    while added < MOST_WORDS:
        words = _words(Typed(tokens, "", True), sources)
        best = max(words, key=lambda one: one.confidence, default=None)
        if best is None or confidence * best.confidence < threshold:
            break
        text += " " + best.rest
        confidence *= best.confidence
        kind = best.kind if best.kind == "history" else kind
        tokens = (*tokens, best.token)
        added += 1
    return Suggestion(text, confidence, kind) if added else None


def _signs(
    *, share: float, letters: int, rest: int, known: int, count: int, here: int, seen: int, other: float
) -> tuple[float, ...]:
    """What the logistic function weighs."""
    some = min(letters, 6)
    odds, rival, length = _logit(share), _logit(other), log(rest + 1)
    times = log1p(count)
    return (
        *(1.0, odds, some, some**2 / 6, length, known == 0, known == 1, times, here > 0, seen > 0),
        *(log1p(seen), rival, letters == 0, letters == 1, odds * some / 6, odds if known < 2 else 0.0),
        *(odds if seen else 0.0, rest == 2, rest >= 6, times * some / 6),
        *(max(odds - 1, 0.0), max(odds - 2.5, 0.0), max(rival + 2, 0.0), some * length / 6),
    )


def logistic(weights: Sequence[float], signs: Sequence[float]) -> float:
    return 1 / (1 + exp(-sum(weight * sign for weight, sign in zip(weights, signs, strict=True))))


def _logit(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return log(share / (1 - share))


# --- As it was said before -----------------------------------------------------------------------


def _by_match(begun: Typed, sources: Sources, threshold: float) -> list[Suggestion]:
    said = sources.said
    match = said.find(begun.tokens) if said is not None else None
    if said is None or match is None:
        return []
    prefix = plain(begun.prefix)
    confidence = said.trust(match.length)
    following = said.next_token(match)
    if following is None or not following.startswith(prefix):
        return []
    if prefix:
        # Letters that agree with it speak for it as far as they would be a coincidence otherwise.
        chance = _places(begun.tokens, sources)[2].mass(prefix)
        confidence /= confidence + (1 - confidence) * min(chance, 1.0)
    return _grown(match, confidence, begun, said, threshold)


def _grown(match: Match, confidence: float, begun: Typed, said: Said, threshold: float) -> list[Suggestion]:
    """The first word of the match, and as many as stay sure enough."""
    taken = 0
    sure = confidence
    ends: list[tuple[int, float]] = []
    while sure >= threshold and taken < MOST_WORDS * 2:
        place = Match(match.text, match.at + taken, match.length + taken)
        if said.next_token(place) is None:
            break
        if taken:
            sure *= said.trust(place.length)
            if sure < threshold:
                break
        taken += 1
        ends.append((taken, sure))
    found = []
    for count, level in {ends[0], ends[-1]} if ends else ():
        written = said.written(match, count)
        # A word that is begun has its space already; one that is not may need it.
        rest = written.lstrip(" ")[len(begun.prefix) :] if begun.prefix or begun.spaced else written
        if len(rest.strip()) >= LEAST_LETTERS and "\n" not in rest:
            found.append(Suggestion(rest, level, said.kinds[match.text]))
    return found
