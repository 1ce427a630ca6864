"""Guests: a row and a session from the first page on, so that a visitor chats before signing up.

Signing up turns the row into the account (`claim`); logging in to an account that exists moves the
guest's rows there (`merge`); nobody coming back removes it (`remove_empty`, `remove_unreachable`).
"""

import uuid
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, login
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from grump.accounts import belongings
from grump.accounts.models import User
from grump.accounts.revocation import close_sockets
from grump.lib.cache.forgetting import forget

BACKEND = "django.contrib.auth.backends.ModelBackend"
EMPTY_GUEST_AGE = timedelta(days=1)
BATCH = 500


def ensure_guest(request: HttpRequest) -> User:
    """The request's user; a visitor without one becomes a guest here, with a session of their own.

    One INSERT for a new visitor, nothing for a known one except once a day. Two first requests at
    once make two guests, of which the browser keeps the later cookie; the other is an empty guest
    and goes with the day's crawlers.
    """
    user = request.user
    if isinstance(user, User):
        if user.is_guest:
            _note_visit(user, request.session)
        return user
    guest = User(username=f"guest-{uuid.uuid4().hex}", is_guest=True)
    guest.set_unusable_password()
    guest.save()
    login(request, guest, backend=BACKEND)  # a new session key: a planted one is worth nothing
    return guest


def _note_visit(guest: User, session: SessionBase) -> None:
    """Once a day: a guest has no password to come back with, so an active one must not run out."""
    now = timezone.now()
    if guest.last_login is None or now - guest.last_login > timedelta(days=1):
        User.objects.filter(pk=guest.pk).update(last_login=now)
        session.modified = True


def claim(guest: User) -> bool:
    """Make the guest's row an account's. False for the slower of two sign-ups at once."""
    claimed = User.objects.filter(pk=guest.pk, is_guest=True).update(is_guest=False) == 1
    guest.is_guest = not claimed
    return claimed


def merge(guest_id: int, account: User) -> None:
    """Move all that the guest owns to the account and remove the guest, or neither."""
    with transaction.atomic():
        # The lock holds back a row that a running turn would still hang on the guest.
        guest = User.objects.select_for_update().filter(pk=guest_id, is_guest=True).first()
        if guest is None:
            return  # another tab logged in first and has moved everything
        belongings.move(guest, account)
        guest.delete()


def leave_session(session: SessionBase) -> None:
    """Forget who the session belonged to, so that the log-in that follows keeps what else it holds.

    Django empties a session that changes its user. Here that would lose allauth's record of how the
    person has just authenticated; the session's key is changed by the log-in all the same.
    """
    for key in (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY):
        session.pop(key, None)


def remove_empty() -> int:
    """Remove guests older than a day that own nothing: crawlers, and people who only looked."""
    before = timezone.now() - EMPTY_GUEST_AGE
    guests = User.objects.filter(is_guest=True, date_joined__lt=before).exclude(belongings.owns_something())
    return sum(_remove(ids) for ids in _batches(guests))


def remove_unreachable() -> int:
    """Remove guests whose session has run out: nobody can come back as them."""
    before = timezone.now() - timedelta(days=settings.GUEST_KEEP_DAYS)
    return sum(_remove(ids) for ids in _batches(User.objects.filter(is_guest=True, last_login__lt=before)))


def _batches(guests: QuerySet[User]) -> Iterator[list[int]]:
    ids = list(guests.order_by("pk").values_list("pk", flat=True)[:BATCH])
    while ids:
        yield ids
        ids = list(guests.filter(pk__gt=ids[-1]).order_by("pk").values_list("pk", flat=True)[:BATCH])


def _remove(ids: list[int]) -> int:
    # Still a guest: one that signed up since the batch was read stays.
    doomed = User.objects.filter(pk__in=ids, is_guest=True)
    _, removed = doomed.delete()
    close_sockets(*ids)
    forget(*ids)
    return removed.get(User._meta.label, 0)


def remove_orphaned_sessions() -> int:
    """Remove sessions, written one to two days ago, whose user is gone: a crawler leaves one a page.

    A session names its user only inside its signed data, so each must be opened; the window keeps
    that to one day's worth, and later runs need not look again.
    """
    ends = timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    window = Session.objects.filter(
        expire_date__gte=ends - 2 * EMPTY_GUEST_AGE, expire_date__lt=ends - EMPTY_GUEST_AGE
    )
    users = {
        session.session_key: user_id
        for session in window.iterator(chunk_size=BATCH)
        if (user_id := session.get_decoded().get(SESSION_KEY))
    }
    there = {str(pk) for pk in User.objects.filter(pk__in=set(users.values())).values_list("pk", flat=True)}
    orphans = [key for key, user_id in users.items() if user_id not in there]
    for start in range(0, len(orphans), BATCH):
        Session.objects.filter(session_key__in=orphans[start : start + BATCH]).delete()
    return len(orphans)
