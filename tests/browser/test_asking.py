"""A person asks, reads, stops, and asks again."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.scenarios import SLOWLY


def test_a_guest_asks_and_reads_a_markdown_answer(chat):
    chat.ask("Explain backpressure").answered()
    expect(chat.questions.last).to_have_text("Explain backpressure")
    expect(chat.answer.locator("strong").first).to_have_text("Backpressure")
    expect(chat.answer.locator("ol > li")).to_have_count(3)
    expect(chat.answer.locator("table tbody tr")).to_have_count(3)
    expect(chat.answer.locator("blockquote")).to_contain_text("Choose on purpose.")
    expect(chat.foot).to_contain_text("swift · Atlas")
    expect(chat.page).to_have_url(re.compile(r"/c/[0-9a-f-]{36}/$"))
    expect(chat.page).to_have_title(re.compile("Explain backpressure"))
    expect(chat.lines.first).to_have_text("Explain backpressure")
    expect(chat.lines.first).to_have_attribute("aria-current", "page")


def test_the_answer_grows_while_it_is_written(chat):
    chat.ask("Slowly", "mock/slowly").has_begun("word3 ")
    expect(chat.stop_button).to_be_visible()
    expect(chat.answer).not_to_contain_text("word240")
    chat.answered()
    expect(chat.answer).to_have_text(SLOWLY)


def test_code_has_its_language_and_can_be_copied(chat, context):
    context.grant_permissions(["clipboard-write"])
    chat.ask("Explain backpressure").answered()
    block = chat.answer.locator(".code")
    expect(block.locator(".code-head span")).to_have_text("python")
    block.get_by_role("button", name="Copy").click()
    expect(block.get_by_role("button", name="Copied")).to_be_visible()
    chat.box.focus()
    chat.page.keyboard.press("ControlOrMeta+V")  # the page itself may not read the clipboard
    expect(chat.box).to_have_value(re.compile(r"^queue = asyncio.Queue\(maxsize=100\)\n\nasync def produce"))


def test_stop_ends_the_answer_and_keeps_what_was_there(chat, provider):
    left = len(provider.ledger.left)
    chat.ask("Slowly", "mock/paced-50-long")
    expect(chat.answer).not_to_be_empty()
    chat.stop_button.click()
    chat.answered()
    expect(chat.foot).to_contain_text("stopped")
    expect(chat.answer).not_to_be_empty()
    provider.until(lambda books: len(books.left) > left)
    kept = chat.answer.text_content()
    chat.page.reload()
    expect(chat.answer).to_have_text(kept)


def test_escape_stops_too(chat):
    chat.ask("Slowly", "mock/paced-50-long")
    expect(chat.answer).not_to_be_empty()
    chat.page.keyboard.press("Escape")
    chat.answered()
    expect(chat.foot).to_contain_text("stopped")


def test_a_further_version_can_be_asked_for_and_both_can_be_read(chat):
    chat.ask("Hello", "mock/tour").answered()
    chat.choose("mock/fast")
    chat.foot.get_by_role("button", name="Again", exact=True).click()
    chat.answered()
    expect(chat.answers).to_have_count(1)
    expect(chat.foot).to_contain_text("2/2")
    expect(chat.answer).not_to_contain_text("Backpressure")
    chat.foot.get_by_role("button", name="Previous version").click()
    expect(chat.foot).to_contain_text("1/2")
    expect(chat.answer).to_contain_text("Backpressure")
    chat.page.reload()
    expect(chat.foot).to_contain_text("1/2")
    expect(chat.answer).to_contain_text("Backpressure")
    chat.foot.get_by_role("button", name="Next version").click()
    expect(chat.foot).to_contain_text("2/2")
    expect(chat.answer).not_to_contain_text("Backpressure")


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("mock/server-error", "No model could answer"),
        ("mock/context-too-long", "Too long for this model"),
        ("mock/content-refused", "The provider declined"),
    ],
)
def test_a_failure_says_what_to_do_next(chat, model, says):
    chat.ask("Hello", model)
    expect(chat.failure).to_contain_text(says)
    expect(chat.failure.locator("button, a")).to_be_visible()
    expect(chat.questions.last).to_have_text("Hello")


def test_after_a_failure_the_same_question_can_be_tried_with_another_model(chat):
    chat.ask("Hello", "mock/server-error")
    expect(chat.failure).to_be_visible()
    chat.choose("mock/tour")
    # Where others have failed before, the model rests, and the button counts the seconds down: ten at most.
    chat.failure.get_by_role("button", name="Try again").click(timeout=20_000)
    chat.answered()
    expect(chat.answer).to_contain_text("Backpressure")
    expect(chat.failure).to_have_count(0)
    expect(chat.questions).to_have_count(1)


def test_half_an_answer_is_kept_and_can_be_continued(chat):
    chat.ask("Hello", "mock/length").answered()
    half = chat.answer.text_content()
    chat.choose("mock/fast")
    chat.foot.get_by_role("button", name="Continue").click()
    chat.answered()
    expect(chat.answer).to_contain_text(half)
    assert len(chat.answer.text_content()) > len(half)


def times_asked(books) -> int:
    """By people: where there is a worker, it asks for titles and for what may be asked next."""
    return sum(stream.prompt == "Explain backpressure" for stream in books.streams)


def test_the_same_question_is_answered_from_the_cache_says_so_and_can_be_asked_again(chat, provider):
    chat.ask("Explain backpressure").answered()
    first = chat.answer.inner_text()
    asked = times_asked(provider.ledger)
    chat.page.goto(chat.page.url.split("/c/")[0])
    chat.ask("Explain backpressure").answered()
    expect(chat.foot).to_contain_text("from cache")
    assert chat.answer.inner_text() == first
    assert times_asked(provider.ledger) == asked
    chat.foot.get_by_role("button", name="ask again").click()
    provider.until(lambda books: times_asked(books) > asked)
    chat.answered()
    expect(chat.foot).not_to_contain_text("from cache")
