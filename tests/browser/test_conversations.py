"""The list of conversations: renamed, deleted, brought back, searched, begun anew."""

import json
import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def two(chat):
    """Two conversations; the second, "Pears", is shown."""
    chat.ask("Apples", "mock/fast").answered()
    chat.page.get_by_role("link", name="New chat").click()
    chat.ask("Pears").answered()
    expect(chat.lines).to_have_text(["Pears", "Apples"])
    return chat


def menu(chat, title: str) -> None:
    chat.page.get_by_role("button", name=f"More about “{title}”").click()


def test_a_new_chat_is_empty_and_the_old_one_can_be_opened_again(two):
    two.page.get_by_role("link", name="New chat").click()
    expect(two.answers).to_have_count(0)
    expect(two.page.get_by_role("heading", name="Go on. Ask.")).to_be_visible()
    expect(two.page).to_have_url(re.compile(r"/$"))
    expect(two.box).to_be_focused()
    two.lines.get_by_text("Apples").click()
    expect(two.questions).to_have_text(["Apples"])
    two.page.go_back()
    expect(two.page.get_by_role("heading", name="Go on. Ask.")).to_be_visible()
    two.page.go_back()
    expect(two.questions).to_have_text(["Pears"])


def test_a_conversation_gets_another_name_and_keeps_it(two):
    menu(two, "Pears")
    two.page.get_by_role("button", name="Rename").click()
    two.page.get_by_label("New name").fill("Quinces")
    two.page.keyboard.press("Enter")
    expect(two.lines).to_have_text(["Quinces", "Apples"])
    expect(two.page.get_by_role("heading", level=1)).to_have_text("Quinces")
    two.page.reload()
    expect(two.lines).to_have_text(["Quinces", "Apples"])


def test_giving_up_a_new_name_keeps_the_old_one(two):
    menu(two, "Apples")
    two.page.get_by_role("button", name="Rename").click()
    two.page.get_by_label("New name").fill("Quinces")
    two.page.keyboard.press("Escape")
    expect(two.lines).to_have_text(["Pears", "Apples"])


def test_a_deleted_conversation_can_be_brought_back(two):
    menu(two, "Pears")
    two.page.get_by_role("button", name="Delete").click()
    expect(two.lines).to_have_text(["Apples"])
    expect(two.questions).to_have_count(0)
    two.toast.get_by_role("button", name="Undo").click()
    expect(two.lines).to_have_text(["Pears", "Apples"])
    expect(two.questions).to_have_text(["Pears"])


def test_a_deletion_stays(two):
    menu(two, "Apples")
    two.page.get_by_role("button", name="Delete").click()
    expect(two.toast).to_contain_text("“Apples” deleted")
    two.page.reload()
    expect(two.lines).to_have_text(["Pears"])


def test_another_tab_sees_names_and_deletions(two, another_tab):
    second = another_tab()
    menu(two, "Apples")
    two.page.get_by_role("button", name="Rename").click()
    two.page.get_by_label("New name").fill("Quinces")
    two.page.keyboard.press("Enter")
    expect(second.lines).to_have_text(["Pears", "Quinces"])
    menu(two, "Quinces")
    two.page.get_by_role("button", name="Delete").click()
    expect(second.lines).to_have_text(["Pears"])


def test_the_search_finds_titles_and_an_empty_one_shows_everything(two):
    search = two.page.get_by_label("Search conversations")
    search.fill("app")
    expect(two.lines).to_have_text(["Apples"])
    search.fill("nothing like it")
    expect(two.lines).to_have_count(0)
    expect(two.page.get_by_text("Nothing found")).to_be_visible()
    search.fill("")
    expect(two.lines).to_have_text(["Pears", "Apples"])


def test_a_draft_waits_in_its_own_conversation(two):
    two.box.fill("Not yet sent")
    two.lines.get_by_text("Apples").click()
    expect(two.questions).to_have_text(["Apples"])
    expect(two.box).to_have_value("")
    two.lines.get_by_text("Pears").click()
    expect(two.box).to_have_value("Not yet sent")
    two.page.reload()
    expect(two.box).to_have_value("Not yet sent")


def test_a_conversation_is_exported_from_its_menu(chat):
    chat.ask("Apples and pears", "mock/echo").answered()
    chat.page.get_by_role("button", name="More about “Apples and pears”").click()
    with chat.page.expect_download() as download:
        chat.page.get_by_role("link", name="Export as Markdown").click()
    assert download.value.suggested_filename == "Apples-and-pears.md"
    assert "Apples and pears" in download.value.path().read_text()


def test_a_pinned_conversation_stands_first_also_after_a_reload(two):
    menu(two, "Apples")
    with two.page.expect_response(lambda answer: answer.request.method == "PATCH"):
        # Of several processes another one may answer the reload before the change is stored.
        two.page.get_by_role("group", name="Conversation").get_by_role("button", name="Pin").click()
    expect(two.lines).to_have_text(["Apples", "Pears"])
    expect(two.page.locator(".list-group").first).to_have_text("Pinned")
    two.page.reload()
    expect(two.lines).to_have_text(["Apples", "Pears"])
    menu(two, "Apples")
    two.page.get_by_role("button", name="Unpin").click()
    expect(two.lines).to_have_text(["Pears", "Apples"])


def test_an_archived_conversation_leaves_the_list_and_comes_back(two, another_tab):
    second = another_tab()
    menu(two, "Apples")
    two.page.get_by_role("button", name="Archive", exact=True).click()
    expect(two.lines).to_have_text(["Pears"])
    expect(second.lines).to_have_text(["Pears"])
    two.page.get_by_role("button", name="Archived chats").click()
    expect(two.lines).to_have_text(["Apples"])
    menu(two, "Apples")
    two.page.get_by_role("button", name="Out of the archive").click()
    expect(two.page.get_by_text("Nothing is archived.")).to_be_visible()
    two.page.get_by_role("button", name="Archived chats").click()
    expect(two.lines).to_have_text(["Pears", "Apples"])


def test_archiving_is_undone_from_the_line_that_tells_of_it(two):
    menu(two, "Pears")
    two.page.get_by_role("button", name="Archive", exact=True).click()
    expect(two.toast).to_contain_text("“Pears” archived")
    two.toast.get_by_role("button", name="Undo").click()
    expect(two.lines).to_have_text(["Pears", "Apples"])


def test_the_list_reads_on_as_it_is_scrolled(chat, house):
    user = json.loads(chat.page.locator("#boot").text_content())["user"]["id"]
    house.manage("shell", "--no-imports", "-c", f"from tests.browser.seeding import many; many({user}, 150)")
    chat.page.reload()
    chat.connected()
    expect(chat.lines).to_have_count(60)
    expect(chat.page.locator(".list-more")).to_have_count(1)
    for count in (120, 150):
        chat.lines.last.scroll_into_view_if_needed()
        expect(chat.lines).to_have_count(count)
    expect(chat.lines.last).to_have_text("Number 0")
    expect(chat.page.locator(".list-more")).to_have_count(0)
