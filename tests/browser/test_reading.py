"""An answer is read: nothing moves under the reader's eyes, it can be taken along, and it says why."""

import pytest
from playwright.sync_api import expect

from tests.browser.scenarios import TOUR

# Of the question that is being answered, once the wheel's own movement has ended.
TOP = """async (log) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    for (let before = NaN; before !== log.scrollTop; await frame()) (before = log.scrollTop), await frame();
    return [...log.querySelectorAll(".message.user")].at(-1).getBoundingClientRect().top;
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_who_scrolls_up_is_left_where_they_read_and_a_pill_leads_back(chat, width):
    page = chat.page
    page.set_viewport_size({"width": width, "height": 420})
    log = page.locator(".log[data-controller~=scroll]")
    newest = page.get_by_role("button", name="Newest")
    chat.ask(TOUR, "mock/verbatim").answered()
    chat.ask("Slowly", "mock/slowly").has_begun("word20 ")
    expect(newest).to_be_hidden()
    log.hover()
    page.mouse.wheel(0, -300)
    expect(newest).to_be_visible()
    before = log.evaluate(TOP)
    chat.has_begun("word120 ")
    assert abs(log.evaluate(TOP) - before) <= 1
    newest.click()
    expect(newest).to_be_hidden()
    chat.answered()
    expect(chat.foot).to_be_in_viewport()


def test_a_whole_answer_is_copied_as_markdown(chat, context):
    context.grant_permissions(["clipboard-write"])
    chat.ask("Explain backpressure").answered()
    chat.foot.get_by_role("button", name="Copy").click()
    expect(chat.foot.get_by_role("button", name="Copied")).to_be_visible()
    chat.box.focus()
    chat.page.keyboard.press("ControlOrMeta+V")
    assert chat.box.input_value().strip() == TOUR.strip()


def test_an_answer_says_why_this_model(chat):
    chat.ask("Hello").answered()
    chat.foot.get_by_role("button", name="why this model").click()
    panel = chat.page.get_by_role("dialog", name="Why this model")
    expect(panel).to_contain_text("the cheapest simple model")
    for name, value in (
        ("Model", "atlas/swift"),
        ("Provider", "Atlas"),
        ("Tokens", "tokens out"),
        ("Cost", "$"),
    ):
        expect(panel.locator("div", has=chat.page.get_by_text(name, exact=True)).last).to_contain_text(value)
    chat.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_the_box_grows_with_what_is_written_and_never_over_the_answer(chat):
    def height() -> float:
        return chat.box.evaluate("(box) => box.clientHeight")

    one = height()
    chat.box.fill("one\ntwo\nthree")
    three = height()
    assert 2 * one < three
    chat.box.fill("line\n" * 200)
    assert three < height() <= 0.4 * chat.page.evaluate("innerHeight")
    expect(chat.page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
    chat.ask("Short", "mock/fast").answered()
    assert height() == one
