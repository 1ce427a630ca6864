"""Without a mouse."""

import pytest
from playwright.sync_api import Route, expect


def focused(page) -> str:
    return page.evaluate(
        """() => {
            const { ariaLabel, labels, innerText, tagName } = document.activeElement;
            return (ariaLabel || labels?.[0]?.innerText || innerText || tagName).trim().split("\\n")[0];
        }"""
    )


def test_the_first_stop_of_the_tab_key_skips_to_the_content(page, server):
    page.goto(server.url + "/accounts/login/")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to content"
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_the_tab_key_goes_through_the_page_in_the_order_of_reading(chat):
    chat.ask("Hello", "mock/fast").answered()
    chat.page.get_by_role("link", name="Skip to content").focus()
    order = []
    while "Your message" not in order:
        chat.page.keyboard.press("Tab")
        order.append(focused(chat.page))
        assert len(order) < 40, order
    wanted = ["G-Rump", "New chat", "Search conversations", "Hello", "Log in", "Sign up", "Copy", "Again"]
    places = [next(place for place, name in enumerate(order) if name.startswith(word)) for word in wanted]
    assert places == sorted(places), order


def test_enter_sends_and_shift_enter_makes_a_line(chat):
    chat.choose("mock/verbatim")
    expect(chat.box).to_be_visible()
    chat.box.focus()
    chat.page.keyboard.type("one")
    chat.page.keyboard.press("Shift+Enter")
    chat.page.keyboard.type("two")
    expect(chat.box).to_have_value("one\ntwo")
    expect(chat.questions).to_have_count(0)
    chat.page.keyboard.press("Enter")
    chat.answered()
    assert chat.questions.last.text_content() == "one\ntwo"
    expect(chat.box).to_have_value("")
    expect(chat.box).to_be_focused()


def test_an_empty_message_is_not_sent(chat):
    chat.box.fill("  \n ")
    chat.page.keyboard.press("Enter")
    expect(chat.page.get_by_role("button", name="Send")).to_be_disabled()
    expect(chat.questions).to_have_count(0)


def test_a_line_of_the_list_is_renamed_and_deleted_by_its_keys(chat):
    chat.ask("Apples", "mock/fast").answered()
    chat.lines.first.focus()
    chat.page.keyboard.press("F2")
    expect(chat.page.get_by_label("New name")).to_be_focused()
    chat.page.keyboard.type("Quinces")
    chat.page.keyboard.press("Enter")
    expect(chat.lines).to_have_text(["Quinces"])
    expect(chat.lines.first).to_be_focused()
    chat.page.keyboard.press("Delete")
    expect(chat.lines).to_have_count(0)


def test_a_line_deleted_while_its_new_name_is_being_saved_stays_away(chat):
    chat.ask("Apples", "mock/fast").answered()
    held: list[Route] = []
    changes: list[str] = []
    chat.page.on("request", lambda request: request.method != "GET" and changes.append(request.method))
    chat.page.route(
        "**/api/conversations/*",
        lambda route: held.append(route) if route.request.method == "PATCH" else route.continue_(),
    )
    chat.lines.first.focus()
    chat.page.keyboard.press("F2")
    chat.page.keyboard.type("Quinces")
    with chat.page.expect_request(lambda request: request.method == "PATCH"):
        chat.page.keyboard.press("Enter")
    chat.page.keyboard.press("Delete")
    expect(chat.lines).to_have_text(["Quinces"])
    assert changes == ["PATCH"]
    held[0].continue_()
    expect(chat.lines).to_have_count(0)
    chat.page.get_by_role("button", name="Undo").click()
    expect(chat.lines).to_have_text(["Quinces"])
    assert changes == ["PATCH", "DELETE", "POST"]


@pytest.mark.parametrize("shortcut", ["ControlOrMeta+N", "ControlOrMeta+Shift+O"])
def test_a_shortcut_begins_a_new_chat(chat, shortcut):
    chat.ask("Hello", "mock/fast").answered()
    chat.page.keyboard.press(shortcut)
    expect(chat.answers).to_have_count(0)
    expect(chat.box).to_be_focused()


def test_screen_readers_hear_the_beginning_and_the_end_and_not_every_word(chat):
    status = chat.page.locator("[data-controller~=announcer]")
    chat.ask("Slowly", "mock/markdown")
    expect(status).to_have_text("Generating")
    chat.answered()
    expect(status).to_have_text("Answer complete")
    assert chat.page.locator("[data-controller~=transcript][aria-live]").count() == 0


def test_on_a_phone_the_list_is_a_drawer_that_escape_closes(chat):
    chat.page.set_viewport_size({"width": 390, "height": 800})
    sidebar = chat.page.get_by_role("navigation", name="Conversations")
    expect(sidebar).not_to_be_in_viewport()
    chat.page.get_by_role("button", name="Conversations").click()
    expect(sidebar).to_be_in_viewport()
    chat.page.keyboard.press("Escape")
    expect(sidebar).not_to_be_in_viewport()
