"""`manage.py backup FILE`: the whole database, while everything runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from grump.operations.backups import ToolFailed, back_up


class Command(BaseCommand):
    help = (
        "Write the whole database to FILE while everything runs: SQLite by its own online copy, PostgreSQL "
        "by pg_dump where there is one. The file holds everybody's texts: keep it as you keep the database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--portable", action="store_true", help="in the form that both databases can restore; slower"
        )

    def handle(self, *args: Any, file: Path, portable: bool, **options: Any) -> None:
        if file.exists():
            raise CommandError(f"{file} exists already.")
        try:
            how = back_up(file, is_portable=portable)
        except (ToolFailed, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{file}: {file.stat().st_size / 1e6:.2f} MB, {how}")
