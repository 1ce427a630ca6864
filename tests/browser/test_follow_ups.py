"""Questions under the last answer: there when they are made, gone when something is asked."""

import pytest
from playwright.sync_api import expect

QUESTIONS = ["How do I measure backpressure?", "What is a good queue size?"]


@pytest.fixture
def offered(chat):
    """A conversation that comes with what may be asked next, as one does once the worker has asked."""

    def add(route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "follow_ups": QUESTIONS})

    chat.ask("Explain backpressure").answered()
    chat.page.route("**/api/conversations/*", add)
    chat.open()
    chat.lines.first.click()
    expect(chat.questions.last).to_have_text("Explain backpressure")
    return chat


def test_a_click_asks_one_and_they_go_with_it(offered):
    group = offered.page.get_by_role("group", name="What may be asked next")
    expect(group.get_by_role("button")).to_have_text(QUESTIONS)
    group.get_by_role("button", name=QUESTIONS[0]).click()
    expect(offered.questions.last).to_have_text(QUESTIONS[0])
    offered.answered()
    expect(group).to_be_hidden()
