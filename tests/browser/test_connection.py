"""The pill and what is behind it; coming back; what is fetched before it is asked for."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_offline import installed
from tests.waiting import eventually


def pill(chat):
    return chat.page.locator(".pill")


@pytest.fixture
def panel(chat):
    return chat.page.get_by_role("dialog", name="Connection")


def test_the_pill_says_how_long_a_round_trip_takes_and_who_answered(chat):
    expect(pill(chat)).to_contain_text(re.compile(r"\d+ ms"))
    chat.ask("Hello", "mock/fast").answered()
    expect(pill(chat)).to_contain_text("Mock · fast")


def test_the_panel_tells_what_is_waited_for_while_an_answer_comes(chat, panel):
    pill(chat).click()
    expect(panel).to_be_focused()
    expect(panel).to_contain_text("whatever you ask goes out at once")
    expect(panel).to_contain_text("No answers yet")
    expect(panel.get_by_role("cell", name="Mock", exact=True)).to_be_visible()
    chat.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(pill(chat)).to_be_focused()
    chat.ask("Slowly", "mock/slowly").has_begun("word3 ")
    pill(chat).click()
    expect(panel).to_contain_text("The rest of slowly's answer")
    chat.answered()
    expect(panel).to_contain_text("whatever you ask goes out at once")
    expect(panel.locator("rect")).to_have_count(1)
    panel.get_by_text("As a table").click()
    expect(panel.get_by_role("cell", name="slowly")).to_be_visible()
    pill(chat).click()
    expect(panel).to_have_count(0)


def test_what_is_told_of_providers_has_no_address_and_no_key(chat, browser):
    answer = chat.page.request.get(chat.url + "/api/providers")
    for provider in answer.json()["providers"]:
        assert set(provider) == {"provider", "title", "state", "first_token_ms"}
    assert "http" not in answer.text()
    # Somebody else, and not this page without its cookies: it asks for things by itself.
    nobody = browser.new_context()
    assert nobody.request.get(chat.url + "/api/providers").status == 404
    nobody.close()


def test_trouble_with_a_provider_has_a_word(chat):
    chat.ask("Hello", "mock/server-error").answered()
    expect(pill(chat)).to_contain_text("Degraded")


def test_an_outage_makes_no_storm_of_messages_and_ends_with_the_network(chat, panel, context, troubles):
    troubles.expect("ERR_INTERNET_DISCONNECTED|ERR_FAILED|WebSocket")
    chat = installed(chat)
    context.set_offline(True)
    expect(pill(chat)).to_contain_text("Offline")
    pill(chat).click()
    expect(panel).to_contain_text("The network of this device")
    chat.page.keyboard.press("Escape")
    expect(chat.toast).to_be_hidden()
    context.set_offline(False)
    chat.connected()
    expect(chat.toast).to_be_hidden()


def test_a_page_that_comes_back_from_the_cache_goes_on(chat):
    """Closed on `pagehide`, opened and resumed on `pageshow`, as a browser does it that keeps pages."""
    chat.ask("Slowly", "mock/slowly").has_begun("word3 ")
    chat.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    expect(pill(chat)).to_contain_text("Connecting")
    chat.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    chat.connected().answered()
    expect(chat.answer).to_contain_text("word240")


def test_a_conversation_that_is_pointed_at_is_there_when_it_is_opened(chat):
    chat.ask("Ahead of its time", "mock/fast").answered()
    chat.page.get_by_role("link", name="New chat").click()
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url))
    chat.lines.first.hover()
    eventually(lambda: chat.page.evaluate("1") and [url for url in asked if "/api/conversations/" in url])
    chat.lines.first.click()
    expect(chat.questions).to_have_text(["Ahead of its time"])
    assert len([url for url in asked if "/api/conversations/" in url]) == 1


def test_nothing_is_fetched_ahead_where_data_are_dear(chat):
    chat.page.add_init_script(
        "Object.defineProperty(navigator, 'connection', { value: { saveData: true, effectiveType: '4g' } })"
    )
    chat.ask("Dear", "mock/fast").answered()
    chat.page.goto(chat.url)
    chat.connected()
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url))
    chat.lines.first.focus()
    chat.lines.first.click()
    expect(chat.questions).to_have_text(["Dear"])
    assert len([url for url in asked if "/api/conversations/" in url]) == 1
