"""Nothing jumps: the layout shift of a page, added up while it is used, stays below a hundredth."""

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.chat_page import ChatPage
from tests.browser.test_speed import browser_context_args
from tests.waiting import eventually

__all__ = ["browser_context_args"]

MOST = 0.01
# As the standard has it: what somebody's own key or click moves within half a second is no surprise to them.
NOTE = """
window.shifts = [];
new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) {
        if (shift.hadRecentInput) continue;
        window.shifts.push({ value: shift.value, of: shift.sources.map((one) =>
            one.node?.className ?? one.node?.nodeName ?? "gone") });
    }
}).observe({ type: "layout-shift", buffered: true });
"""
SETTLED = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
    () => requestIdleCallback(() => setTimeout(done)))))"""


def unmoved(page) -> None:
    page.evaluate(SETTLED)
    shifts = page.evaluate("shifts")
    assert sum(shift["value"] for shift in shifts) < MOST, shifts


@pytest.fixture
def noted(page):
    page.add_init_script(NOTE)
    return page


@pytest.fixture(params=[390, 1280])
def still(request, noted, chat):
    chat.page.set_viewport_size({"width": request.param, "height": 800})
    chat.page.reload()
    return chat.connected()


def test_a_page_loads_and_its_first_answer_comes_without_a_shift(still):
    unmoved(still.page)
    still.ask("Explain backpressure").answered()
    expect(still.foot).to_contain_text("first word")
    unmoved(still.page)
    still.ask("And once more", "mock/verbatim").answered()
    unmoved(still.page)


def test_an_answer_that_comes_slowly_moves_nothing_but_itself(still):
    still.ask("Take your time", "mock/slowly").answered()
    expect(still.foot).to_contain_text("first word")
    unmoved(still.page)


def test_a_page_with_a_conversation_loads_without_a_shift(still, wrote_much):
    still.open(wrote_much.addresses["read"])
    expect(still.foot).to_be_in_viewport()
    unmoved(still.page)


def test_another_conversation_comes_without_a_shift(noted, chat):
    chat.ask("Apples", "mock/fast").answered()
    chat.page.get_by_role("link", name="New chat").click()
    chat.ask("Pears").answered()
    chat.page.evaluate("shifts.length = 0")  # those of the answers are looked at above
    for title in ("Apples", "Pears", "Apples"):
        chat.lines.filter(has_text=title).click()
        expect(chat.questions).to_have_text([title])
        expect(chat.answer).not_to_be_empty()
    chat.page.get_by_role("link", name="New chat").click()
    expect(chat.page.get_by_role("heading", name="Go on. Ask.")).to_be_visible()
    unmoved(chat.page)


def test_panels_open_over_what_is_there_and_move_nothing(still):
    still.ask("Explain backpressure").answered()
    page = still.page
    page.evaluate("shifts.length = 0")
    page.locator(".pill").click()
    expect(page.get_by_role("dialog", name="Connection")).to_be_visible()
    page.keyboard.press("Escape")
    for key, name in (("k", "Find anything"), ("/", "Keys")):
        page.keyboard.press(f"Control+{key}")
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Instructions for this chat").click()
    expect(page.get_by_role("dialog", name="Instructions")).to_be_visible()
    page.keyboard.press("Escape")
    still.foot.get_by_role("button", name="why this model").click()
    expect(page.get_by_role("dialog", name="Why this model")).to_be_visible()
    page.keyboard.press("Escape")
    unmoved(page)


def test_nothing_moves_when_a_question_is_accepted(page, server):
    """However late that is: what the server says is held until the place of the answer was noted."""
    held: list[str | bytes] = []
    sockets: list[WebSocketRoute] = []

    def between(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        upstream = socket.connect_to_server()
        upstream.on_message(
            lambda said: held.append(said) if held or "accepted" in str(said) else socket.send(said)
        )

    page.route_web_socket("**/ws/chat/", between)
    chat = ChatPage(page, server.url).open()
    chat.ask("Hello", "mock/role-then-hang")
    expect(chat.answers.last.locator(".skeleton")).to_be_visible()
    eventually(lambda: page.evaluate("1") and held)
    before = chat.answers.last.bounding_box()
    for said in held:
        sockets[-1].send(said)
    expect(chat.stop_button).to_be_visible()
    assert chat.answers.last.bounding_box() == before


@pytest.mark.parametrize("path", ["/usage/", "/settings/", "/upgrade/", "/accounts/login/"])
def test_the_other_pages_load_without_a_shift(noted, server, path):
    noted.goto(server.url + path)
    expect(noted.get_by_role("heading", level=1)).to_be_visible()
    unmoved(noted)
