"""Switches in the code: `if flag("new_palette", user): …`. A name that nobody made is off, and counted."""

from datetime import datetime

from django.utils import timezone
from prometheus_client import Counter

from experiments.assignment import bucket_after
from experiments.definitions import FlagDefinition, current
from experiments.models import Flag
from experiments.subjects import Subject, of_user
from grump.accounts.models import User

# Names are the code's own and so are few.
UNKNOWN = Counter("grump_unknown_flags_total", "Questions for flags that do not exist", ["name"])


def flag(name: str, who: Subject | User | None = None) -> bool:
    """Whether it is on for this person. Nobody: only what is on for everybody is."""
    found = current().flags.get(name)
    if found is None:
        UNKNOWN.labels(name).inc()
        return False
    return _is_on(found, who, timezone.now())


def flags_for_page(who: Subject | User) -> dict[str, bool]:
    """All that pages are told of, for their first data: nothing flickers because it came later."""
    now = timezone.now()
    return {one.name: _is_on(one, who, now) for one in current().flags.values() if one.for_pages}


def _is_on(found: FlagDefinition, who: Subject | User | None, now: datetime) -> bool:
    if found.state != Flag.State.SOME:
        return found.state == Flag.State.ON
    if (found.starts_at and now < found.starts_at) or (found.ends_at and now >= found.ends_at):
        return False
    if who is None:
        return False
    subject = of_user(who) if isinstance(who, User) else who
    return subject.in_audience(found.audience) and bucket_after(found.seed, str(subject.id)) < found.part
