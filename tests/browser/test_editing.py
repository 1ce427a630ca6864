"""A question is asked otherwise: a branch beside it, and the way back."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def asked(chat):
    chat.ask("First wording", "mock/prompted").answered()
    chat.ask("A further question", "mock/prompted").answered()
    return chat


def edit(chat, place: int) -> None:
    chat.page.locator(".message.user").nth(place).get_by_role("button", name="Edit").click()


def test_the_first_question_is_asked_otherwise_and_both_wordings_stay(asked):
    # Not inner_text(): what has not been laid out yet has none.
    old = (asked.answers.first.locator(".said").text_content() or "").strip()[:40]
    assert old
    edit(asked, 0)
    expect(asked.box).to_have_value("First wording")
    expect(asked.box).to_be_focused()
    asked.box.fill("Second wording")
    asked.page.keyboard.press("Enter")
    asked.answered()
    expect(asked.questions).to_have_text(["Second wording"])
    question = asked.page.locator(".message.user").first
    expect(question).to_contain_text("2/2")
    asked.page.reload()
    asked.connected()
    expect(asked.questions).to_have_text(["Second wording"])
    question.get_by_role("button", name="Previous version").click()
    expect(asked.questions).to_have_text(["First wording", "A further question"])
    expect(asked.answers.first.locator(".said")).to_contain_text(old)


def test_a_question_in_the_middle_keeps_what_is_above_it(asked):
    edit(asked, 1)
    asked.box.fill("Another question")
    asked.page.keyboard.press("Enter")
    asked.answered()
    expect(asked.questions).to_have_text(["First wording", "Another question"])


def test_the_arrow_up_edits_the_last_question_and_esc_leaves_it_as_it_was(asked):
    asked.box.fill("a draft")
    asked.page.keyboard.press("ArrowUp")
    expect(asked.box).to_have_value("a draft")
    asked.box.fill("")
    asked.page.keyboard.press("ArrowUp")
    expect(asked.box).to_have_value("A further question")
    asked.box.fill("half an idea")
    asked.page.keyboard.press("Escape")
    expect(asked.box).to_have_value("")
    expect(asked.page.get_by_text("is asked otherwise")).to_be_hidden()
    expect(asked.questions).to_have_text(["First wording", "A further question"])


def test_a_draft_waits_while_a_question_is_edited(asked):
    asked.box.fill("a draft")
    edit(asked, 0)
    expect(asked.box).to_have_value("First wording")
    asked.page.get_by_role("button", name="Leave it as it was").click()
    expect(asked.box).to_have_value("a draft")


def test_another_tab_shows_the_branch_that_was_asked_for(asked, another_tab):
    other = another_tab(re.sub(r"^https?://[^/]+", "", asked.page.url))
    edit(asked, 0)
    asked.box.fill("Second wording")
    asked.page.keyboard.press("Enter")
    asked.answered()
    expect(other.questions).to_have_text(["Second wording"])
