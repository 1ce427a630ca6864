"""WCAG 2.2 AA: what axe can tell, in every screen and state; and what it cannot: size, colours, direction."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_account_pages import PASSWORD, sign_up
from tests.browser.test_look import WIDE, sideways
from tests.browser.test_offline import installed

AXE = (Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js").read_text()
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FINDINGS = """async (values) => {
    const { violations } = await axe.run(document, { runOnly: { type: "tag", values } });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
}"""


@pytest.fixture
def theme() -> str:
    return "light"


@pytest.fixture
def browser_context_args(browser_context_args: dict, theme: str) -> dict:
    return {**browser_context_args, "color_scheme": theme}


in_both_themes = pytest.mark.parametrize("theme", ["light", "dark"])


def findings(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return page.evaluate(FINDINGS, LEVELS)


@pytest.fixture
def clean(page: Page) -> Callable[[str], None]:
    def clean(state: str) -> None:
        found = findings(page)
        assert not found, f"{state}:\n" + "\n".join(found)

    return clean


@in_both_themes
def test_axe_finds_nothing_in_the_chat(chat, clean):
    page = chat.page
    clean("an empty chat")
    chat.ask("Slowly", "mock/slowly").has_begun("word3 ")
    clean("an answer under way")
    chat.stop_button.click()
    chat.answered()
    clean("a stopped answer")
    chat.ask(WIDE, "mock/verbatim").answered()
    clean("tables, code and quotes")
    chat.ask("Hello", "mock/server-error").answered()
    expect(chat.failure).to_be_visible()
    clean("a failure")
    page.get_by_role("button", name="why this model").first.click()
    clean("why this model")
    page.keyboard.press("Escape")
    chat.lines.first.hover()
    page.get_by_role("button", name="More about").first.click()
    clean("the menu of a conversation")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Find anything").click()
    expect(page.get_by_role("dialog", name="Find anything")).to_be_visible()
    clean("the palette")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+/")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    clean("the keys")
    page.keyboard.press("Escape")
    page.locator(".pill").click()
    expect(page.get_by_role("cell", name="Mock", exact=True)).to_be_visible()
    page.get_by_text("As a table").click()
    clean("the connection")
    page.keyboard.press("Escape")
    page.evaluate("document.querySelector('.update').hidden = false")
    clean("a new version is offered")
    page.get_by_role("button", name="Later").click()
    page.get_by_label("Search conversations").fill("slowly")
    expect(page.locator(".list-group").first).to_have_text("Found")
    clean("a search")


@in_both_themes
def test_axe_finds_nothing_on_a_phone(chat, clean):
    chat.page.set_viewport_size({"width": 390, "height": 844})
    chat.ask("Hello", "mock/fast").answered()
    clean("an answer on a phone")
    chat.page.get_by_role("button", name="Conversations").click()
    expect(chat.lines.first).to_be_visible()
    clean("the list on a phone")


@in_both_themes
def test_axe_finds_nothing_offline(chat, clean, context, troubles):
    troubles.expect("ERR_INTERNET_DISCONNECTED|WebSocket")
    chat = installed(chat)
    context.set_offline(True)
    chat.page.goto(chat.url)
    chat.ask("Written offline")
    expect(chat.questions).to_have_text(["Written offline"])
    clean("the app without a connection")
    chat.page.goto(chat.url + "/usage/")
    clean("another page without a connection")


@in_both_themes
def test_axe_finds_nothing_on_the_other_pages(page, server, clean, troubles, theme):
    troubles.expect("404|403")
    site = server.url
    for path in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/nothing-here/"):
        page.goto(site + path)
        clean(path)
    sign_up(page, site, f"eyes-{theme}")
    for path in (
        "/usage/",
        "/upgrade/",
        "/usage/keys/",
        "/settings/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/logout/",
    ):
        page.goto(site + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        clean(path)
    page.goto(f"{site}/accounts/2fa/totp/activate/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("main img")).to_be_visible()
    clean("a second factor")


WEAK = """async () => {
    const { violations } = await axe.run(document, { runOnly: ["color-contrast"] });
    return violations.flatMap(({ nodes }) =>
        nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`));
}"""


@in_both_themes
def test_the_colours_of_the_pages_of_staff_are_strong_enough(page, server, house, theme):
    """Their markup is Django's; their colours are ours."""
    house.manage(
        "shell",
        "-c",
        "from grump.accounts.models import User;"
        f"User.objects.create_superuser('paints-{theme}', '', '{PASSWORD}')",
    )
    page.goto(f"{server.url}/admin/")
    page.locator("[name=login]").fill(f"paints-{theme}")
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/admin/")
    found = {}
    for path in ("", "providers/", "accounts/user/", "experiments/experiment/", "usage/plan/add/"):
        page.goto(f"{server.url}/admin/{path}")
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        page.evaluate(AXE)
        found[path] = page.evaluate(WEAK)
    assert [f"{path}: {one}" for path, some in found.items() for one in some] == []


def test_at_two_hundred_percent_nothing_is_lost(chat):
    """1280 pixels at 200 % are 640 for the page."""
    chat.page.set_viewport_size({"width": 640, "height": 400})
    chat.ask(WIDE, "mock/verbatim").answered()
    assert sideways(chat.page) == []
    expect(chat.page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
    # Text alone twice as large, as a reader sets it (WCAG 1.4.4).
    chat.page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert sideways(chat.page) == []


@pytest.mark.parametrize("width", [320, 1280])
def test_from_right_to_left_the_page_is_its_own_mirror(chat, width):
    chat.page.set_viewport_size({"width": width, "height": 800})
    chat.page.evaluate("document.documentElement.dir = 'rtl'")
    chat.ask(WIDE, "mock/verbatim").answered()
    assert sideways(chat.page) == []
    question = chat.questions.last.bounding_box()
    answer = chat.answer.bounding_box()
    assert question
    assert answer
    assert question["x"] < answer["x"] + answer["width"] / 2, "questions stand on the other side"
    if width == 1280:
        assert chat.page.locator(".sidebar").bounding_box()["x"] > width / 2
    chat.page.locator(".pill").click()
    panel = chat.page.get_by_role("dialog", name="Connection").bounding_box()
    assert panel
    assert 0 <= panel["x"] <= width - panel["width"]


def test_where_colours_are_forced_the_states_are_still_told_apart(chat):
    chat.page.emulate_media(forced_colors="active")
    chat.ask("Hello", "mock/fast").answered()
    border = "(element) => getComputedStyle(element).borderTopStyle"
    for selector in (".box", ".pill", ".button.send"):
        assert chat.page.locator(selector).evaluate(border) != "none", selector
    outline = "(link) => getComputedStyle(link.parentElement).outlineStyle"
    assert chat.lines.first.evaluate(outline) != "none", "the line of the shown conversation"


def test_the_focus_is_seen_wherever_it_goes(chat):
    """Every stop of the Tab key shows an outline, or stands in something that does."""
    chat.ask("Hello", "mock/fast").answered()
    chat.page.evaluate("document.activeElement.blur()")
    bare = []
    for _ in range(22):
        chat.page.keyboard.press("Tab")
        seen = chat.page.evaluate(
            """() => {
                const shown = (element) => element && getComputedStyle(element).outlineStyle !== "none";
                const { activeElement: at } = document;
                const around = at?.closest(".box, .search, .composer");
                return shown(at) || shown(around) || at === document.body ? null : at.outerHTML.slice(0, 120);
            }"""
        )
        if seen:
            bare.append(seen)
    assert bare == []


def test_the_transcript_is_quiet_and_one_line_speaks(chat):
    live = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]"
    assert chat.page.locator(f".log :is({live})").count() == 0
    status = chat.page.locator("[data-controller~=announcer]")
    chat.ask("Slowly", "mock/slowly").has_begun("word3 ")
    expect(status).to_have_text("Generating")
    chat.answered()
    expect(status).to_have_text("Answer complete")


MOVING = """() => [...document.querySelectorAll("*")].flatMap((element) =>
    ["", "::before", "::after"].flatMap((part) => {
        const style = getComputedStyle(element, part || null);
        const lasts = (durations) => durations.split(",").some((one) => parseFloat(one) > 0.01);
        const moves = (style.animationName !== "none" && lasts(style.animationDuration))
            || (style.transitionProperty !== "none" && lasts(style.transitionDuration))
            || style.scrollBehavior === "smooth";
        return moves ? [`${element.tagName}.${element.getAttribute("class")}${part}`] : [];
    }))"""


@pytest.mark.parametrize("width", [390, 1280])
def test_who_wants_no_motion_sees_none(chat, width):
    """In every element, shown or not; there are some that move for everybody else."""
    chat.page.set_viewport_size({"width": width, "height": 800})
    chat.page.emulate_media(reduced_motion="reduce")
    assert chat.page.evaluate(MOVING) == []
    chat.ask("Slowly", "mock/slowly").has_begun("word3 ")
    assert chat.page.evaluate(MOVING) == []
    chat.stop_button.click()
    chat.answered()
    chat.page.locator(".pill").click()
    expect(chat.page.get_by_role("dialog", name="Connection")).to_be_visible()
    assert chat.page.evaluate(MOVING) == []
    chat.page.keyboard.press("Escape")
    chat.page.get_by_role("button", name="Find anything").click()
    expect(chat.page.get_by_role("dialog", name="Find anything")).to_be_visible()
    assert chat.page.evaluate(MOVING) == []
    assert chat.page.evaluate("document.getAnimations().length") == 0
    chat.page.emulate_media(reduced_motion="no-preference")
    assert chat.page.evaluate(MOVING) != []
