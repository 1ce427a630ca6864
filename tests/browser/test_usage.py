"""What is left of today: beside the list while one chats, and on a page of its own."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage
from tests.integration.processes import House


def test_the_meter_counts_with_the_answers_and_leads_to_the_page(chat):
    chat.ask("What is backpressure?", "mock/fast").answered()
    meter = chat.page.locator('[data-controller="meter"]')
    expect(meter).to_contain_text(re.compile(r"1\s*/ 30"))
    meter.get_by_role("link", name="Usage").click()
    expect(chat.page.get_by_role("heading", name="Usage", exact=True)).to_be_visible()
    expect(chat.page.locator("table").get_by_text("mock/fast")).to_be_visible()
    expect(chat.page.get_by_role("link", name="What is backpressure?")).to_be_visible()
    chat.page.get_by_text("As a table").click()
    expect(chat.page.get_by_role("rowheader").first).to_be_visible()
    chat.page.get_by_role("link", name="Plans").click()
    expect(chat.page.get_by_role("rowheader", name="Unlimited")).to_be_visible()


SEED = """
import uuid
from usage import quota
from usage.models import Day
key = uuid.uuid4()
quota.reserve({user_id}, key, quota.Estimate(1, 0))
quota.settle(key, quota.Spent(1, 0))
Day.objects.filter(owner={user_id}).update(requests={requests})
"""
OF_THIRTY = {0: 0, 79: 23, 80: 24, 100: 30}  # percent, and a guest's messages


@pytest.fixture
def used(chat: ChatPage, house: House):
    """Brings the day's count of a chat's guest to some percent, and opens the page anew."""

    def use(percent: int) -> ChatPage:
        user_id = chat.page.evaluate("JSON.parse(document.getElementById('boot').textContent).user.id")
        if percent:
            code = SEED.format(user_id=user_id, requests=OF_THIRTY[percent])
            house.manage("shell", "--no-imports", "-c", code)
        chat.page.reload()
        chat.connected()
        expect(chat.page.locator('[data-controller="meter"]')).to_contain_text(f"{OF_THIRTY[percent]} / 30")
        return chat

    return use


@pytest.mark.parametrize("percent", [0, 79])
def test_below_four_fifths_nobody_is_bothered(used, percent):
    chat = used(percent)
    expect(chat.page.locator(".allowance")).to_be_hidden()
    chat.page.goto(f"{chat.url}/usage/")
    expect(chat.page.locator(".notice")).to_have_count(0)


def test_from_four_fifths_on_a_line_says_so_and_can_be_put_away_for_the_day(used):
    chat = used(80)
    line = chat.page.locator(".allowance")
    expect(line).to_contain_text("80 % of today's messages used. It starts anew in")
    expect(line.get_by_role("link", name="See plans")).to_be_visible()
    line.get_by_role("button", name="Hide for today").click()
    expect(line).to_be_hidden()
    chat.page.reload()
    chat.connected()
    expect(line).to_be_hidden()
    chat.ask("Still here?", "mock/fast").answered()
    expect(line).to_be_hidden()


def test_at_the_end_it_is_said_what_still_works_and_no_question_is_lost(used):
    chat = used(100)
    line = chat.page.locator(".allowance")
    expect(line).to_contain_text("Today's messages are used up. Reading goes on. It starts anew in")
    expect(line.get_by_role("button", name="Hide for today")).to_be_hidden()
    chat.ask("One more?", "mock/fast")
    expect(chat.page.get_by_text("Today's messages are used up. Reading goes on, and")).to_be_visible()
    expect(chat.page.get_by_text("One more?").first).to_be_visible()
    chat.page.goto(f"{chat.url}/usage/")
    expect(chat.page.get_by_text("Today's allowance is used up.")).to_be_visible()
    expect(chat.page.get_by_role("progressbar", name="Messages")).to_have_attribute("value", "1.0")


def test_offline_what_was_known_stays_and_the_words_say_that_it_is_offline(used, troubles):
    troubles.expect("ERR_INTERNET_DISCONNECTED")
    chat = used(80)
    chat.page.context.set_offline(True)
    expect(chat.page.locator(".pill")).to_contain_text("Offline")
    expect(chat.page.locator(".allowance")).to_contain_text("80 %")
    chat.page.context.set_offline(False)
    chat.connected()
