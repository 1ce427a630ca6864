"""What was measured, added up. No row names a person except what people said themselves.

Cell    what happened in one hour or day to one cut of all that happened: counts and sketches
Made    how far an hour's cells are made
"""

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
