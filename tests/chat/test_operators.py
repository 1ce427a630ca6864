"""The operators' page of providers: for staff alone, with what rests named."""

import pytest
from django.contrib.auth import get_user_model

from grump.lib.breaker import State

PAGE = "/admin/providers/"


@pytest.fixture
def staff(client, db):
    client.force_login(get_user_model().objects.create_superuser("chief", "chief@example.org", "x"))
    return client


def test_a_provider_that_is_left_alone_is_named(staff, monkeypatch) -> None:
    rests = {"groq": State.OPEN, "nim/nemotron-3-super": State.HALF_OPEN}
    monkeypatch.setattr("chat.operators.resting", lambda: rests)
    page = staff.get(PAGE).content.decode()
    assert "nim/nemotron-3-super: about to be tried again" in page
    assert "OPENAI_API_KEY is not set" in page


def test_strangers_are_sent_to_the_log_in(client, db) -> None:
    answer = client.get(PAGE)
    assert answer.status_code == 302
    assert "login" in answer["Location"]
