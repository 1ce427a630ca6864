"""When a person's day ends: at midnight where they are. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone(name: str) -> ZoneInfo:
    """The zone of this IANA name; UTC for one that is unknown."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def day_at(now: datetime, zone_name: str) -> tuple[date, datetime]:
    """The local date at `now` (aware), and the moment (UTC) at which it ends.

    A midnight that a clock change skips is the moment of the change: for a time that does not exist, the
    offset of before it counts (PEP 495, fold=0), and that is the same instant.
    """
    local = now.astimezone(zone(zone_name))
    midnight = datetime.combine(local.date() + timedelta(days=1), time.min, tzinfo=local.tzinfo)
    return local.date(), midnight.astimezone(UTC)
