"""manage.py warm_cache: make the answers anew that are asked for often and end soon."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand

from chat.warming import warm


class Command(BaseCommand):
    help = "Make the kept answers anew that are asked for often and end soon."

    def handle(self, *args: Any, **options: Any) -> None:
        warmed = asyncio.run(warm())
        plural = "s" * (warmed.questions != 1)
        self.stdout.write(
            f"{warmed.questions} answer{plural} made anew for {warmed.microusd / 1_000_000:.4f} USD."
        )
