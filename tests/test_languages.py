"""A language that is offered is there whole: every text of every template and module, compiled as written.

What scripts say is held by the type of `static/js/lib/words/en.js`, and by `tests/js/lib/words.test.js`.
"""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation.template import templatize

from tests.documents import ROOT

LOCALES = ROOT / "locale"
OTHERS = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
PACKAGES = ("chat", "experiments", "figures", "grump", "usage")
MARKS = {"_", "gettext", "gettext_lazy", "ngettext"}
A_STRING = r'u?("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')'


def said_in_templates() -> Iterator[str]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        for match in re.finditer(rf"\bn?gettext\({A_STRING}", code):
            yield ast.literal_eval(match[1])
        for match in re.finditer(rf"[^\w.]_\({A_STRING}\)", code):
            yield ast.literal_eval(match[1])


def said_in_modules() -> Iterator[str]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
                    first = node.args[0]
                    if isinstance(first, ast.Constant):
                        yield first.value


def written(path: Path) -> dict[str, list[str]]:
    """What a .po says: each text, and its one or several translations."""
    entries: dict[str, list[str]] = {}
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        parts = re.findall(
            r'^(msgid|msgid_plural|msgstr(?:\[\d\])?) ((?:"(?:[^"\\]|\\.)*"\n?)+)', block, re.M
        )
        texts = [
            (kind, "".join(map(ast.literal_eval, value.split("\n")[:-1] or [value]))) for kind, value in parts
        ]
        known = next(text for kind, text in texts if kind == "msgid")
        entries[known] = [text for kind, text in texts if kind.startswith("msgstr")]
    return entries


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str):
    known = written(LOCALES / language / "LC_MESSAGES" / "django.po")
    said = {*said_in_templates(), *said_in_modules()}
    assert len(said) > 350, "they are found at all"
    assert [text for text in sorted(said) if not all(known.get(text, [""]))] == []
    assert sorted(set(known) - said - {""}) == [], "nobody says these any more"


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_compiled_is_what_is_written(language: str):
    """After a change: `manage.py compilemessages`."""
    folder = LOCALES / language / "LC_MESSAGES"
    with (folder / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for text, translations in written(folder / "django.po").items():
        if text and len(translations) == 1:
            assert compiled.gettext(text) == translations[0]
        elif text:
            assert [compiled.ngettext(text, "", count) for count in (1, 2)] == translations


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_places_of_its_text(language: str):
    """No name of `%(name)s` is lost or misspelt: it would break the page that says it."""
    place = re.compile(r"%(?:\(\w+\))?[sd]|</?\w+>")
    for text, translations in written(LOCALES / language / "LC_MESSAGES" / "django.po").items():
        for translation in translations if text else []:
            assert sorted(place.findall(translation)) == sorted(place.findall(text)), text
