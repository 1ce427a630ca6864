"""All that is stored about one person, as a file they may take along (GDPR, Article 20).

By convention, like what belongs to them (belongings.py): every table with a foreign key to the user, so that
a new one cannot be forgotten; only what must not leave is listed.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from django.db import models

from grump.accounts.models import User

FORMAT, VERSION = "grump-person", 1

# Secrets, or what would be one in somebody else's hands: the owner has no use for them.
WITHHELD: dict[str, frozenset[str]] = {
    "accounts.user": frozenset({"password"}),
    "mfa.authenticator": frozenset({"data"}),
    "usage.apikey": frozenset({"digest"}),
}
# What others wrote about their own work, although a person is named in it.
NOT_THEIRS = frozenset({"admin.logentry"})


def person_models() -> Iterator[tuple[type[models.Model], str]]:
    """Every table that refers to a user, and the name of the field that does."""
    for relation in User._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel):
            yield relation.related_model, relation.field.name


def export(user: User) -> Iterator[bytes]:
    """One JSON document, piece by piece: `{"format", "version", "tables": {"chat.message": [row, …], …}}`.
    No table is held in memory as a whole."""
    yield orjson.dumps({"format": FORMAT, "version": VERSION})[:-1] + b',"tables":{'
    yield from _table("accounts.user", User._base_manager.filter(pk=user.pk))
    for model, field in person_models():
        label = model._meta.label_lower
        if label not in NOT_THEIRS and not getattr(model, "made_anew", False):
            yield b","
            yield from _table(label, model._base_manager.filter(**{field: user}))
    yield b"}}\n"


def _table(label: str, rows: models.QuerySet[Any]) -> Iterator[bytes]:
    withheld = WITHHELD.get(label, frozenset())
    names = [one.attname for one in rows.model._meta.concrete_fields if one.attname not in withheld]
    yield orjson.dumps(label) + b":["
    beginning = b"\n"
    for row in _by_number(rows, names):
        yield beginning + orjson.dumps(row, default=str)
        beginning = b",\n"
    yield b"]"


def _by_number(rows: models.QuerySet[Any], names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """In pages, not through a cursor: a slow reader must hold no database connection."""
    page = rows.order_by("pk").values(*names)[:500]
    key = rows.model._meta.pk.attname
    while found := list(page):
        yield from found
        page = rows.filter(pk__gt=found[-1][key]).order_by("pk").values(*names)[:500]
