"""The dashboard: goals against figures, for staff alone, at the same price however much happened."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from chat.dashboard.goals import GROUPS
from chat.dashboard.shown import Wish, money, read_all
from chat.models import Conversation, Generation, Message
from chat.totals import ANSWERS
from figures.cells import ALL, Figures, hour_of, replace_hour
from figures.reading import WINDOWS

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, db):
    client.force_login(get_user_model().objects.create_superuser("chief", "chief@example.org", "x"))
    return client


def figures(first_token: float = 80, answers: int = 1000, failed: int = 0, **counts: float) -> Figures:
    found = Figures()
    found.count("answers", answers)
    found.count("failed", failed)
    for name, number in counts.items():
        found.count(name.replace("_", " "), number)
    for _ in range(100):
        found.note("first token", first_token)
    return found


def happened(found: Figures, *cuts, hours_ago: int = 0) -> None:
    now = timezone.now()
    cells = {ALL: found} | dict.fromkeys(cuts, found)
    replace_hour(ANSWERS, hour_of(now) - timedelta(hours=hours_ago), cells, now)


def state_of(group: str, title: str, found: Figures) -> bool | None:
    measures = next(one.measures for one in GROUPS if one.name == group)
    measure = next(one for one in measures if one.title == title)
    return measure.met(measure.read(found))


@pytest.mark.parametrize(
    ("first_token", "title", "met"),
    [(99, "P50", True), (103, "P50", False), (480, "P95", True), (510, "P95", False), (2100, "P99", False)],
)
def test_first_tokens_are_held_against_their_goals(first_token, title, met):
    assert state_of("first-token", title, figures(first_token)) is met


@pytest.mark.parametrize(("failed", "met"), [(0, True), (1, True), (2, False)])
def test_one_answer_in_a_thousand_may_fail(failed, met):
    assert state_of("errors", "Failed or interrupted", figures(failed=failed)) is met


def test_nothing_measured_is_neither_reached_nor_missed():
    for group in GROUPS:
        for measure in group.measures:
            assert measure.met(measure.read(Figures())) is None


def test_what_was_saved_is_the_difference_and_may_be_a_loss(django_assert_max_num_queries):
    happened(figures(house=5_000_000, routed=4_000_000, at_reference=3_000_000, saved_by_cache=250_000))
    shown = money(read_all(Wish(WINDOWS["day"]), timezone.now()), "big/one")
    assert (shown["chat"], shown["cache"], shown["routing"]) == ("$5.0000", "$0.2500", "−$1.0000")


def test_the_page_shows_goals_figures_and_where_they_come_from(staff):
    happened(figures(first_token=80), ("model", "mock/fast"), ("plan", "pro"))
    page = staff.get("/admin/?window=week&by=plan").content.decode()
    assert "First token" in page
    assert "≤ 100\xa0ms" in page
    assert "<polyline" in page
    assert 'cut=plan&amp;value=pro">pro</a>' in page
    assert "style=" not in page.split("data-operations-figures")[1].split("</section>")[0]


def test_one_cut_alone_can_be_looked_at(staff):
    happened(figures(answers=7), ("model", "mock/fast"))
    assert "Chat, 7 answers" in staff.get("/admin/?cut=model&value=mock/fast&part=figures").content.decode()
    assert "Chat, 0 answers" in staff.get("/admin/?cut=model&value=other&part=figures").content.decode()


def test_an_error_leads_to_its_newest_generation(staff):
    happened(figures(failed=2, error_overloaded=2))
    user, now = get_user_model().objects.create(username="ann"), timezone.now()
    talk = Conversation.objects.create(owner=user, title="t", updated_at=now)
    rows = [
        Generation.objects.create(
            owner=user, heartbeat_at=now, ended_at=now - timedelta(minutes=minutes), state="failed",
            error_code="overloaded", error_message="No place.", model="mock/fast",
            message=Message.objects.create(
                conversation=talk, owner=user, role="assistant", text="A secret text"
            ),
        )
        for minutes in (5, 1)
    ]  # fmt: skip
    link = f"/admin/chat/generation/{rows[1].pk}/change/"
    assert link in staff.get("/admin/").content.decode()
    page = staff.get(link).content.decode()
    assert "No place." in page
    assert "A secret text" not in page, "what people are told is nobody else's"


@pytest.mark.parametrize(
    "query", ["window=century", "by=owner", "cut=owner&value=1", "cut=model", "value=%00"]
)
def test_nonsense_in_the_address_shows_what_is_usual(staff, query):
    happened(figures(answers=7))
    assert "Chat, 7 answers" in staff.get(f"/admin/?{query}").content.decode()


def test_its_queries_do_not_grow_with_what_happened(staff, django_assert_max_num_queries):
    for hour in range(24):
        happened(figures(error_overloaded=1), *(("model", f"m{n}") for n in range(30)), hours_ago=hour)
    with django_assert_max_num_queries(16):
        assert staff.get("/admin/?part=figures").status_code == 200


def test_strangers_and_users_are_sent_to_the_log_in(client, db):
    assert client.get("/admin/").status_code == 302
    client.force_login(get_user_model().objects.create(username="ann"))
    assert client.get("/admin/?part=figures").status_code == 302
