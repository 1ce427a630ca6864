import json

import pytest

from grump.operations.body_limit import BodyLimit


class Exchange:
    """One request as an ASGI server would bring it; remembers what was answered and how much was read."""

    def __init__(self, chunks: list[bytes], length: int | None = None, path: str = "/") -> None:
        self.chunks, self.read, self.sent = list(chunks), 0, []
        headers = [] if length is None else [(b"Content-Length", str(length).encode())]
        self.scope = {"type": "http", "path": path, "headers": headers}

    async def receive(self):
        self.read += 1
        return {"type": "http.request", "body": self.chunks.pop(0), "more_body": bool(self.chunks)}

    async def send(self, message):
        self.sent.append(message)

    async def run(self, most: int = 10) -> int:
        await BodyLimit(echo, most, {"/v1/": 20})(self.scope, self.receive, self.send)
        return self.sent[0]["status"]


async def echo(scope, receive, send):
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def test_a_body_of_the_limit_passes():
    exchange = Exchange([b"12345", b"67890"], length=10)
    assert await exchange.run() == 200
    assert exchange.sent[1]["body"] == b"1234567890"


async def test_a_declared_length_past_the_limit_is_refused_unread():
    exchange = Exchange([b"x" * 11], length=11)
    assert await exchange.run() == 413
    assert exchange.read == 0
    assert json.loads(exchange.sent[1]["body"])["error"]["code"] == "too_large"


@pytest.mark.parametrize("length", [None, 3])
async def test_a_body_that_grows_past_the_limit_is_read_no_further(length):
    exchange = Exchange([b"12345"] * 100, length=length)
    assert await exchange.run() == 413
    assert exchange.read == 3


@pytest.mark.parametrize(("path", "status"), [("/v1/x", 200), ("/x/v1/", 413), ("/V1/x", 413)])
async def test_where_more_is_let_in_it_is_by_the_paths_beginning(path, status):
    assert await Exchange([b"x" * 15], path=path).run() == status
    assert await Exchange([b"x" * 21], path=path).run() == 413


async def test_a_socket_is_none_of_its_business():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    await BodyLimit(app, 1)({"type": "websocket"}, None, None)
    assert seen == ["websocket"]
