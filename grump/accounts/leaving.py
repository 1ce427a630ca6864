"""Somebody leaves, and nothing about them stays (GDPR, Article 17), except in backups made before."""

from functools import partial
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction

from grump.accounts.models import User
from grump.accounts.revocation import close_sockets
from grump.audit.log import record

BATCH = 500


def erase(user: User, actor: Any = None) -> None:
    """Remove the person and every row of theirs, now. Their sessions end, their sockets close; an answer
    that is being written finds no row to end and is forgotten. The audit log keeps that it was done, and the
    number they had. `actor` is who did it: the person, somebody of the staff, or None for a command."""
    user_id = user.pk
    # At once, before the rows go: nothing new begins meanwhile.
    User.objects.filter(pk=user_id).update(is_active=False)
    close_sockets(user_id)
    with transaction.atomic():
        record(
            actor if actor != user else None, "erased", user, note="by themselves" if actor == user else ""
        )
        # Their name stands in what the admin notes about them.
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(User), object_id=str(user_id)
        ).delete()
        user.delete()
    _end_sessions(user_id)
    transaction.on_commit(partial(close_sockets, user_id))


def _end_sessions(user_id: int) -> None:
    """A session names its user only inside its signed data: each one that has not run out is opened."""
    theirs = [
        session.session_key
        for session in Session.objects.iterator(chunk_size=BATCH)
        if session.get_decoded().get(SESSION_KEY) == str(user_id)
    ]
    for start in range(0, len(theirs), BATCH):
        Session.objects.filter(session_key__in=theirs[start : start + BATCH]).delete()
