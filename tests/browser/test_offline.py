"""Without a network the page is the app: what was read is read, what is written goes out later, once."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.scenarios import SLOWLY
from tests.waiting import eventually

CONTROLLED = "navigator.serviceWorker.ready.then(() => true)"
KEPT = """async () => {
    const kept = [];
    for (const name of await caches.keys()) kept.push(...(await (await caches.open(name)).keys()));
    return kept.map((request) => new URL(request.url).pathname);
}"""
SHELF = """() => new Promise((resolve) => {
    const opening = indexedDB.open("grump");
    opening.onsuccess = () => {
        const rows = {};
        const names = [...opening.result.objectStoreNames];
        if (names.length === 0) return resolve(rows);
        const reading = opening.result.transaction(names);
        for (const name of names) {
            const asking = reading.objectStore(name).getAll();
            asking.onsuccess = () => (rows[name] = asking.result);
        }
        reading.oncomplete = () => (opening.result.close(), resolve(rows));
    };
})"""


def installed(chat: ChatPage) -> ChatPage:
    assert chat.page.evaluate(CONTROLLED)
    chat.page.reload()
    return chat.connected()


def shelf(chat: ChatPage) -> dict:
    return chat.page.evaluate(SHELF)


def keeps(chat: ChatPage, *titles: str) -> None:
    """Wait until this browser has kept these conversations, and no others."""
    eventually(lambda: {line["title"] for line in shelf(chat).get("lines", [])} == set(titles))


def waiting(chat: ChatPage, count: int) -> None:
    """Wait until so many messages are on their way."""
    eventually(lambda: len(shelf(chat).get("parcels", [])) == count)


@pytest.fixture
def app(chat, troubles) -> ChatPage:
    troubles.expect("ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|WebSocket|Failed to load resource")
    return installed(chat)


def test_without_a_network_the_app_shows_what_was_read(app, context):
    app.ask("Say it of the sea: the tide", "mock/verbatim").answered()
    app.page.get_by_role("link", name="New chat").click()
    app.ask("Say it of the land: the hill", "mock/verbatim").answered()
    keeps(app, "Say it of the sea: the tide", "Say it of the land: the hill")
    context.set_offline(True)
    app.page.goto(app.url)
    expect(app.lines).to_have_count(2)
    app.lines.filter(has_text="the tide").click()
    expect(app.questions).to_have_text(["Say it of the sea: the tide"])
    expect(app.answer).to_contain_text("the tide")
    app.page.reload()
    expect(app.answer).to_contain_text("the tide")
    expect(app.page.locator(".pill")).to_contain_text("Offline")
    context.set_offline(False)
    app.connected()
    expect(app.page.get_by_role("combobox", name="Model").locator("option")).not_to_have_count(1)


def test_what_was_never_read_here_says_so(app, context):
    context.set_offline(True)
    app.page.goto(app.url + "/c/00000000-0000-4000-8000-000000000000/")
    expect(app.toast).to_contain_text("cannot be reached")
    app.page.goto(app.url + "/usage/")
    expect(app.page.get_by_role("heading", name="No connection")).to_be_visible()
    app.page.get_by_role("link", name="To the chat").click()
    expect(app.box).to_be_visible()


def test_messages_written_offline_are_answered_once_and_in_order(app, context, provider):
    context.set_offline(True)
    app.page.goto(app.url)
    app.ask("First of three").ask("Second of three").ask("Third of three")
    expect(app.questions).to_have_text(["First of three", "Second of three", "Third of three"])
    waiting(app, 3)
    app.page.reload()
    expect(app.questions).to_have_text(["First of three", "Second of three", "Third of three"])
    context.set_offline(False)
    expect(app.answers).to_have_count(3)
    waiting(app, 0)
    app.answered()
    app.page.reload()
    expect(app.questions).to_have_text(["First of three", "Second of three", "Third of three"])
    expect(app.answers).to_have_count(3)
    expect(app.lines).to_have_count(1)


def test_two_tabs_that_come_back_together_send_it_once(app, another_tab, context):
    context.set_offline(True)
    app.ask("Heard from two tabs", "mock/fast")
    waiting(app, 1)
    second = ChatPage(context.new_page(), app.url)
    second.page.goto(app.url)
    expect(second.questions).to_have_text(["Heard from two tabs"])
    context.set_offline(False)
    app.answered()
    second.connected().answered()
    for tab in (app, second):
        tab.page.reload()
        expect(tab.lines).to_have_count(1)
    app.lines.first.click()
    expect(app.questions).to_have_text(["Heard from two tabs"])
    expect(app.answers).to_have_count(1)


def test_a_question_written_while_an_answer_is_cut_off_follows_it(app, context):
    app.ask("Slowly", "mock/slowly").has_begun("word5 ")
    context.set_offline(True)
    expect(app.page.locator(".pill")).to_contain_text("Offline")
    app.ask("And then?", "mock/fast")
    expect(app.questions).to_have_text(["Slowly", "And then?"])
    context.set_offline(False)
    expect(app.answers.first.locator(".said")).to_have_text(SLOWLY, timeout=15_000)
    app.answered()
    app.page.reload()
    expect(app.questions).to_have_text(["Slowly", "And then?"])
    expect(app.answers.first.locator(".said")).to_have_text(SLOWLY)


def test_nothing_of_a_person_enters_the_cache_storage(app):
    app.ask("A secret").answered()
    app.page.reload()
    app.connected()
    app.page.goto(app.url + "/usage/")
    kept = app.page.evaluate(KEPT)
    assert kept
    ours = ("/offline/", "/offline/elsewhere/")
    assert [path for path in kept if not path.startswith("/static/") and path not in ours] == []
    pages = app.page.evaluate(
        """async () => Promise.all(["/offline/", "/offline/elsewhere/"].map(async (path) =>
            (await caches.match(path, { ignoreSearch: true })).text()))"""
    )
    assert len(pages) == 2
    assert not any("A secret" in page or "data-user" in page.partition(">")[0] for page in pages)


def test_a_second_user_of_the_browser_sees_nothing_of_the_first(app, context):
    app.ask("Mine alone").answered()
    keeps(app, "Mine alone")
    app.box.fill("a draft of mine")
    context.clear_cookies()
    app.page.goto(app.url)
    app.connected()
    keeps(app)
    context.set_offline(True)
    app.page.goto(app.url)
    expect(app.page.locator(".list-empty")).to_be_visible()
    expect(app.box).to_have_value("")
    expect(app.page.locator("body")).not_to_contain_text("Mine alone")


def test_it_can_be_installed(app):
    manifest = json.loads(app.page.request.get(app.url + "/manifest.webmanifest").text())
    assert manifest["start_url"] == manifest["id"] == "/"
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    for picture in manifest["icons"] + manifest["screenshots"]:
        assert app.page.request.get(app.url + picture["src"]).ok
    assert {shot["form_factor"] for shot in manifest["screenshots"]} == {"wide", "narrow"}
    session = app.page.context.new_cdp_session(app.page)
    problems = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [one["errorId"] for one in problems if one["errorId"] != "in-incognito"] == []


def test_what_another_app_shares_is_in_the_box_and_in_no_address(app):
    app.page.goto(app.url + "/share/?title=A+headline&text=Worth+a+look&url=https%3A%2F%2Fexample.org%2Fx")
    expect(app.box).to_have_value("A headline\nWorth a look\nhttps://example.org/x")
    assert app.page.url == app.url + "/"
