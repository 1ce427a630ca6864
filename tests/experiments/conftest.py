"""What this process knows of experiments is forgotten around each test: databases come and go under it."""

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from experiments import definitions
from experiments.freshness import changed
from experiments.models import Experiment, Flag, Phase, Variant
from grump.accounts.models import User


@pytest.fixture(autouse=True)
def nothing_known(valkey) -> Iterator[None]:
    definitions.forget()
    changed()
    yield
    definitions.forget()
    changed()


@pytest.fixture
def people(db) -> Callable[[int], list[User]]:
    def make(count: int) -> list[User]:
        return [User.objects.create(username=f"person-{number}") for number in range(count)]

    return make


@pytest.fixture
def running(db) -> Callable[..., Experiment]:
    """A running experiment of two variants, "control" and "other", unless told otherwise."""

    def make(key: str = "colours", weights: dict[str, float] | None = None, **values) -> Experiment:
        weights = weights or {"control": 1, "other": 1}
        given = values.pop("given", {})
        experiment = Experiment.objects.create(
            **{"key": key, "title": key.title(), "state": "running", "phase": 1, **values}
        )
        for position, (name, weight) in enumerate(weights.items()):
            Variant.objects.create(
                experiment=experiment, key=name, weight=weight, position=position, value=given.get(name)
            )
        whole = sum(weights.values())
        Phase.objects.create(
            experiment=experiment,
            number=1,
            weights=[[name, weight / whole] for name, weight in weights.items()],
            began_at=timezone.now(),
        )
        changed()
        return experiment

    return make


@pytest.fixture
def a_flag(db) -> Callable[..., Flag]:
    def make(name: str = "palette", **values) -> Flag:
        wanted = {"responsible": "ann", "expires_on": "2999-01-01", **values}
        made = Flag.objects.create(name=name, **wanted)
        changed()
        return made

    return make
