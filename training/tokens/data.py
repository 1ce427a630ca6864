"""Texts of many languages and kinds, from what is installed: Django's and allauth's translations, the sources
and documents of the project and its libraries, and the router's prompts."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from training.router.data import read as read_prompts

LENGTH = 600  # characters a sample
MOST = 60  # samples of a kind
KINDS = {
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
    "th": "Thai",
    "hi": "Hindi",
    "ar": "Arabic",
    "he": "Hebrew",
    "fa": "Persian",
    "ru": "Russian",
    "uk": "Ukrainian",
    "el": "Greek",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "pl": "Polish",
    "tr": "Turkish",
    "vi": "Vietnamese",
    "fi": "Finnish",
    "ka": "Georgian",
    "hy": "Armenian",
    "bn": "Bengali",
    "ta": "Tamil",
}
EMOJI = "😀😂🥲👍🏽🎉🚀🔥✅❤️🤔👩‍💻🇫🇷🍕🐍📦💡🧪🛠️🌍☕"


@dataclass(frozen=True, slots=True)
class Sample:
    kind: str
    text: str

    @property
    def held_out(self) -> bool:
        """Half of them, by their text."""
        return crc32(self.text.encode()) % 2 == 0


def read(folder: Path) -> Iterator[Sample]:
    prompts = read_prompts(folder)
    for kind in ("measured", "demanding", "everyday"):
        chosen = [example.text for example in prompts if example.kind == kind]
        for text in chosen[:: max(1, len(chosen) // (2 * MOST))]:
            yield Sample(f"prompts, {kind}", text)
    project = Path(__file__).parents[2]
    yield from _cut("prose (Markdown)", sorted(project.glob("docs/**/*.md")))
    installed = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    yield from _cut("Python", sorted(installed.glob("django/db/**/*.py")))
    yield from _cut("JavaScript", sorted(project.glob("static/js/**/*.js")))
    yield from _cut("CSS and HTML", sorted(installed.glob("django/contrib/admin/**/*.css")))
    yield from _cut("HTML", sorted(installed.glob("django/contrib/admin/**/*.html")))
    yield from _cut("JSON", sorted(project.glob("package-lock.json")))
    for place in range(2 * len(EMOJI)):
        yield Sample("emoji", f"Well done {EMOJI[place // 2 :][: 3 + place % 5]} see you {place}")
    for code, language in KINDS.items():
        files = [*installed.glob(f"django/**/locale/{code}*/**/*.po")]
        files += installed.glob(f"allauth/locale/{code}*/**/*.po")
        yield from _pieces(language, " ".join(_translations(sorted(files))))


def _translations(files: list[Path]) -> Iterator[str]:
    for path in files:
        wanted = False
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("msgstr"):
                wanted = True
                line = line.partition(" ")[2]
            elif not line.startswith('"'):
                wanted = False
            said = line.strip('"').replace("\\n", "\n").replace('\\"', '"')
            if wanted and said and not said.startswith(("Content-", "MIME-", "Plural-", "X-", "Language")):
                yield said


def _cut(kind: str, files: list[Path]) -> Iterator[Sample]:
    yield from _pieces(kind, "\n".join(path.read_text(encoding="utf-8") for path in files))


def _pieces(kind: str, text: str) -> Iterator[Sample]:
    step = max(LENGTH, len(text) // MOST)
    for start in range(0, len(text) - LENGTH, step):
        yield Sample(kind, text[start : start + LENGTH])
