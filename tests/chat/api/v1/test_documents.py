"""docs/api.md says what the door does, and the door does nothing that it does not say."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from chat.api.v1.reading import CARRIED, NOT_DONE, READ
from tests.documents import ROOT, code_in, first_cells, section, text

API = "docs/api.md"
OURS = re.compile(r"^(x-[a-z-]+|Idempotency-Key|Retry-After)$")
#: Where a refusal is made, and which of its arguments is the code.
MAKERS = {"Refusal": 1, "invalid": 2, "error_response": 1}


def sources() -> Iterator[Path]:
    yield from ROOT.glob("chat/api/v1/*.py")


def literals(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def codes() -> set[str]:
    """What the door's own refusals are called; `too_large` and `not_found` are said before it."""
    found = {"invalid_value"}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in MAKERS:
                continue
            place = MAKERS[node.func.id]
            given = [k.value for k in node.keywords if k.arg == "code"] + node.args[place : place + 1]
            found |= {one.value for one in given if isinstance(one, ast.Constant)}
    return found


def test_every_parameter_is_written_down_where_it_belongs():
    understood, carried, not_done = (
        set(code_in(part)) for part in section(API, "## Parameters of chat completions").split("\n\n")[0:3]
    )
    assert understood == READ
    assert carried == set(CARRIED)
    assert not_done == set(NOT_DONE)


def test_every_header_is_written_down_and_sent():
    told = {name.partition(":")[0] for name in first_cells(section(API, "## Headers")) if name != "header"}
    spoken = {one for path in sources() for one in literals(path) if OURS.match(one)}
    limits = {
        f"x-ratelimit-{what}-{kind}"
        for what in ("limit", "remaining", "reset")
        for kind in ("requests", "tokens")
    }
    everybodys = {"Cache-Control", "x-request-id"}  # of every answer of the site
    assert told - everybodys == {one for one in spoken if not one.endswith("-")} | limits


def test_every_code_is_written_down_and_sent():
    rows = re.findall(r"^\| \d+ \| (.*?) \|", section(API, "## Errors"), re.MULTILINE)
    told = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
    assert told - {"too_large"} == codes() | {"provider_unavailable"}


def test_the_clients_that_it_names_are_tested():
    assert (ROOT / "tests/integration/test_openai_clients.py").exists()
    assert "openai" in text("requirements-dev.in")
