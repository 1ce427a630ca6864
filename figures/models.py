"""What was measured, added up. No row names a person except what people said themselves.

Cell    what happened in one hour or day to one cut of all that happened: counts and sketches
Made    how far an hour's cells are made
Timing  one number that a browser measured, until it is added up
Sample  what one process counted, until it is added up
Thumb, Satisfaction    what people said of an answer, and of it all
"""

from django.conf import settings
from django.db import models

HOUR, DAY = 1, 24


class Cell(models.Model):
    """`kind` is what was counted ("answers", "browser", …); `cut` and `value` which part of it ("model" and
    its name; both empty: all of it). `body` is what figures/cells.py packs."""

    kind = models.CharField(max_length=10)
    grain = models.PositiveSmallIntegerField()  # hours: 1 or 24
    cut = models.CharField(max_length=16, blank=True)
    value = models.CharField(max_length=140, blank=True)
    begins_at = models.DateTimeField()
    body = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "grain", "cut", "begins_at", "value"], name="one_figures_cell"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.cut}={self.value} {self.begins_at}"


class Made(models.Model):
    """An hour (or the day around it) of which cells were made from what stood there at `read_at`."""

    kind = models.CharField(max_length=10)
    grain = models.PositiveSmallIntegerField()
    begins_at = models.DateTimeField()
    read_at = models.DateTimeField()
    # Made late enough that nothing more can belong to it.
    final = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "grain", "begins_at"], name="one_figures_made")
        ]
        indexes = [models.Index(fields=["kind", "final", "-begins_at"], name="figures_made_so_far")]

    def __str__(self) -> str:
        return f"{self.kind} {self.begins_at}"


class Timing(models.Model):
    """Without a person: a page is a random number, and forgotten with its rows. The same key of the same page
    again takes the place of what was there."""

    page = models.CharField(max_length=16)
    key = models.CharField(max_length=24)
    name = models.CharField(max_length=16)
    value = models.FloatField()
    route = models.CharField(max_length=20)
    device = models.CharField(max_length=10)
    release = models.CharField(max_length=40)
    variants = models.CharField(max_length=300, blank=True)
    provider = models.CharField(max_length=60, blank=True)
    # When it was first told: where it is counted, however often it is told again.
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "key"], name="one_timing_a_page")]
        indexes = [models.Index(fields=["at"], name="figures_timings_by_time")]

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class Thumb(models.Model):
    """What a person thinks of an answer; their last word counts. The answer is a plain id, since answers go
    with their conversations, and what was thought of them is still true."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="thumbs")
    generation = models.UUIDField()
    up = models.BooleanField()
    reason = models.CharField(max_length=12, blank=True)
    text = models.CharField(max_length=1000, blank=True)
    # The answer's, copied: figures are told apart by them.
    provider = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=120, blank=True)
    plan = models.CharField(max_length=50, blank=True)
    release = models.CharField(max_length=40, blank=True)
    variants = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "generation"], name="one_thumb_an_answer")]
        indexes = [models.Index(fields=["at"], name="figures_thumbs_by_time")]

    def __str__(self) -> str:
        return f"{'up' if self.up else 'down'} {self.generation}"


class Satisfaction(models.Model):
    """A person was asked how satisfied they are: once a row, whatever they did with the question."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="satisfaction")
    asked_at = models.DateTimeField()
    score = models.PositiveSmallIntegerField(null=True)  # 1 to 5
    text = models.CharField(max_length=300, blank=True)
    never_again = models.BooleanField(default=False)
    release = models.CharField(max_length=40, blank=True)
    variants = models.CharField(max_length=300, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "score of satisfaction"
        verbose_name_plural = "scores of satisfaction"
        indexes = [
            models.Index(fields=["owner", "-asked_at"], name="figures_asked"),
            models.Index(fields=["answered_at"], name="figures_scores_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.owner_id}: {self.score or '–'}"


class Sample(models.Model):
    """What one process counted in one hour: of caches and refusals, which no row of their own tells."""

    process = models.CharField(max_length=80)
    hour = models.DateTimeField()
    counts = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["process", "hour"], name="one_sample_an_hour")]
        indexes = [models.Index(fields=["hour"], name="figures_samples_by_hour")]

    def __str__(self) -> str:
        return f"{self.process} {self.hour}"
