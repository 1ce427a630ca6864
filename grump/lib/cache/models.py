"""The third tier's table: what outlives every process and Valkey too."""

from django.db import models


class StoredEntry(models.Model):
    """`key` is a digest of the full key, 32 hexadecimal digits: keys are of any length."""

    made_anew = True  # not in a backup

    key = models.CharField(primary_key=True, max_length=32)
    namespace = models.CharField(max_length=64)
    blob = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)
    # Whom it was made for, as whoever keeps it calls them; empty for nobody in particular.
    # No index: somebody is forgotten rarely, and the rows are bounded (stored.py).
    owner = models.CharField(max_length=64, blank=True, default="", db_default="")

    def __str__(self) -> str:
        return f"{self.namespace} {self.key}"
