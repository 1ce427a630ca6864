"""Readings: who is counted, from when on, what is computed of it, and what may not be concluded."""

import random
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import Generation
from experiments import conduct, definitions
from experiments.deciding import decide
from experiments.guardrails import broken, watch
from experiments.metrics import Metric, register, registered
from experiments.models import Exposure, Guardrail, Phase, Reading
from experiments.readings import read, take
from experiments.subjects import Subject
from experiments.tasks import read_running
from grump.audit.models import AuditEntry
from tests.experiments.crowds import HOUR, answered, exposed

DAY = timedelta(days=1)


@pytest.fixture
def experiment(running):
    """Began two days ago; the deciding metric is the rate of errors."""
    made = running(
        primary="error_rate", metrics="messages_a_day first_token stop_rate next_day regenerate_rate"
    )
    Phase.objects.filter(experiment=made).update(began_at=timezone.now() - 2 * DAY)
    return made


def failing(part: float, seed: int = 1):
    dice = random.Random(seed)

    def values(number: int) -> dict:
        return {"state": Generation.State.FAILED} if dice.random() < part else {}

    return values


def of(result: dict, metric: str) -> dict:
    return {
        shown["key"]: shown
        for shown in next(one for one in result["metrics"] if one["name"] == metric)["variants"]
    }


def units(result: dict) -> dict[str, int]:
    return {one["key"]: one["units"] for one in result["variants"]}


def now(experiment) -> dict:
    return read(experiment, timezone.now())


def test_a_difference_that_is_there_is_told_with_its_certainty(experiment):
    people = exposed(experiment, {"control": 200, "other": 200})
    answered(people["control"], 4, values=failing(0.1))
    answered(people["other"], 4, values=failing(0.4, 2))
    result = now(experiment)
    control, other = of(result, "error_rate").values()
    assert control["value"] == pytest.approx(0.1, abs=0.03)
    assert other["value"] == pytest.approx(0.4, abs=0.05)
    assert other["low"] < other["value"] < other["high"]
    assert other["lift_low"] > 0.5
    assert other["p_adjusted"] < 0.001
    assert "lift" not in control
    assert units(result) == {"control": 200, "other": 200}
    assert of(result, "messages_a_day")["other"]["value"] == pytest.approx(4)
    assert of(result, "first_token")["other"]["value"] == 80


def test_nothing_is_compared_before_there_are_enough(experiment):
    people = exposed(experiment, {"control": 60, "other": 60})
    for one in people.values():
        answered(one, 4, values=failing(0.5))
    assert "lift" not in of(now(experiment), "error_rate")["other"]


def test_a_planted_mismatch_blocks_the_reading(experiment):
    exposed(experiment, {"control": 400, "other": 250})
    result = now(experiment)
    assert result["mismatch"]["blocks"]
    assert result["metrics"] == []


def test_what_was_before_the_exposure_and_after_the_end_is_not_counted(experiment):
    people = exposed(experiment, {"control": 5, "other": 5})
    everybody = people["control"] + people["other"]
    answered(everybody, 3, ago=2 * HOUR)
    assert of(now(experiment), "messages_a_day")["other"]["value"] == 0
    Phase.objects.filter(experiment=experiment).update(ended_at=timezone.now() - HOUR)
    answered(everybody, 3, ago=HOUR / 2)
    assert of(now(experiment), "messages_a_day")["other"]["value"] == 0


def test_who_was_never_exposed_and_who_was_in_another_phase_are_not_counted(experiment, people):
    exposed(experiment, {"control": 5, "other": 5})
    answered(people(3), 3)
    answered(exposed(experiment, {"other": 4}, phase=7)["other"], 3)
    result = now(experiment)
    assert units(result) == {"control": 5, "other": 5}
    assert of(result, "messages_a_day")["other"]["value"] == 0


def test_a_person_who_was_two_units_is_left_out_and_told(experiment):
    people = exposed(experiment, {"control": 5, "other": 5})
    Exposure.objects.create(
        experiment=experiment,
        phase=1,
        owner=people["other"][0],
        unit="guest",
        variant="control",
        at=timezone.now(),
    )
    result = now(experiment)
    assert (units(result), result["crossed"]) == ({"control": 5, "other": 4}, 1)


def test_a_team_is_one_unit(experiment):
    people = exposed(experiment, {"control": 6, "other": 4})
    Exposure.objects.filter(owner__in=people["control"][:3]).update(unit="team-1")
    answered(people["control"], 2)
    result = now(experiment)
    assert units(result)["control"] == 4
    assert of(result, "messages_a_day")["control"]["value"] == pytest.approx(12 / 4)


def test_back_on_the_next_day_waits_until_that_day_is_over(experiment):
    long_ago = exposed(experiment, {"control": 4, "other": 4}, at=timezone.now() - 3 * DAY)
    exposed(experiment, {"control": 2, "other": 2})
    answered(long_ago["other"][:3], 2, ago=1.5 * DAY)
    shown = of(now(experiment), "next_day")
    assert [one["units"] for one in shown.values()] == [4, 4]
    assert [one["value"] for one in shown.values()] == [0, 0.75]


def test_an_answer_asked_for_again_is_counted_as_such(experiment):
    people = exposed(experiment, {"control": 3, "other": 3})
    answered(people["other"], 1)
    from chat.models import Message

    first = Message.objects.filter(owner=people["other"][0], role="assistant").get()
    again = Message.objects.create(
        conversation=first.conversation, owner=first.owner, parent=first.parent, role="assistant", text="!!"
    )
    Generation.objects.create(owner=first.owner, message=again, state="complete", heartbeat_at=timezone.now())
    assert of(now(experiment), "regenerate_rate")["other"]["value"] == pytest.approx(1 / 4)


def test_a_past_makes_the_interval_shorter(experiment):
    people = exposed(experiment, {"control": 120, "other": 120})
    dice = random.Random(3)
    for one in people["control"] + people["other"]:
        habit = dice.randrange(1, 8)
        answered([one], habit, ago=3 * DAY)
    Phase.objects.filter(experiment=experiment).update(began_at=timezone.now() - 2 * HOUR)
    from chat.models import Message

    for one in people["control"] + people["other"]:
        before = Message.objects.filter(owner=one, role="user").count()
        Message.objects.bulk_create(
            Message(conversation=one.conversations.first(), owner=one, role="user", text="?")
            for _ in range(before)
        )
    metric = next(one for one in now(experiment)["metrics"] if one["name"] == "messages_a_day")
    assert metric["variance_left"] < 0.1


def test_a_reading_is_a_bounded_number_of_queries(experiment, django_assert_max_num_queries):
    exposed(experiment, {"control": 50, "other": 50})
    with django_assert_max_num_queries(20):
        now(experiment)


def test_what_is_still_needed_is_told(experiment):
    people = exposed(experiment, {"control": 200, "other": 200})
    for one in people.values():
        answered(one, 4, values=failing(0.3))
    plan = now(experiment)["plan"]
    assert plan["there"] == 200
    assert plan["needed"] > 200
    assert plan["days"] > 0


# --- Guardrails


@pytest.fixture
def harmed(experiment):
    Guardrail.objects.create(experiment=experiment, metric="error_rate", tolerance=0.2)
    people = exposed(experiment, {"control": 200, "other": 200})
    answered(people["control"], 5, values=failing(0.1))
    answered(people["other"], 5, values=failing(0.4, 2))
    return experiment


def test_certain_harm_stops_the_experiment_by_itself(harmed):
    assert decide("colours", Subject(1)).counts
    read_running()
    harmed.refresh_from_db()
    assert harmed.state == "stopped"
    assert "Answers that failed" in harmed.stop_reason
    entry = AuditEntry.objects.get(kind="experiments.experiment", object_id=str(harmed.pk))
    assert (entry.actor, entry.action, entry.note) == ("command", "stop", harmed.stop_reason)
    definitions.forget()
    assert not decide("colours", Subject(1)).counts
    assert Phase.objects.get(experiment=harmed).ended_at is not None


def test_harm_that_is_borne_or_not_certain_stops_nothing(harmed):
    harmed.guardrails.update(tolerance=10)
    assert not watch(harmed, take(harmed))
    harmed.guardrails.update(metric="stop_rate", tolerance=0)
    assert broken(harmed, now(harmed)) == ""


def test_of_what_should_rise_falling_is_harm(harmed):
    result = {
        "metrics": [
            {
                "name": "messages_a_day",
                "title": "Messages a day",
                "better": "higher",
                "variants": [{"key": "other", "log": [-0.5, 0.02, 2000]}],
            }
        ]
    }
    harmed.guardrails.update(metric="messages_a_day", tolerance=0.1)
    assert "Messages a day" in broken(harmed, result)


def test_one_that_cannot_be_read_keeps_no_other_from_being_read(harmed, running):
    odd = running("odd")
    Phase.objects.filter(experiment=odd).delete()
    read_running()
    assert list(Reading.objects.values_list("experiment__key", flat=True)) == ["colours"]


# --- What is declared


def test_every_metric_has_a_name_of_its_own():
    one = registered()["stop_rate"]
    register(one)
    with pytest.raises(ValueError, match="stop_rate"):
        register(Metric("stop_rate", "Another", "mean", "lower", one.rows))


@pytest.mark.parametrize(
    ("program", "without"),
    [
        ("import grump.asgi", "numpy"),
        ("import grump.asgi, experiments.guardrails, experiments.readings, experiments.forecast", "scipy"),
    ],
    ids=["the web process starts without numpy", "experiments are read without scipy"],
)
def test_what_is_large_is_loaded_where_it_is_wanted(program, without):
    code = f"import django, sys; django.setup(); {program}; assert {without!r} not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_conduct_refuses_what_would_move_people(experiment):
    with pytest.raises(conduct.Refused, match="grows"):
        conduct.ramp(experiment, 0.5)
