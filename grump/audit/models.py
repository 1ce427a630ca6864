"""What staff did. Rows are added and never changed: the database itself refuses it (migration 0001)."""

from django.db import models


class AuditEntry(models.Model):
    """People are kept by number: an entry outlives them, and must then name nobody."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    # A plain number, as the entry stays when the account goes; None is a command or a task.
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=60)
    kind = models.CharField(max_length=100)  # "usage.plan"
    object_id = models.CharField(max_length=64)
    target = models.CharField(max_length=200, blank=True)  # in words
    changes = models.JSONField(default=dict)  # field: [before, after]
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name_plural = "audit log"
        indexes = [models.Index(fields=["kind", "object_id"], name="audit_of_object")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor}: {self.action} {self.target}"
