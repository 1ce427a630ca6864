"""A team's part in a turn: as with a person's day one conditional UPDATE decides, in the same transaction."""

from datetime import UTC, datetime, time, timedelta

from grump.lib.rows import row
from usage.allowance import TeamAllowance
from usage.models import TeamDay
from usage.refusals import QuotaExceeded
from usage.statements import NO_LIMIT, Bill, Held

_TAKE = """
UPDATE usage_teamday SET
    requests = requests + 1, held_tokens = held_tokens + %s, held_microusd = held_microusd + %s
WHERE id = %s AND requests < %s AND tokens + held_tokens <= %s AND cost_microusd + held_microusd <= %s
RETURNING id
"""

_PAY = """
UPDATE usage_teamday SET
    requests = requests + %s, tokens = tokens + %s, cost_microusd = cost_microusd + %s,
    held_tokens = held_tokens - %s, held_microusd = held_microusd - %s
WHERE id = %s AND tokens + held_tokens <= %s AND cost_microusd + held_microusd <= %s
RETURNING id
"""


def take(team: TeamAllowance, plan: str, tokens: int, microusd: int, now: datetime) -> int:
    """Hold for one more turn; the number of the team's day. Raises QuotaExceeded."""
    today = now.astimezone(UTC).date()
    day = TeamDay.objects.filter(team=team.id, date=today).first()
    if day is None:
        TeamDay.objects.bulk_create([TeamDay(team_id=team.id, date=today)], ignore_conflicts=True)
        day = TeamDay.objects.get(team=team.id, date=today)
    limits = (
        limit(team.requests),
        limit(team.tokens, tokens),
        limit(team.cost_microusd, microusd),
    )
    if row(_TAKE, [tokens, microusd, day.pk, *limits]) is None:
        midnight = datetime.combine(today + timedelta(days=1), time(), UTC)
        raise QuotaExceeded("team", plan, midnight, (midnight - now).total_seconds())
    return day.pk


def pay(hold: Held, bill: Bill, team: TeamAllowance | None = None) -> bool:
    """Put `bill` in the hold's place. With `team`, only where its limits have room for more than was held."""
    if hold.team_day_id is None:
        return True
    tokens = limit(team.tokens, bill.tokens - hold.tokens) if team else NO_LIMIT
    microusd = limit(team.cost_microusd, bill.microusd - hold.cost_microusd) if team else NO_LIMIT
    values = [bill.requests, bill.tokens, bill.microusd, hold.tokens, hold.cost_microusd, hold.team_day_id]
    return row(_PAY, [*values, tokens, microusd]) is not None


def limit(most: int | None, more: int = 0) -> int:
    """How full a day may be before `more` is added to it."""
    return NO_LIMIT if most is None else most - more
