"""A call's way into the ledger and out of it again: one visit to the database each.

Synchronous; views go through `in_database`. Before anything is asked: the key is good, its pace is kept, and
what the call may take is held, of the owner's plan and of the key's own limit, or nothing is changed at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from chat.api.v1.errors import Refusal
from grump.lib.ids import new_id
from grump.lib.rates import Rate, installed_rates
from usage import calls, keys, quota
from usage.models import ApiKey
from usage.models.api_key import Scope
from usage.standing import Standing

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: `name` and `body` for a call with an Idempotency-Key, an empty name without."""

    model: str
    estimate: quota.Estimate
    name: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Admitted:
    """`answer` is that of the first call of the same name: then nothing is held and nothing is asked."""

    key: ApiKey
    id: UUID
    standing: Standing | None = None
    held_microusd: int = 0
    call: int | None = None
    answer: Mapping[str, Any] | None = None


def enter(secret: str, scope: Scope) -> ApiKey:
    """Raises KeyRefused, and Refusal where the key may not do this, or not yet again."""
    key = keys.find(secret)
    if scope not in key.scopes:
        raise Refusal(403, "insufficient_scope", f"This API key may not be used for: {scope.label}.")
    if key.requests_per_minute:
        ruling = installed_rates().take(Rate(f"key:{key.pk}", key.requests_per_minute, MINUTE))
        if not ruling.allowed:
            wait = ruling.retry_after_s
            raise Refusal(
                429, "rate_limit_exceeded", "This API key's own pace.", kind="requests", retry_after_s=wait
            )
    return key


def admit(key: ApiKey, wish: Wish) -> Admitted:
    """Raises Refusal, QuotaExceeded and KeySpent."""
    id = new_id()
    with transaction.atomic():
        begun = _begin(key.owner_id, wish)
        if begun is not None and begun.answer is not None:
            return Admitted(key, id, answer=begun.answer)
        reserved = quota.reserve(key.owner_id, id, wish.estimate, model=wish.model, source="api")
        held = reserved.cost_microusd
        if keys.is_limited(key):
            keys.hold(key, held)
    return Admitted(key, id, reserved.standing, held, begun.id if begun else None)


def _begin(user_id: int, wish: Wish) -> calls.Begun | None:
    if not wish.name:
        return None
    try:
        return calls.begin(user_id, wish.name, wish.body)
    except calls.InFlight:
        raise Refusal(
            409, "call_in_flight", "The first call of this Idempotency-Key has not ended.", retry_after_s=1
        ) from None
    except calls.OtherBody:
        raise Refusal(
            422, "idempotency_key_reused", "This Idempotency-Key was used for another request.", final=True
        ) from None
    except calls.TooManyCalls:
        raise Refusal(429, "too_many_calls", "Too many Idempotency-Keys within a day.", final=True) from None


def settle(admitted: Admitted, spent: quota.Spent, answer: Mapping[str, Any] | None = None) -> None:
    """Pay for the call; `answer` is kept for whoever asks with the same Idempotency-Key."""
    with transaction.atomic():
        quota.settle(admitted.id, spent)
        if keys.is_limited(admitted.key):
            keys.settle(admitted.key, admitted.held_microusd, 0 if spent.cached else spent.cost_microusd)
        if admitted.call is not None:
            if answer is not None:
                calls.finish(admitted.call, dict(answer))
            else:
                calls.forget(admitted.call)


def release(admitted: Admitted) -> None:
    """It came to nothing: nothing is paid, and the same Idempotency-Key may try again."""
    with transaction.atomic():
        quota.release(admitted.id)
        if keys.is_limited(admitted.key):
            keys.settle(admitted.key, admitted.held_microusd, 0, requests=0)
        if admitted.call is not None:
            calls.forget(admitted.call)
