"""What belongs to a user, found by convention: every foreign key to the user that is named `owner`.

By convention rather than by a list of hooks, because a forgotten hook would delete somebody's
conversations with the guest they began as; a new table that follows the house's name moves by itself.
"""

from collections.abc import Iterator
from typing import cast

from django.db import models
from django.db.models import Exists, OuterRef, Q, UniqueConstraint

from grump.accounts.models import User


def owned_models() -> Iterator[type[models.Model]]:
    """Every model with `owner = ForeignKey(User)`."""
    for relation in User._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel) and relation.field.name == "owner":
            yield relation.related_model


def owns_something() -> Q:
    """A condition on User: any row at all belongs to them."""
    condition = Q(pk__in=[])
    for model in owned_models():
        condition |= Q(Exists(model._base_manager.filter(owner=OuterRef("pk"))))
    return condition


def move(giver: User, taker: User) -> None:
    """Give all of one user's rows to another. Runs inside the caller's transaction."""
    for model in owned_models():
        for constraint in model._meta.constraints:
            if isinstance(constraint, UniqueConstraint) and "owner" in constraint.fields:
                _give_way(model, constraint, giver, taker)
        model._base_manager.filter(owner=giver).update(owner=taker)


def _give_way(model: type[models.Model], constraint: UniqueConstraint, giver: User, taker: User) -> None:
    """Where both have the same unique value, the taker's row keeps it.

    The giver's row goes without the value where that may be missing (a message stays a message without
    its sender's own id for it), and is dropped where it may not (a second "settings" row has no place).
    """
    bound = constraint.condition or Q()
    others = [name for name in constraint.fields if name != "owner"]
    rows = model._base_manager.filter(bound)
    taken = rows.filter(owner=taker, **{name: OuterRef(name) for name in others})
    clashing = rows.filter(Exists(taken), owner=giver)
    for name in others:
        column = cast(models.Field, model._meta.get_field(name))
        if column.null or (constraint.condition and column.blank and column.empty_strings_allowed):
            clashing.update(**{name: None if column.null else ""})
            return
    clashing.delete()
