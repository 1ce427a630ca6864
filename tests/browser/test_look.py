"""From 320 pixels to a wide screen, light and dark; nothing is cut off, nothing scrolls sideways."""

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage

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
            return wide;
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


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/accounts/signup/", "/offline/elsewhere/", "/nothing-here/"]
)
def test_no_page_scrolls_sideways_on_the_smallest_phone(page, server, path, troubles):
    troubles.expect("404 .Not Found.")
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(server.url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert sideways(page) == []


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
