"""The only writers of the ledger: a turn reserves, then settles or releases; what nobody ends expires.

Synchronous, inside the caller's transaction: a question and what it may take are saved together or not at
all, and so are an answer and its bill. One conditional UPDATE decides between any number of turns at once,
on SQLite and PostgreSQL alike; the counters can be made anew from the entries (`rebuild`).
"""

import logging
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from grump.lib.rows import add
from usage import metrics, teams
from usage.allowance import Allowance, allowance_and_day, allowance_of
from usage.days import day_at
from usage.models import Day, Entry, Hold
from usage.refusals import QuotaExceeded, refusal
from usage.standing import Standing
from usage.statements import (
    NO_LIMIT,
    Bill,
    Held,
    Newest,
    Room,
    microseconds,
    pay,
    remove_hold,
    take,
)
from usage.teams import limit

logger = logging.getLogger(__name__)

MINUTE_US = 60_000_000
LEAST_OUTPUT = 64  # tokens an answer is expected to have, at least
FIRST_OUTPUT = 400  # … before anything is known of the person
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

    tokens: int
    cost_microusd: int
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
    allowed, last = allowance_and_day(user_id)
    if allowed.models and model != "auto" and model not in allowed.models:
        raise QuotaExceeded("model", allowed.plan, None)
    day = _current_day(user_id, allowed, last, now)
    output = estimate.output_tokens
    if output is None:
        output = max(LEAST_OUTPUT, day.usual_output or FIRST_OUTPUT)
    tokens = estimate.input_tokens + output
    cost = -(-(estimate.input_tokens * estimate.input_price + output * estimate.output_price) // 1_000_000)
    if min(estimate.input_tokens, output, cost) < 0:
        raise ValueError("an estimate is never negative")
    step = 0 if allowed.per_minute is None else -(-MINUTE_US // max(allowed.per_minute, 1))
    now_us = microseconds(now)
    room = Room(
        requests=limit(allowed.requests),
        tokens=limit(allowed.tokens, tokens),
        microusd=limit(allowed.cost_microusd, cost),
        running=limit(allowed.concurrency),
        # At most `per_minute` at once, then evenly.
        arrival_us=now_us + MINUTE_US - step if step else NO_LIMIT,
    )
    # A team's refusal takes the person's own hold back.
    with transaction.atomic() if allowed.team else nullcontext():
        taken = take(day.id, room, tokens, cost, now_us=now_us, step_us=step)
        if taken is None:
            raise refusal(allowed, Day.objects.get(id=day.id), tokens, cost, now)
        team_day = teams.take(allowed.team, allowed.plan, tokens, cost, now) if allowed.team else None
    hold = {
        "key": key,
        "owner_id": user_id,
        "day_id": day.id,
        "team_day_id": team_day,
        "tokens": tokens,
        "cost_microusd": cost,
        "source": source,
        "conversation": conversation,
        "began_at": now,
    }
    add(Hold, hold)
    return Reserved(tokens, cost, Standing(allowed, *taken, day.ends_at))


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
    hold = remove_hold(key)
    if hold is None:
        metrics.alarm("ended_twice" if Entry.objects.filter(key=key).exists() else "unknown_hold")
        return False
    if now < hold.began_at:
        metrics.alarm("clock_went_back")
        now = hold.began_at
    settled = kind == Entry.Kind.SETTLED
    house = spent.cost_microusd if spent.house_microusd is None else spent.house_microusd
    bill = Bill(
        requests=0 if settled else -1,
        tokens=0 if spent.cached else spent.input_tokens + spent.output_tokens,
        microusd=0 if spent.cached else spent.cost_microusd,
        house_microusd=house,
        output=0 if spent.cached else spent.output_tokens,
    )
    bill, day = _charge(hold, bill)
    entry = {
        "key": key,
        "owner_id": hold.owner_id,
        "date": day or now.date(),
        "team_day_id": hold.team_day_id,
        "kind": kind.value,
        "requests": int(settled),
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "tokens": bill.tokens,
        "cost_microusd": bill.microusd,
        "house_microusd": house,
        "source": hold.source,
        "provider": spent.provider,
        "model": spent.model,
        "cached": spent.cached,
        "conversation": hold.conversation,
        "at": now,
    }
    add(Entry, entry)
    return True


def _charge(hold: Held, bill: Bill) -> tuple[Bill, date | None]:
    """Move a hold into the day's counters; returns what the person pays, and the day's date. More than was
    held is paid as far as the limits leave room; the rest is the house's, and counted as an alarm."""
    more, dearer = bill.tokens - hold.tokens, bill.microusd - hold.cost_microusd
    if more > 0 or dearer > 0:
        if day := _charge_more(hold, bill, more, dearer):
            return bill, day
        metrics.alarm("above_hold")
        bill = replace(
            bill, tokens=min(bill.tokens, hold.tokens), microusd=min(bill.microusd, hold.cost_microusd)
        )
    teams.pay(hold, bill)
    return bill, pay(hold, bill)


def _charge_more(hold: Held, bill: Bill, more: int, dearer: int) -> date | None:
    """Where the person's limits and the team's have room for more than was held; else nothing is changed."""
    allowed = allowance_of(hold.owner_id)
    with transaction.atomic():
        tokens, microusd = limit(allowed.tokens, more), limit(allowed.cost_microusd, dearer)
        day = pay(hold, bill, tokens=tokens, microusd=microusd)
        if day is None or not teams.pay(hold, bill, allowed.team):
            transaction.set_rollback(True)
            return None
    return day


def _current_day(user_id: int, allowed: Allowance, last: Newest | None, now: datetime) -> Newest:
    """The day that is under way; `last` is the newest there is. A day ends when it was to end, wherever its
    owner says to be meanwhile: who changes the time zone, or whose server's clock goes back, gets no second
    day."""
    if last is not None and last.ends_at > now:
        return last
    day, ends_at = day_at(now, allowed.time_zone)
    if last is not None and day <= last.date:
        day = last.date + timedelta(days=1)
    fresh = Day(owner_id=user_id, date=day, ends_at=ends_at, usual_output=last.usual_output if last else 0)
    Day.objects.bulk_create([fresh], ignore_conflicts=True)
    made = Day.objects.get(owner=user_id, date=day)
    return Newest(made.pk, made.date, made.ends_at, made.usual_output)
