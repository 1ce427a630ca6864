"""A request that came with an Idempotency-Key, and its answer, for as long as a client may ask again."""

from django.conf import settings
from django.db import models


class ApiCall(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    # SHA-256 of the caller's own key, and of the body that came with it.
    name = models.CharField(max_length=64)
    body = models.CharField(max_length=64)
    began_at = models.DateTimeField(db_index=True)
    # None: in flight, or its process died.
    answer = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="one_call_a_key")]

    def __str__(self) -> str:
        return self.name[:12]
