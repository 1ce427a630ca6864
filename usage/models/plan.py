"""What somebody may use: plans, and who has which."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Limits(models.Model):
    """A day's allowance and the pace; an empty field is no limit."""

    requests_per_day = models.PositiveIntegerField(null=True, blank=True)
    tokens_per_day = models.PositiveBigIntegerField(null=True, blank=True)
    cost_per_day_microusd = models.PositiveBigIntegerField(
        _("cost per day, millionths of a dollar"), null=True, blank=True
    )

    class Meta:
        abstract = True


class Plan(Limits):
    name = models.SlugField(unique=True)
    title = models.CharField(max_length=60)
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    concurrency = models.PositiveIntegerField(_("answers at the same time"), null=True, blank=True)
    # Names of the catalogue; an empty list allows every model.
    allowed_models = models.JSONField(default=list, blank=True)
    # "simple", "standard", "complex"; an empty list allows every tier.
    allowed_tiers = models.JSONField(default=list, blank=True)
    # After so many days without a new message a conversation is removed for good; empty keeps it.
    keep_days = models.PositiveIntegerField(
        _("keep conversations, days"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # What one person pays for a month of it.
    cents_a_month = models.PositiveIntegerField(_("price a month, cents"), default=0)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.title

    @property
    def dollars_a_month(self) -> float:
        return self.cents_a_month / 100


class Membership(Limits):
    """Who has another plan than the usual one, or limits of their own, which go before the plan's."""

    # Not one-to-one: accounts that merge resolve constraints, and know no other uniqueness.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="memberships")
    team = models.ForeignKey("usage.Team", models.SET_NULL, null=True, blank=True, related_name="memberships")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner"], name="one_plan_a_person")]

    def __str__(self) -> str:
        return f"{self.owner_id}: {self.plan_id}"
