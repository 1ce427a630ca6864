"""What is never learnt: keys, cards, passwords, and the lines they stand in. Pure.

Two nets, one over the other. Lines with anything that looks like a secret are dropped before a text is
counted; and what is counted is words of letters alone, so that a key has no form in which it could be kept.
"""

import re

from grump.operations.logs import HIDDEN, redact

_NUMBERS = re.compile(r"\d(?:[ -]?\d){11,18}")
_SAID = re.compile(
    r"\b(pass(?:word|wd|phrase|code)?|passwort|kennwort|contraseña|mot de passe|pin|cvv|cvc|tan|secret|token"
    r"|api[ _-]?key|access[ _-]?key|private[ _-]?key|credentials?|seed phrase|iban|ssn|social security)\b",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"-----BEGIN [^-]*-----.*?(?:-----END [^-]*-----|\Z)", re.DOTALL)
_LONG = re.compile(r"[^\s]{20,}")
_ADDRESS = re.compile(r"\S+@\S+\.\w+")


def learnable(text: str) -> str:
    """The text without the lines that may hold a secret."""
    lines = _BLOCK.sub("", text).split("\n")
    return "\n".join(line for line in lines if not is_secret(line))


def is_secret(line: str) -> bool:
    if _SAID.search(line) or redact(line) != line or _ADDRESS.search(line):
        return True
    if any(_is_card(match.group()) for match in _NUMBERS.finditer(line)):
        return True
    return any(_is_random(match.group()) for match in _LONG.finditer(line))


# "the password is hunter2": of one word only what no dictionary has.
_TOLD = re.compile(
    rf"(?P<before>{_SAID.pattern}(?:\s+(?:is|was|ist|lautet|es|est))?\s*[:=]?\s*[\"'`]?)"
    r"(?P<value>(?=[^\s\"'`]*\d)(?=[^\s\"'`]*[^\W\d_])[^\s\"'`,;]{5,})",
    re.IGNORECASE,
)
# In code a key, a token or a secret is mostly a name: what is plainly one is left, or no program could be
# read.
_NAMED = re.compile(r"(?:lambda|None|True|False|null|true|false|\d+|[A-Za-z_][A-Za-z_.]*(?:[(\[].*)?)$")


def covered(text: str, mark: str) -> tuple[str, int]:
    """The text with `mark` in place of what may be a secret, and how many there were. For a text that is to
    be read on: only the secret goes, not its line. Cards and addresses are another finder's."""
    text, blocks = _BLOCK.subn(mark, text)
    text, told = _TOLD.subn(lambda found: found["before"] + mark, text)
    hidden = redact(text, spare=lambda name, value: value.startswith(mark) or _is_name(name, value))
    keys = hidden.count(HIDDEN) - text.count(HIDDEN)
    text = hidden.replace(HIDDEN, mark) if keys else text
    random = 0

    def cover(match: re.Match[str]) -> str:
        nonlocal random
        if mark in match.group() or not _is_random(match.group()):
            return match.group()
        random += 1
        return mark

    return _LONG.sub(cover, text), blocks + told + max(keys, 0) + random


def _is_name(before: str, value: str) -> bool:
    named = re.search(r"(?:api_?key|secret|password|passwd|sessionid|csrftoken)\W*$", before, re.IGNORECASE)
    return not named and bool(_NAMED.match(value))


def _is_card(digits: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1, annex B)."""
    numbers = [int(digit) for digit in digits if digit.isdigit()]
    doubled = [number * 2 - 9 * (number > 4) for number in numbers[-2::-2]]
    return 13 <= len(numbers) <= 19 and (sum(numbers[-1::-2]) + sum(doubled)) % 10 == 0


def _is_random(word: str) -> bool:
    """Letters and digits that change too often to be a word, a path or a sum."""
    if "://" in word and not re.search(r"[?&#=]", word):
        return False
    runs = re.findall(r"[A-Z]+|[a-z]+|\d+", word)
    return len(runs) >= 6 and len(re.findall(r"[\w+=]", word)) > 0.9 * len(word)
