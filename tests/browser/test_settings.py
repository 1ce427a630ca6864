"""The settings act where they say they do; leaving leaves nothing in the browser either."""

import json
import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def there(chat):
    chat.box.fill("a draft")
    chat.page.get_by_role("link", name="Settings").click()
    expect(chat.page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    return chat


def test_the_key_that_sends_is_chosen(there):
    there.page.get_by_label("Ctrl or Cmd with Enter sends").check()
    there.page.get_by_role("button", name="Keep", exact=True).click()
    expect(there.page.get_by_role("status")).to_have_text("Kept.")
    there.open()
    there.choose("mock/fast")
    there.box.fill("One line")
    there.box.press("Enter")
    expect(there.box).to_have_value("One line\n")
    there.box.press("ControlOrMeta+Enter")
    there.answered()
    expect(there.questions).to_have_text(["One line"])


def test_the_model_of_a_new_chat_is_chosen(there):
    there.page.get_by_label("Model of a new chat").select_option("mock/echo")
    there.page.get_by_role("button", name="Keep", exact=True).click()
    there.open()
    there.ask("Say it back").answered()
    expect(there.answer).to_have_text("Say it back")


def test_a_compact_look_comes_at_once_and_stays(there):
    there.page.get_by_label("Compact").check()
    there.page.get_by_role("button", name="Keep the look").click()
    expect(there.page.locator("html")).to_have_attribute("data-density", "compact")
    there.open()
    expect(there.page.locator("html")).to_have_attribute("data-density", "compact")


def test_a_theme_comes_at_once_and_stays(there):
    there.page.emulate_media(color_scheme="light")
    there.page.get_by_role("radio", name="Dark").check()
    there.page.get_by_role("button", name="Keep the look").click()
    expect(there.page.locator("html")).to_have_attribute("data-theme", "dark")
    there.open()
    expect(there.page.locator("html")).to_have_attribute("data-theme", "dark")
    there.page.goto(f"{there.url}/settings/")
    there.page.get_by_role("radio", name="As the system has it").check()
    there.page.get_by_role("button", name="Keep the look").click()
    expect(there.page.locator("html")).not_to_have_attribute("data-theme", "dark")


def test_an_export_comes_back_and_what_is_in_it_stays_text(chat, tmp_path):
    evil = "</title><img src=x onerror=hacked=1>"
    chat.ask(evil, "mock/echo").answered()
    chat.page.goto(chat.url + "/settings/")
    with chat.page.expect_download() as download:
        chat.page.get_by_role("link", name="Export as JSON").click()
    path = tmp_path / 'x"><img src=x onerror=hacked=1>.json'
    path.write_bytes(download.value.path().read_bytes())
    assert json.loads(path.read_text())["conversations"][0]["title"] == evil
    chat.page.get_by_label("Bring conversations back").set_input_files(path)
    chat.page.get_by_role("button", name="Import").click()
    expect(chat.page.get_by_role("status")).to_have_text("1 conversation imported.")
    chat.open()
    expect(chat.lines).to_have_text([evil, evil])
    chat.lines.nth(0).click()
    expect(chat.answer).to_have_text(evil)
    assert chat.page.evaluate("window.hacked ?? null") is None
    expect(chat.page.locator(".messages img")).to_have_count(0)


def test_a_file_that_is_none_is_refused_in_words(there, tmp_path):
    path = tmp_path / "x.json"
    path.write_text("{")
    there.page.get_by_label("Bring conversations back").set_input_files(path)
    there.page.get_by_role("button", name="Import").click()
    expect(there.page.get_by_role("status")).to_contain_text("Nothing was imported.")


def test_a_guest_who_deletes_everything_leaves_nothing_in_the_browser(there, troubles):
    troubles.expect("422")
    there.page.get_by_role("link", name="Delete all of it").click()
    name = there.page.get_by_label("Type guest to delete everything")
    name.fill("gues")
    name.press("Enter")
    expect(there.page.get_by_text("This is not the name above.")).to_be_visible()
    assert "a draft" in there.page.evaluate("JSON.stringify({...localStorage})")
    name.fill("guest")
    name.press("Enter")
    expect(there.page.get_by_role("heading", name="Deleted")).to_be_visible()
    there.page.wait_for_function("() => !Object.keys(localStorage).some((key) => key.startsWith('user:'))")
    there.page.get_by_role("link", name="Begin anew").click()
    there.connected()
    expect(there.page).to_have_url(re.compile("/$"))
    expect(there.box).to_have_value("")
