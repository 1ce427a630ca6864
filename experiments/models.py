"""What is stored of experiments and flags. Whatever changes who gets what tells every process, from its
`save` or `delete`: no door can forget it.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, transaction
from django.db.models import Q

from experiments.freshness import changed

PART = [MinValueValidator(0.0), MaxValueValidator(1.0)]
KEY = [RegexValidator(r"^[a-z][a-z0-9_]{0,49}\Z", "Small letters, digits and _, a letter first.")]


class Defines(models.Model):
    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        transaction.on_commit(changed)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        result = super().delete(*args, **kwargs)
        transaction.on_commit(changed)
        return result


class Audience(models.Model):
    """Whom it is for. Empty: everybody. Words are separated by spaces, and any of them will do."""

    class Guests(models.TextChoices):
        ALL = "", "guests and accounts"
        ONLY = "only", "guests only"
        NEVER = "never", "accounts only"

    class Seen(models.TextChoices):
        ALL = "", "new and returning"
        NEW = "new", "in their first day"
        RETURNING = "returning", "after their first day"

    plans = models.CharField(max_length=200, blank=True, help_text="names of plans: free pro")
    guests = models.CharField(max_length=10, blank=True, choices=Guests)
    locales = models.CharField(max_length=200, blank=True, help_text="languages: en de pt-br")
    devices = models.CharField(max_length=60, blank=True, help_text="phone tablet desktop")
    seen = models.CharField("new or returning", max_length=10, blank=True, choices=Seen)

    class Meta:
        abstract = True


class Holdout(Defines):
    """People who are in none of the experiments that name it: what all of them together did is seen by
    them."""

    name = models.CharField(max_length=50, unique=True, validators=KEY)
    part = models.FloatField(default=0.05, validators=PART, help_text="of all people, 0 to 1")

    def __str__(self) -> str:
        return f"{self.name}: {self.part:.1%}"


class Group(Defines):
    """Experiments that exclude each other: each has a part of the group, and parts do not overlap."""

    name = models.CharField(max_length=50, unique=True, validators=KEY)

    class Meta:
        verbose_name = "group of experiments"
        verbose_name_plural = "groups of experiments"

    def __str__(self) -> str:
        return self.name


class Experiment(Audience, Defines):
    class State(models.TextChoices):
        DRAFT = "draft"
        RUNNING = "running"
        STOPPED = "stopped"

    class HashBy(models.TextChoices):
        USER = "user", "each person"
        TEAM = "team", "each team; who has none, alone"

    key = models.CharField(max_length=50, unique=True, validators=KEY)
    title = models.CharField(max_length=120)
    hypothesis = models.TextField(blank=True)
    responsible = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    hash_by = models.CharField("assigned by", max_length=10, choices=HashBy, default=HashBy.USER)
    coverage = models.FloatField(default=1.0, validators=PART, help_text="part of the audience, 0 to 1")
    group = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="experiments")
    group_start = models.FloatField(default=0.0, validators=PART)
    group_end = models.FloatField(default=1.0, validators=PART)
    holdout = models.ForeignKey(Holdout, models.PROTECT, null=True, blank=True, related_name="experiments")
    # Which metric decides, and which are looked at besides; names of experiments/metrics.py.
    primary = models.CharField("deciding metric", max_length=50, blank=True)
    metrics = models.CharField(max_length=500, blank=True, help_text="further ones; empty: all")
    least_effect = models.FloatField(
        default=0.05, validators=[MinValueValidator(0.0001)], help_text="relative change worth finding"
    )
    # Another number, another seed: see experiments/conduct.py. 0: never started.
    phase = models.PositiveIntegerField(default=0, editable=False)
    shipped = models.CharField("shipped variant", max_length=50, blank=True, editable=False)
    stop_reason = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(group_start__lte=models.F("group_end")), name="group_part_has_an_order"
            )
        ]

    def __str__(self) -> str:
        return self.title or self.key

    def clean(self) -> None:
        if self.group_start > self.group_end:
            raise ValidationError("The part of a group ends where it starts, or after.")
        if self.group is not None:
            others = self.group.experiments.exclude(pk=self.pk).exclude(state=self.State.STOPPED)
            if taken := others.filter(group_start__lt=self.group_end, group_end__gt=self.group_start).first():
                raise ValidationError(f"“{taken}” has a part of the group that overlaps this one.")


class Variant(Defines):
    """The first by position is control: what everybody has without the experiment."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="variants")
    key = models.CharField(max_length=50, validators=KEY)
    weight = models.FloatField(default=1.0, validators=[MinValueValidator(0.0)])
    value = models.JSONField(
        null=True, blank=True, help_text="what the code is given; empty: its own default"
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["experiment", "key"], name="variant_named_once")]

    def __str__(self) -> str:
        return self.key


class Guardrail(models.Model):
    """The experiment stops by itself once it is certain that a variant worsens the metric by more than
    this."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="guardrails")
    metric = models.CharField(max_length=50)
    tolerance = models.FloatField(
        default=0.05, validators=[MinValueValidator(0.0)], help_text="relative worsening that is borne"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["experiment", "metric"], name="one_guardrail_a_metric")
        ]

    def __str__(self) -> str:
        return f"{self.metric}: {self.tolerance:.0%}"


class Forced(Defines):
    """A tester's variant. Whoever is forced is not counted."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="forced")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    variant = models.CharField(max_length=50)

    class Meta:
        verbose_name = "forced variant"
        verbose_name_plural = "forced variants"
        constraints = [models.UniqueConstraint(fields=["experiment", "owner"], name="forced_once")]

    def __str__(self) -> str:
        return f"{self.owner_id}: {self.variant}"


class Phase(models.Model):
    """A stretch with the same weights. What is compared is always within one."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="phases")
    number = models.PositiveIntegerField()
    # Pairs of variant and part of one: PostgreSQL would put an object's keys into an order of its own.
    weights = models.JSONField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["experiment", "number"], name="phase_numbered_once")]

    def __str__(self) -> str:
        return f"{self.experiment_id}.{self.number}"

    @property
    def parts(self) -> dict[str, float]:
        """By variant, control first."""
        return dict(self.weights)


class Exposure(models.Model):
    """A variant has acted on somebody, for the first time in this phase. `unit` is what was hashed: of two
    people's rows that became one person's, each keeps its own."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="exposures")
    phase = models.PositiveIntegerField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="exposures")
    unit = models.CharField(max_length=40)
    variant = models.CharField(max_length=50)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            # With the unit in it, so that a guest who merges into an account that was exposed too shows as
            # somebody with two units, and not as a row that silently gave way.
            models.UniqueConstraint(fields=["experiment", "phase", "owner", "unit"], name="exposed_once")
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id}.{self.phase} {self.variant}"


class Reading(models.Model):
    """What a phase's figures were at some moment, as experiments/readings.py made them."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="readings")
    phase = models.PositiveIntegerField()
    at = models.DateTimeField()
    result = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["experiment", "-at"], name="newest_reading")]

    def __str__(self) -> str:
        return f"{self.experiment_id}.{self.phase} {self.at:%Y-%m-%d %H:%M}"


class Flag(Audience, Defines):
    class State(models.TextChoices):
        OFF = "off"
        ON = "on", "on for everybody"
        SOME = "some", "on for some: audience, percentage and schedule"

    name = models.CharField(max_length=50, unique=True, validators=KEY)
    about = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OFF)
    percentage = models.FloatField(
        default=100.0, validators=[MinValueValidator(0.0), MaxValueValidator(100.0)], help_text="0 to 100"
    )
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    for_pages = models.BooleanField("told to pages", default=False)
    responsible = models.CharField(max_length=120)
    expires_on = models.DateField(help_text="by then it is removed from the code, or has a new date")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
