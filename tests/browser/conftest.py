"""A server process, a scripted provider, a Chromium without a network, and no trouble unheard."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import tomli_w
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState, expect

from tests import chromium
from tests.browser.chat_page import ChatPage
from tests.browser.scenarios import ALL
from tests.fakes.catalogue import catalogue
from tests.integration.processes import House, Web
from tests.integration.provider import ProviderThread

expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def provider() -> Iterator[ProviderThread]:
    with ProviderThread(ALL) as provider:
        yield provider


@pytest.fixture(scope="session")
def house(provider: ProviderThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    var = tmp_path_factory.mktemp("house")
    entries = catalogue(provider.url, ALL)
    entries["providers"]["mock"]["title"] = "Mock"
    entries["providers"]["atlas"] = entries["providers"]["mock"] | {"title": "Atlas"}
    # "auto" comes to the cheapest, "swift". The others are for pictures.
    for number, (name, scenario) in enumerate(
        {"swift": "tour", "steady": "half-a-tour", "deep": "server-error"}.items()
    ):
        entries["models"][f"atlas/{name}"] = entries["models"][f"mock/{scenario}"] | {
            "provider": "atlas",
            "price": {"input": 0.02 * 2**number, "output": 0.06 * 2**number},
        }
    path = var / "catalogue.toml"
    path.write_text(tomli_w.dumps(entries))
    house = House(
        var,
        path,
        {
            "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
            "TESTS_DEPLOYED": str(var / "deployed"),
            "MAX_FRAMES_PER_MINUTE": "100000",
            "GRUMP_GUEST_PLAN": "guest",  # what a visitor sees
            "GUESTS_PER_ADDRESS": "100000",  # every test is a guest of its own, of one address
        },
    )
    yield house
    house.close()


@pytest.fixture(scope="session")
def server(house: House) -> Web:
    return house.start("daphne")


@pytest.fixture(scope="session")
def base_url(server: Web) -> str:
    return server.url


# --- The browser


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    found = chromium.find()
    assert found, "no Chromium; `make test` gets one"
    return {
        **browser_type_launch_args,
        "executable_path": found,
        # Root has no sandbox; and no name but this machine's can be found.
        "args": [
            "--no-sandbox",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        ],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}


class Troubles:
    """What went wrong in any page of the test: errors, warnings of the policy, dialogs."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.expected: list[str] = []

    def expect(self, pattern: str) -> None:
        self.expected.append(pattern)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.seen.append(f"error: {error.error}"))
        context.on("dialog", lambda dialog: (self.seen.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.seen.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    @property
    def unexpected(self) -> list[str]:
        return [one for one in self.seen if not any(re.search(pattern, one) for pattern in self.expected)]


class WroteMuch(NamedTuple):
    """A guest with long conversations behind them, and how to be that guest in a browser."""

    state: StorageState
    addresses: dict[str, str]


# Messages. Made once for all tests, because they take a while: whoever writes has one of their own.
LONG = {"read": 200, "asked": 200, "scrolled": 300, "watched": 300, "huge": 10_000}


@pytest.fixture(scope="session")
def wrote_much(browser: Browser, server: Web, house: House) -> WroteMuch:
    context = browser.new_context()
    chat = ChatPage(context.new_page(), server.url).open()
    user = chat.page.evaluate("JSON.parse(document.getElementById('boot').textContent).user.id")
    told = f"from tests.browser.seeding import several; several({user}, {[*LONG.values()]})"
    ids = house.manage("shell", "--no-imports", "-c", told).split()[-len(LONG) :]
    state = context.storage_state()
    context.close()
    return WroteMuch(state, {name: f"/c/{one}/" for name, one in zip(LONG, ids, strict=True)})


@pytest.fixture
def troubles() -> Troubles:
    return Troubles()


@pytest.fixture
def context(context: BrowserContext, troubles: Troubles) -> Iterator[BrowserContext]:
    """A test passes only if its pages were silent."""
    context.set_default_timeout(10_000)
    troubles.watch(context)
    yield context
    assert troubles.unexpected == []


@pytest.fixture
def chat(page: Page, server: Web) -> ChatPage:
    """An open chat page of a new guest."""
    return ChatPage(page, server.url).open()


@pytest.fixture
def another_tab(context: BrowserContext, server: Web) -> Callable[[], ChatPage]:
    """A further tab of the same browser, at the address given."""

    def open_tab(path: str = "/") -> ChatPage:
        return ChatPage(context.new_page(), server.url).open(path)

    return open_tab


@pytest.fixture
def guests_server(house: House) -> Iterator[Web]:
    """A server of this test's own, to be killed."""
    process = house.start("daphne")
    yield process
    process.kill()

    return Path(__file__).resolve().parents[2] / "docs"
