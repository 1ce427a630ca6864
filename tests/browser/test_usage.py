"""What is left of today: beside the list while one chats, and on a page of its own."""

import re

from playwright.sync_api import expect


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
