"""From the rows to the files: gathered, judged, cleaned, told apart, split, written. Synchronous.

Texts go through a nameless file beside the results, one conversation at a time; in memory stays what tells
them apart, about 700 bytes a conversation. What is written has no date and no random number in it: the same
database and options give the same bytes.
"""

import hashlib
import os
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

from chat.training_data import gathering, twins
from chat.training_data.cleaning import Cleaner
from chat.training_data.judging import Judged, Rules, judge
from chat.training_data.splitting import for_validation

# The first two where NeMo Customizer looks for them in a dataset, the third for NeMo Curator.
TRAINING, VALIDATION = "training/training.jsonl", "validation/validation.jsonl"
DOCUMENTS, CARD = "documents.jsonl", "card.md"


@dataclass(frozen=True, slots=True)
class Options:
    """`names_by`: the spaCy model that finds names, empty for none; `alike`: from where on two conversations
    are one; `validation`: the share of conversations that is not trained on."""

    rules: Rules = field(default_factory=Rules)
    names_by: str = ""
    alike: float = 0.8
    validation: float = 0.1
    seed: int = 1


@dataclass(slots=True)
class Counts:
    """What became of the conversations. `left_out` and `cut` are by reason, `replaced` by kind."""

    people: int = 0
    conversations: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    replaced: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    training: int = 0
    validation: int = 0
    people_training: int = 0
    people_validation: int = 0
    turns: int = 0
    liked: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """One conversation in the nameless file."""

    owner: int
    key: bytes
    liked: int
    turns: int
    models: tuple[str, ...]
    at: int
    size: int


@dataclass(frozen=True, slots=True)
class Made:
    counts: Counts
    hashes: dict[str, str]  # file name: SHA-256


def make(into: Path | None, options: Options) -> Made:
    """`into` is a directory that this makes, or None: then everything is counted and nothing written. Raises
    FileExistsError, OSError, and cleaning.NoModel before anything is written."""
    cleaner = Cleaner(options.names_by)
    if into is None:
        return Made(_gather(cleaner, options, None)[0], {})
    into.mkdir(mode=0o700)
    with tempfile.TemporaryFile(dir=into) as spool:
        counts, chosen = _gather(cleaner, options, spool)
        return Made(counts, _write(into, spool, chosen))


def _gather(
    cleaner: Cleaner, options: Options, spool: IO[bytes] | None
) -> tuple[Counts, list[tuple[_Found, bool]]]:
    counts = Counts()
    found: list[_Found] = []
    signatures = bytearray()
    people: set[int] = set()
    for talk in gathering.talks():
        counts.conversations += 1
        people.add(talk.owner_id)
        judged = judge(talk, options.rules)
        if not judged.said:
            counts.left_out[judged.why] += 1
            continue
        if judged.why:
            counts.cut[judged.why] += 1
        document = _document(talk, judged, cleaner, counts)
        text, line = document["text"], orjson.dumps(document)
        key, models = twins.exact(text), tuple(document["models"])
        at = spool.tell() if spool else 0
        found.append(_Found(talk.owner_id, key, judged.thumbs_up, document["turns"], models, at, len(line)))
        signatures += twins.signature(text, options.seed)
        if spool:
            spool.write(line)
    counts.people = len(people)
    single = _without_twins(found, signatures, options, counts)
    # Whoever took their word back while this ran, or left, is not in it.
    still = set(gathering.agreed().values_list("pk", flat=True)) if single else set()
    counts.left_out["no longer agreed to"] += sum(one.owner not in still for one in single)
    single = [one for one in single if one.owner in still]
    counts.left_out = +counts.left_out
    return counts, _split(single, options, counts)


def _document(talk: gathering.Talk, judged: Judged, cleaner: Cleaner, counts: Counts) -> dict[str, Any]:
    said = [(one.role, one.text.strip()) for one in judged.said]
    if talk.instructions.strip():
        said.insert(0, ("system", talk.instructions.strip()))
    texts, replaced = cleaner.conversation([text for _, text in said], talk.names)
    counts.replaced.update(replaced)
    messages = [{"role": role, "content": text} for (role, _), text in zip(said, texts, strict=True)]
    return {
        "text": "\n\n".join(texts),
        "messages": messages,
        "turns": len(judged.said) // 2,
        "thumbs_up": judged.thumbs_up,
        "models": sorted({one.model for one in judged.said if one.model}),
    }


def _without_twins(
    found: list[_Found], signatures: bytearray, options: Options, counts: Counts
) -> list[_Found]:
    """Of each set of the same, and then of the nearly same, the best liked one; the first in an order that
    does not depend on when it was said."""

    def best(one: int) -> tuple[int, bytes, int]:
        return -found[one].liked, found[one].key, found[one].owner

    by_key: dict[bytes, int] = {}
    for number, one in enumerate(found):
        known = by_key.setdefault(one.key, number)
        by_key[one.key] = min(known, number, key=best)
    single = sorted(by_key.values())
    counts.left_out["the same as another"] += len(found) - len(single)
    size = twins.HASHES * 4
    alone = b"".join(bytes(signatures[number * size : (number + 1) * size]) for number in single)
    by_root: dict[int, int] = {}
    for place, root in enumerate(twins.clusters(alone, options.alike)):
        known = by_root.setdefault(root, single[place])
        by_root[root] = min(known, single[place], key=best)
    counts.left_out["nearly the same as another"] += len(single) - len(by_root)
    return sorted((found[number] for number in by_root.values()), key=lambda one: one.key)


def _split(single: list[_Found], options: Options, counts: Counts) -> list[tuple[_Found, bool]]:
    per_person = Counter(one.owner for one in single)
    tested = for_validation(per_person, options.validation, options.seed)
    counts.people_validation = len(tested)
    counts.people_training = len(per_person) - len(tested)
    counts.validation = sum(per_person[person] for person in tested)
    counts.training = len(single) - counts.validation
    counts.liked = sum(one.liked > 0 for one in single)
    counts.turns = sum(one.turns for one in single)
    counts.models.update(model for one in single for model in one.models)
    return [(one, one.owner in tested) for one in single]


def _write(into: Path, spool: IO[bytes], chosen: list[tuple[_Found, bool]]) -> dict[str, str]:
    files = {name: _File(into / name) for name in (TRAINING, VALIDATION, DOCUMENTS)}
    try:
        for one, is_tested in chosen:
            spool.seek(one.at)
            document = orjson.loads(spool.read(one.size))
            name = VALIDATION if is_tested else TRAINING
            files[name].line({"messages": document["messages"]})
            split = "validation" if is_tested else "training"
            files[DOCUMENTS].line({"id": one.key.hex(), "split": split, **document})
    finally:
        for file in files.values():
            file.close()
    return {name: file.digest.hexdigest() for name, file in files.items()}


class _File:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self.digest = hashlib.sha256()

    def line(self, value: dict[str, Any]) -> None:
        line = orjson.dumps(value) + b"\n"
        self._file.write(line)
        self.digest.update(line)

    def close(self) -> None:
        self._file.close()
