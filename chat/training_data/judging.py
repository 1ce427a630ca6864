"""How much of a conversation is worth learning from. Pure.

A conversation is cut before its first exchange that is not: what was said after it was said in its light.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from chat.training_data.gathering import Said, Talk

SHORTEST = 20  # characters of an answer
LONGEST = 14_000  # characters of a conversation, about 3,500 tokens: a trainer cuts at 4,096

# How models say no. Only at the beginning: a good answer may well say "I cannot" further on.
_REFUSED = re.compile(
    r"\s*(?:i['’]?m (?:really |very |truly )?sorry|(?:i )?apologi[sz]e|sorry|unfortunately|as an ai\b"
    r"|i (?:can(?:no|['’])t|am (?:not able|unable)))[^.!?\n]{0,120}?"
    r"(?:can(?:no|['’])t|not able|unable|won['’]t|as an ai\b|language model)"
    r"|\s*i (?:can(?:no|['’])t|am (?:not able|unable) to|won['’]t)"
    r" (?:help|assist|do that|provide|comply|answer)"
    r"|\s*(?:es tut mir leid|tut mir leid|leider)[^.!?\n]{0,80}?\bkann ich\b[^.!?\n]{0,80}?\bnicht\b"
    r"|\s*(?:lo siento|je suis désolée?)[^.!?\n]{0,80}?(?:no puedo|ne (?:peux|puis))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rules:
    """`models`: patterns of the models whose answers may be used, as `nim/*`; none is all. `liked`: only
    conversations of which an answer got a thumb up."""

    models: tuple[str, ...] = ()
    liked: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """The exchanges that are kept, oldest first; `why` the next one is not, empty where all are. No
    exchanges: the conversation is left out, and that is why."""

    said: tuple[Said, ...]
    why: str

    @property
    def thumbs_up(self) -> int:
        return sum(one.thumb is True for one in self.said)


def judge(talk: Talk, rules: Rules) -> Judged:
    kept: list[Said] = []
    length = len(talk.instructions)
    why = ""
    for question, answer in _exchanges(talk.said):
        length += len(question.text) + len(answer.text) if answer else 0
        why = _objection(question, answer, rules) or ("too long" if length > LONGEST else "")
        if why or answer is None:
            break
        kept += [question, answer]
    judged = Judged(tuple(kept), why if kept or why else "nothing said")
    if kept and rules.liked and not judged.thumbs_up:
        return Judged((), "no thumb up")
    return judged


def _exchanges(said: Iterable[Said]) -> Iterable[tuple[Said, Said | None]]:
    question: Said | None = None
    for one in said:
        if one.role == "user":
            if question is not None:
                yield question, None
            question = one
        elif one.role == "assistant" and question is not None:
            yield question, one
            question = None
    if question is not None:
        yield question, None


def _objection(question: Said, answer: Said | None, rules: Rules) -> str:
    """Why this exchange is nothing to learn from; empty where it is. In words of the data card."""
    if answer is None or not answer.text.strip() or not question.text.strip():
        return "no answer"
    if answer.thumb is False:
        return "thumb down"
    if not answer.own:
        return "brought along in a file"  # by whom it was written is anybody's word
    if answer.state != "complete":
        return "stopped, interrupted or failed"
    if answer.finish_reason == "content_filter" or _REFUSED.match(answer.text):
        return "refused"
    if answer.finish_reason == "length":
        return "cut off"
    if answer.cached == "semantic":
        return "another question's answer"  # which may have been another person's
    if rules.models and not any(fnmatchcase(answer.model, pattern) for pattern in rules.models):
        return "another model"
    if len(answer.text.strip()) < SHORTEST:
        return "too short"
    return ""
