"""What staff do with experiments and flags on their pages, and what others may not."""

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from experiments import forcing
from experiments.deciding import decide
from experiments.freshness import changed
from experiments.metrics import registered
from experiments.models import Experiment, Flag, Forced, Group, Variant
from experiments.subjects import Subject
from grump.accounts.models import User
from grump.audit.models import AuditEntry
from tests.experiments.crowds import answered, exposed
from tests.experiments.test_readings import failing


@pytest.fixture
def staff(db, client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


@pytest.fixture
def draft(db) -> Experiment:
    made = Experiment.objects.create(key="colours", title="Colours", coverage=0.1, primary="error_rate")
    for position, key in enumerate(("control", "other")):
        Variant.objects.create(experiment=made, key=key, position=position)
    return made


def page(experiment) -> str:
    return reverse("admin:experiments_experiment_results", args=[experiment.pk])


def do(client, experiment, wish, **fields):
    response = client.post(page(experiment), {"do": wish, **fields}, follow=True)
    experiment.refresh_from_db()
    return response


def test_start_ramp_and_stop_are_written_into_the_audit_log(staff, draft):
    do(staff, draft, "start")
    assert (draft.state, draft.phase) == ("running", 1)
    do(staff, draft, "ramp", coverage="0.5")
    assert draft.coverage == 0.5
    do(staff, draft, "stop")
    assert draft.state == "stopped"
    told = AuditEntry.objects.filter(kind="experiments.experiment").order_by("pk")
    assert [(one.actor, one.action) for one in told] == [
        ("root", "start"),
        ("root", "ramp"),
        ("root", "stop"),
    ]


def test_new_weights_and_what_is_shipped_are_written_there_too_with_what_was_before(staff, draft):
    do(staff, draft, "start")
    change(staff, draft, **{"variants-1-weight": 3})
    draft.refresh_from_db()
    do(staff, draft, "ship", variant="other")
    told = {one.action: one for one in AuditEntry.objects.filter(kind="experiments.experiment")}
    halves, quarters = {"control": 0.5, "other": 0.5}, {"control": 0.25, "other": 0.75}
    assert told["phase"].changes == {"weights": [halves, quarters]}
    assert (told["ship"].changes, told["ship"].note) == ({"shipped": ["", "other"]}, "Shipped.")
    assert {one.actor for one in told.values()} == {"root"}


@pytest.mark.parametrize(
    ("wish", "fields"),
    [
        ("ramp", {"coverage": "0.05"}),
        ("ramp", {"coverage": "all"}),
        ("ship", {"variant": "third"}),
        ("forecast", {}),
        ("dance", {}),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(staff, draft, wish, fields):
    do(staff, draft, "start")
    response = do(staff, draft, wish, **fields)
    assert 'class="error"' in response.content.decode()
    assert (draft.coverage, draft.state) == (0.1, "running")
    assert AuditEntry.objects.get(kind="experiments.experiment").action == "start"
    assert not draft.readings.exists()


def test_a_drafts_page_says_how_many_people_and_days_it_would_take(staff, draft):
    assert "How long would it take?" in staff.get(page(draft)).content.decode()
    assert "too little past" in do(staff, draft, "forecast").content.decode()
    answered(User.objects.bulk_create([User(username=f"p{number}") for number in range(150)]), 4,
             ago=timedelta(days=3), values=failing(0.3))  # fmt: skip
    text = do(staff, draft, "forecast").content.decode()
    for words in ("a change of 5 %", "Answers that failed", "80 % power", "150 came", "that takes about"):
        assert words in text
    do(staff, draft, "start")
    text = staff.get(page(draft)).content.decode()
    assert "80 % power" not in text
    assert "has not been read yet" in text


def test_a_draft_without_a_deciding_metric_is_told_to_choose_one(staff, draft):
    Experiment.objects.update(primary="")
    assert "Without a deciding metric" in do(staff, draft, "forecast").content.decode()


def test_the_page_tells_figures_lifts_and_links(staff, draft):
    do(staff, draft, "start")
    people = exposed(draft, {"control": 150, "other": 150})
    draft.phases.update(began_at=timezone.now() - timedelta(days=1))
    answered(people["control"], 4, values=failing(0.1))
    answered(people["other"], 4, values=failing(0.4, 2))
    text = do(staff, draft, "read").content.decode()
    for words in ("Answers that failed", "deciding", "worse", "150", "80 % power", "/variant/"):
        assert words in text


def test_a_mismatch_is_said_in_place_of_the_figures(staff, draft):
    do(staff, draft, "start")
    exposed(draft, {"control": 400, "other": 250})
    text = do(staff, draft, "read").content.decode()
    assert "nothing can be concluded" in text
    assert "Answers that failed" not in text


def test_a_page_reads_only_what_is_kept(staff, draft, django_assert_max_num_queries):
    do(staff, draft, "start")
    do(staff, draft, "read")
    with django_assert_max_num_queries(12):
        assert staff.get(page(draft)).status_code == 200


def test_who_is_no_staff_sees_nothing_and_who_may_only_see_changes_nothing(client, draft, db):
    person = User.objects.create_user("ann", password="x")
    client.force_login(person)
    assert client.get(page(draft)).status_code == 302
    person.is_staff = True
    person.save(update_fields=["is_staff"])
    assert client.get(page(draft)).status_code == 403
    from django.contrib.auth.models import Permission

    person.user_permissions.add(Permission.objects.get(codename="view_experiment"))
    assert client.get(page(draft)).status_code == 200
    assert client.post(page(draft), {"do": "start"}).status_code == 403


def form_of(experiment: Experiment, **changes) -> dict:
    variants = list(experiment.variants.all())
    fields = {
        "title": experiment.title, "key": experiment.key, "coverage": experiment.coverage, "hash_by": "user",
        "primary": "error_rate", "metrics": "", "least_effect": 0.05, "group_start": 0, "group_end": 1,
        "variants-TOTAL_FORMS": len(variants), "variants-INITIAL_FORMS": len(variants),
        "guardrails-TOTAL_FORMS": 0, "guardrails-INITIAL_FORMS": 0,
        "forced-TOTAL_FORMS": 0, "forced-INITIAL_FORMS": 0,
    }  # fmt: skip
    for number, variant in enumerate(variants):
        for name in ("id", "key", "weight", "position"):
            fields[f"variants-{number}-{name}"] = getattr(variant, name)
        fields[f"variants-{number}-value"] = "null"
    return fields | changes


def change(client, experiment, **changes):
    url = reverse("admin:experiments_experiment_change", args=[experiment.pk])
    return client.post(url, form_of(experiment, **changes), follow=True)


def test_other_weights_of_a_running_experiment_begin_a_phase(staff, draft):
    do(staff, draft, "start")
    text = change(staff, draft, **{"variants-1-weight": 3}).content.decode()
    assert "a new phase has begun" in text
    draft.refresh_from_db()
    assert draft.phase == 2
    assert draft.phases.last().parts == {"control": 0.25, "other": 0.75}


def test_while_it_runs_key_and_coverage_are_not_the_forms(staff, draft):
    do(staff, draft, "start")
    change(staff, draft, key="other_colours", coverage=0.01)
    draft.refresh_from_db()
    assert (draft.key, draft.coverage) == ("colours", 0.1)


@pytest.mark.parametrize("changes", [{"metrics": "nonsense"}, {"coverage": 2}, {"key": "Ärger"}])
def test_what_means_nothing_is_refused_by_the_form(staff, draft, changes):
    assert "errornote" in change(staff, draft, **changes).content.decode()


def test_parts_of_a_group_that_overlap_are_refused(staff, draft):
    group = Group.objects.create(name="chat")
    Experiment.objects.create(key="first", title="First", group=group, group_start=0, group_end=0.5)
    text = change(staff, draft, group=group.pk, group_start=0.4, group_end=1).content.decode()
    assert "overlaps" in text


# --- Testers' links


def test_a_link_changes_nothing_until_its_button_is_pressed(client, draft):
    link = forcing.link_to(draft, "other")
    assert "Colours" in client.get(link).content.decode()
    assert not Forced.objects.exists()
    client.post(link, {"take": ""})
    forced = Forced.objects.get()
    assert (forced.owner.is_guest, forced.variant) == (True, "other")
    changed()
    decision = decide("colours", Subject(forced.owner_id))
    assert (decision.variant, decision.counts) == ("other", False)
    client.post(link, {"leave": ""})
    assert not Forced.objects.exists()


@pytest.mark.parametrize("spoil", ["forged", "old", "gone", "other", "full"])
def test_a_link_that_is_not_ours_or_leads_nowhere_is_not_found(client, draft, spoil, monkeypatch):
    link = forcing.link_to(draft, "other")
    match spoil:
        case "forged":
            link = link[:-2] + "x/"
        case "old":
            monkeypatch.setattr(forcing, "LASTS", -1)
        case "gone":
            draft.variants.filter(key="other").delete()
        case "other":
            link = reverse("forced_variant", args=[signing.dumps([draft.pk, "other"], salt="else")])
        case "full":
            monkeypatch.setattr(forcing, "MOST", 0)
    assert client.post(link, {"take": ""}).status_code == 404
    assert not Forced.objects.exists()


# --- Flags


def test_stale_flags_are_listed(staff, db):
    def a_flag(name, state="some", expires=10, unchanged=0):
        today = timezone.now()
        Flag.objects.create(
            name=name, state=state, responsible="ann", expires_on=(today + timedelta(days=expires)).date()
        )
        Flag.objects.filter(name=name).update(changed_at=today - timedelta(days=unchanged))

    a_flag("fresh")
    a_flag("expired", expires=-1)
    a_flag("decided", state="on", unchanged=40)
    a_flag("just_decided", state="on", unchanged=3)
    shown = staff.get(reverse("admin:experiments_flag_changelist"), {"stale": "yes"}).content.decode()
    names = ("fresh", "expired", "decided", "just_decided")
    assert [name for name in names if f">{name}</a>" in shown] == ["expired", "decided"]


# --- What ships


@pytest.mark.django_db
def test_the_experiments_that_ship_are_drafts_with_metrics_and_guardrails_that_exist():
    from importlib import import_module

    shipped = import_module("experiments.migrations.0002_first_experiments").FIRST
    assert {one["key"] for one in shipped} == {
        "batch_window",
        "follow_ups",
        "prediction_threshold",
        "routing_preference",
    }
    for one in shipped:
        assert one["primary"] in registered()
        assert one["guardrails"]
        assert {metric for metric, _ in one["guardrails"]} <= set(registered())
