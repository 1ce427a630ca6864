"""`manage.py rebuild_usage`: the counters of every day, made anew from the ledger."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from usage.rebuilding import differences, rebuild, team_differences


class Command(BaseCommand):
    help = "Make the usage counters anew from the ledger; --check only compares, and fails on a difference."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            self.stdout.write(f"{rebuild()} days corrected.")
            return
        found = list(differences())
        for difference in found:
            self.stdout.write(f"{difference.day}: {difference.counted} should be {difference.true}")
        teams = list(team_differences())
        for day, true in teams:
            self.stdout.write(f"team {day}: should be {true}")
        if found or teams:
            raise SystemExit(1)
        self.stdout.write("Every counter equals the ledger.")
