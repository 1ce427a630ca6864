"""Where a chat leads to is there before it is asked for, and is never somebody else's or old."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

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
