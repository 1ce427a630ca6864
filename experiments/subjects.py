"""Who is asked about: what audiences go by. Made once a socket or a request, asked many times."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone

from experiments.definitions import Audience, current
from grump.accounts.models import User
from usage.allowance import UnknownPlan, allowance_of

FIRST_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Subject:
    """`locale` is a language, "de" or "pt-br"; `device` phone, tablet or desktop; "" where not known."""

    id: int
    guest: bool = False
    plan: str = ""
    locale: str = ""
    device: str = ""
    joined_at: datetime | None = None
    team: int | None = None

    def in_audience(self, audience: Audience) -> bool:
        """What is not known fits no condition on it."""
        if audience.plans and self.plan not in audience.plans:
            return False
        if audience.guests and self.guest is not (audience.guests == "only"):
            return False
        if audience.locales and not {self.locale, self.locale.partition("-")[0]} & audience.locales:
            return False
        if audience.devices and self.device not in audience.devices:
            return False
        if audience.seen:
            new = self.joined_at is not None and timezone.now() - self.joined_at < FIRST_DAY
            return new is (audience.seen == "new")
        return True


def of_socket(user: User, headers: Mapping[str, str], plan: str, team: int | None = None) -> Subject:
    """`headers`: names in small letters."""
    return Subject(
        id=user.pk,
        guest=user.is_guest,
        plan=plan,
        locale=_language(headers.get("accept-language", "")),
        device=_device(headers.get("user-agent", "")),
        joined_at=user.date_joined,
        team=team,
    )


def of_request(request: HttpRequest, user: User) -> Subject:
    """The plan, which costs a query, is looked up only where some flag or experiment asks for one."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return of_socket(user, headers, *_plan(user))


def of_user(user: User) -> Subject:
    """Without a request: language and device are not known."""
    return of_socket(user, {}, *_plan(user))


def _plan(user: User) -> tuple[str, int | None]:
    known = current()
    asked: list[Any] = [*known.experiments.values(), *known.flags.values()]
    if not any(one.audience.plans or getattr(one, "by_team", False) for one in asked):
        return "", None
    try:
        allowed = allowance_of(user.pk)
    except (User.DoesNotExist, UnknownPlan, DatabaseError):
        return "", None
    return allowed.plan, allowed.team.id if allowed.team else None


def _language(accepted: str) -> str:
    """The first that is named: browsers send them in the order of preference."""
    return accepted[:100].split(",")[0].split(";")[0].strip().lower()


def _device(agent: str) -> str:
    """Coarse, and enough: a tablet that calls itself a desktop is one here."""
    agent = agent[:400]
    if not agent:
        return ""
    if "iPad" in agent or "Tablet" in agent or ("Android" in agent and "Mobile" not in agent):
        return "tablet"
    return "phone" if "Mobi" in agent else "desktop"
