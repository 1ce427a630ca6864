"""Reload, a second tab, a lost connection, `kill -9`: the answer comes through all of them."""

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.scenarios import SLOWLY


def test_a_reload_in_mid_answer_goes_on_to_the_same_text(chat):
    chat.ask("Slowly", "mock/slowly").has_begun("word10 ")
    chat.page.reload()
    chat.has_begun("word10 ")
    expect(chat.stop_button).to_be_visible()
    chat.answered()
    expect(chat.answer).to_have_text(SLOWLY)
    expect(chat.questions).to_have_text(["Slowly"])


def test_after_a_reload_the_answer_can_still_be_stopped(chat):
    chat.ask("Slowly", "mock/paced-50-long")
    expect(chat.answer).not_to_be_empty()
    chat.page.reload()
    chat.stop_button.click()
    chat.answered()
    expect(chat.foot).to_contain_text("stopped")


def test_a_second_tab_sees_question_and_answer_grow(chat, another_tab):
    chat.ask("First").answered()
    second = another_tab(chat.page.url.removeprefix(chat.url))
    chat.ask("Slowly", "mock/slowly")
    expect(second.questions).to_have_text(["First", "Slowly"])
    second.has_begun("word10 ")
    expect(second.answer).not_to_contain_text("word240")
    for tab in (chat, second):
        tab.answered()
        expect(tab.answer).to_have_text(SLOWLY)


def test_a_second_tab_elsewhere_sees_the_conversation_in_its_list(chat, another_tab):
    second = another_tab()
    chat.ask("Seen from afar").answered()
    expect(second.lines.first).to_have_text("Seen from afar")
    second.lines.first.click()
    expect(second.questions).to_have_text(["Seen from afar"])


def test_the_question_of_a_moment_without_network_goes_out_by_itself(chat, context, troubles):
    troubles.expect("ERR_INTERNET_DISCONNECTED|WebSocket")
    context.set_offline(True)
    chat.ask("Kept while offline", "mock/fast")
    expect(chat.questions).to_have_text(["Kept while offline"])
    context.set_offline(False)
    chat.answered()
    expect(chat.questions).to_have_text(["Kept while offline"])
    expect(chat.answer).not_to_be_empty()


@pytest.fixture
def fragile(page, guests_server, troubles) -> ChatPage:
    troubles.expect("WebSocket connection to|ERR_CONNECTION_REFUSED")
    return ChatPage(page, guests_server.url).open()


def test_kill_9_in_mid_answer_shows_what_had_come_and_continue_completes_it(fragile, guests_server, house):
    chat = fragile
    chat.ask("Slowly", "mock/slowly").has_begun("word20 ")
    guests_server.kill()
    revived = house.start("daphne", guests_server.port)
    expect(chat.failure).to_contain_text("The answer was cut off", timeout=20_000)
    chat.has_begun("word1 ")
    expect(chat.answer).not_to_contain_text("word240")
    chat.failure.get_by_role("button", name="Continue").click()
    chat.answered()
    expect(chat.answer).to_have_text(SLOWLY)
    expect(chat.failure).to_have_count(0)
    chat.page.reload()
    expect(chat.answer).to_have_text(SLOWLY)
    revived.kill()


def test_a_page_loaded_after_a_kill_9_shows_the_interrupted_answer_too(fragile, guests_server, house):
    chat = fragile
    chat.ask("Slowly", "mock/slowly").has_begun("word20 ")
    guests_server.kill()
    revived = house.start("daphne", guests_server.port)
    chat.page.reload()
    expect(chat.failure).to_contain_text("The answer was cut off", timeout=20_000)
    chat.has_begun("word1 ")
    revived.kill()
