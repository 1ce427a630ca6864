"""What takes the pictures of docs/gallery: who looks, in which browser, and how a picture is kept."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chat_page import ChatPage
from tests.browser.pictured import PASSWORD, USED
from tests.browser.test_look import none, sideways
from tests.integration.processes import House

DOCS = Path(__file__).resolve().parents[2] / "docs"
GALLERY = DOCS / "gallery"
SCREENSHOTS = DOCS.parent / "static" / "screenshots"
WANTED = os.environ.get("GRUMP_GALLERY", "") not in ("", "0")
SIZES = {390: 844, 1440: 980}
SMALLEST = 320
THEMES = ("light", "dark")
TITLES = "Postgres index bloat", "A toast for Mira and Jon", "Why is my queue backing up?"
PROMPT = "Rewrite this so that somebody who skims it still gets the point:"


@pytest.fixture(scope="module")
def people(browser: Browser, base_url: str, house: House) -> dict[str, dict]:
    """The cookies of those who look: a guest with a few conversations behind them (the list is not empty in
    any picture), those who have used up some, most and all of their day, and staff."""
    guest, guest_id = someone(browser, base_url, *TITLES)
    people, ids = {"guest": guest}, []
    for name in USED:
        people[name], user_id = someone(browser, base_url, TITLES[0])
        ids.append(f"{name}={user_id}")
    seed = f"from tests.browser.pictured import everything; everything({guest_id}, {', '.join(ids)})"
    experiment, draft = house.manage("shell", "--no-imports", "-c", seed).split()[-2:]
    return people | {"staff": staff(browser, base_url) | {"experiment": experiment, "draft": draft}}


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


# A page of text as WebP is a third of the same as PNG; the browser makes it.
TO_WEBP = """async (png) => {
    const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    canvas.getContext("2d").drawImage(picture, 0, 0);
    const webp = await canvas.convertToBlob({ type: "image/webp", quality: 0.82 });
    const reader = new FileReader();
    const read = new Promise((done) => (reader.onload = done));
    reader.readAsDataURL(webp);
    await read;
    return reader.result.split(",")[1];
}"""


@pytest.fixture(scope="module")
def album(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The names of the pictures, in the order they were taken; at the end a page that shows them all."""
    names: list[str] = []
    GALLERY.mkdir(exist_ok=True)
    yield names
    if not WANTED:
        return
    there = {path.stem.rsplit("-", 2)[0] for path in GALLERY.glob("*.webp")}
    if not request.config.option.keyword:  # else some were taken anew, and the others stay
        for gone in there - set(names):
            for path in GALLERY.glob(f"{gone}-*-*.webp"):
                path.unlink()
        there = set()
    shown = "\n\n".join(
        f"## {name}\n\n" + "\n".join(shown_as(name)) for name in dict.fromkeys([*names, *sorted(there)])
    )
    (GALLERY / "README.md").write_text(
        "# Every page as a picture\n\nTaken by [the browser tests](../../tests/browser/test_gallery.py), "
        f"not written by hand: `GRUMP_GALLERY=1 make test TESTS=tests/browser/test_gallery.py`.\n\n{shown}\n"
    )


def shown_as(name: str) -> Iterator[str]:
    for width in SIZES:
        for theme in THEMES:
            source, words = f"{name}-{width}-{theme}.webp", f"{name}, {width} pixels wide, {theme}"
            yield f'<img src="{source}" alt="{words}" width="{width // 3}">'


@pytest.fixture(scope="module")
def darkroom(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def misfits(page: Page, width: int) -> list[str]:
    """What is wider than its window, or than the smallest window there is."""
    found = sideways(page)
    if width == min(SIZES):
        page.set_viewport_size({"width": SMALLEST, "height": SIZES[width]})
        found += [f"at {SMALLEST}: {one}" for one in sideways(page)]
        page.set_viewport_size({"width": width, "height": SIZES[width]})
    return found


@pytest.fixture
def take(page: Page, darkroom: Page, album: list[str], width: int, theme: str):
    found: list[str] = []

    def take(name: str, whole: bool = False) -> None:
        """`whole`: below the window's edge too."""
        png = page.screenshot(animations="disabled", caret="hide", full_page=whole)
        if name not in album:
            album.append(name)
        if WANTED:
            keep(name, png)
        found.extend(f"{name}: {one}" for one in misfits(page, width))

    def keep(name: str, png: bytes) -> None:
        made = darkroom.evaluate(TO_WEBP, base64.b64encode(png).decode())
        (GALLERY / f"{name}-{width}-{theme}.webp").write_bytes(base64.b64decode(made))
        if (name, theme) == ("answered", "light"):
            # Shown where the app is offered to be installed.
            kind = "narrow" if width == 390 else "wide"
            (SCREENSHOTS / f"{kind}.png").write_bytes(png)
            if kind == "wide":
                (DOCS / "screenshot.png").write_bytes(png)

    yield take
    none(found)
