"""What the router learns from: three kinds of prompts, each with whether a weak model was enough.

`router_mmlu_train.jsonl` (RouteLLM, Apache-2.0; the questions are MMLU's, MIT): whether Mixtral-8x7B answered
rightly, measured. `arena_hard_v0.1_prompts.jsonl` (arena-hard-auto, Apache-2.0): demanding prompts of real
users, taken to be too much for a weak model. everyday.py, made here: taken to be easy. The last two are
taken, not measured: they say what kinds of prompt there are, and docs/routing.md reports them apart.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.router.everyday import prompts

_CHOICES = re.compile(r"\nA\. .*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """`group` is what is held out together: a subject, a cluster, a family."""

    kind: str  # measured, demanding, everyday
    group: str
    text: str
    weak: bool  # the weak model is enough
    strong: bool = True  # the strong one answered rightly


def read(folder: Path) -> list[Example]:
    measured = [
        # People do not ask with four choices: they are left out, or the form would be what is learnt.
        Example(
            "measured",
            row["subject"],
            _CHOICES.sub("", row["prompt"]),
            row["weak_correct"],
            row["strong_correct"],
        )
        for row in _rows(folder / "router_mmlu_train.jsonl")
    ]
    demanding = [
        Example("demanding", row["cluster"], row["prompt"], False)
        for row in _rows(folder / "arena_hard_v0.1_prompts.jsonl")
    ]
    everyday = [Example("everyday", family, text, True) for family, text in prompts()]
    return measured + demanding + everyday


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
