"""What operators do: start, ramp, weigh anew, stop, ship; and nobody is moved who should not be."""

import pytest

from experiments import conduct
from experiments.deciding import decide
from experiments.freshness import changed
from experiments.models import Experiment, Variant
from experiments.subjects import Subject
from grump.audit.models import AuditEntry

MANY = [Subject(number) for number in range(1_000)]


def assigned() -> list[str]:
    changed()
    return [decide("colours", one).variant for one in MANY]


@pytest.fixture
def draft(db) -> Experiment:
    made = Experiment.objects.create(key="colours", title="Colours", coverage=0.2)
    for position, key in enumerate(("control", "other")):
        Variant.objects.create(experiment=made, key=key, position=position)
    return made


def test_from_its_start_on_part_of_the_people_are_in_it(draft):
    assert set(assigned()) == {""}
    conduct.start(draft)
    assert set(assigned()) == {"", "control", "other"}
    assert (draft.phase, draft.phases.get().parts) == (1, {"control": 0.5, "other": 0.5})


def test_a_ramp_takes_people_in_and_moves_nobody(draft):
    conduct.start(draft)
    before = assigned()
    conduct.ramp(draft, 0.7)
    after = assigned()
    assert after.count("") < before.count("")
    assert all(now == was for was, now in zip(before, after, strict=True) if was)


def test_new_weights_begin_a_phase_and_equal_ones_do_not(draft):
    conduct.start(draft)
    assert not conduct.weigh_anew(draft)
    draft.variants.filter(key="other").update(weight=3)
    assert conduct.weigh_anew(draft)
    first, second = draft.phases.all()
    assert first.ended_at is not None
    assert (second.number, second.parts) == (2, {"control": 0.25, "other": 0.75})
    assert decide("colours", MANY[0], None).phase in (0, 2)


def test_stopped_is_control_for_all_and_shipped_is_the_variant(draft):
    conduct.start(draft)
    assert conduct.stop(draft, "enough")
    assert set(assigned()) == {""}
    conduct.start(draft)
    assert conduct.stop(draft, "it is better", ship="other")
    assert set(assigned()) == {"other"}
    assert draft.phase == 2


def test_of_two_who_stop_it_the_first_ones_reason_stays(draft):
    conduct.start(draft)
    same = Experiment.objects.get(pk=draft.pk)
    assert conduct.stop(draft, "a guardrail")
    assert not conduct.stop(same, "a person")
    assert Experiment.objects.get(pk=draft.pk).stop_reason == "a guardrail"
    assert [one.note for one in AuditEntry.objects.filter(action="stop")] == ["a guardrail"]


@pytest.mark.parametrize("weights", [[1], [1, 0], []])
def test_an_experiment_that_compares_nothing_does_not_start(db, weights):
    made = Experiment.objects.create(key="alone", title="Alone")
    for position, weight in enumerate(weights):
        Variant.objects.create(experiment=made, key=f"v{position}", weight=weight, position=position)
    with pytest.raises(conduct.Refused, match="two variants"):
        conduct.start(made)


def test_what_is_not_there_is_not_shipped(draft):
    conduct.start(draft)
    with pytest.raises(conduct.Refused, match="no such variant"):
        conduct.stop(draft, "", ship="third")
