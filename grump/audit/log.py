"""The one way into the audit log."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Manager, Model, QuerySet
from django.forms import BaseForm

from grump.audit.models import AuditEntry

# What is written into a form of these apps may be a name, an address or a secret: that it changed is told,
# from what to what is not, except for rights and dates.
PERSONAL = frozenset({"accounts", "account", "mfa"})
WITHHELD = "…"
MOST_TEXT = 200  # characters


def record(
    actor: Any,
    action: str,
    target: Model,
    *,
    changes: Mapping[str, Any] | None = None,
    note: str = "",
) -> AuditEntry:
    """Note that `actor` (a user; None for a command or a task) did `action` to `target`, in the caller's
    transaction: what is rolled back was not done. Nobody's text, address or secret belongs into it."""
    label = target._meta.label_lower
    return AuditEntry.objects.create(
        actor_id=getattr(actor, "pk", None),
        actor=actor.get_username() if getattr(actor, "pk", None) else "command",
        action=action,
        kind=label,
        object_id=str(target.pk),
        target=f"{label} {target.pk}" if _is_personal(target) else str(target)[:MOST_TEXT],
        changes=dict(changes or {}),
        note=note[:500],
    )


def changes_of(form: BaseForm) -> dict[str, list[Any]]:
    """Of a bound, valid model form: each changed field with what it was and what it is now."""
    personal = _is_personal(getattr(form, "instance", None))
    told: dict[str, list[Any]] = {}
    for name in form.changed_data:
        if name in form.fields:
            before = _told(form.get_initial_for_field(form.fields[name], name), personal)
            after = _told(form.cleaned_data.get(name), personal)
            if before != after or after == WITHHELD:  # Django takes an empty list for a changed one
                told[name] = [before, after]
    return told


def _is_personal(target: Any) -> bool:
    return isinstance(target, Model) and target._meta.app_label in PERSONAL


def _told(value: Any, personal: bool) -> Any:
    match value:
        case None | bool():
            return value
        case date():
            return value.isoformat()
        case Model():
            return str(value.pk)
        case Manager() | QuerySet():
            return sorted(str(one.pk) for one in value.all())
        case list() | tuple() | set() if all(isinstance(one, Model) for one in value):
            return sorted(str(one.pk) for one in value)
        case _ if personal:
            return WITHHELD
        case int() | float():
            return value
        case Decimal():
            return str(value)
        case list() | dict():
            return value
        case _:
            return str(value)[:MOST_TEXT]
