"""A program with a key, in the same process as the house: requests through the real ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator

from usage import keys

HELLO = [{"role": "user", "content": "Hello"}]
PATIENCE = 10.0  # seconds


async def a_key(user, **how: Any) -> tuple[Any, str]:
    """The key and its secret."""
    return await sync_to_async(keys.make)(user, "test", **how)


class Answer:
    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.status, self.headers, self.body = status, headers, b""

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        return self.json["error"]["code"]

    @property
    def chunks(self) -> list[dict[str, Any]]:
        """What a stream said, without its comments and its end."""
        lines = [line[6:] for line in self.body.split(b"\n") if line.startswith(b"data: ")]
        return [orjson.loads(line) for line in lines if line != b"[DONE]"]

    @property
    def text(self) -> str:
        """The answer's text, of a stream or a whole."""
        if self.headers["content-type"].startswith("application/json"):
            return self.json["choices"][0]["message"]["content"]
        choices = (choice for chunk in self.chunks for choice in chunk["choices"])
        return "".join(choice["delta"].get("content") or "" for choice in choices)


class Program:
    """`await Program(secret).post(…)` is a whole request and its answer."""

    def __init__(self, secret: str = "") -> None:
        self.secret = secret

    async def get(self, path: str) -> Answer:
        async with self.request("GET", path) as (answer, read):
            await read()
        return answer

    async def post(self, path: str, body: bytes | dict[str, Any], **headers: str) -> Answer:
        async with self.request("POST", path, body, **headers) as (answer, read):
            await read()
        return answer

    async def ask(self, model: str = "mock/fast", **fields: Any) -> Answer:
        return await self.post("/v1/chat/completions", {"model": model, "messages": HELLO, **fields})

    @asynccontextmanager
    async def request(
        self, method: str, path: str, body: bytes | dict[str, Any] = b"", **headers: str
    ) -> AsyncIterator[Any]:
        """The answer's head, and how to read its body (`pieces` of it, or all). Leaving hangs up."""
        from grump.asgi import application

        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        sent = {"host": "localhost", "content-length": str(len(raw)), **headers}
        if self.secret:
            sent["authorization"] = f"Bearer {self.secret}"
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [
                (name.replace("_", "-").lower().encode(), value.encode()) for name, value in sent.items()
            ],
            "client": ("127.0.0.1", 1234),
            "server": ("localhost", 80),
            "scheme": "http",
        }
        connection = ApplicationCommunicator(application, scope)
        await connection.send_input({"type": "http.request", "body": raw})
        ended = False

        async def read(pieces: int | None = None) -> None:
            nonlocal ended
            while not ended and pieces != 0:
                message = await connection.receive_output(PATIENCE)
                answer.body += message.get("body", b"")
                ended = not message.get("more_body", False)
                pieces = None if pieces is None else pieces - 1

        try:
            head = await connection.receive_output(PATIENCE)
            answer = Answer(
                head["status"], {name.decode().lower(): v.decode() for name, v in head["headers"]}
            )
            yield answer, read
        finally:
            await connection.send_input({"type": "http.disconnect"})
            await connection.wait(PATIENCE)
