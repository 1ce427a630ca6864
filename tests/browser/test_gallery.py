"""The pages as pictures: `GRUMP_GALLERY=1 make test TESTS=tests/browser/test_gallery.py` writes docs/gallery.

Without the variable each page is brought into its state in one look all the same, so that the recipe lives.
"""

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.chat_page import ChatPage
from tests.browser.gallery import (
    SIZES,
    THEMES,
    TITLES,
    WANTED,
    album,
    browser_context_args,
    darkroom,
    people,
    take,
    who,
)
from tests.browser.test_feedback import SEED as WROTE_OFTEN
from tests.browser.test_offline import installed, shelf
from tests.waiting import eventually

__all__ = ["album", "browser_context_args", "darkroom", "people", "take", "who"]

QUESTION = "Explain backpressure like I’m tired"
LOOKS = [(width, theme) for width in SIZES for theme in THEMES]
in_every_look = pytest.mark.parametrize(("width", "theme"), LOOKS if WANTED else LOOKS[1:2])


@in_every_look
def test_an_empty_chat(chat, take):
    expect(chat.page.get_by_role("heading", name="Go on. Ask.")).to_be_visible()
    take("empty")


@in_every_look
def test_an_answer_under_way(chat, take):
    chat.ask(QUESTION, "atlas/steady").has_begun("async def produce")
    take("streaming")
    chat.stop_button.click()
    chat.answered()
    delete(chat)


@in_every_look
def test_an_answer_that_is_waited_for(chat, take):
    chat.ask(QUESTION, "mock/role-then-hang")
    expect(chat.stop_button).to_be_visible()
    expect(chat.answers.last.locator(".skeleton")).to_be_visible()
    take("waiting")
    chat.stop_button.click()
    chat.answered()
    delete(chat)


@in_every_look
def test_a_conversation_that_is_loaded(chat, take, width):
    waiting: list[Route] = []
    chat.page.route("**/api/conversations/*-*", lambda route: waiting.append(route))
    if width == 390:
        chat.page.get_by_role("button", name="Conversations").click()
    chat.lines.last.click()  # those at the top may have been fetched ahead
    expect(chat.page.locator(".log.loading")).to_be_visible()
    take("loading")
    for route in waiting:
        route.continue_()
    expect(chat.answer).to_be_visible()


@in_every_look
def test_a_connection_that_is_made_again(chat, take, context):
    chat.page.goto(chat.url + (chat.lines.first.get_attribute("href") or ""))
    chat.connected()
    chat.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    expect(chat.page.locator(".pill")).to_contain_text("Connecting")
    take("reconnecting")


@in_every_look
def test_an_answer(chat, take, width):
    chat.ask(QUESTION).answered()
    chat.answer.hover()
    if width == 390:  # on a wide screen nearly all of it is seen, its receipt among it
        chat.page.mouse.wheel(0, -10_000)
        expect(chat.questions.last).to_be_in_viewport(ratio=1)
    chat.box.hover()
    take("answered")
    delete(chat)


@in_every_look
def test_a_failure(chat, take):
    chat.ask(QUESTION, "atlas/deep")
    expect(chat.failure).to_be_visible()
    take("error")
    delete(chat)


@in_every_look
def test_the_other_pages(context: BrowserContext, page: Page, server, take):
    context.clear_cookies()
    for name, path in (
        ("login", "/accounts/login/"),
        ("signup", "/accounts/signup/"),
        ("offline", "/offline/elsewhere/"),
    ):
        page.goto(server.url + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        take(name)


@in_every_look
def test_what_opens_beside_and_over_the_chat(chat, take, width):
    page = chat.page
    page.locator(".pill").click()
    panel = page.get_by_role("dialog", name="Connection")
    expect(panel.get_by_role("cell", name="Mock", exact=True)).to_be_visible()
    take("connection")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Find anything").click()
    palette = page.get_by_role("dialog", name="Find anything")
    palette.get_by_role("combobox").fill("po")
    expect(palette.get_by_role("option", name=TITLES[0])).to_be_visible()
    take("palette")
    page.keyboard.press("Escape")
    if width == 390:
        page.get_by_role("button", name="Conversations").click()
    page.get_by_label("Search conversations").fill("queue")
    expect(page.get_by_text("In messages")).to_be_visible()
    take("search")
    page.get_by_label("Search conversations").fill("")
    page.keyboard.press("Escape")
    page.locator(".models-button").click()
    expect(page.get_by_role("option", name="swift Atlas")).to_be_visible()
    take("models")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Instructions for this chat").click()
    expect(page.get_by_role("dialog", name="Instructions")).to_be_visible()
    take("instructions")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+/")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    take("keys")


@in_every_look
def test_what_is_said_of_an_answer(chat, take):
    chat.page.goto(chat.url + (chat.lines.first.get_attribute("href") or ""))
    chat.connected()
    chat.answer.hover()
    chat.foot.get_by_role("button", name="why this model").click()
    expect(chat.page.get_by_role("dialog", name="Why this model")).to_be_visible()
    take("why")
    chat.page.keyboard.press("Escape")
    down = chat.page.get_by_role("button", name="Bad answer")
    down.click()
    expect(chat.page.get_by_role("dialog", name="What was wrong?")).to_be_visible()
    take("feedback")
    chat.page.keyboard.press("Escape")
    with chat.page.expect_response("**/api/feedback/answers/*"):
        down.click()
    expect(down).to_have_attribute("aria-pressed", "false")


@in_every_look
def test_the_question_how_satisfied_somebody_is(page: Page, context, server, house, take):
    context.clear_cookies()  # nobody is asked twice
    chat = ChatPage(page, server.url).open()
    user_id = page.evaluate("JSON.parse(document.getElementById('boot').textContent).user.id")
    house.manage("shell", "--no-imports", "-c", WROTE_OFTEN.format(user_id=user_id))
    page.clock.install()
    with page.expect_response(lambda response: "/survey-" in response.url):
        page.reload()
        chat.connected()
        page.clock.run_for(600)
    chat.ask(QUESTION).answered()
    page.clock.fast_forward(8_500)
    expect(page.get_by_role("form", name="How satisfied are you with G-Rump?")).to_be_visible()
    take("satisfaction")


@in_every_look
def test_a_temporary_chat(chat, take):
    chat.page.get_by_role("button", name="Temporary chat").click()
    expect(chat.page.get_by_text("Nothing of this chat is kept.")).to_be_visible()
    take("temporary")


@in_every_look
def test_ones_own_pages(page: Page, server, take):
    for name, path in (
        ("settings", "/settings/"),
        ("prompts", "/settings/prompts/"),
        ("upgrade", "/upgrade/"),
        ("leave", "/settings/delete/"),
        ("api-keys", "/usage/keys/"),
    ):
        page.goto(server.url + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        take(name, whole=True)


@in_every_look
def test_it_speaks_german(page: Page, context: BrowserContext, server, take):
    context.add_cookies([{"name": "django_language", "value": "de", "url": server.url}])
    ChatPage(page, server.url).open()
    take("german")


@in_every_look
def test_hardly_anything_of_a_day_used(chat, take, width):
    show_meter(chat, width)
    take("quota-little")


@in_every_look
@pytest.mark.parametrize("who", ["below"])
def test_a_day_used_but_not_tight_yet(chat, take, width):
    show_meter(chat, width)
    expect(chat.page.locator(".allowance")).to_be_hidden()
    take("quota-79")


@in_every_look
@pytest.mark.parametrize("who", ["nearly"])
def test_most_of_a_day_used(chat, take, troubles):
    troubles.expect("ERR_INTERNET_DISCONNECTED|WebSocket|Failed to load resource")
    expect(chat.page.locator(".allowance")).to_contain_text("80 %")
    take("quota-80")
    chat.page.goto(f"{chat.url}/usage/")
    expect(chat.page.get_by_role("progressbar", name="Messages")).to_have_attribute("value", "0.8")
    take("usage", whole=True)
    installed(chat.open())
    chat.page.context.set_offline(True)
    expect(chat.page.locator(".pill")).to_contain_text("Offline")
    expect(chat.page.locator(".allowance")).to_contain_text("80 %")
    take("quota-offline")


@in_every_look
@pytest.mark.parametrize("who", ["quite"])
def test_a_day_used_up(chat, take):
    expect(chat.page.locator(".allowance")).to_contain_text("used up")
    chat.ask(QUESTION)
    expect(chat.page.get_by_text("Today's messages are used up. Reading goes on, and")).to_be_visible()
    take("quota-100")
    chat.page.goto(f"{chat.url}/usage/")
    expect(chat.page.get_by_text("Today's allowance is used up.")).to_be_visible()
    take("usage-100")


@in_every_look
def test_the_app_offline(chat, context: BrowserContext, troubles, take):
    troubles.expect("ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|WebSocket|Failed to load resource")
    chat.page.goto(chat.url + (chat.lines.first.get_attribute("href") or ""))
    installed(chat)
    eventually(lambda: shelf(chat).get("conversations"))
    context.set_offline(True)
    chat.page.reload()
    expect(chat.answer).to_contain_text("An unbounded queue has chosen for you.")
    chat.ask("And with two dishwashers?")
    expect(chat.questions).to_have_count(2)
    expect(chat.page.locator(".pill")).to_contain_text("Offline")
    take("offline-app")


@in_every_look
@pytest.mark.parametrize("who", ["staff"])
def test_the_pages_of_staff(page: Page, server, people, take):
    page.goto(f"{server.url}/admin/")
    expect(page.get_by_role("region", name="First token")).to_contain_text("≤ 100")
    take("dashboard", whole=True)
    experiments = f"{server.url}/admin/experiments/experiment/"
    of_it = f"{experiments}{people['staff']['experiment']}/"
    page.goto(f"{of_it}results/")
    expect(page.get_by_role("table", name="Against control")).to_be_visible()
    expect(page.get_by_role("table", name="What browsers measured")).to_be_visible()
    take("experiment", whole=True)
    page.goto(f"{experiments}{people['staff']['draft']}/results/")
    expect(page.get_by_text("Before the start")).to_be_visible()
    take("experiment-draft", whole=True)
    for name, address in (
        ("experiment-form", f"{of_it}change/"),
        ("experiments", experiments),
        ("flags", f"{server.url}/admin/experiments/flag/"),
        ("looking-ahead", f"{server.url}/admin/looking-ahead/"),
        ("providers", f"{server.url}/admin/providers/"),
        ("usage-overview", f"{server.url}/admin/usage-overview/"),
    ):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        take(name, whole=True)


def show_meter(chat: ChatPage, width: int) -> None:
    """On a phone it is in the drawer."""
    if width == 390:
        chat.page.get_by_role("button", name="Conversations").click()
    expect(chat.page.locator("[data-controller=meter]")).to_be_visible()


def delete(chat: ChatPage) -> None:
    """Take it out of the list again: every picture has the same one."""
    chat.page.set_viewport_size({"width": 1440, "height": 980})  # on a phone the list is behind a button
    chat.lines.first.focus()
    chat.page.keyboard.press("Delete")
    expect(chat.toast).to_contain_text("deleted")
