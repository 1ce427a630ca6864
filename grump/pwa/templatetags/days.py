"""The conversation list's words for when: the same groups as static/js/models/calendar.js."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def day_group(updated_at: datetime | str) -> str:
    days = (timezone.localdate() - timezone.localdate(_moment(updated_at))).days
    if days <= 0:
        return _("Today")
    if days == 1:
        return _("Yesterday")
    if days <= 7:
        return _("Last 7 days")
    return _("Last 30 days") if days <= 30 else _("Earlier")


@register.filter
def list_group(line: Any) -> str:
    """What stands above a line of the list: its day, or that it is pinned."""
    return _("Pinned") if line.pinned else day_group(line.updated_at)


@register.filter
def iso(moment: datetime | str) -> str:
    return _moment(moment).isoformat()


@register.filter
def is_shown(line: Any, shown: Any) -> bool:
    """Is this line of the list the conversation that is shown?"""
    return bool(shown) and str(_id(line)) == str(_id(shown))


def _id(conversation: Any) -> Any:
    return conversation["id"] if isinstance(conversation, Mapping) else conversation.id


def _moment(value: datetime | str) -> datetime:
    moment = parse_datetime(value) if isinstance(value, str) else value
    assert moment is not None, "a time in ISO 8601"
    return moment
