"""API keys: made and shown once, found by their hash, limited, exchanged and revoked.

A secret is 256 random bits, so a plain SHA-256 keeps it: there is nothing to guess, and a slow hash, made for
passwords, would only slow down every request. The look-up by hash leaks no timing that helps anybody.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from grump.accounts.models import User
from grump.lib.rows import first
from usage.models import ApiKey

BEGINNING = "sk-grump-"  # what log redaction and secret scanners know a key by
VISIBLE = len(BEGINNING) + 4
MOST_KEYS = 50  # of one user, revoked ones not counted
NOTED_EVERY = timedelta(minutes=1)
RESTORABLE = timedelta(minutes=10)  # how long a revocation can be taken back


_FIND = """
SELECT {columns} FROM usage_apikey JOIN accounts_user ON accounts_user.id = usage_apikey.owner_id
WHERE usage_apikey.digest = %s AND accounts_user.is_active
"""


class KeyRefused(Exception):
    """No use of this key; the message is for whoever holds it."""


class TooManyKeys(Exception):
    """The user has as many as anybody may have."""


class KeySpent(Exception):
    """The key's own limit would be exceeded; the message says which."""


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _secret() -> str:
    return BEGINNING + secrets.token_urlsafe(32)


def of(user: User) -> QuerySet[ApiKey]:
    """The keys one may see and change: one's own."""
    return ApiKey.objects.filter(owner=user)


def make(
    user: User,
    name: str,
    *,
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    requests_per_minute: int | None = None,
    requests_limit: int | None = None,
    cost_limit_microusd: int | None = None,
) -> tuple[ApiKey, str]:
    """The key and its secret, which nobody can show again. Raises TooManyKeys."""
    secret = _secret()
    key = ApiKey(
        owner=user,
        name=name,
        prefix=secret[:VISIBLE],
        digest=digest(secret),
        expires_at=expires_at,
        requests_per_minute=requests_per_minute,
        requests_limit=requests_limit,
        cost_limit_microusd=cost_limit_microusd,
    )
    if scopes is not None:
        key.scopes = sorted(scopes)
    with transaction.atomic():
        if of(user).filter(revoked_at=None).count() >= MOST_KEYS:
            raise TooManyKeys
        key.save(force_insert=True)
    return key, secret


def rotate(user: User, key_id: UUID) -> tuple[ApiKey, str]:
    """The same key with a new secret; the old one ends now. Raises ApiKey.DoesNotExist."""
    secret = _secret()
    changed = of(user).filter(pk=key_id, revoked_at=None)
    if not changed.update(digest=digest(secret), prefix=secret[:VISIBLE]):
        raise ApiKey.DoesNotExist
    return of(user).get(pk=key_id), secret


def revoke(user: User, key_id: UUID) -> None:
    """At once. Revoking twice is no error. Raises ApiKey.DoesNotExist."""
    if not of(user).filter(pk=key_id).exists():
        raise ApiKey.DoesNotExist
    of(user).filter(pk=key_id, revoked_at=None).update(revoked_at=timezone.now())


def restore(user: User, key_id: UUID) -> None:
    """Take a revocation back, within RESTORABLE. Raises ApiKey.DoesNotExist."""
    recently = of(user).filter(pk=key_id, revoked_at__gt=timezone.now() - RESTORABLE)
    if not recently.update(revoked_at=None):
        raise ApiKey.DoesNotExist


def find(secret: str) -> ApiKey:
    """In one query; its use is noted once a minute. Raises KeyRefused, also where its owner is suspended."""
    key = None
    if secret.startswith(BEGINNING) and len(secret) < 200:
        key = first(ApiKey, _FIND, [digest(secret)])
    if key is None:
        raise KeyRefused("This API key is not known.")
    if key.revoked_at is not None:
        raise KeyRefused("This API key was revoked.")
    if key.has_expired:
        raise KeyRefused("This API key has expired.")
    _note_use(key)
    return key


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at <= now - NOTED_EVERY:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
        ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used_at=now)


# --- The key's own limits ---


def is_limited(key: ApiKey) -> bool:
    return key.requests_limit is not None or key.cost_limit_microusd is not None


def hold(key: ApiKey, microusd: int) -> None:
    """Count a request and what it may cost, in one conditional UPDATE. Raises KeySpent.

    What a crash leaves held stays counted as spent: a key's budget is never exceeded.
    """
    room = Q(requests_limit=None) | Q(requests_limit__gt=F("requests_used"))
    money = Q(cost_limit_microusd=None) | Q(cost_limit_microusd__gte=F("cost_used_microusd") + microusd)
    held = ApiKey.objects.filter(room, money, pk=key.pk).update(
        requests_used=F("requests_used") + 1, cost_used_microusd=F("cost_used_microusd") + microusd
    )
    if not held:
        raise KeySpent("This API key has reached its own limit.")


def settle(key: ApiKey, held_microusd: int, spent_microusd: int, *, requests: int = 1) -> None:
    """Replace what was held by what was spent; with `requests=0` the request did not count after all."""
    more = spent_microusd - held_microusd
    changes = {"cost_used_microusd": Greatest(F("cost_used_microusd") + more, 0)}
    if requests == 0:
        changes["requests_used"] = Greatest(F("requests_used") - 1, 0)
    ApiKey.objects.filter(pk=key.pk).update(**changes)
