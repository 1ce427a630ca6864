"""`{% flag "name" as on %}`: whether a flag is on for the user of the request."""

from typing import Any

from django import template

from experiments.flags import flag as ask
from experiments.subjects import of_request
from grump.accounts.models import User

register = template.Library()


@register.simple_tag(takes_context=True)
def flag(context: template.Context, name: str) -> bool:
    request: Any = context.get("request")
    user = getattr(request, "user", None)
    return ask(name, of_request(request, user) if isinstance(user, User) else None)
