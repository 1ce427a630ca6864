"""A long conversation opens at once and stays small."""

import json

import pytest
from playwright.sync_api import Page, expect

OPENS_WITHIN_MS = 300
DOM_NODES = 8_000
MESSAGES = 200
# Whatever else the machine does only ever adds: the quickest of several is the page's own time.
TRIES = 6

# Milliseconds from the start of the navigation until the newest answer stands there as Markdown.
NOTE_WHEN_UPGRADED = """
new MutationObserver((_, observer) => {
    const last = [...document.querySelectorAll(".message.assistant[data-key] .said")].at(-1);
    if (!last?.querySelector("strong")) return;
    document.documentElement.dataset.upgraded = performance.now();
    observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""


@pytest.fixture
def long_one(chat, house) -> str:
    user = json.loads(chat.page.locator("#boot").text_content())["user"]["id"]
    code = (
        f"from tests.browser.seeding import long_conversation; print(long_conversation({user}, {MESSAGES}))"
    )
    return f"/c/{house.manage('shell', '--no-imports', '-c', code).split()[-1]}/"


def opened(page: Page, address: str) -> float:
    page.goto(address)
    upgraded = page.locator("html[data-upgraded]")
    expect(upgraded).to_have_count(1)
    return float(upgraded.get_attribute("data-upgraded") or "inf")


def test_two_hundred_messages_of_two_kilobytes_open_at_once(chat, long_one):
    chat.page.add_init_script(NOTE_WHEN_UPGRADED)
    times = [opened(chat.page, chat.url + long_one) for _ in range(TRIES)]
    expect(chat.page.locator(".messages .message[data-key]")).to_have_count(MESSAGES)
    assert min(times) < OPENS_WITHIN_MS, times


def test_two_hundred_messages_stay_small_even_when_all_were_read(chat, long_one):
    chat.open(long_one)
    for answer in chat.answers.all()[::-4]:
        answer.scroll_into_view_if_needed()
    expect(chat.answers.first.locator("strong").first).to_be_visible()
    nodes = chat.page.evaluate("document.querySelectorAll('*').length")
    assert nodes < DOM_NODES


def test_a_long_conversation_opens_at_its_end(chat, long_one):
    chat.open(long_one)
    expect(chat.foot).to_be_in_viewport()
    chat.ask("One more", "mock/fast").answered()
    expect(chat.foot).to_be_in_viewport()
