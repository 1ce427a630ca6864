"""What was said is found by its words, and shown where it was said."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def talked(chat):
    for text in ("Why do bees dance?", "Postgres index bloat"):
        chat.page.get_by_role("link", name="New chat").click()
        chat.ask(f"{text} swordfish", "mock/echo").answered()
    return chat


def search(chat, query: str) -> None:
    chat.page.get_by_label("Search conversations").fill(query)


def test_texts_are_found_beside_titles_with_what_matched(talked):
    search(talked, "swordf")
    expect(talked.page.get_by_text("In messages")).to_be_visible()
    snippets = talked.page.locator(".list .snippet")
    expect(snippets).to_have_count(4)  # two questions, and two answers that repeat them
    expect(snippets.first.locator("mark")).to_have_text("swordfish")


def test_what_was_found_is_shown_where_it_was_said(talked):
    for number in range(8):
        talked.ask(f"Further {number}\n" * 8, "mock/echo").answered()
    talked.page.get_by_role("link", name="New chat").click()
    search(talked, "bloat")
    talked.page.locator(".list a", has=talked.page.locator(".snippet")).last.click()
    expect(talked.page.locator("h1")).to_contain_text("Postgres index bloat")
    pointed = talked.page.locator(".message[data-pointed]")
    expect(pointed).to_be_in_viewport()
    expect(pointed).to_contain_text("bloat")


def test_markup_in_a_text_is_only_text(chat):
    chat.ask("<img src=x onerror=alert(1)> swordfish", "mock/echo").answered()
    search(chat, "swordfish")
    expect(chat.page.locator(".list .snippet").first).to_contain_text("<img src=x")
    expect(chat.page.locator(".list .snippet img")).to_have_count(0)


def test_nothing_found_is_said(talked):
    search(talked, "qqqzzz")
    expect(talked.page.get_by_text("Nothing found")).to_be_visible()
