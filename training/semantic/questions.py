"""Questions made here: the same one in several wordings, and others that look like it.

A topic is asked in every wording of its form: all wordings of one topic mean the same, no two topics do.
Topics, never single questions, are held out. A near miss is a question with the one thing changed on which
its answer turns.
"""

import random
import re
from collections.abc import Iterator

TASKS = [
    "sort a list in Python", "reverse a string in JavaScript", "boil an egg", "tie a tie",
    "merge two branches in git",
    "undo a commit in git", "convert Celsius to Fahrenheit", "convert miles to kilometers",
    "parse JSON in Go",
    "read a file in Rust", "remove red wine stains", "change a flat tire", "write a cover letter",
    "calculate compound interest", "find the median of a list", "center a div in CSS",
    "resize an image in Linux",
    "grow tomatoes indoors", "make sourdough bread", "train for a marathon", "clean a cast iron pan",
    "connect to PostgreSQL from Java", "deploy a Django application", "write a unit test in C#",
    "remove duplicates from an array", "delete a branch in git", "create a branch in git",
    "cook rice", "cook quinoa",
    "translate English to French", "translate French to English",
    "prove that the square root of 2 is irrational",
]  # fmt: skip
THINGS = [
    "photosynthesis", "osmosis", "inflation", "recursion", "a binary tree", "a hash table",
    "the French Revolution",
    "quantum entanglement", "machine learning", "supervised learning",
    "unsupervised learning", "TCP", "UDP",
    "a mortgage", "a black hole", "a white dwarf", "DNA", "RNA", "the stock market",
    "a REST API", "GraphQL",
    "a linked list", "an array", "deflation", "mitosis", "meiosis", "OAuth", "a deadlock",
    "a mutex", "a semaphore",
]  # fmt: skip
FACTS = [
    "invented the telephone", "wrote Hamlet", "painted the Mona Lisa",
    "discovered penicillin", "wrote The Odyssey",
    "invented the light bulb", "founded Microsoft", "founded Apple", "composed The Four Seasons",
]  # fmt: skip
FORMS: list[tuple[list[str], list[str]]] = [

    (TASKS, ["How do I {0}?", "How can I {0}?", "What is the best way to {0}?", "Can you tell me how to {0}?",
             "how to {0}", "I want to {0}, how do I do it?"]),
    (THINGS, ["What is {0}?", "Can you explain {0}?", "Explain {0} to me.", "What does {0} mean?",
              "Give me an explanation of {0}.", "what's {0}"]),
    (FACTS, ["Who {0}?", "Do you know who {0}?", "Tell me who {0}.", "Who was it that {0}?"]),
]  # fmt: skip

_SWAPS = [
    ("increase", "decrease"), ("first", "last"), ("with", "without"), ("before", "after"),
    ("more", "less"),
    ("can", "cannot"), ("is", "is not"), ("enable", "disable"), ("default", "maximum"),
    ("read", "write"),
    ("load", "save"), ("train", "test"), ("audio", "image"), ("image", "text"), ("download", "upload"),
    ("Python", "Java"), ("TensorFlow", "PyTorch"), ("PyTorch", "JAX"), ("column", "row"),
    ("list", "dictionary"),
]  # fmt: skip


def topics() -> Iterator[list[str]]:
    """Each topic's wordings; the first is the one that is kept, the others ask for it."""
    for names, wordings in FORMS:
        for name in names:
            yield [wording.format(name) for wording in wordings]


def near_misses(text: str, seed: int) -> list[str]:
    """The same words but for one: a number, a "not", a word for its neighbour."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    made: list[str] = []
    for one, other in chance.sample(_SWAPS, len(_SWAPS)):
        for old, new in ((one, other), (other, one)):
            changed = re.sub(rf"\b{old}\b", new, text, count=1)
            if changed != text and len(made) < 2:
                made.append(changed)
    changed = re.sub(r"\d+", lambda found: str(int(found[0]) + 1), text, count=1)
    if changed != text:
        made.append(changed)
    return made
