"""The pages as pictures: `GRUMP_GALLERY=1 make test TESTS=tests/browser/test_gallery.py` writes docs/gallery.

Without the variable each page is brought into its state in one look all the same, so that the recipe lives.
"""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chat_page import ChatPage
from tests.browser.pictured import PASSWORD
from tests.browser.test_offline import installed, shelf
from tests.integration.processes import House
from tests.waiting import eventually

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCREENSHOTS = DOCS.parent / "static" / "screenshots"
WANTED = os.environ.get("GRUMP_GALLERY", "") not in ("", "0")
SIZES = {390: 844, 1440: 980}
THEMES = ("light", "dark")
QUESTION = "Explain backpressure like I’m tired"
TITLES = "Postgres index bloat", "A toast for Mira and Jon", "Why is my queue backing up?"
PROMPT = "Rewrite this so that somebody who skims it still gets the point:"


@pytest.fixture(scope="module")
def people(browser: Browser, base_url: str, house: House) -> dict[str, dict]:
    """The cookies of those who look: a guest with a few conversations behind them (the list is not empty in
    any picture), two who have used up most and all of their day, and staff."""
    guest, _ = someone(browser, base_url, *TITLES)
    nearly, nearly_id = someone(browser, base_url, TITLES[0])
    quite, quite_id = someone(browser, base_url, TITLES[1])
    seed = f"from tests.browser.pictured import everything; everything({nearly_id}, {quite_id})"
    experiment = house.manage("shell", "--no-imports", "-c", seed).split()[-1]
    return {
        "guest": guest,
        "nearly": nearly,
        "quite": quite,
        "staff": staff(browser, base_url) | {"experiment": experiment},
    }


def someone(browser: Browser, url: str, *questions: str) -> tuple[dict, int]:
    context = browser.new_context(reduced_motion="reduce")
    chat = ChatPage(context.new_page(), url).open()
    user_id = chat.page.evaluate("JSON.parse(document.getElementById('boot').textContent).user.id")
    for title in questions:
        chat.page.get_by_role("link", name="New chat").click()
        chat.ask(title).answered()
    chat.page.goto(f"{url}/settings/prompts/")
    chat.page.get_by_label("Name").fill("Shorter")
    chat.page.get_by_label("Text").fill(PROMPT)
    chat.page.get_by_role("button", name="Keep").click()
    expect(chat.page.get_by_role("link", name="Change Shorter")).to_be_visible()
    state = context.storage_state()
    context.close()
    return state, user_id


def staff(browser: Browser, url: str) -> dict:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/admin/login/")
    page.locator("[name=login]").fill("mira")
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def who() -> str:
    return "guest"


@pytest.fixture
def browser_context_args(browser_context_args: dict, people: dict, who: str, width: int, theme: str) -> dict:
    return {
        **browser_context_args,
        "storage_state": {name: people[who][name] for name in ("cookies", "origins")},
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
    ):
        page.goto(server.url + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        take(name)


@in_every_look
@pytest.mark.parametrize("who", ["nearly"])
def test_most_of_a_day_used(chat, take):
    expect(chat.page.locator(".allowance")).to_contain_text("80 %")
    take("nearly-used-up")
    chat.page.goto(f"{chat.url}/usage/")
    expect(chat.page.get_by_role("progressbar", name="Messages")).to_have_attribute("value", "0.8")
    take("usage")


@in_every_look
@pytest.mark.parametrize("who", ["quite"])
def test_a_day_used_up(chat, take):
    expect(chat.page.locator(".allowance")).to_contain_text("used up")
    chat.ask(QUESTION)
    expect(chat.page.get_by_text("Today's messages are used up. Reading goes on, and")).to_be_visible()
    take("used-up")


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
    take("dashboard")
    page.goto(f"{server.url}/admin/experiments/experiment/{people['staff']['experiment']}/results/")
    expect(page.get_by_role("table", name="Against control")).to_be_visible()
    take("experiment")


def delete(chat: ChatPage) -> None:
    """Take it out of the list again: every picture has the same one."""
    chat.page.set_viewport_size({"width": 1440, "height": 980})  # on a phone the list is behind a button
    chat.lines.first.focus()
    chat.page.keyboard.press("Delete")
    expect(chat.toast).to_contain_text("deleted")
