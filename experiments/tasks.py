"""What the worker does for experiments. NumPy is loaded when the first of them runs."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from experiments.models import Experiment, Reading

logger = logging.getLogger(__name__)

KEPT = timedelta(days=60)


@shared_task(name="experiments.read")
def read_running() -> None:
    """A reading of each running experiment, and what its guardrails say to it. One that cannot be read keeps
    no other from being read."""
    for experiment in Experiment.objects.filter(state=Experiment.State.RUNNING):
        try:
            if _read(experiment):
                logger.warning("Experiment %s was stopped by a guardrail", experiment.key)
        except Exception:
            logger.exception("Experiment %s could not be read", experiment.key)
    Reading.objects.filter(at__lt=timezone.now() - KEPT).delete()


def _read(experiment: Experiment) -> bool:
    """Whether that stopped it."""
    from experiments.guardrails import watch
    from experiments.readings import take

    return watch(experiment, take(experiment))
