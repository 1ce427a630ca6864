"""Deterministic answers. A token is a word of fixed width, so that a reader who gets several tokens in one
frame still knows which: token index = len(text) // WIDTH."""

import random
import zlib
from functools import cache

WIDTH = 8  # characters a token, its trailing blank included
SEED = 20_24


@cache
def vocabulary(seed: int = SEED, size: int = 512) -> tuple[str, ...]:
    """Words that can be spoken, `WIDTH - 1` letters and a blank each."""
    dice = random.Random(seed)
    return tuple(
        "".join(dice.choice("aeiou" if place % 2 else "bcdfghklmnprstvz") for place in range(WIDTH - 1)) + " "
        for _ in range(size)
    )


@cache
def tokens(count: int, seed: int = SEED) -> tuple[str, ...]:
    return tuple(random.Random(seed).choices(vocabulary(), k=count))


def answer_to(prompt: str, count: int = 40) -> tuple[str, ...]:
    """The answer that every provider gives to this prompt, so that one can go on where another stopped."""
    return tokens(count, zlib.crc32(prompt.encode()))
