"""A key for `/v1`. The secret itself is nowhere: only its SHA-256 is kept."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from grump.lib.ids import new_id

NAME_MOST = 80


class Scope(models.TextChoices):
    CHAT = "chat", _("Chat completions")
    EMBEDDINGS = "embeddings", _("Embeddings")
    MODELS = "models", _("List of models")


def every_scope() -> list[str]:
    return list(Scope.values)


class ApiKey(models.Model):
    """Limits are for the key's whole life; None means none of its own (the owner's plan holds besides)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=NAME_MOST)
    prefix = models.CharField(max_length=20)  # the secret's beginning, to tell keys apart by
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=every_scope)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    requests_limit = models.PositiveBigIntegerField(null=True, blank=True)
    requests_used = models.PositiveBigIntegerField(default=0)
    cost_limit_microusd = models.PositiveBigIntegerField(null=True, blank=True)
    # What was spent, and what requests in flight are expected to spend.
    cost_used_microusd = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def works(self) -> bool:
        return self.revoked_at is None and not self.has_expired

    @property
    def cost_limit_usd(self) -> float | None:
        return None if self.cost_limit_microusd is None else self.cost_limit_microusd / 1_000_000

    @property
    def cost_used_usd(self) -> float:
        return self.cost_used_microusd / 1_000_000
