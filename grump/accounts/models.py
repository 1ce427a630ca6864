"""The user. A visitor is one too, from the first page on: a guest who may sign up later in place."""

from functools import partial
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction

from grump.accounts.revocation import close_sockets
from grump.lib.cache.forgetting import forget


class User(AbstractUser):
    is_guest = models.BooleanField(default=False, db_index=True)
    # IANA name; a user's day, and so the quota's, ends at midnight here.
    time_zone = models.CharField(max_length=64, default="UTC")
    # Their word that what they wrote may train models; nobody's is used without.
    shares_for_training = models.BooleanField(default=False, db_default=False)

    @property
    def display_name(self) -> str:
        return "Guest" if self.is_guest else (self.first_name or self.username)

    # Every door that changes a password, suspends or deletes somebody (pages, admin, commands) ends
    # in these two, so that none of them can leave sockets open, or what was kept for somebody who is gone.

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Django's own mark of a changed password: a mere re-hash at log-in does not set it.
        loses_rights = not self._state.adding and (
            getattr(self, "_password", None) is not None or not self.is_active
        )
        super().save(*args, **kwargs)
        if loses_rights:
            transaction.on_commit(partial(close_sockets, self.pk))

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        user_id = self.pk
        result = super().delete(*args, **kwargs)
        transaction.on_commit(partial(close_sockets, user_id))
        transaction.on_commit(partial(forget, user_id, once_more=True))
        return result
