"""Somebody's wish for a larger plan, until an operator has decided."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from usage.models.plan import Plan


class UpgradeRequest(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting"
        APPROVED = "approved"
        DECLINED = "declined"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner"], condition=Q(state="waiting"), name="one_waiting_upgrade_a_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} → {self.plan_id} ({self.state})"
