"""`manage.py export_user NAME FILE`: all that is stored about a person."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from grump.accounts.models import User
from grump.accounts.portrait import export


class Command(BaseCommand):
    help = "Write all that is stored about the user NAME to FILE, as JSON. Secrets are left out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, name: str, file: Path, **options: Any) -> None:
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no user called {name}.")
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        with os.fdopen(descriptor, "wb") as written:
            written.writelines(export(user))
        self.stdout.write(f"{file}: {file.stat().st_size:,} bytes")
