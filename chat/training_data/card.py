"""What is in the files, in words: the data card. Pure.

After M. Mitchell et al., "Model Cards for Model Reporting" (2019), and T. Gebru et al., "Datasheets for
Datasets" (2021), as far as a command can know it.
"""

from collections.abc import Mapping, Sequence

from chat.training_data.judging import LONGEST, SHORTEST
from chat.training_data.making import DOCUMENTS, TRAINING, VALIDATION, Counts, Made, Options


def card(made: Made, options: Options, release: str) -> str:
    counts, rules = made.counts, options.rules
    names = f"by the spaCy model `{options.names_by}`" if options.names_by else "NOT looked for"
    models = ", ".join(f"`{name}`" for name in rules.models) or "all"
    nobody = (
        "" if counts.people_validation else " Validation is empty: there were not two people to tell apart."
    )
    total = counts.training + counts.validation
    people = counts.people_training + counts.people_validation
    files = [
        (TRAINING, counts.training, counts.people_training),
        (VALIDATION, counts.validation, counts.people_validation),
        (DOCUMENTS, total, people),
    ]
    parts = [
        "# Conversations for training",
        f"Made by `manage.py export_training_data` of G-Rump {release}, seed {options.seed}. The same "
        "database, release and options give the same bytes.",
        "## What is in it",
        _table(
            ("file", "conversations", "people", "SHA-256"),
            [(*row, made.hashes.get(row[0], "")) for row in files],
        ),
        f"{counts.turns} questions with their answers; {counts.liked} conversations have an answer with a "
        "thumb up. "
        f'`{TRAINING}` and `{VALIDATION}` hold `{{"messages": […]}}` a line, `{DOCUMENTS}` the same '
        "conversations with `id`, `text`, `split`, `turns`, `thumbs_up` and `models`.",
        _counted(counts.models, "model that answered"),
        "Whose answers may train which model is their licences' matter.",
        "## Whose",
        f"{counts.conversations} conversations of {counts.people} people who say in their settings that "
        "theirs may train models, and said so still when this was made. Temporary chats, conversations in "
        "the bin and what was brought along in a file are not in it.",
        "## What was left out",
        f"Answers shorter than {SHORTEST} characters; conversations beyond {LONGEST:,} characters are cut. "
        f"Nearly the same: an estimated Jaccard index of {options.alike} or more. "
        f"Models: {models}. Thumbs up asked for: {'yes' if rules.liked else 'no'}.",
        _counted(counts.left_out, "whole conversations left out: why"),
        _counted(counts.cut, "conversations cut before an exchange: why"),
        "## What was replaced",
        "By a mark with its kind, in these conversations and in those found to be the same. Names of "
        f"people and places were {names}; what the account calls its owner was replaced. Replacing is never "
        "complete: read a sample before you train.",
        _counted(counts.replaced, "kind"),
        "## How it was split",
        f"Person by person, {options.validation:.0%} of the conversations at most for validation. No "
        "person, and no two conversations that are the same or nearly, are on both sides." + nobody,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def summary(counts: Counts) -> str:
    """For whoever ran the command."""
    lines = [
        f"{counts.conversations} conversations of {counts.people} people who agreed",
        *(f"  left out, {why}: {number}" for why, number in _ordered(counts.left_out)),
        *(f"  cut, {why}: {number}" for why, number in _ordered(counts.cut)),
        *(f"  replaced, {kind}: {number}" for kind, number in _ordered(counts.replaced)),
        f"{counts.training} for training ({counts.people_training} people), "
        f"{counts.validation} for validation ({counts.people_validation} people)",
    ]
    return "\n".join(lines)


def _counted(counted: Mapping[str, int], what: str) -> str:
    return _table((what, "number"), _ordered(counted)) if counted else ""


def _ordered(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(
        ((name, number) for name, number in counted.items() if number), key=lambda one: (-one[1], one[0])
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)
