"""Documents as data: their sections, tables, code and anchors; and whether the code has what they name."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def section(document: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its level or above."""
    level = heading.split(" ")[0]
    found = re.search(
        rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text(document), re.MULTILINE | re.DOTALL
    )
    assert found, f"{document} has no {heading!r}"
    return found[1]


def first_cells(part: str) -> list[str]:
    """The code in the first column of a part's tables."""
    rows = re.findall(r"^\| (.*?) \|", part, re.MULTILINE)
    return [code for row in rows for code in re.findall(r"`([^`]+)`", row)]


def code_in(words: str) -> list[str]:
    """Spans of code, and the lines of fenced blocks."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", words, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```\w*\n.*?^```", "", words, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", prose) + [line for block in fenced for line in block.splitlines()]


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def defines(path: Path, name: str) -> bool:
    """Whether a module has the function, class or `Class.method`."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return bool(
            re.search(rf"^\s*(export )?(async )?(function |class )?{name}\b[^;]*\{{$", source, re.MULTILINE)
        )
    body: list[ast.stmt] = ast.parse(source).body
    for part in name.split("."):
        named = [node for node in body if getattr(node, "name", None) == part]
        if not named:
            return False
        body = getattr(named[0], "body", [])
    return True
