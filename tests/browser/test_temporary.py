"""A chat that leaves nothing behind, and what a chat's model is told before everything else."""

import pytest
from playwright.sync_api import expect

SECRET = "xylophone-temperature-quagmire"


@pytest.fixture
def temporary(chat):
    chat.page.get_by_role("button", name="Temporary chat").click()
    expect(chat.page.get_by_role("heading", level=1)).to_have_text("Temporary chat")
    return chat


def remembered(page) -> str:
    return page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")


def test_it_is_answered_and_nobody_remembers_it(temporary, another_tab, house):
    other = another_tab()
    temporary.box.fill(f"{SECRET} half written")
    assert SECRET not in remembered(temporary.page)
    temporary.ask(f"Say {SECRET}", "mock/echo").answered()
    expect(temporary.answer).to_contain_text(SECRET)
    temporary.ask("And more", "mock/echo").answered()
    expect(temporary.questions).to_have_text([f"Say {SECRET}", "And more"])
    assert SECRET not in remembered(temporary.page)
    expect(temporary.lines).to_have_count(0)
    expect(other.lines).to_have_count(0)
    expect(temporary.page).to_have_url(temporary.url + "/")
    temporary.page.reload()
    temporary.connected()
    expect(temporary.page.get_by_text(SECRET)).to_have_count(0)
    count = (
        "from chat.models import Message; print(Message.objects.filter(text__contains='xylophone').count())"
    )
    assert house.manage("shell", "--no-imports", "-c", count).split()[-1] == "0"


def test_it_says_what_it_is_until_it_is_left(temporary):
    note = temporary.page.get_by_text("Nothing of this chat is kept.")
    expect(note).to_be_visible()
    temporary.ask("Hello", "mock/fast").answered()
    expect(note).to_be_visible()
    temporary.page.get_by_role("link", name="New chat").click()
    expect(note).to_be_hidden()
    expect(temporary.answers).to_have_count(0)


def test_an_answer_is_asked_for_again_and_a_question_otherwise(temporary):
    temporary.ask("First wording", "mock/prompted").answered()
    before = temporary.answer.text_content()
    temporary.foot.get_by_role("button", name="Again", exact=True).click()
    temporary.answered()
    expect(temporary.questions).to_have_text(["First wording"])
    temporary.page.locator(".message.user").get_by_role("button", name="Edit").click()
    temporary.box.fill("Second wording")
    temporary.page.keyboard.press("Enter")
    temporary.answered()
    expect(temporary.questions).to_have_text(["Second wording"])
    assert temporary.answer.text_content() != before


def test_instructions_are_set_before_the_first_question_and_kept_with_the_chat(chat, provider):
    button = chat.page.get_by_role("button", name="Instructions for this chat")
    button.click()
    dialog = chat.page.get_by_role("dialog", name="Instructions")
    dialog.get_by_role("textbox").fill("Be brief.")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_be_hidden()
    expect(button).to_have_accessible_name("Instructions for this chat: some are set")
    chat.ask("What is a xylophone?", "mock/fast").answered()
    chat.page.reload()
    chat.connected()
    expect(button).to_have_accessible_name("Instructions for this chat: some are set")
    button.click()
    expect(dialog.get_by_role("textbox")).to_have_value("Be brief.")
    dialog.get_by_role("textbox").fill("")
    chat.page.keyboard.press("Tab")
    chat.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(button).to_have_accessible_name("Instructions for this chat")
