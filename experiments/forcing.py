"""Testers' links: whoever opens one may have a certain variant, and is not counted from then on."""

from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.urls import reverse

from experiments.models import Experiment, Forced
from grump.accounts.models import User

SALT = "experiments.variant"
LASTS = 7 * 86_400  # seconds
MOST = 500  # testers of one experiment: every process holds them


class BadLink(Exception):
    """Forged, too old, or of something that is no longer there."""


@dataclass(frozen=True, slots=True)
class Offer:
    experiment: Experiment
    variant: str


def link_to(experiment: Experiment, variant: str) -> str:
    """The path of a link that lasts a week."""
    token = signing.dumps([experiment.pk, variant], salt=SALT, compress=True)
    return reverse("forced_variant", args=[token])


def offered(token: str) -> Offer:
    """Raises BadLink."""
    try:
        told: Any = signing.loads(token, salt=SALT, max_age=LASTS)
        number, variant = told
        experiment = Experiment.objects.get(pk=number, variants__key=variant)
    except (signing.BadSignature, ValueError, TypeError, Experiment.DoesNotExist):
        raise BadLink from None
    return Offer(experiment, variant)


def take(offer: Offer, user: User) -> None:
    """Raises BadLink where there are as many testers as there may be."""
    testers = Forced.objects.filter(experiment=offer.experiment)
    if testers.count() >= MOST and not testers.filter(owner=user).exists():
        raise BadLink
    Forced.objects.update_or_create(
        experiment=offer.experiment, owner=user, defaults={"variant": offer.variant}
    )


def leave(offer: Offer, user: User) -> None:
    """Back to what everybody has."""
    for one in Forced.objects.filter(experiment=offer.experiment, owner=user):
        one.delete()
