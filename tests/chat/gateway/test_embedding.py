"""Vectors over HTTP: in order, of one length, counted; and every way in which they do not come."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.gateway import errors
from chat.gateway.catalogue import Model, Price, Provider, Timeouts
from chat.gateway.embedding import MOST_TEXTS, Embedder, _vectors
from chat.gateway.stack import build
from tests.fakes.wire import Connection, Request

MODEL = Model("e/m", "e", "m", 512, 512, Price(2.0), "simple", frozenset({"embeddings"}))
Answer = Callable[[dict], tuple[int, dict | bytes]]


class Server:
    """Answers with what `answer` makes of a body; `connections` and `requests` are counted."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self.connections = 0
        self.drop_next = False

    def opened(self, connection: Connection) -> None:
        self.connections += 1

    async def respond(self, connection: Connection, request: Request) -> None:
        self.requests.append(request)
        if self.drop_next:
            self.drop_next = False
            connection.cut()
            return
        status, body = self.answer(orjson.loads(request.body))
        connection.respond(
            status, "application/json", body if isinstance(body, bytes) else orjson.dumps(body)
        )


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[tuple[Server, Embedder]]:
    server = Server(answer)
    listening = await asyncio.get_running_loop().create_server(
        lambda: Connection(server.respond, server.opened, lambda _: None), "127.0.0.1", 0
    )
    port = listening.sockets[0].getsockname()[1]
    provider = Provider("e", "openai", f"http://127.0.0.1:{port}/v1", timeouts=Timeouts(connect=1, total=2))
    embedder = Embedder(provider, MODEL, "secret")
    try:
        yield server, embedder
    finally:
        await embedder.close()
        listening.close()


def lengths(body: dict) -> tuple[int, dict]:
    """Each text's length as its vector, in the wrong order."""
    rows = [{"index": i, "embedding": [len(text), 1]} for i, text in enumerate(body["input"])]
    return 200, {"data": rows[::-1], "usage": {"prompt_tokens": 7}}


async def test_each_text_has_its_vector_whatever_the_order_of_the_answer() -> None:
    async with serving(lengths) as (server, embedder):
        embedded = await embedder.embed(["a", "bbb", "cc"])
    assert embedded.vectors == [[1, 1], [3, 1], [2, 1]]
    assert (embedded.usage.input_tokens, embedded.usage.cost_microusd) == (7, 14)
    assert server.requests[0].path == "/v1/embeddings"
    assert server.requests[0].headers["authorization"] == "Bearer secret"


async def test_a_connection_is_kept() -> None:
    async with serving(lengths) as (server, embedder):
        for _ in range(3):
            await embedder.embed(["a"])
        assert server.connections == 1


async def test_a_kept_connection_that_breaks_is_opened_anew() -> None:
    async with serving(lengths) as (server, embedder):
        await embedder.embed(["a"])
        server.drop_next = True
        assert (await embedder.embed(["bb"])).vectors == [[2, 1]]


async def test_tokens_that_nobody_reports_are_estimated() -> None:
    async with serving(lambda body: (200, {"data": [{"index": 0, "embedding": [1.0]}]})) as (_, embedder):
        usage = (await embedder.embed(["eight ch"])).usage
    assert (usage.input_tokens, usage.estimated) == (2, True)


@pytest.mark.parametrize("texts", [[], [""], ["x"] * (MOST_TEXTS + 1)])
async def test_what_cannot_be_embedded_is_refused_before_anybody_is_asked(texts) -> None:
    async with serving(lengths) as (server, embedder):
        with pytest.raises(errors.BadRequest):
            await embedder.embed(texts)
        assert not server.requests


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<html>", errors.GarbledStream),
        (200, {"data": []}, errors.GarbledStream),
        (200, {"data": [{"index": 0, "embedding": "base64"}]}, errors.GarbledStream),
        (401, {"error": {"message": "no"}}, errors.UpstreamRejectedKey),
        (500, b"", errors.UpstreamFailed),
    ],
)
async def test_what_a_provider_answers_instead(status, body, error) -> None:
    async with serving(lambda _: (status, body)) as (_, embedder):
        with pytest.raises(error):
            await embedder.embed(["a"])


async def test_a_server_that_is_not_there(closed_port) -> None:
    embedder = Embedder(Provider("e", "openai", f"http://127.0.0.1:{closed_port}/v1"), MODEL)
    with pytest.raises(errors.ConnectFailed):
        await embedder.embed(["a"])
    await embedder.close()


@given(
    st.recursive(
        st.none() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["data", "index", "embedding"]), inner)
        ),
    )
)
def test_nothing_a_provider_says_is_taken_for_vectors_by_mistake(payload) -> None:
    try:
        vectors = _vectors(payload, 1)
    except (ValueError, TypeError, KeyError, IndexError):
        return
    assert len(vectors) == 1


def test_the_gateway_has_the_embedders_that_are_configured() -> None:
    gateway = build(environ={"LOCAL_EMBEDDINGS_BASE_URL": "http://127.0.0.1:9/v1"})
    assert [model.name for model in gateway.embedding_models()] == ["local-embeddings/minilm"]
    assert gateway.embedder("local-embeddings/minilm").model.upstream == "all-minilm-l6-v2"
    with pytest.raises(errors.UnknownModel):
        build(environ={}).embedder("local-embeddings/minilm")
