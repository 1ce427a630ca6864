"""Grey text behind what is written, taken or left by keys, and silent where it is switched off."""

import re

import pytest
from playwright.sync_api import expect

TYPED = "Answer the fol"


@pytest.fixture
def written(chat):
    """Somebody has begun a word that everybody ends the same way."""
    chat.open()
    chat.box.press_sequentially(TYPED)
    expect(chat.page.locator(".ghost .to-come")).to_have_text(re.compile("^lowing"))
    return chat


def test_tab_takes_what_is_suggested_and_a_sign_takes_its_spaces_place(written):
    written.page.keyboard.press("Tab")
    expect(written.box).to_have_value(re.compile(f"^{TYPED}lowing"))
    expect(written.box).to_be_focused()
    written.box.fill("")
    written.box.press_sequentially(TYPED)
    expect(written.page.locator(".ghost .to-come")).to_be_visible()
    written.page.keyboard.press("ArrowRight")
    before = written.box.input_value()
    assert before.endswith(" ")
    written.page.keyboard.press("?")
    expect(written.box).to_have_value(before.rstrip() + "?")


def test_escape_puts_it_away_and_then_tab_moves_on(written):
    written.page.keyboard.press("Escape")
    expect(written.page.locator(".ghost")).to_be_hidden()
    written.page.keyboard.press("Tab")
    expect(written.box).not_to_be_focused()
    expect(written.box).to_have_value(TYPED)


def test_typing_along_keeps_it_and_it_is_read_out_at_a_pause(written):
    written.page.keyboard.press("l")
    expect(written.page.locator(".ghost .to-come")).to_have_text(re.compile("^owing"))
    expect(written.page.locator("[data-controller~=announcer]")).to_contain_text("Tab takes it")


def test_a_word_of_it_is_taken_and_there_are_three_at_most(written):
    ghost = written.page.locator(".ghost .to-come").inner_text()
    assert written.page.get_by_role("group", name="Suggestions").get_by_role("button").count() <= 2
    written.page.keyboard.press("ControlOrMeta+ArrowRight")
    assert written.box.input_value().rstrip() == TYPED + ghost.split()[0]


def test_what_is_taken_can_be_undone(written):
    written.page.keyboard.press("Tab")
    expect(written.box).to_have_value(re.compile("lowing"))
    written.page.keyboard.press("ControlOrMeta+z")
    expect(written.box).to_have_value(TYPED)


def test_who_wants_none_is_shown_none(chat):
    chat.open()
    chat.page.evaluate(
        """async () => fetch("/api/preferences", {method: "PATCH", body: '{"prediction": false}', headers: {
          "X-CSRFToken": /csrftoken=([^;]+)/.exec(document.cookie)[1]}})"""
    )
    asked = []
    chat.page.on("websocket", lambda socket: socket.on("framesent", lambda frame: asked.append(frame)))
    chat.open()
    chat.box.press_sequentially(TYPED + "low")
    chat.ask("Explain backpressure").answered()
    assert asked
    assert not any('"predict' in str(frame) for frame in asked)
