"""Make chat/prediction/general.bin and print the tables of docs/prediction.md.

    .venv/bin/python -m training.prediction DATA WHEELS [--measure]

DATA holds the two public data files, WHEELS the three wheels that training/prediction/sources.py names; with
`--measure` the file that ships is measured as it is, and nothing is made.
"""

import sys
from collections import defaultdict
from pathlib import Path

from chat.prediction.code import complete
from chat.prediction.shipped import FILE, Shipped, pack, unpack
from training.prediction import code_lines, habits, measuring
from training.prediction.counting import count
from training.prediction.fitting import LONGEST, fit
from training.prediction.sources import Prompt, english, read, share_of, without_twins
from training.prediction.typing import Predict, Result, type_all

WEIGHTS = {"writingbench": 5, "everyday": 5, "evals": 2, "mmlu": 1}
HELD_GROUPS = 0.1  # of the evaluations: the logistic function is fitted on them and on mtbench
HELD_PROMPTS = 0.05  # of the rest, for the test "by prompts"
FITTED_ON = 200
TESTED = 250
THRESHOLD = 0.7
CODE_LINES = 600


def main(data: Path, wheels: Path, *, make: bool) -> None:
    prompts = read(data, wheels)
    learnt, fitted, alike, foreign = _split(prompts)
    if make:
        general = count(
            [(one.text, WEIGHTS[one.source]) for one in learnt] + [(text, 1) for text in english()]
        )
        weights = fit(general, [one.text for one in fitted])
        lines = {}
        for language, files in code_lines.files().items():
            begun = code_lines.count(_lines(files, "counted"))
            lines[language] = code_lines.calibrated(begun, _unique(files, "calibrated"))
        FILE.write_bytes(pack(Shipped(general, weights, lines)))
    shipped = unpack(FILE.read_bytes())
    print(f"{len(learnt)} prompts learnt, {len(fitted)} fitted on; {FILE.stat().st_size / 1e6:.1f} MB")
    _tables(shipped, learnt, alike, foreign)
    _code(shipped)


def _split(prompts: list[Prompt]) -> tuple[list[Prompt], list[Prompt], list[Prompt], list[Prompt]]:
    """Learnt from, fitted on, tested on by prompts, tested on by source. Near copies of what was learnt or
    fitted on are in neither test."""
    learnt, fitted, alike, foreign = [], [], [], []
    for one in prompts:
        if one.source == "arena":
            foreign.append(one)
        elif one.source == "mtbench" or (one.source == "evals" and share_of(one.group) < HELD_GROUPS):
            fitted.append(one)
        elif one.source != "everyday" and share_of(one.text) < HELD_PROMPTS:
            alike.append(one)
        else:
            learnt.append(one)
    turns = [one for one in fitted if one.source == "mtbench"]
    others = sorted((one for one in fitted if one.source != "mtbench"), key=lambda one: share_of(one.text))
    fitted = turns + others[:FITTED_ON]
    known = learnt + fitted
    return (
        learnt,
        fitted,
        _some(without_twins(alike, known)),
        sorted(without_twins(foreign, known), key=lambda one: share_of(one.text)),
    )


def _some(prompts: list[Prompt]) -> list[Prompt]:
    return sorted(prompts, key=lambda one: share_of(one.text))[:TESTED]


def _tables(shipped: Shipped, learnt: list[Prompt], alike: list[Prompt], foreign: list[Prompt]) -> None:
    short = [one.text for one in foreign if len(one.text) <= LONGEST]
    cut = [one.text[:LONGEST] for one in foreign]
    print(f"\nby source: {len(short)} prompts of Arena-Hard, {LONGEST} letters at most")
    print(measuring.HEAD)
    print(measuring.row("G-Rump, 0.7", type_all(short, measuring.ours(shipped, THRESHOLD))), flush=True)
    for level in (0.5, 0.6, 0.8):
        print(measuring.row(f"at {level}", type_all(short, measuring.ours(shipped, level))), flush=True)
    no_space = type_all(short, measuring.ours(shipped, THRESHOLD), space=False)
    print(measuring.row("without the space", no_space), flush=True)
    print(measuring.row("all of them, cut", type_all(cut, measuring.ours(shipped, THRESHOLD))), flush=True)
    for name, baseline in (("n-gram", measuring.ngram), ("commonest", measuring.commonest)):
        for level in (0.5, 0.7, 0.9):
            result = type_all(short, baseline(shipped.general, level))
            print(measuring.row(f"{name}, {level}", result), flush=True)
    _calibration(type_all(short, measuring.ours(shipped, 0.5), takes=False))
    print(f"\nby prompts: {len(alike)} of the sources that were learnt from")
    texts = [one.text[:LONGEST] for one in alike]
    print(measuring.HEAD)
    print(measuring.row("G-Rump, 0.7", type_all(texts, measuring.ours(shipped, THRESHOLD))))
    print(measuring.row("n-gram, 0.7", type_all(texts, measuring.ngram(shipped.general, THRESHOLD))))
    print(measuring.row("commonest, 0.7", type_all(texts, measuring.commonest(shipped.general, THRESHOLD))))
    _histories(shipped, foreign)


def _histories(shipped: Shipped, foreign: list[Prompt]) -> None:
    clusters = defaultdict(list)
    for one in foreign:
        if len(one.text) <= LONGEST:
            clusters[one.group].append(one.text)
    people = [measuring.Person([first], rest) for first, *rest in clusters.values() if rest]
    print(
        f"\none person a cluster of Arena-Hard: {len(people)} people, one earlier prompt on the same matter"
    )
    print(measuring.HEAD)
    print(measuring.row("with their history", measuring.with_history(shipped, people, THRESHOLD)))
    nobody = [measuring.Person([], [text]) for person in people for text in person.now]
    print(measuring.row("without", measuring.with_history(shipped, nobody, THRESHOLD)))
    asked = habits.requests(60)
    others = [one.text for one in foreign if len(one.text) <= LONGEST][:60]
    mixed = [text for pair in zip(asked, others, strict=True) for text in pair]
    print("\nsomebody with habits (simulated): every second request follows one of eight")
    print(measuring.HEAD)
    person = measuring.Person(mixed[:60], mixed[60:])
    print(measuring.row("with their history", measuring.with_history(shipped, [person], THRESHOLD)))
    nobody = [measuring.Person([], [text]) for text in person.now]
    print(measuring.row("without", measuring.with_history(shipped, nobody, THRESHOLD)))


def _calibration(result: Result) -> None:
    print("\n| said | shown | right |\n|---|---|---|")
    for low in (0.5, 0.6, 0.7, 0.8, 0.9):
        found = [
            right for sure, right in result.confidences if low <= sure < low + 0.1 or sure == 1 == low + 0.1
        ]
        print(f"| {low:.1f}-{low + 0.1:.1f} | {len(found)} | {sum(found) / max(len(found), 1):.1%} |")


def _lines(files: list[Path], use: str) -> list[str]:
    return code_lines.lines_of(file for file in files if code_lines.use_of(file) == use)


def _unique(files: list[Path], use: str) -> list[str]:
    return sorted(set(_lines(files, use)), key=share_of)[:CODE_LINES]


def _code(shipped: Shipped) -> None:
    print("\ncode, by lines of files that were not counted\n" + measuring.HEAD)
    for language, files in code_lines.files().items():
        lines = _unique(files, "tested")
        head = f"```{language}\n"

        def begin(_: str, head: str = head) -> Predict:
            return lambda text: complete(head + text, shipped.lines, THRESHOLD)

        print(
            measuring.row(f"{language}, {len(lines)} lines", type_all(lines, begin, space=False)), flush=True
        )


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("--")]
    main(*given, make="--measure" not in sys.argv)
