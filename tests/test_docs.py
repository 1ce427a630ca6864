"""The documents say what the code does: every variable, frame, name, path, link and target, both ways."""

import ast
import dataclasses
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from chat import outbox, protocol
from chat.gateway.errors import GatewayError
from chat.gateway.loading import load, variable
from tests.documents import ROOT, anchors, code_in, defines, first_cells, section, text
from usage import refusals

README, ARCHITECTURE, CONTRIBUTING, PROTOCOL, SECURITY, LIBRARIES = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "docs/protocol.md",
    "docs/security.md",
    "docs/decisions/0002-libraries.md",
)
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
)
PRODUCT = sorted(
    path
    for folder in ("grump", "chat", "usage", "experiments", "figures")
    for path in ROOT.glob(f"{folder}/**/*.py")
)
every_document = pytest.mark.parametrize("document", DOCUMENTS)


# --- Variables ----------------------------------------------------------------------------------

READERS = {"text", "flag", "share", "integer", "choice", "words", "required"}
# Here a name is computed: from the catalogue, or because this is the reader itself.
COMPUTED = {"grump/lib/env.py", "chat/gateway/keys.py", "chat/gateway/loading.py"}
NOT_OURS = {"PATH"}


def read_variables(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name: ast.expr | None = None
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="env"), attr=attr), args=[name, *_]):
                if attr not in READERS:
                    continue
            case ast.Call(func=ast.Attribute(value=owner, attr="get" | "getenv"), args=[name, *_]):
                if ast.unparse(owner) not in {"os.environ", "environ", "os"}:
                    continue
            case ast.Subscript(value=owner, slice=name, ctx=ast.Load()):
                if ast.unparse(owner) not in {"os.environ", "environ"}:
                    continue
            case ast.ImportFrom(module="grump.lib.env"):
                raise AssertionError(f"{path}: import env itself, so that its readers can be found")
            case _:
                continue
        assert name is not None
        if isinstance(name, ast.Constant):
            yield str(name.value)
        else:
            assert path.relative_to(ROOT).as_posix() in COMPUTED, f"{path}: a variable with a computed name"


def test_every_variable_is_in_the_table_and_the_other_way_round():
    read = {name for path in PRODUCT for name in read_variables(path)} - NOT_OURS
    for provider in load("", {}).providers.values():
        read |= {variable(provider.name, "BASE_URL"), *filter(None, [provider.api_key_env])}
    assert sorted(first_cells(section(README, "## Settings"))) == sorted(read)


# --- Frames and codes -----------------------------------------------------------------------------


def documented_frames(heading: str) -> dict[str, list[str]]:
    frames = re.split(r"^### ", section(PROTOCOL, heading), flags=re.MULTILINE)[1:]
    return {frame.splitlines()[0].strip("`"): first_cells(frame) for frame in frames}


def fields_of(frame: type) -> list[str]:
    return [field.name.rstrip("_") for field in dataclasses.fields(frame)]


@pytest.mark.parametrize(
    ("heading", "frames"),
    [("## Client frames", protocol.CLIENT_FRAMES), ("## Server frames", protocol.SERVER_FRAMES)],
)
def test_every_frame_is_written_down_with_its_fields(heading, frames):
    written = {name: sorted(fields) for name, fields in documented_frames(heading).items()}
    assert written == {name: sorted(fields_of(frame)) for name, frame in frames.items()}


def test_what_may_be_left_out_is_called_optional():
    for name, frame in protocol.SERVER_FRAMES.items():
        rows = re.findall(r"^\| `(\w+)` \| (.*)\|", section(PROTOCOL, f"### `{name}`"), re.MULTILINE)
        optional = {field for field, words in rows if words.startswith("optional")}
        assert optional == {field.rstrip("_") for field in frame.leave_out}, name


def test_every_close_code_is_written_down():
    codes = {value for name, value in vars(outbox).items() if name.startswith("CLOSE_")}
    rows = re.findall(r"^\| (\d+) \|", section(PROTOCOL, "## Close codes"), re.MULTILINE)
    assert {int(row) for row in rows} == codes


def spoken_codes() -> set[str]:
    """Every error code that chat can put into a frame."""
    codes = {kind.code for kind in _kinds(GatewayError)} | refusals.CODES
    for path in ROOT.glob("chat/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                    codes.add(code)
                case ast.Assign(targets=[ast.Attribute(attr="code")], value=ast.Constant(value=str(code))):
                    codes.add(code)
                case ast.Call(
                    func=ast.Attribute(attr="_refuse"), args=[_, ast.Constant(value=str(code)), *_]
                ):
                    codes.add(code)
                case ast.Call(func=ast.Name(id="BadFrame"), args=[_, ast.Constant(value=str(code)), *_]):
                    codes.add(code)
    return codes | {"bad_frame"}


def _kinds(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    yield kind
    for further in kind.__subclasses__():
        yield from _kinds(further)


def test_every_error_code_is_written_down_and_sent_unless_reserved():
    rows = re.findall(r"^\| `(\w+)` \| (.*)\|", section(PROTOCOL, "## Error codes"), re.MULTILINE)
    spoken = spoken_codes()
    assert spoken <= {code for code, _ in rows}
    reserved = {code for code, words in rows if words.startswith("reserved")}
    assert {code for code, _ in rows} - reserved <= spoken
    assert not reserved & spoken


def test_every_request_of_the_protocol_has_a_view():
    rows = re.findall(r"^\| `[A-Z]+ (/\S+)` \|", section(PROTOCOL, "## HTTP beside the socket"), re.MULTILINE)
    assert rows
    for path in rows:
        resolve(path.replace("<uuid>", str(uuid4())))


# --- Names of the code ----------------------------------------------------------------------------

MADE = {"var/", ".venv/"}  # by `make`, not by us
FILE = re.compile(
    r"^(?P<path>[\w.-]+(?:/[\w.-]+)+|[\w-]+\.(?:py|md|toml|in|txt|json))(?::(?P<name>[\w.]+))?$"
)


@every_document
def test_every_file_and_folder_that_is_named_exists(document):
    for code in code_in(text(document)):
        found = FILE.match(code)
        if found and Path(found["path"]).suffix and found["path"].split("/")[0] not in {"nim", "var"}:
            assert (ROOT / found["path"]).is_file(), f"{document}: {code}"
        elif re.fullmatch(r"[\w.-]+(/[\w.-]+)*/", code) and code not in MADE:
            assert (ROOT / code).is_dir(), f"{document}: {code}"


@every_document
def test_every_function_that_is_named_exists(document):
    for code in code_in(text(document)):
        found = FILE.match(code)
        if found and found["name"]:
            assert defines(ROOT / found["path"], found["name"]), f"{document}: {code}"


def test_a_function_that_has_moved_is_noticed():
    turn = ROOT / "chat/turn.py"
    assert defines(turn, "run_turn")
    assert not defines(turn, "run_turns")
    assert defines(ROOT / "chat/outbox.py", "Outbox.put")
    assert not defines(ROOT / "chat/outbox.py", "Outbox.run_turn")
    assert defines(ROOT / "static/js/models/chat.js", "hear")
    assert not defines(ROOT / "static/js/models/chat.js", "listenTo")


def test_every_door_is_shown_to_hold_by_a_test():
    rows = re.findall(r"^\| (.*) \| .* \| (.*) \|$", section(SECURITY, "## Doors"), re.MULTILINE)[1:]
    assert len(rows) > 20
    for door, shown in rows:
        assert code_in(shown), door
        assert all(re.fullmatch(r"tests/[\w/]+\.py:test_\w+", name) for name in code_in(shown)), door


def test_every_part_of_chat_is_on_the_map():
    parts = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("chat/*.py")}
    parts -= {f"chat/{name}.py" for name in ("__init__", "apps", "urls")}
    assert parts <= set(code_in(section(ARCHITECTURE, "## The map")))


def test_every_package_is_on_the_map():
    packages = {f"{path.parent.relative_to(ROOT).as_posix()}/" for path in ROOT.glob("grump/*/__init__.py")}
    assert packages
    assert packages <= set(first_cells(section(ARCHITECTURE, "## The map")))


def test_the_rings_are_those_of_the_gateway():
    rings = set()
    for path in ROOT.glob("chat/gateway/**/*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and any(
                isinstance(member, ast.AsyncFunctionDef) and member.name == "stream" for member in node.body
            ):
                rings.add(f"{path.relative_to(ROOT).as_posix()}:{node.name}")
    assert set(first_cells(section(ARCHITECTURE, "## The gateway's rings"))) == rings


def test_the_layers_are_those_that_are_enforced():
    contracts = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = [" → ".join(contract["layers"]) for contract in contracts if contract["type"] == "layers"]
    assert [code for code in code_in(section(ARCHITECTURE, "## Layers")) if "→" in code] == layers


# --- Commands, links, libraries -------------------------------------------------------------------


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE)) - {"python"}


def test_every_target_of_make_exists_and_is_told():
    told = set()
    for document in DOCUMENTS:
        lines = " ; ".join(code_in(text(document)))
        told |= set(re.findall(r"\bmake(?: [A-Z_]+=\S+)* ([a-z]+)", lines))
    assert told == make_targets()


@every_document
def test_every_command_of_manage_py_exists_and_takes_what_it_is_given(document):
    for line in code_in(text(document)):
        if found := re.search(r"\bmanage\.py ([a-z_]+)(.*)", line):
            command = load_command_class(get_commands()[found[1]], found[1])
            given = shlex.split(found[2], comments=True)
            if given:  # raises CommandError
                command.create_parser("manage.py", found[1]).parse_args(given)


@every_document
def test_every_link_leads_somewhere(document):
    for target, _, anchor in re.findall(r"\]\(([^)#\s]*)(#([^)\s]+))?\)", text(document)):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path = (ROOT / document).parent / target if target else ROOT / document
        assert path.exists(), f"{document}: {target}"
        assert not anchor or anchor in anchors(path), f"{document}: {target}#{anchor}"


def first_components(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for entry in patterns:
        route = prefix + str(entry.pattern).lstrip("^")
        if "/" in route or not isinstance(entry, URLResolver):
            yield route.split("/")[0]
        else:
            yield from first_components(entry.url_patterns, route)


@every_document
def test_no_path_of_a_machine_is_named(document):
    ours = set(first_components(get_resolver().url_patterns)) | {"ws", "v1"}
    named = re.findall(r"(?:^|[\s`(\"'=])/([A-Za-z][\w.-]*)", text(document), re.MULTILINE)
    assert set(named) <= ours


def wanted_libraries() -> set[str]:
    package = json.loads(text("package.json"))
    names = {*package.get("dependencies", {}), *package.get("devDependencies", {})}
    for path in ROOT.glob("requirements*.in"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if found := re.match(r"[A-Za-z0-9][\w.-]*", line):
                names.add(found[0])
    return names


def test_every_library_has_its_reason():
    assert sorted(first_cells(text(LIBRARIES))) == sorted(wanted_libraries())
