"""Flags: off, on, for some; told to pages; and names that nobody made."""

from datetime import timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone

from experiments.flags import UNKNOWN, flag, flags_for_page
from experiments.freshness import changed
from experiments.subjects import Subject

MANY = [Subject(number) for number in range(1_000)]


def part_of(name: str) -> float:
    return sum(flag(name, one) for one in MANY) / len(MANY)


def test_a_name_that_nobody_made_is_off_and_counted(db):
    before = UNKNOWN.labels("nobodys")._value.get()
    assert flag("nobodys", MANY[0]) is False
    assert UNKNOWN.labels("nobodys")._value.get() == before + 1


@pytest.mark.parametrize(
    ("state", "expected"), [("off", (False, False)), ("on", (True, True)), ("some", (True, False))]
)
def test_off_on_and_some(a_flag, state, expected):
    a_flag(state=state)
    assert (flag("palette", MANY[0]), flag("palette")) == expected


def test_a_percentage_grows_without_taking_from_anybody(a_flag):
    one = a_flag(state="some", percentage=30)
    assert 0.25 < part_of("palette") < 0.35
    had = [flag("palette", person) for person in MANY]
    one.percentage = 60
    one.save()
    changed()
    assert all(now or not before for before, now in zip(had, (flag("palette", p) for p in MANY), strict=True))


def test_an_audience_and_a_person(a_flag, people):
    (ann,) = people(1)
    a_flag(state="some", guests="never")
    assert flag("palette", ann)
    assert not flag("palette", Subject(ann.pk, guest=True))


@pytest.mark.parametrize(
    ("starts", "ends", "on"), [(-1, 1, True), (1, 2, False), (-2, -1, False), (None, 1, True)]
)
def test_a_schedule(a_flag, starts, ends, on):
    def when(hours):
        return None if hours is None else timezone.now() + timedelta(hours=hours)

    a_flag(state="some", starts_at=when(starts), ends_at=when(ends))
    assert flag("palette", MANY[0]) is on


def test_pages_are_told_of_what_is_for_them(a_flag):
    a_flag("shown", state="on", for_pages=True)
    a_flag("hidden", state="on")
    assert flags_for_page(MANY[0]) == {"shown": True}


def test_a_template_asks_for_the_requests_user(a_flag, people, rf):
    (ann,) = people(1)
    a_flag(state="on")
    request = rf.get("/")
    request.user = ann
    template = Template(
        "{% load flags %}{% flag 'palette' as new %}{{ new }} {% flag 'nobodys' as old %}{{ old }}"
    )
    assert template.render(Context({"request": request})) == "True False"
    assert template.render(Context()) == "True False"
