"""In another language nothing English is left on any page, whatever is opened on it."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_offline import CONTROLLED, KEPT

QUESTION = "Backpressure"
# Names, and words that are the same in both languages.
SAME = set(
    f"{QUESTION} Rump Chat Offline auto Tokens Token Name Text Link Start English Deutsch Guest guest Free "
    "Pro Team Unlimited Atlas Mock swift deep atlas mock ms min".split()
)
A_WORD = re.compile(r"[^\W\d_]{2,}")
# Days are said with a month, some of which are alike.
A_DAY = re.compile(r"\b\d{1,2}\.? [A-Z][a-zä]{2,}")
# Every text that is read or heard; not what people and models said, names of keys, what is marked as English.
READ = """() => {
    const silent = "script, style, template, kbd, code, .said, [data-conversation], option[value*='/'],"
        + "[lang=en]:not(html), [id^=palette-models] .palette-title";
    const spoken = "aria-label placeholder title alt data-off data-on data-set data-done".split(" ");
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode())
        if (!walk.currentNode.parentElement.closest(silent)) found.push(walk.currentNode.data);
    for (const one of document.querySelectorAll("*")) {
        if (one.closest(silent)) continue;
        for (const name of spoken) if (one.hasAttribute(name)) found.push(one.getAttribute(name));
    }
    found.push(document.title, document.querySelector("[name=description]")?.content ?? "");
    return found;
}"""
PAGES = ("/usage/", "/settings/", "/settings/prompts/", "/settings/delete/", "/usage/keys/", "/upgrade/",
         "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/offline/elsewhere/",
         "/nothing-here/")  # fmt: skip


def texts(page: Page) -> set[str]:
    return {" ".join(text.split()) for text in page.evaluate(READ)} - {""}


def look_everywhere(page: Page, url: str) -> dict[str, set[str]]:
    """What stands on each page and in each thing that opens: found without any words."""
    seen = {}

    def note(name: str) -> None:
        seen[name] = texts(page)

    def opened(name: str, selector: str = "dialog[open]") -> None:
        expect(page.locator(selector).first).to_be_visible()
        note(name)
        page.keyboard.press("Escape")

    page.goto(url)
    expect(page.locator(".pill[data-quality='good'], .pill[data-quality='fair']")).to_be_visible()
    expect(page.locator("[data-controller=meter]")).to_be_visible()
    note("empty")
    page.locator("#text").press("/")
    opened("prompts")
    page.locator("#text").fill(QUESTION)
    page.keyboard.press("Enter")
    last = page.locator("#main [data-controller~=transcript] .message.assistant").last
    expect(last.locator(".foot [data-action*=why]")).to_be_visible()
    note("answered")
    last.locator(".foot [data-action*=why]").click()
    opened("why", "#why")
    page.locator("select").first.select_option("atlas/deep")
    page.locator("#text").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".failure")).to_be_visible()
    note("failed")
    for name, selector, shown in (
        ("palette", "[data-do=palette]", "dialog[open] .palette-option"),
        ("instructions", "[data-do=instructions]", "dialog[open]"),
        ("models", ".models-button", "dialog[open] .palette-option"),
        ("connection", ".pill", "[popover]:popover-open"),
    ):
        page.locator(selector).first.click()
        opened(name, shown)
    page.keyboard.press("Control+/")
    opened("keys")
    page.locator("[data-action='click:more']").first.click()
    opened("menu", "#line-menu")
    page.locator("[data-target=search]").fill("nothing has such a name")
    expect(page.locator(".list-empty")).to_be_visible()
    note("search")
    for path in PAGES:
        page.goto(url + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        note(path)
    return seen


def in_language(browser: Browser, url: str, language: str) -> dict[str, set[str]]:
    context = browser.new_context(
        locale=language, viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )
    seen = look_everywhere(context.new_page(), url)
    context.close()
    return seen


def left_over(english: set[str], other: set[str]) -> list[str]:
    return sorted(text for text in english & other if set(A_WORD.findall(A_DAY.sub("", text))) - SAME)


@pytest.fixture(scope="module")
def english(browser: Browser, base_url: str) -> dict[str, set[str]]:
    return in_language(browser, base_url, "en-GB")


def test_nothing_english_is_left_on_a_german_page(browser, base_url, english):
    german = in_language(browser, base_url, "de-DE")
    assert english.keys() == german.keys()
    left = {name: left_over(english[name], german[name]) for name in english}
    assert [f"{name}: {some}" for name, some in left.items() if some] == []
    said = set().union(*german.values())
    assert {"Na los. Frag.", "Die Antwort anhalten", "Kein Modell konnte antworten", "Einstellungen"} <= said


def test_a_language_is_chosen_in_the_settings_and_scripts_speak_it_too(chat):
    chat.page.goto(f"{chat.url}/settings/")
    chat.page.get_by_role("radio", name="Deutsch").check()
    chat.page.get_by_role("button", name="Keep the look").click()
    expect(chat.page.locator("html")).to_have_attribute("lang", "de")
    expect(chat.page.get_by_role("status")).to_have_text("In diesem Browser gemerkt.")
    chat.open()  # before its script has come, a key does nothing
    expect(chat.page.get_by_role("heading", name="Na los. Frag.")).to_be_visible()
    chat.page.keyboard.press("Control+k")
    expect(chat.page.get_by_role("dialog", name="Alles finden")).to_be_visible()


def test_without_a_connection_it_is_the_same_language(browser: Browser, base_url: str):
    german = browser.new_context()
    german.add_cookies([{"name": "django_language", "value": "de", "url": base_url}])
    page = german.new_page()
    page.goto(base_url)
    assert page.evaluate(CONTROLLED)
    assert [path for path in page.evaluate(KEPT) if "/de-" in path]
    page.reload()
    german.set_offline(True)
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator(".pill")).to_contain_text("Offline")  # its script has come
    page.keyboard.press("Control+/")
    expect(page.get_by_role("dialog", name="Tasten")).to_be_visible()
    german.close()
