"""Thumbs on answers, and the question how satisfied somebody is, which bothers nobody."""

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage
from tests.integration.processes import House

SEED = """
from django.utils import timezone
from chat.models import Conversation
for number in range(5):
    Conversation.objects.create(owner_id={user_id}, title="A chat", updated_at=timezone.now())
"""
# A leap: of minutes that run, the page's pings would be minutes without an answer, and the connection lost.
QUIET = 8_500  # milliseconds


def test_a_thumb_is_given_explained_kept_and_taken_back(chat: ChatPage):
    chat.ask("What is backpressure?", "mock/fast").answered()
    page = chat.page
    down = page.get_by_role("button", name="Bad answer")
    down.click()
    expect(down).to_have_attribute("aria-pressed", "true")
    panel = page.get_by_role("dialog", name="What was wrong?")
    panel.get_by_label("Too long").check()
    panel.get_by_label("In your words, if you like").fill("Half would do.")
    panel.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you").first).to_be_visible()
    page.reload()
    chat.connected()
    expect(down).to_have_attribute("aria-pressed", "true")
    down.click()
    expect(down).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Good answer").click()
    expect(page.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    expect(panel).to_have_count(0)


@pytest.fixture
def known(chat: ChatPage, house: House) -> ChatPage:
    """A guest with conversations enough to be asked, and a clock of the test's own."""
    user_id = chat.page.evaluate("JSON.parse(document.getElementById('boot').textContent).user.id")
    house.manage("shell", "--no-imports", "-c", SEED.format(user_id=user_id))
    chat.page.clock.install()
    with chat.page.expect_response(lambda response: "/survey-" in response.url):
        chat.page.reload()
        chat.connected()
        chat.page.clock.run_for(600)
    return chat


def test_the_question_waits_until_nobody_writes_and_an_answer_ends_it(known: ChatPage):
    page = known.page
    known.ask("What is backpressure?", "mock/fast").answered()
    survey = page.get_by_role("form", name="How satisfied are you with G-Rump?")
    page.get_by_label("Your message").fill("half a tho")
    page.clock.fast_forward(QUIET)
    expect(survey).to_have_count(0)
    page.get_by_label("Your message").fill("")
    page.clock.fast_forward(QUIET)
    expect(survey).to_be_visible()
    expect(page.get_by_label("Your message")).to_be_focused()
    survey.get_by_label("4").check()
    survey.get_by_label("One line about why, if you like").fill("Quick.")
    survey.get_by_role("button", name="Send").click()
    expect(survey).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text("Thank you")
    known.ask("What is backpressure?", "mock/fast").answered()
    page.clock.fast_forward(QUIET)
    expect(survey).to_have_count(0)


def test_the_question_can_be_ended_for_good(known: ChatPage):
    page = known.page
    known.ask("What is backpressure?", "mock/fast").answered()
    page.clock.fast_forward(QUIET)
    survey = page.get_by_role("form", name="How satisfied are you with G-Rump?")
    expect(survey).to_be_visible()
    with page.expect_response(lambda response: "satisfaction" in response.url) as told:
        survey.get_by_role("button", name="Don't ask me again").click()
    assert told.value.status == 204
    expect(survey).to_have_count(0)
