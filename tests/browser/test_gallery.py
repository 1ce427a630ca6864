"""The pages as pictures: `GRUMP_GALLERY=1 make test TESTS=tests/browser/test_gallery.py` writes docs/gallery.

Without the variable each page is brought into its state in one look all the same, so that the recipe lives.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chat_page import ChatPage

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCREENSHOTS = DOCS.parent / "static" / "screenshots"
WANTED = os.environ.get("GRUMP_GALLERY", "") not in ("", "0")
SIZES = {390: 844, 1440: 980}
THEMES = ("light", "dark")
QUESTION = "Explain backpressure like I’m tired"


@pytest.fixture(scope="module")
def guest(browser: Browser, base_url: str) -> dict:
    """The cookies of a guest with a few conversations behind them: the list is not empty in any picture."""
    context = browser.new_context()
    chat = ChatPage(context.new_page(), base_url).open()
    for title in ("Postgres index bloat", "A toast for Mira and Jon", "Why is my queue backing up?"):
        chat.page.get_by_role("link", name="New chat").click()
        chat.ask(title).answered()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def browser_context_args(browser_context_args: dict, guest: dict, width: int, theme: str) -> dict:
    return {
        **browser_context_args,
        "storage_state": guest,
        "viewport": {"width": width, "height": SIZES[width]},
        "color_scheme": theme,
        "device_scale_factor": 1,
    }


@pytest.fixture
def take(page: Page, width: int, theme: str):
    def take(name: str) -> None:
        path = DOCS / "gallery" / f"{name}-{width}-{theme}.png" if WANTED else None
        page.screenshot(path=path, animations="disabled", caret="hide")
        if WANTED and (name, width, theme) == ("answered", 1440, "light"):
            page.screenshot(path=DOCS / "screenshot.png", animations="disabled", caret="hide")
        if WANTED and (name, theme) == (
            "answered",
            "light",
        ):  # shown where the app is offered to be installed
            kind = "narrow" if width == 390 else "wide"
            page.screenshot(path=SCREENSHOTS / f"{kind}.png", animations="disabled", caret="hide")

    return take


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
def test_an_answer(chat, take):
    chat.ask(QUESTION).answered()
    chat.answer.hover()
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


def delete(chat: ChatPage) -> None:
    """Take it out of the list again: every picture has the same one."""
    chat.page.set_viewport_size({"width": 1440, "height": 980})  # on a phone the list is behind a button
    chat.lines.first.focus()
    chat.page.keyboard.press("Delete")
    expect(chat.toast).to_contain_text("deleted")
