"""What was sent of a long chat is said above its answer, and a message can be pinned."""

import os

from playwright.sync_api import expect

from tests.integration.processes import Fleet

USER = "#main [data-controller~=transcript] .message.user"
FILLER = "The harbour was quiet that day, and nobody on the quay was in any hurry at all. " * 140
# As the worker would have chosen it, of the newest answer that was not given everything.
CHOOSE = """
import django; django.setup()
from chat.models import Generation
made = Generation.objects.exclude(context=None).latest("created_at")
first = made.message.conversation.messages.get(parent=None)
note = {"way": "worker", "before": 12400, "after": 5900, "whole": 3, "parts": 1, "out": 1}
ranges = {str(first.id): [[0, 31], [111, 142]]}
Generation.objects.filter(id=made.id).update(context={**note, "ranges": ranges})
"""


def a_long_chat(chat):
    for number in (1, 2, 3):
        chat.ask(f"The door code {number} is 47{number}1. {FILLER}", "mock/fast").answered()
    return chat


def kept(chat):
    return chat.answers.last.locator("details.kept")


def test_what_was_sent_is_said_above_the_answer_and_shown_on_request(chat, house, server):
    a_long_chat(chat)
    # On a fleet there is a worker, which has chosen something itself.
    says = "Sent: " if isinstance(server, Fleet) else "Sent: the newest"
    expect(kept(chat).locator("summary")).to_contain_text(says)
    expect(chat.answers.first.locator("details.kept")).to_have_count(0)
    house.run("-c", CHOOSE)
    chat.page.reload()
    chat.connected()
    line = kept(chat).locator("summary")
    expect(line).to_have_text("Sent: 3 of 5 messages word for word · sentences of 1 older one")
    line.focus()
    line.press("Enter")
    expect(kept(chat)).to_contain_text("5.9k tokens instead of 12k tokens")
    expect(kept(chat)).to_contain_text("The door code 1 is 4711. The ha … ")
    look(chat)


def test_a_message_is_pinned_and_stays_so(chat, another_tab):
    chat.ask("Remember the door code: 4711.", "mock/fast").answered()
    question = chat.page.locator(USER).last
    tab = another_tab(chat.page.url.removeprefix(chat.url))
    question.hover()
    question.get_by_role("button", name="Pin", exact=True).click()
    expect(question.locator(".tag")).to_have_text("pinned")
    expect(tab.page.locator(USER).last.locator(".tag")).to_have_text("pinned")
    chat.page.reload()
    chat.connected()
    question.hover()
    question.get_by_role("button", name="Unpin").click()
    expect(question.locator(".tag")).to_have_count(0)
    expect(tab.page.locator(USER).last.locator(".tag")).to_have_count(0)


def look(chat) -> None:
    """Pictures to look at, where somebody wants them."""
    folder = os.environ.get("GRUMP_LOOK")
    if not folder:
        return
    for width in (390, 1440):
        for theme in ("light", "dark"):
            chat.page.set_viewport_size({"width": width, "height": 900})
            chat.page.emulate_media(color_scheme=theme)
            chat.page.evaluate("document.querySelector('.messages').lastElementChild.scrollIntoView()")
            chat.page.screenshot(path=f"{folder}/kept-{width}-{theme}.png")
