"""`manage.py erase_user NAME --yes`: remove a person and everything of theirs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from grump.accounts.leaving import erase
from grump.accounts.models import User


class Command(BaseCommand):
    help = "Remove the user NAME and everything of theirs, for good. Backups made before still hold it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--yes", action="store_true", help="without it nothing is removed")

    def handle(self, *args: Any, name: str, yes: bool, **options: Any) -> None:
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no user called {name}.")
        if not yes:
            raise CommandError(f"{name} and everything of theirs would be removed for good: add --yes.")
        erase(user)
        self.stdout.write(f"{name} is removed.")
