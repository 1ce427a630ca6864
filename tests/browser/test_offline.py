"""Installed and without a network: a page of ours, and nothing of anybody's."""

import json

import pytest
from playwright.sync_api import expect

CONTROLLED = "navigator.serviceWorker.ready.then(() => true)"
KEPT = """async () => {
    const kept = [];
    for (const name of await caches.keys()) kept.push(...(await (await caches.open(name)).keys()));
    return kept.map((request) => new URL(request.url).pathname);
}"""


@pytest.fixture
def installed(chat):
    assert chat.page.evaluate(CONTROLLED)
    chat.page.reload()
    return chat.connected()


def test_without_a_network_a_page_says_so_in_our_look(installed, context, troubles):
    troubles.expect("ERR_INTERNET_DISCONNECTED|WebSocket")
    context.set_offline(True)
    installed.page.goto(installed.url + "/c/00000000-0000-4000-8000-000000000000/")
    expect(installed.page.get_by_role("heading", name="No connection")).to_be_visible()
    assert installed.page.evaluate("getComputedStyle(document.body).fontFamily") != ""
    assert installed.page.evaluate("[...document.styleSheets].some((sheet) => sheet.cssRules.length > 50)")
    context.set_offline(False)
    installed.page.goto(installed.url)
    installed.connected()


def test_nothing_of_a_person_is_kept_for_the_next_user_of_the_machine(installed):
    installed.ask("A secret").answered()
    installed.page.reload()
    installed.connected()
    kept = installed.page.evaluate(KEPT)
    assert kept
    assert [path for path in kept if not path.startswith("/static/") and path != "/offline/"] == []


def test_it_can_be_installed(installed):
    manifest = json.loads(installed.page.request.get(installed.url + "/manifest.webmanifest").text())
    assert manifest["start_url"] == "/"
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        assert installed.page.request.get(installed.url + icon["src"]).ok
