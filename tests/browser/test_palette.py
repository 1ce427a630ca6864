"""Everything by a few letters, and the table of keys."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.waiting import eventually


@pytest.fixture
def palette(chat):
    def open_with(keys: str = "ControlOrMeta+k"):
        chat.page.keyboard.press(keys)
        dialog = chat.page.get_by_role("dialog", name="Find anything")
        expect(dialog.get_by_role("combobox")).to_be_focused()
        return dialog

    return open_with


def chosen(page) -> str:
    field = page.get_by_role("combobox", name="Find anything")
    return page.locator(f"[id='{field.get_attribute('aria-activedescendant')}']").inner_text()


def test_a_conversation_is_found_and_opened_by_a_few_letters(chat, palette):
    chat.ask("Postgres index bloat", "mock/fast").answered()
    chat.page.keyboard.press("ControlOrMeta+Shift+O")
    expect(chat.answers).to_have_count(0)
    dialog = palette()
    chat.page.keyboard.type("pgbl")
    option = dialog.get_by_role("option", name="Postgres index bloat")
    expect(option).to_have_attribute("aria-selected", "true")
    chat.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(chat.page.get_by_role("heading", name="Postgres index bloat")).to_be_visible()
    expect(chat.answers).to_have_count(1)


def test_a_model_is_chosen_and_arrows_go_round(chat, palette):
    dialog = palette()
    chat.page.keyboard.type("use other")
    expect(dialog.get_by_role("option").first).to_contain_text("other")
    chat.page.keyboard.press("ArrowUp")
    last = chosen(chat.page)
    chat.page.keyboard.press("ArrowDown")
    assert chosen(chat.page) != last or dialog.get_by_role("option").count() == 1
    chat.page.keyboard.press("Enter")
    expect(chat.page.get_by_role("combobox", name="Model")).to_have_value("mock/other")


def test_an_action_is_done_and_a_page_is_opened(chat, palette):
    palette()
    chat.page.keyboard.type("light and dark")
    chat.page.keyboard.press("Enter")
    expect(chat.page.locator("html")).to_have_attribute("data-theme", re.compile("dark|light"))
    palette()
    chat.page.keyboard.type("plans")
    chat.page.keyboard.press("Enter")
    expect(chat.page.get_by_role("heading", name="Plans")).to_be_visible()


def test_esc_closes_it_alone_and_the_focus_goes_back(chat, palette):
    chat.ask("A long one", "mock/paced-50")
    chat.box.focus()
    dialog = palette()
    expect(dialog).to_be_visible()
    chat.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(chat.box).to_be_focused()
    expect(chat.stop_button).to_be_visible()  # the answer goes on: Esc was the palette's


def test_nothing_found_is_said(chat, palette):
    dialog = palette()
    chat.page.keyboard.type("zzzzqqqq")
    expect(dialog.get_by_role("status")).to_have_text("Nothing found")
    expect(dialog.get_by_role("option")).to_have_count(0)


def test_titles_are_only_text(chat, palette):
    chat.ask("<img src=x onerror=alert(1)>", "mock/fast").answered()
    dialog = palette()
    chat.page.keyboard.type("onerror")
    expect(dialog.get_by_role("option", name="onerror")).to_be_visible()
    expect(dialog.locator("img")).to_have_count(0)


def test_on_a_phone_it_opens_by_its_button_and_fits(chat):
    chat.page.set_viewport_size({"width": 360, "height": 640})
    chat.page.get_by_role("button", name="Find anything").click()
    box = chat.page.get_by_role("dialog", name="Find anything").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360


def test_the_help_tells_every_key_and_lets_them_be_changed(chat, palette):
    chat.page.keyboard.press("ControlOrMeta+/")
    help_ = chat.page.get_by_role("dialog", name="Keys")
    expect(help_.get_by_text("Find anything")).to_be_visible()
    help_.get_by_role("button", name="Change the keys for “Find anything”").click()
    chat.page.keyboard.press("ControlOrMeta+n")
    expect(help_.get_by_role("status")).to_have_text("These are the keys for “New chat”.")
    chat.page.keyboard.press("ControlOrMeta+j")
    expect(help_.get_by_role("status")).to_have_text("Kept in this browser.")
    chat.page.keyboard.press("Escape")
    expect(help_).to_be_hidden()

    chat.page.reload()
    chat.connected()
    dialog = palette("ControlOrMeta+j")
    chat.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    chat.page.keyboard.press("ControlOrMeta+/")
    help_.get_by_role("button", name="As they came").click()
    help_.get_by_role("button", name="Close").click()
    palette("ControlOrMeta+k")


def test_the_keys_are_silent_while_an_input_method_composes(chat):
    chat.box.focus()
    chat.page.evaluate(
        """() => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key: "k", ctrlKey: true, bubbles: true, isComposing: true }))"""
    )
    dialog = chat.page.get_by_role("dialog", name="Find anything")
    expect(dialog).to_have_count(0)
    chat.page.keyboard.press("ControlOrMeta+k")
    expect(dialog).to_have_count(1)


def held_back(chat, name: str) -> list[Route]:
    """Requests for a part of the page, which wait until the test lets them go."""
    waiting: list[Route] = []
    chat.page.route(re.compile(rf"/{name}-\w+\.js$"), lambda route: waiting.append(route))
    return waiting


def test_what_is_typed_while_it_is_on_its_way_is_typed_into_it(chat):
    waiting = held_back(chat, "palette")
    chat.box.fill("Half a question")
    chat.page.keyboard.press("ControlOrMeta+k")
    chat.page.keyboard.type("plamx")
    for key in ("Backspace", "Backspace", "n", "s"):
        chat.page.keyboard.press(key)
    eventually(lambda: chat.page.evaluate("1") and waiting)
    expect(chat.box).to_have_value("Half a question")
    waiting[0].continue_()
    dialog = chat.page.get_by_role("dialog", name="Find anything")
    expect(dialog.get_by_role("combobox")).to_have_value("plans")
    expect(dialog.get_by_role("option").first).to_contain_text("Plans")
    expect(chat.questions).to_have_count(0)


def test_enter_is_held_with_the_rest_and_sends_no_question(chat):
    waiting = held_back(chat, "palette")
    chat.box.fill("Half a question")
    chat.page.keyboard.press("ControlOrMeta+k")
    chat.page.keyboard.type("plans")
    chat.page.keyboard.press("Enter")
    eventually(lambda: chat.page.evaluate("1") and waiting)
    expect(chat.questions).to_have_count(0)
    waiting[0].continue_()
    expect(chat.page.get_by_role("heading", name="Plans")).to_be_visible()


def test_given_up_it_does_not_come_and_keys_are_the_questions_again(chat):
    waiting = held_back(chat, "palette")
    chat.box.fill("Half")
    chat.page.keyboard.press("ControlOrMeta+k")
    chat.page.keyboard.type("lost")
    chat.page.keyboard.press("Escape")
    chat.page.keyboard.type(" a question")
    eventually(lambda: chat.page.evaluate("1") and waiting)
    with chat.page.expect_event("requestfinished", lambda request: "/palette-" in request.url):
        waiting[0].continue_()
    expect(chat.box).to_have_value("Half a question")
    expect(chat.page.get_by_role("dialog")).to_have_count(0)
