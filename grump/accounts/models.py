"""The user. A visitor is one too, from the first page on: a guest who may sign up later in place."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    is_guest = models.BooleanField(default=False, db_index=True)
    # IANA name; a user's day, and so the quota's, ends at midnight here.
    time_zone = models.CharField(max_length=64, default="UTC")

    @property
    def display_name(self) -> str:
        return "Guest" if self.is_guest else (self.first_name or self.username)
