"""`manage.py restore FILE`: an empty database becomes what a backup holds."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat import search
from grump.operations.backups import BadBackup, NotEmpty, ToolFailed, restore


class Command(BaseCommand):
    help = "Fill an empty database from a file of `manage.py backup`. Stop web, worker and beat before."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            how = restore(file)
        except (BadBackup, NotEmpty, ToolFailed, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Restored: {how}; {search.index_all()} messages indexed anew")
