"""What belongs to a user, found by convention: every foreign key to the user that is named `owner`.

By convention rather than by a list of hooks, because a forgotten hook would delete somebody's
conversations with the guest they began as; a new table that follows the house's name moves by itself.
"""

from collections.abc import Iterator

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

    The giver's loses the value where it may be empty (a message stays a message without its sender's
    id for it), and is dropped where it may not (a second "settings" row has no place).
    """
    others = [name for name in constraint.fields if name != "owner"]
    taken = model._base_manager.filter(owner=taker, **{name: OuterRef(name) for name in others})
    clashing = model._base_manager.filter(Exists(taken), owner=giver)
    optional = [name for name in others if model._meta.get_field(name).null]
    if optional:
        clashing.update(**{optional[0]: None})
    else:
        clashing.delete()
