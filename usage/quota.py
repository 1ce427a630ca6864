"""The only writers of the ledger: a turn reserves, then settles or releases; what nobody ends expires.

Synchronous, inside the caller's transaction: a question and what it may take are saved together or not at
all, and so are an answer and its bill. One conditional UPDATE decides between any number of turns at once,
on SQLite and PostgreSQL alike; the counters can be made anew from the entries (`rebuild`).
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from usage import metrics
from usage.allowance import Allowance, allowance_of
from usage.days import day_at
from usage.models import Day, Entry, Hold
from usage.refusals import QuotaExceeded, refusal
from usage.standing import Standing

logger = logging.getLogger(__name__)

MINUTE_US = 60_000_000
LEAST_OUTPUT = 64  # tokens an answer is expected to have, at least
FIRST_OUTPUT = 400  # … before anything is known of the person
SMOOTHING = 0.3
HOLD_LASTS = timedelta(minutes=30)  # far beyond any turn's deadline


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a turn may take: the prompt, counted, and prices in millionths of a dollar for a million
    tokens. `output_tokens` None: as much as the person's answers usually have."""

    input_tokens: int
    output_tokens: int | None = None
    input_price: int = 0
    output_price: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """How a turn ended. `cached`: "exact", "semantic" or "joined" pays no tokens. `house_microusd` is what
    providers charge for all attempts; None: the same as `cost_microusd`."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_microusd: int = 0
    provider: str = ""
    model: str = ""
    cached: str = ""
    house_microusd: int | None = None


@dataclass(frozen=True, slots=True)
class Reserved:
    """What is held, and how the day stands with it, but for what others did in the same moment."""

    hold: Hold
    standing: Standing


def reserve(
    user_id: int,
    key: UUID,
    estimate: Estimate,
    *,
    model: str = "auto",
    source: str = "chat",
    conversation: UUID | None = None,
    at: datetime | None = None,
) -> Reserved:
    """Hold what the turn `key` is expected to take. Raises QuotaExceeded and changes nothing then.
    A key is used once; a second use breaks a constraint."""
    now = at or timezone.now()
    allowed = allowance_of(user_id)
    if allowed.models and model != "auto" and model not in allowed.models:
        raise QuotaExceeded("model", allowed.plan, None)
    day = _current_day(user_id, allowed, now)
    output = estimate.output_tokens
    if output is None:
        output = max(LEAST_OUTPUT, day.usual_output or FIRST_OUTPUT)
    tokens = estimate.input_tokens + output
    cost = -(-(estimate.input_tokens * estimate.input_price + output * estimate.output_price) // 1_000_000)
    if min(estimate.input_tokens, output, cost) < 0:
        raise ValueError("an estimate is never negative")
    pace, arrival = _pace(allowed.per_minute, now)
    held = Day.objects.filter(_room(allowed, tokens, cost), pace, pk=day.pk).update(
        requests=F("requests") + 1,
        held_tokens=F("held_tokens") + tokens,
        held_microusd=F("held_microusd") + cost,
        running=F("running") + 1,
        next_request_us=arrival,
    )
    if not held:
        # Other turns may have changed the day since it was read: what is told is how it is now.
        day.refresh_from_db()
        raise refusal(allowed, day, tokens, cost, now)
    hold = Hold.objects.create(
        key=key,
        owner_id=user_id,
        day_id=day.pk,
        tokens=tokens,
        cost_microusd=cost,
        source=source,
        conversation=conversation,
        began_at=now,
    )
    used = day.tokens + day.held_tokens + tokens, day.cost_microusd + day.held_microusd + cost
    return Reserved(hold, Standing(allowed, day.requests + 1, *used, day.ends_at))


def settle(key: UUID, spent: Spent, *, at: datetime | None = None) -> bool:
    """End a hold with what was really used; False where nothing was held (any more), which is counted."""
    if min(spent.input_tokens, spent.output_tokens, spent.cost_microusd, spent.house_microusd or 0) < 0:
        # A negative count would be a gift to whoever can bring it about: the hold itself is paid.
        metrics.alarm("negative")
        held = Hold.objects.filter(key=key).first()
        tokens, cost = (held.tokens, held.cost_microusd) if held else (0, 0)
        spent = Spent(input_tokens=tokens, cost_microusd=cost, provider=spent.provider, model=spent.model)
    return _end(key, Entry.Kind.SETTLED, spent, at or timezone.now())


def release(key: UUID, *, at: datetime | None = None) -> bool:
    """End a hold of which nothing was used: not even the request counts."""
    return _end(key, Entry.Kind.RELEASED, Spent(), at or timezone.now())


def expire(now: datetime | None = None, lasts: timedelta = HOLD_LASTS) -> int:
    """Give back what turns hold that nobody will end: their process died. Returns how many."""
    now = now or timezone.now()
    lost = list(Hold.objects.filter(began_at__lt=now - lasts).values_list("key", flat=True)[:1000])
    ended = 0
    for key in lost:
        with transaction.atomic():
            ended += _end(key, Entry.Kind.EXPIRED, Spent(), now)
    return ended


def _end(key: UUID, kind: Entry.Kind, spent: Spent, now: datetime) -> bool:
    hold = Hold.objects.filter(key=key).first()
    # The DELETE decides: of two that end the same hold one finds nothing to delete.
    if hold is None or not Hold.objects.filter(key=key).delete()[0]:
        metrics.alarm("ended_twice" if Entry.objects.filter(key=key).exists() else "unknown_hold")
        return False
    if now < hold.began_at:
        metrics.alarm("clock_went_back")
        now = hold.began_at
    paid = not spent.cached
    requests = 1 if kind == Entry.Kind.SETTLED else 0
    tokens = spent.input_tokens + spent.output_tokens if paid else 0
    cost = spent.cost_microusd if paid else 0
    house = spent.cost_microusd if spent.house_microusd is None else spent.house_microusd
    tokens, cost = _charge(hold, tokens, cost, house, requests, spent.output_tokens if paid else 0)
    day = Day.objects.filter(pk=hold.day_id).values_list("date", flat=True).first()
    Entry.objects.create(
        key=key,
        owner_id=hold.owner_id,
        date=day or now.date(),
        kind=kind,
        requests=requests,
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        tokens=tokens,
        cost_microusd=cost,
        house_microusd=house,
        source=hold.source,
        provider=spent.provider,
        model=spent.model,
        cached=spent.cached,
        conversation=hold.conversation,
        at=now,
    )
    return True


def _charge(hold: Hold, tokens: int, cost: int, house: int, requests: int, output: int) -> tuple[int, int]:
    """Move a hold into the day's counters; returns what the person pays. More than was held is paid as
    far as the limits leave room; the rest is the house's, and counted as an alarm."""

    def move(tokens: int, cost: int, room: Q) -> bool:
        values: dict[str, Any] = {
            "requests": F("requests") + requests - 1,
            "tokens": F("tokens") + tokens,
            "cost_microusd": F("cost_microusd") + cost,
            "held_tokens": F("held_tokens") - hold.tokens,
            "held_microusd": F("held_microusd") - hold.cost_microusd,
            "running": F("running") - 1,
            "house_microusd": F("house_microusd") + house,
        }
        if output:
            days = Day.objects.filter(pk=hold.day_id).values_list("usual_output", flat=True)
            before = next(iter(days), 0) or output
            values["usual_output"] = round(before + SMOOTHING * (output - before))
        return bool(Day.objects.filter(room, pk=hold.day_id).update(**values))

    if tokens <= hold.tokens and cost <= hold.cost_microusd:
        move(tokens, cost, Q())
        return tokens, cost
    allowed = allowance_of(hold.owner_id)
    room = _room(allowed, tokens - hold.tokens, cost - hold.cost_microusd, ended=True)
    if move(tokens, cost, room):
        return tokens, cost
    metrics.alarm("above_hold")
    tokens, cost = min(tokens, hold.tokens), min(cost, hold.cost_microusd)
    move(tokens, cost, Q())
    return tokens, cost


def _current_day(user_id: int, allowed: Allowance, now: datetime) -> Day:
    """The day that is under way. It ends when it was to end, wherever its owner says to be meanwhile: who
    changes the time zone, or whose server's clock goes back, gets no second day."""
    last = Day.objects.filter(owner=user_id).order_by("-ends_at").first()
    if last is not None and last.ends_at > now:
        return last
    date, ends_at = day_at(now, allowed.time_zone)
    if last is not None and date <= last.date:
        date = last.date + timedelta(days=1)
    fresh = Day(owner_id=user_id, date=date, ends_at=ends_at, usual_output=last.usual_output if last else 0)
    Day.objects.bulk_create([fresh], ignore_conflicts=True)
    return Day.objects.get(owner=user_id, date=date)


def _room(allowed: Allowance, tokens: int, cost: int, *, ended: bool = False) -> Q:
    room = Q()
    if allowed.tokens is not None:
        room &= Q(tokens__lte=Value(allowed.tokens - tokens) - F("held_tokens"))
    if allowed.cost_microusd is not None:
        room &= Q(cost_microusd__lte=Value(allowed.cost_microusd - cost) - F("held_microusd"))
    if ended:
        return room
    if allowed.requests is not None:
        room &= Q(requests__lt=allowed.requests)
    if allowed.concurrency is not None:
        room &= Q(running__lt=allowed.concurrency)
    return room


def _pace(per_minute: int | None, now: datetime) -> tuple[Q, object]:
    """GCRA within the same UPDATE: at most `per_minute` at once, then evenly."""
    if per_minute is None:
        return Q(), F("next_request_us")
    now_us = int(now.timestamp() * 1_000_000)
    step = -(-MINUTE_US // max(per_minute, 1))
    pace = Q(next_request_us__lte=now_us + MINUTE_US - step)
    return pace, Greatest(F("next_request_us"), Value(now_us)) + Value(step)
