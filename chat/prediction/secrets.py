"""What is never learnt: keys, cards, passwords, and the lines they stand in. Pure.

Two nets, one over the other. Lines with anything that looks like a secret are dropped before a text is
counted; and what is counted is words of letters alone, so that a key has no form in which it could be kept.
"""

import re

from grump.operations.logs import redact

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
