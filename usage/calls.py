"""Idempotent calls: the same Idempotency-Key never asks, and never charges, twice.

One row a key, won by its unique constraint. What is kept is bounded: a day, and answers of a sane size.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from usage.models import ApiCall

KEPT = timedelta(days=1)
# A call without an answer for this long has lost its process: whoever comes next may make it again. No
# provider's total time (the catalogue's `timeouts.total`) is longer.
LOST = timedelta(minutes=15)
MOST_CALLS = 10_000  # of one user, within a day


class InFlight(Exception):
    """The first call of this name has not ended yet."""


class OtherBody(Exception):
    """The name was used for another request."""


class TooManyCalls(Exception):
    """The user keeps as many as anybody may keep."""


@dataclass(frozen=True, slots=True)
class Begun:
    """`answer` is None for whoever has to make the call, and then `finish` or `forget` it."""

    id: int
    answer: dict[str, Any] | None


def _hashed(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


def begin(user_id: int, name: str, body: bytes) -> Begun:
    """Raises InFlight, OtherBody, TooManyCalls."""
    now = timezone.now()
    mine = ApiCall.objects.filter(owner_id=user_id)
    wanted = {"name": _hashed(name.encode()), "body": _hashed(body)}
    if mine.filter(began_at__gt=now - KEPT).count() >= MOST_CALLS:
        raise TooManyCalls
    try:
        with transaction.atomic():
            call = ApiCall.objects.create(owner_id=user_id, began_at=now, **wanted)
        return Begun(call.pk, None)
    except IntegrityError:
        found = mine.filter(name=wanted["name"]).first()
    if found is None:  # it ended without an answer a moment ago
        raise InFlight
    # Too old to be kept, or lost with its process: one of those who find it takes its place.
    over = mine.filter(pk=found.pk, began_at=found.began_at)
    if found.began_at <= now - (LOST if found.answer is None else KEPT):
        if over.update(began_at=now, body=wanted["body"], answer=None):
            return Begun(found.pk, None)
        raise InFlight
    if found.body != wanted["body"]:
        raise OtherBody
    if found.answer is None:
        raise InFlight
    return Begun(found.pk, found.answer)


def finish(call_id: int, answer: dict[str, Any]) -> None:
    ApiCall.objects.filter(pk=call_id, answer__isnull=True).update(answer=answer)


def forget(call_id: int) -> None:
    """It came to nothing, and cost nothing: it may be tried again under its name."""
    ApiCall.objects.filter(pk=call_id, answer__isnull=True).delete()


def remove_old() -> int:
    removed, _ = ApiCall.objects.filter(began_at__lt=timezone.now() - KEPT).delete()
    return removed
