"""A new version comes while somebody writes and an answer streams: nothing of either is lost."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.scenarios import SLOWLY
from tests.browser.test_offline import installed

LOOK = "navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => true)"


@pytest.fixture
def deploy(house) -> Iterator[Callable[[], None]]:
    mark = house.var / "deployed"
    yield lambda: mark.write_text(uuid.uuid4().hex)
    mark.unlink(missing_ok=True)


def offer(chat):
    return chat.page.get_by_text("There is a new version.")


def test_an_update_during_a_stream_loses_neither_the_answer_nor_the_draft(chat, deploy):
    chat = installed(chat)
    chat.ask("Slowly", "mock/slowly").has_begun("word5 ")
    chat.box.fill("half a sentence")
    deploy()
    chat.page.evaluate(LOOK)
    expect(offer(chat)).to_be_visible()
    expect(chat.stop_button).to_be_visible()
    with chat.page.expect_navigation():
        chat.page.get_by_role("button", name="Reload").click()
    chat.has_begun("word5 ").answered()
    expect(chat.answer).to_have_text(SLOWLY)
    expect(chat.box).to_have_value("half a sentence")
    expect(offer(chat)).to_be_hidden()


def test_another_tab_is_told_and_not_reloaded(chat, another_tab, deploy):
    chat = installed(chat)
    second = another_tab()
    second.box.fill("half a sentence")
    deploy()
    chat.page.evaluate(LOOK)
    expect(offer(chat)).to_be_visible()
    with chat.page.expect_navigation():
        chat.page.get_by_role("button", name="Reload").click()
    expect(offer(second)).to_be_visible()
    expect(second.box).to_have_value("half a sentence")


# A service worker has the part in time, where it had the time.
@pytest.mark.browser_context_args(service_workers="block")
def test_a_part_that_a_deploy_has_taken_away_is_offered_with_the_new_version(chat, deploy, troubles):
    troubles.expect("404")
    troubles.expect("Service Worker registration blocked")
    deploy()
    chat.page.get_by_role("button", name="Find anything").click()
    expect(offer(chat)).to_be_visible()
    chat.ask("Still here", "mock/fast").answered()
    expect(chat.answer).not_to_be_empty()
