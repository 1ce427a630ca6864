"""Every text that a page shows can be translated: none stands bare in a template, no sentence in a script.

Units are not among these, nor what a model, a provider or the router says.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.documents import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted(path for path in (ROOT / "static" / "js").rglob("*.js") if path.parent.name != "words")
DJANGO = re.compile(
    r"\{%\s*block (?:layout|sheet_class|bodyclass)\s*%\}.*?endblock\s*%\}"  # names of classes
    r"|\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}|\{%\s*blocktrans.*?endblocktrans(?:late)?\s*%\}"
    r"|\{%.*?%\}|\{\{.*?\}\}",
    re.DOTALL,
)
A_WORD = re.compile(r"[A-Za-z][A-Za-z-]+")
SAME_EVERYWHERE = {"G-Rump", "ms"}
SPOKEN = {"aria-label", "aria-description", "alt", "title", "placeholder", "data-off", "data-on", "data-done",
          "data-set", "data-silent", "data-user", "data-assistant"}  # fmt: skip


class Texts(HTMLParser):
    """What is read or heard of a page; not the names of keys, and nothing that is code."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("kbd", "code", "script", "style")
        spoken = SPOKEN | ({"content"} if ("name", "description") in attrs else set())
        self.found += [value or "" for name, value in attrs if name in spoken]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("kbd", "code", "script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def bare(template: str) -> Iterator[str]:
    parser = Texts()
    parser.feed(DJANGO.sub("", template))
    parser.close()
    for text in parser.found:
        if set(A_WORD.findall(text)) - SAME_EVERYWHERE:
            yield " ".join(text.split())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_has_a_text_that_cannot_be_translated(path: Path):
    assert list(bare(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Hello there</p>", ["Hello there"]),
        ("<p>{% translate 'Hello' %} you, {{ name }}</p>", ["you,"]),
        ('<button aria-label="Close">×</button>', ["Close"]),
        ("<button aria-label=\"{% translate 'Close' %}\">×</button>", []),
        ("{% blocktranslate %}Hello <b>there</b>{% endblocktranslate %}{# a remark #}<kbd>Esc</kbd>", []),
        ("<p{% if x %} hidden{% endif %}>G-Rump · {{ title }}</p>", []),
    ],
)
def test_a_bare_text_is_found_and_nothing_else(template: str, found: list[str]):
    assert list(bare(template)) == found


def test_scripts_write_no_sentence_of_their_own():
    """They take them from `static/js/lib/words/en.js`, or from the page."""
    sentence = re.compile(r"""(["'`])([A-Z][a-z’]* [a-z][^"'`\n]*)\1""")
    found = []
    for path in SCRIPTS:
        code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found += [f"{path.name}: {match[2]}" for match in sentence.finditer(code)]
    assert found == []
