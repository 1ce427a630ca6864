"""What one person used, added up for pages and exports. Each a constant number of queries."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone

from usage.models import Day, Entry

DAYS = 30
MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class Line:
    """`share` of the largest line of its table, from 0 to 1."""

    name: Any
    requests: int
    tokens: int
    cost_usd: float
    share: float


def last_days(user_id: int, today: date) -> list[Line]:
    """One line a day, oldest first, days without anything included."""
    first = today - timedelta(days=DAYS - 1)
    rows = {day.date: day for day in Day.objects.filter(owner=user_id, date__gte=first, date__lte=today)}
    days = [first + timedelta(days=number) for number in range(DAYS)]
    most = max((row.tokens for row in rows.values()), default=0) or 1
    return [_line(day, rows.get(day) or Day(), most) for day in days]


def _line(day: date, row: Day, most: int) -> Line:
    return Line(day, row.requests, row.tokens, row.cost_microusd / 1_000_000, row.tokens / most)


def by(field: str, user_id: int, today: date) -> list[Line]:
    """By "model" or "conversation", the last 30 days, the most used first."""
    since = today - timedelta(days=DAYS - 1)
    paid = Entry.objects.filter(owner=user_id, date__gte=since, requests__gt=0)
    rows = list(
        paid.values(field)
        .annotate(asked=Count("pk"), used=Sum("tokens"), paid=Sum("cost_microusd"))
        .order_by("-used", "-asked")[:MOST_LINES]
    )
    most = max((row["used"] for row in rows), default=0) or 1
    return [
        Line(row[field], row["asked"], row["used"], row["paid"] / 1_000_000, row["used"] / most)
        for row in rows
    ]


class _Echo:
    def write(self, text: str) -> str:
        return text


COLUMNS = ("at", "kind", "source", "provider", "model", "cached", "input_tokens", "output_tokens", "tokens",
           "cost_microusd", "conversation")  # fmt: skip


def csv_lines(user_id: int) -> Iterator[str]:
    """Every entry of the last year, newest first; nothing a person wrote is in it."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    since = timezone.now() - timedelta(days=366)
    entries = Entry.objects.filter(owner=user_id, at__gte=since).order_by("-pk").values_list(*COLUMNS)
    for at, *rest in entries.iterator(chunk_size=1000):
        yield writer.writerow([at.isoformat(), *rest])
