"""What staff do in the admin, written down by the site itself: no page can forget it."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpRequest

from grump.audit.log import changes_of, record


class Audited(ModelAdmin):
    """Django calls these three for every page, list and action that changes something; an action of our own
    calls `log_change` itself. They run in the transaction of the change where there is one."""

    def construct_change_message(
        self, request: HttpRequest, form: BaseForm, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        # The only call that sees the form; what it found is picked up by the log_… that follows.
        request.audit_changes = changes_of(form)  # type: ignore[attr-defined]
        return super().construct_change_message(request, form, formsets, add)  # type: ignore[arg-type]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        record(request.user, "added", obj, changes=_found(request), note=_words(message))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        record(request.user, "changed", obj, changes=_found(request), note=_words(message))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            record(request.user, "deleted", obj)
        return super().log_deletions(request, queryset)


def _found(request: HttpRequest) -> dict[str, Any]:
    found = getattr(request, "audit_changes", {})
    request.audit_changes = {}  # type: ignore[attr-defined]
    return found


def _words(message: Any) -> str:
    """What an action says in words; of forms, only which related rows came, changed and went."""
    if isinstance(message, str):
        return message
    related = [
        f"{verb} {what['name']}"
        for part in message
        for verb, what in part.items()
        if isinstance(what, dict) and "name" in what
    ]
    return ", ".join(related)
