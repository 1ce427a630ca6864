"""`manage.py export_training_data DIRECTORY`: what people agreed to give, as files that a trainer reads."""

import os
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.models import Conversation
from grump.audit.log import record

MISSING = "It takes what requirements-training.txt lists: pip install -r requirements-training.txt ({})"


class Command(BaseCommand):
    help = "Write the conversations of people who agreed to it as JSONL for training, without personal data."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, nargs="?", help="to be made; it must not exist")
        names = parser.add_mutually_exclusive_group()
        names.add_argument(
            "--names", metavar="MODEL", help="find names by this spaCy model, a name or a path"
        )
        names.add_argument("--without-names", action="store_true", help="do not look for names of people")
        parser.add_argument("--dry-run", action="store_true", help="count, and write nothing")
        parser.add_argument(
            "--model", action="append", default=[], metavar="PATTERN", help="answers of these alone, as nim/*"
        )
        parser.add_argument("--liked", action="store_true", help="only conversations with a thumb up")
        parser.add_argument("--validation", type=_share, default=0.1, help="share of conversations, 0.1")
        parser.add_argument(
            "--alike", type=_share, default=0.8, help="from where two are nearly the same, 0.8"
        )
        parser.add_argument("--seed", type=_seed, default=1)

    def handle(self, *args: Any, directory: Path | None, dry_run: bool, **options: Any) -> None:
        if directory is None and not dry_run:
            raise CommandError("Name a directory, or --dry-run.")
        if not options["names"] and not options["without_names"]:
            raise CommandError(
                "Who is named in a text is found by a spaCy model alone: name one that is installed with "
                "--names, or say --without-names."
            )
        try:
            from chat.training_data import card, cleaning, judging, making
        except ImportError as error:
            raise CommandError(MISSING.format(error)) from None
        chosen = making.Options(
            rules=judging.Rules(tuple(options["model"]), options["liked"]),
            names_by=options["names"] or "",
            alike=options["alike"],
            validation=options["validation"],
            seed=options["seed"],
        )
        try:
            made = making.make(None if dry_run else directory, chosen)
        except cleaning.NoModel as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{directory}: {error.strerror}") from None
        self.stdout.write(card.summary(made.counts))
        if dry_run or directory is None:
            return
        path = directory / making.CARD
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(card.card(made, chosen, settings.RELEASE))
        written = made.counts.training + made.counts.validation
        record(
            None,
            "exported for training",
            ContentType.objects.get_for_model(Conversation),
            note=f"{written} conversations; {making.TRAINING} {made.hashes[making.TRAINING]}",
        )
        self.stdout.write(f"{directory}: written")


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ArgumentTypeError("a share is a number from 0 to 1")
    return value


def _seed(text: str) -> int:
    if not text.isdigit() or int(text) >= 2**32:
        raise ArgumentTypeError("a seed is a whole number from 0 to 4294967295")
    return int(text)
