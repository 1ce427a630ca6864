"""From 320 pixels to a wide screen, light and dark; nothing is cut off, nothing scrolls sideways."""

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage

PASSWORD = "correct horse battery"
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
WIDE = f"""\
{LONG_WORD} and https://example.org/{"x" * 200}

| {" | ".join(f"column {n}" for n in range(12))} |
|{"---|" * 12}
| {" | ".join("value" * 3 for n in range(12))} |

```
{"code " * 60}
```

> quoted {LONG_WORD}

- `{LONG_WORD}`
"""


def sideways(page) -> list[str]:
    """What sticks out of the window, unless something around it scrolls or hides it."""
    return page.evaluate(
        """() => {
            const root = document.scrollingElement;
            const wide = root.scrollWidth > root.clientWidth ? [`page: ${root.scrollWidth}`] : [];
            for (const log of document.querySelectorAll(".log:not([hidden])")) {
                if (log.scrollWidth > log.clientWidth) wide.push(`log: ${log.scrollWidth}`);
            }
            const kept = (element) => {
                for (let at = element.parentElement; at && at !== document.body; at = at.parentElement)
                    if (getComputedStyle(at).overflowX !== "visible") return true;
                return false;
            };
            for (const element of document.body.querySelectorAll("*")) {
                const { left, right, width, height } = element.getBoundingClientRect();
                if (width < 2 || height < 2 || (right <= root.clientWidth + 1 && left >= -1)) continue;
                if (getComputedStyle(element).visibility === "hidden" || kept(element)) continue;
                if (element.closest("[popover][style]")) continue; // put beside something when it opened
                wide.push(`${Math.round(left)} to ${Math.round(right)}: ${element.outerHTML.slice(0, 120)}`);
            }
            return wide.slice(0, 6);
        }"""
    )


@pytest.mark.parametrize("width", [320, 390, 768, 1920])
def test_the_chat_never_scrolls_sideways(chat, width):
    chat.page.set_viewport_size({"width": width, "height": 700})
    assert sideways(chat.page) == []
    chat.ask(WIDE, "mock/verbatim").answered()
    expect(chat.answer.locator("table")).to_have_count(1)
    assert sideways(chat.page) == []
    chat.ask("Hello", "mock/server-error")
    expect(chat.failure).to_be_visible()
    assert sideways(chat.page) == []
    chat.box.fill(LONG_WORD)
    assert sideways(chat.page) == []
    expect(chat.page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)


PHONES = (320, 390)
FOR_NOBODY = ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/offline/elsewhere/",
              "/nothing-here/")  # fmt: skip
OF_AN_ACCOUNT = ("/usage/", "/usage/keys/", "/upgrade/", "/settings/", "/settings/prompts/",
                 "/settings/delete/", "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/",
                 "/accounts/2fa/webauthn/", "/accounts/logout/")  # fmt: skip
# Those with figures in them are looked at where they are pictured (tests/browser/gallery.py).
OF_STAFF = ("", "providers/", "usage-overview/", "looking-ahead/", "accounts/user/", "accounts/user/add/",
            "auth/group/add/", "chat/generation/", "experiments/experiment/", "experiments/experiment/add/",
            "experiments/flag/add/", "experiments/holdout/add/", "figures/thumb/", "usage/apikey/",
            "usage/entry/", "usage/plan/", "usage/plan/add/", "usage/team/add/", "usage/upgraderequest/",
            "audit/auditentry/")  # fmt: skip


def too_wide(page, url: str, paths: tuple[str, ...]) -> list[str]:
    found = []
    for path in paths:
        page.goto(url + path)
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        for width in PHONES:
            page.set_viewport_size({"width": width, "height": 700})
            found += [f"{path} at {width}: {one}" for one in sideways(page)]
    return found


def none(found: list[str], where: str = "") -> None:
    assert not found, "\n".join([where, *found])


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_page_is_wider_than_a_phone(page, context, server, language, troubles):
    troubles.expect("404 .Not Found.")
    context.add_cookies([{"name": "django_language", "value": language, "url": server.url}])
    none(too_wide(page, server.url, FOR_NOBODY))
    page.goto(f"{server.url}/accounts/signup/")
    page.locator("[name=username]").fill(f"narrow-{language}-{LONG_WORD[:80]}")
    page.locator("[name=password1]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/")
    page.goto(f"{server.url}/settings/prompts/")
    page.locator("[name=name]").fill(LONG_WORD[:50])
    page.locator("[name=text]").fill(LONG_WORD)
    page.locator("main form .primary").click()
    page.goto(f"{server.url}/usage/keys/")
    page.locator("[name=name]").fill(LONG_WORD[:50])
    page.locator("main form .primary").click()
    expect(page.locator(".secret")).to_be_visible()
    none(sideways(page))
    none(too_wide(page, server.url, OF_AN_ACCOUNT))


def test_no_page_of_staff_is_wider_than_a_phone(page, server, house):
    house.manage(
        "shell",
        "-c",
        f"from grump.accounts.models import User; User.objects.create_superuser('thin', '', '{PASSWORD}')",
    )
    page.goto(f"{server.url}/admin/")
    page.locator("[name=login]").fill("thin")
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/admin/")
    none(too_wide(page, f"{server.url}/admin/", OF_STAFF))


def paper(page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_it_is_dark_where_the_system_is_dark(chat):
    chat.page.emulate_media(color_scheme="light")
    light = paper(chat.page)
    chat.page.emulate_media(color_scheme="dark")
    assert brightness(paper(chat.page)) < 60 < 200 < brightness(light)


def test_a_chosen_theme_comes_with_the_first_byte_of_every_page(chat):
    chat.page.emulate_media(color_scheme="light")
    chat.page.get_by_role("button", name="Switch between light and dark").click()
    assert brightness(paper(chat.page)) < 60
    html = chat.page.goto(chat.url + "/accounts/login/").text()
    assert 'data-theme="dark"' in html
    assert brightness(paper(chat.page)) < 60


def test_the_page_can_be_read_without_any_script(chat, browser, context):
    chat.ask("Explain backpressure").answered()
    silent = browser.new_context(java_script_enabled=False, storage_state=context.storage_state())
    page = silent.new_page()
    page.goto(chat.page.url)
    expect(page.locator(".message.user[data-key]")).to_contain_text("Explain backpressure")
    expect(page.locator(".message.assistant[data-key]")).to_contain_text("a slow reader telling a fast")
    silent.close()


def brightness(color: str) -> float:
    """0 black to 255 white, of an rgb() or oklch() colour as the browser computes it."""
    numbers = [float(part) for part in color.partition("(")[2].rstrip(")").replace(",", " ").split()[:3]]
    return numbers[0] * 255 if color.startswith("ok") else sum(numbers) / 3


def test_the_pages_words_are_not_lost_on_a_low_window(page, server):
    chat = ChatPage(page, server.url)
    chat.page.set_viewport_size({"width": 640, "height": 320})
    chat.open()
    expect(chat.box).to_be_in_viewport()
