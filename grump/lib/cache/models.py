"""The third tier's table: what outlives every process and Valkey too."""

from django.db import models


class StoredEntry(models.Model):
    """`key` is a digest of the full key, 32 hexadecimal digits: keys are of any length."""

    made_anew = True  # not in a backup

    key = models.CharField(primary_key=True, max_length=32)
    namespace = models.CharField(max_length=64)
    blob = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.namespace} {self.key}"
