"""The chat page as a person uses it: by its labels and roles, never by its insides where those would do."""

import re
from typing import Self

from playwright.sync_api import Locator, Page, expect


class ChatPage:
    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def open(self, path: str = "/") -> Self:
        self.page.goto(self.url + path)
        return self.connected()

    def connected(self) -> Self:
        expect(self.page.locator(".pill[data-quality='good'], .pill[data-quality='fair']")).to_be_visible()
        return self

    @property
    def box(self) -> Locator:
        return self.page.get_by_label("Your message")

    @property
    def questions(self) -> Locator:
        return self.page.locator(".messages:not([aria-hidden]) .message.user .said:not(.skeleton)")

    @property
    def answers(self) -> Locator:
        return self.page.locator("#main [data-controller~=transcript] .message.assistant")

    @property
    def answer(self) -> Locator:
        """The last answer's text."""
        return self.answers.last.locator(".said")

    @property
    def foot(self) -> Locator:
        return self.answers.last.locator(".foot")

    @property
    def stop_button(self) -> Locator:
        return self.page.get_by_role("button", name="Stop")

    @property
    def failure(self) -> Locator:
        return self.answers.last.locator(".failure")

    @property
    def toast(self) -> Locator:
        return self.page.locator(".toast")

    @property
    def lines(self) -> Locator:
        """The conversations in the list."""
        return self.page.locator(".list [data-line] a:not(:has(.snippet))")

    def choose(self, model: str) -> Self:
        self.page.get_by_role("combobox", name="Model").select_option(model)
        return self

    def ask(self, text: str, model: str = "") -> Self:
        if model:
            self.choose(model)
        self.box.fill(text)
        self.box.press("Enter")
        return self

    def answered(self, seconds: float = 15) -> Self:
        """Wait until the last answer has ended, well or badly."""
        expect(self.stop_button).to_be_hidden(timeout=seconds * 1000)
        expect(self.answers.last).not_to_have_attribute("data-running", re.compile(".*"))
        return self

    def has_begun(self, *words: str) -> Self:
        """Wait until the answer under way shows these words."""
        for word in words:
            expect(self.answer).to_contain_text(word)
        return self
