"""`python -m training.context DATA --embeddings URL [--fit | --write]`: the tables of docs/context.md, on
what is held out; with `--fit` after fitting weights on the other half, and with `--write` those are what
ships.

DATA is the folder with arena_hard_v0.1_prompts.jsonl (arena-hard-auto, Apache-2.0); URL serves
all-MiniLM-L6-v2 at /v1/embeddings.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from chat.context import scoring
from chat.gateway.embedding import DEFAULT, Embedder
from chat.gateway.loading import load
from training.context.dialogues import Half, dialogue, halves
from training.context.fitting import fitted
from training.context.measure import RATIOS, Case, cases, table

LENGTHS = (12_000, 12_000, 12_000, 12_000, 30_000, 30_000)  # tokens of the dialogues
FIT_LENGTHS = (12_000, 12_000, 12_000, 30_000)
LONG = (100_000,)
KINDS = ("fact", "changed", "history", "all", "newest")
FIT_SEED, REPORT_SEED = 1_000, 2_000


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m training.context", description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--embeddings", required=True, help="base URL, as http://127.0.0.1:8080/v1")
    arguments.add_argument("--fit", action="store_true", help="fit weights, and report with them")
    arguments.add_argument("--write", action="store_true", help=f"fit, and write {scoring.WEIGHTS.name}")
    asked = arguments.parse_args()
    catalogue = load("", {"LOCAL_EMBEDDINGS_BASE_URL": asked.embeddings})
    model = catalogue.models[DEFAULT]

    def made(half: Half, lengths: Sequence[int], seed: int) -> list[Case]:
        dialogues = [dialogue(half, tokens, seed + place) for place, tokens in enumerate(lengths)]
        return cases(dialogues, Embedder(catalogue.providers[model.provider], model))

    to_fit, to_report = halves(asked.data)
    if asked.fit or asked.write:
        weights = fitted(made(to_fit, FIT_LENGTHS, FIT_SEED))
        if asked.write:
            text = json.dumps({name: round(value, 3) for name, value in asdict(weights).items()}, indent=2)
            scoring.WEIGHTS.write_text(text + "\n", encoding="utf-8")
            scoring.fitted_weights.cache_clear()
        else:
            scoring.fitted_weights = lambda: weights  # type: ignore[assignment]
    reported = made(to_report, LENGTHS, REPORT_SEED)
    show(f"All questions ({len(reported)})", table(reported))
    for kind in KINDS:
        count = sum(case.question.asks == kind for case in reported)
        show(f"Questions of kind {kind!r} ({count})", table(reported, asks=kind))
    long = made(to_report, LONG, REPORT_SEED + 500)
    show(f"One dialogue of 100,000 tokens ({len(long)} questions)", table(long))


def show(title: str, rows: dict[str, list[float]]) -> None:
    print(f"\n{title}\n")
    print(f"| evidence kept at | {' | '.join(f'{ratio}×' for ratio in RATIOS)} |")
    print("|---|" + "---|" * len(RATIOS))
    for name, shares in rows.items():
        print(f"| {name} | {' | '.join(f'{share:.1%}' for share in shares)} |", flush=True)


if __name__ == "__main__":
    main()
