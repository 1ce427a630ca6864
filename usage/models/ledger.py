"""What was used. Entries are the truth and only ever added; a day's counters are their sum, kept beside.

Hold    what a turn under way may take; gone when it ends
Entry   how a hold ended: what was paid, by whom, for what
Day     a person's counters from one midnight to the next: entries and open holds, added up
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from grump.lib.ids import new_id


class Day(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="usage_days")
    date = models.DateField()
    ends_at = models.DateTimeField()
    requests = models.PositiveIntegerField(default=0)  # paid and under way
    tokens = models.PositiveBigIntegerField(default=0)
    cost_microusd = models.PositiveBigIntegerField(default=0)
    held_tokens = models.PositiveBigIntegerField(default=0)
    held_microusd = models.PositiveBigIntegerField(default=0)
    running = models.PositiveIntegerField(default=0)
    # What providers charged the house, refused and excess parts included.
    house_microusd = models.PositiveBigIntegerField(default=0)
    # GCRA's theoretical arrival time of the next request, in microseconds of Unix time (ITU-T I.371).
    next_request_us = models.PositiveBigIntegerField(default=0)
    # Tokens of an answer, smoothed; carried over from day to day.
    usual_output = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "day of use"
        verbose_name_plural = "days of use"
        constraints = [models.UniqueConstraint(fields=["owner", "date"], name="one_usage_day_a_date")]
        indexes = [models.Index(fields=["owner", "-ends_at"], name="usage_newest_day")]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.date}"


class Hold(models.Model):
    key = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Without an index of its own: the table is as long as turns run at once.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    # A plain number: days may be dropped and rebuilt while a turn runs.
    day_id = models.BigIntegerField()
    team_day_id = models.BigIntegerField(null=True)
    tokens = models.PositiveBigIntegerField()
    cost_microusd = models.PositiveBigIntegerField()
    source = models.CharField(max_length=10)
    conversation = models.UUIDField(null=True)
    began_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["began_at"], name="usage_oldest_hold")]

    def __str__(self) -> str:
        return str(self.key)


class Entry(models.Model):
    class Kind(models.TextChoices):
        SETTLED = "settled"
        RELEASED = "released"  # nothing was asked of a provider
        EXPIRED = "expired"  # nobody ended it

    key = models.UUIDField(unique=True)  # the hold's: no turn is paid twice
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="usage_entries", db_index=False
    )
    date = models.DateField()
    team_day_id = models.BigIntegerField(null=True)  # of whoever was in a team when the turn began
    kind = models.CharField(max_length=10, choices=Kind)
    requests = models.PositiveSmallIntegerField()
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    # What the person paid; less than input and output where the limit left no room for all of it.
    tokens = models.PositiveBigIntegerField(default=0)
    cost_microusd = models.PositiveBigIntegerField(default=0)
    house_microusd = models.PositiveBigIntegerField(default=0)
    source = models.CharField(max_length=10)
    provider = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=120, blank=True)
    cached = models.CharField(max_length=10, blank=True)
    conversation = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger entries"
        indexes = [
            models.Index(fields=["owner", "date"], name="usage_entries_of_day"),
            models.Index(
                fields=["team_day_id"],
                name="usage_entries_of_team_day",
                condition=Q(team_day_id__isnull=False),
            ),
            # What programs used is added up by the hour; of chat, the generations are.
            models.Index(fields=["at"], name="usage_entries_of_api", condition=Q(source="api")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(tokens__lte=F("input_tokens") + F("output_tokens")), name="never_overcharged"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
