"""A long conversation opens at once and stays small."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import WroteMuch

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
def browser_context_args(browser_context_args: dict, wrote_much: WroteMuch) -> dict:
    return {**browser_context_args, "storage_state": wrote_much.state}


def opened(page: Page, address: str) -> float:
    page.goto(address)
    upgraded = page.locator("html[data-upgraded]")
    expect(upgraded).to_have_count(1)
    return float(upgraded.get_attribute("data-upgraded") or "inf")


def test_two_hundred_messages_of_two_kilobytes_open_at_once(chat, wrote_much):
    chat.page.add_init_script(NOTE_WHEN_UPGRADED)
    times = [opened(chat.page, chat.url + wrote_much.addresses["read"]) for _ in range(TRIES)]
    expect(chat.page.locator(".messages .message[data-key]")).to_have_count(MESSAGES)
    assert min(times) < OPENS_WITHIN_MS, times


def test_two_hundred_messages_stay_small_even_when_all_were_read(chat, wrote_much):
    chat.open(wrote_much.addresses["read"])
    for answer in chat.answers.all()[::-4]:
        answer.scroll_into_view_if_needed()
    expect(chat.answers.first.locator("strong").first).to_be_visible()
    nodes = chat.page.evaluate("document.querySelectorAll('*').length")
    assert nodes < DOM_NODES


def test_a_long_conversation_opens_at_its_end(chat, wrote_much):
    chat.open(wrote_much.addresses["asked"])
    expect(chat.foot).to_be_in_viewport()
    chat.ask("One more", "mock/fast").answered()
    expect(chat.foot).to_be_in_viewport()


HUGE_OPENS_WITHIN_MS = 500
MOST_NODES = 15_000

# Scroll to the very top in steps, as a reader does, and say how many nodes there were at most.
READ_UP = """async () => {
    const log = document.querySelector("[data-controller~=scroll]");
    let most = 0;
    for (let still = 0, before = -1, step = 0; still < 8 && step < 500; step++) {
        log.scrollBy(0, -2500);
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        most = Math.max(most, document.querySelectorAll("*").length);
        still = log.scrollTop === before ? still + 1 : 0;
        before = log.scrollTop;
    }
    return most;
}"""


def test_ten_thousand_messages_open_at_once_and_the_ones_above_come_without_a_jump(chat, wrote_much):
    chat.page.add_init_script(NOTE_WHEN_UPGRADED)
    times = [opened(chat.page, chat.url + wrote_much.addresses["huge"]) for _ in range(TRIES)]
    assert min(times) < HUGE_OPENS_WITHIN_MS, times
    expect(chat.foot).to_be_in_viewport()
    messages = chat.page.locator(".messages .message[data-key]")
    expect(messages).to_have_count(200)
    chat.connected()
    first = messages.first
    key = first.get_attribute("data-key")
    first.scroll_into_view_if_needed()
    expect(messages).to_have_count(400)
    moved = chat.page.locator(f"[data-key='{key}']")
    expect(moved).to_be_in_viewport()
    assert messages.first.get_attribute("data-key") != key


def test_three_hundred_messages_that_were_all_read_are_few_nodes(chat, wrote_much):
    chat.open(wrote_much.addresses["scrolled"])
    most = chat.page.evaluate(READ_UP)
    expect(chat.page.locator(".messages .message[data-key]")).to_have_count(300)
    expect(chat.answers.first.locator("strong").first).to_be_visible()
    assert most < MOST_NODES
    # The newest are far by now, and plain text again; on the way back they are as they were.
    expect(chat.answers.nth(140).locator(".plain")).to_have_count(1)
    chat.page.get_by_role("button", name="Newest").click()
    expect(chat.foot).to_be_in_viewport()
    chat.answers.nth(140).scroll_into_view_if_needed()
    expect(chat.answers.nth(140).locator(".plain")).to_have_count(0)
    expect(chat.answers.nth(140).get_by_role("button", name="Copy").first).to_be_attached()


def test_what_is_read_does_not_move_while_others_are_drawn_and_taken_down(chat, wrote_much):
    chat.open(wrote_much.addresses["scrolled"])
    jumps = chat.page.evaluate(
        """async () => {
            const log = document.querySelector("[data-controller~=scroll]");
            const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            const jumps = [];
            for (let step = 0; step < 60; step++) {
                log.scrollBy(0, step < 40 ? -1100 : 900);
                await frame();
                const middle = innerHeight / 2;
                const read = [...document.querySelectorAll(".messages .message")]
                    .find((one) => one.getBoundingClientRect().bottom > middle);
                const top = read.getBoundingClientRect().top;
                for (let wait = 0; wait < 4; wait++) await frame();
                jumps.push(Math.abs(read.getBoundingClientRect().top - top));
            }
            return jumps;
        }"""
    )
    assert max(jumps) <= 2, jumps
