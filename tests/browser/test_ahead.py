"""Where a chat leads to is there before it is asked for, and is never somebody else's or old."""

import json
import re

import pytest
from playwright.sync_api import Page, Request, expect

from tests.waiting import eventually

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


def of_page(request: Request) -> bool:
    return request.url.endswith(("/settings/", "/usage/")) and request.resource_type == "fetch"


def token_of(html: str) -> str:
    found = TOKEN.search(html)
    assert found, "the settings have a form"
    return found[1]


def shown(page: Page) -> str:
    """Every rendering of the settings has a token of its own."""
    return page.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value") or ""


@pytest.mark.parametrize("way", ["hover", "focus"])
def test_the_settings_are_there_when_the_link_is_pressed(chat, way):
    link = chat.page.get_by_role("link", name="Settings")
    with chat.page.expect_response(lambda response: of_page(response.request)) as fetched:
        link.hover() if way == "hover" else link.focus()
    token = token_of(fetched.value.text())
    link.click()
    expect(chat.page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    assert shown(chat.page) == token
    chat.page.reload()
    assert shown(chat.page) != token


def test_what_was_fetched_ahead_is_shown_to_nobody_else(chat, context):
    link = chat.page.get_by_role("link", name="Settings")
    with chat.page.expect_response(lambda response: of_page(response.request)) as fetched:
        link.hover()
    token = token_of(fetched.value.text())
    before = chat.page.locator("html").get_attribute("data-user")
    context.clear_cookies()
    chat.page.goto(f"{chat.url}/settings/")
    assert shown(chat.page) != token
    assert chat.page.locator("html").get_attribute("data-user") != before


# Two conversations, gone back to in turn, so that one follows the other; and what is known of it later.
COMES_BACK = """
from grump.accounts.models import User
from tests.chat.prediction.test_preloading import who_comes_back
print(*(one.id for one in who_comes_back(User.objects.get(pk={user_id}))))
"""
TOLD = """
from chat.models import Preload
print("won", *Preload.objects.filter(owner={user_id}, kind="page").values_list("won_ms", flat=True))
"""


def test_what_is_probably_opened_next_is_there_already_and_what_that_won_is_told(chat, house):
    user_id = chat.page.evaluate("JSON.parse(document.getElementById('boot').textContent).user.id")

    def manage(code: str) -> list[str]:
        return house.manage("shell", "--no-imports", "-c", code.format(user_id=user_id)).split()

    following, current = manage(COMES_BACK)[-2:]
    said: list[dict] = []
    chat.page.on(
        "websocket", lambda socket: socket.on("framesent", lambda sent: said.append(json.loads(sent)))
    )
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url))
    with chat.page.expect_response(f"**/api/conversations/{following}?ahead=likely"):
        chat.open(f"/c/{current}/")
    chat.page.locator(f".list [data-conversation='{following}']").click()
    expect(chat.page).to_have_url(f"{chat.url}/c/{following}/")
    expect(chat.questions.last).to_have_text("And now?")
    assert len([url for url in asked if f"/api/conversations/{following}" in url]) == 1
    (opened,) = [frame for frame in said if frame["type"] == "conversation.opened"]
    assert opened["conversation_id"] == following
    eventually(lambda: manage(TOLD)[-2:] == ["won", str(opened["won_ms"])])
