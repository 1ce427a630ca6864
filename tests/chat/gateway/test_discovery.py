"""Models that a server names: offered with careful figures, never waited for, and no name is trusted."""

import asyncio
import json
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from chat.gateway.catalogue import Price, Provider
from chat.gateway.discovery import LARGEST, MOST, Discovery, Found, model_of, read_list
from chat.gateway.routing import Health, candidates
from chat.gateway.stack import build
from tests.chat.gateway.scripted import ask, catalogue, listen, model, text_of
from tests.fakes import FakeProvider
from tests.fakes import catalogue as fakes
from tests.waiting import until

OWN = Provider("vllm", "openai", "http://127.0.0.1:1/v1", "VLLM_API_KEY", key_optional=True, discover=True)


def listed(*entries: object, key: str = "data") -> bytes:
    return json.dumps({key: list(entries)}).encode()


class Server:
    """Answers every request with one body, and keeps what was asked."""

    def __init__(self, body: bytes, status: str = "200 OK") -> None:
        self.body, self.status = body, status
        self.asked: list[bytes] = []

    async def __aenter__(self) -> "Server":
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        head = f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + self.body)
        writer.close()

    def provider(self, **differs) -> Provider:
        given = {"dialect": "openai", "base_url": f"{self.url}/v1", "discover": True} | differs
        return Provider("vllm", **given)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (listed({"id": "Qwen/Qwen3-8B", "max_model_len": 40960}), Found("Qwen/Qwen3-8B", 40960)),
        (listed({"id": "phi-4", "meta": {"n_ctx": 16384}}), Found("phi-4", 16384)),
        (listed({"name": "llama3.2:latest"}, key="models"), Found("llama3.2:latest")),
        (listed({"id": "m", "max_model_len": -5}), Found("m")),
        (listed({"id": "m", "max_model_len": 10**12}), Found("m", 1_000_000)),
        (listed({"id": "m", "max_model_len": True}), Found("m")),
    ],
)
def test_each_servers_list_is_read(body: bytes, found: Found) -> None:
    assert list(read_list(body)) == [found]


@pytest.mark.parametrize(
    "name",
    [
        *[
            "",
            "a" * 91,
            "../etc/passwd",
            "/models/x.gguf",
            "a//b",
            "a b",
            "<b>x</b>",
            "a\nb",
            "ä",
            "a/",
            5,
            None,
        ],
        *["nvidia/nv-embedqa-e5-v5", "llama-guard", "whisper-1"],
    ],
)
def test_a_name_that_is_none_or_that_does_not_chat_is_left_out(name: object) -> None:
    assert list(read_list(listed({"id": name}, {"id": "good"}))) == [Found("good")]


@given(
    st.binary()
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_whatever_a_server_says_is_read_or_refused(body: bytes) -> None:
    try:
        list(read_list(body))
    except ValueError:
        pass


def test_its_figures_are_careful() -> None:
    mine = model_of(OWN, Found("x"), [])
    assert (mine.price, mine.context, mine.capabilities) == (Price(), 4096, {"chat"})
    hosted = Provider("nim", "openai", "https://nim.example/v1", "NIM_API_KEY")
    known = [
        model("nim/a", price=Price(1, 2)),
        model("nim/b", price=Price(3, 9)),
        model("x/c", price=Price(50, 99)),
    ]
    assert model_of(hosted, Found("x"), known).price == Price(3, 9)


def test_auto_takes_what_is_known_and_nobody_falls_back_to_a_stranger() -> None:
    stranger = model("b/found", discovered=True, price=Price(0, 0))
    dear = model("a/dear", price=Price(9, 9))
    known = catalogue(stranger, dear)
    health = Health({"a", "b"})
    assert candidates(ask(), known, health)[0].model is dear
    assert [one.model for one in candidates(ask(model="a/dear"), known, health)] == [dear]
    assert candidates(ask(model="b/found"), known, health)[0].model is stranger
    assert candidates(ask(), known, Health({"b"}))[0].model is stranger


async def test_what_is_found_is_added_and_what_is_known_stays_as_it_is() -> None:
    known = model("vllm/mine", upstream="Qwen/Qwen3-8B")
    models = {known.name: known}
    async with Server(listed({"id": "Qwen/Qwen3-8B"}, {"id": "new"})) as server:
        discovery = Discovery([(server.provider(), "secret")], models)
        assert await discovery.look() == {}
        assert set(models) == {"vllm/mine", "vllm/new"}
        assert b"authorization: bearer secret" in server.asked[0].lower()
        server.body = listed({"id": "other"})
        await discovery.look()
        assert discovery.present == {"vllm/other"}
        assert "vllm/new" in models  # an answer of it may be running


async def test_ollama_is_asked_for_its_tags() -> None:
    async with Server(listed({"name": "llama3.2:latest"}, key="models")) as server:
        models: dict = {}
        await Discovery([(server.provider(dialect="ollama", base_url=server.url), "")], models).look()
        assert server.asked[0].startswith(b"GET /api/tags ")
        assert list(models) == ["vllm/llama3.2:latest"]


async def test_however_many_names_a_server_invents_few_are_kept() -> None:
    models: dict = {}
    async with Server(b"") as server:
        discovery = Discovery([(server.provider(), "")], models)
        for turn in range(3):
            server.body = listed(*({"id": f"m{turn}-{number}"} for number in range(MOST)))
            await discovery.look()
    assert len(models) == MOST


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"x" * (LARGEST + 1), "200 OK", "is too long"),
        (b"<html>", "200 OK", "is not JSON"),
        (b"[]", "200 OK", "is no list of models"),
        (b"no", "401 Unauthorized", "is refused (401)"),
        (b"", "302 Found\r\nLocation: http://127.0.0.1:1/", "is refused (302)"),
    ],
)
async def test_what_is_no_list_is_said_in_words_and_changes_nothing(
    body: bytes, status: str, says: str
) -> None:
    async with Server(body, status) as server:
        models: dict = {}
        assert await Discovery([(server.provider(), "")], models).look() == {"vllm": says}
        assert models == {}


async def test_a_server_that_is_away_is_in_nobodys_way() -> None:
    assert await Discovery([(OWN, "")], {}).look() == {"vllm": "cannot be read"}


async def test_what_is_found_after_the_start_is_listed_and_answers(
    fake_provider: FakeProvider, tmp_path: Path
) -> None:
    tables = fakes.catalogue(fake_provider.url, ["other"])
    tables["providers"]["mock"]["discover"] = True
    path = tmp_path / "catalog.toml"
    path.write_text(tomli_w.dumps(tables))
    gateway = build(environ={"GRUMP_CATALOG": str(path)})
    names = lambda: {entry.model.name for entry in gateway.models() if entry.configured}  # noqa: E731
    assert names() == {"mock/other"}
    dear = gateway.likely_price("auto")
    gateway.start()
    await until(lambda: "mock/fast" in names())
    assert gateway.likely_price("auto").input < dear.input  # what was found is known at once
    assert gateway.window("mock/fast") == 4096
    assert text_of(await listen(gateway.stream(ask(model="mock/fast"))))
    await gateway.close()
