"""Questions under the last answer: there when they are made, gone when something is asked."""

import orjson
import pytest
from playwright.sync_api import expect

QUESTIONS = ["How do I measure backpressure?", "What is a good queue size?"]


@pytest.fixture
def offered(chat):
    """The server says what may be asked next, as the worker would have it say."""
    sockets = []

    def pass_on(route) -> None:
        server = route.connect_to_server()
        sockets.append(route)
        done = []

        def tell(message) -> None:
            route.send(message)
            frame = orjson.loads(message)
            if frame["type"] == "chat.done" and not done:
                done.append(True)
                conversation = chat.page.url.rstrip("/").rsplit("/", 1)[-1]
                told = {"type": "follow_ups", "conversation_id": conversation, "questions": QUESTIONS}
                route.send(orjson.dumps({**told, "message_id": frame["message_id"]}).decode())

        server.on_message(tell)

    chat.page.route_web_socket("**/ws/chat/", pass_on)
    chat.ask("Explain backpressure").answered()
    return chat


def test_a_click_asks_one_and_they_go_with_it(offered):
    group = offered.page.get_by_role("group", name="What may be asked next")
    expect(group.get_by_role("button")).to_have_text(QUESTIONS)
    group.get_by_role("button", name=QUESTIONS[0]).click()
    expect(offered.questions.last).to_have_text(QUESTIONS[0])
    offered.answered()
    expect(group).to_be_hidden()
