"""The fake provider: plays the scenario that a request's `model` names, and keeps the books."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Self

import orjson

from tests.fakes import openai
from tests.fakes.ledger import Ledger, Stream
from tests.fakes.scenarios import SCENARIOS
from tests.fakes.script import (
    Ask,
    Comment,
    Cut,
    Fault,
    Finish,
    Flood,
    Garbage,
    Hang,
    Paced,
    Refuse,
    Role,
    Say,
    Scenario,
    Split,
    Spoken,
    Steps,
    Think,
    Usage,
    Wait,
    said,
    usage_of,
)
from tests.fakes.wire import Connection, Request, chunked

FLOOD_BLOCK = 64  # tokens a write


class FakeProvider:
    """A server of its own on 127.0.0.1. `url` is the base URL a catalogue wants; `ledger` the books."""

    def __init__(self, port: int = 0, scenarios: Mapping[str, Scenario] = SCENARIOS) -> None:
        self.port = port
        self.scenarios = dict(scenarios)
        self.ledger = Ledger()
        self._attempts: Counter[str] = Counter()
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self._answer, self._opened, self._closed),
            "127.0.0.1",
            self.port,
            family=socket.AF_INET,
            backlog=4096,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()
        tasks = [connection.task for connection in self._connections if connection.task is not None]
        for connection in list(self._connections):
            connection.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    def forget(self) -> None:
        """Clear the books and the count of attempts ("fails-then-works" fails again)."""
        self.ledger.clear()
        self._attempts.clear()

    # --- connections

    def _opened(self, connection: Connection) -> None:
        self._connections.add(connection)
        self.ledger.connections_open += 1
        self.ledger.connections_made += 1
        self.ledger.changed()

    def _closed(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self.ledger.connections_open -= 1
        self.ledger.changed()

    # --- requests

    async def _answer(self, connection: Connection, request: Request) -> None:
        match request.method, request.path:
            case "POST", "/v1/chat/completions":
                await self._complete(connection, request)
            case "POST", "/v1/embeddings":
                connection.respond(200, "application/json", openai.embeddings(orjson.loads(request.body)))
            case "GET", "/v1/models":
                connection.respond(200, "application/json", openai.models(list(self.scenarios)))
            case "GET", "/_ledger":
                brief = b"brief" in request.target
                books = self.ledger.as_dict(streams=not brief)
                connection.respond(200, "application/json", orjson.dumps(books))
            case "POST", "/_forget":
                self.forget()
                connection.respond(200, "application/json", b"{}")
            case _:
                refusal = Refuse(404, "Unknown request URL.", "invalid_request_error", "unknown_url")
                connection.respond(404, *openai.refusal(refusal))

    async def _complete(self, connection: Connection, request: Request) -> None:
        body = orjson.loads(request.body)
        name, prompt, prefill = body["model"], last_user_text(body), prefill_of(body)
        scenario = self.scenarios.get(name)
        stream = Stream(name, prompt, time.monotonic(), bool(body.get("stream")))
        stream.request, stream.headers, stream.changed = body, request.headers, self.ledger.changed
        self.ledger.streams.append(stream)
        self.ledger.changed()
        ask = Ask(prompt, self._attempts[name], prefill)
        self._attempts[name] += 1
        try:
            if scenario is None:
                missing = Refuse(404, f"The model `{name}` does not exist.", code="model_not_found")
                connection.respond(404, *openai.refusal(missing))
                stream.outcome = "broken"
            elif stream.streaming:
                include_usage = bool((body.get("stream_options") or {}).get("include_usage"))
                await play(scenario.steps(ask), connection, stream, include_usage)
            else:
                await play_whole(scenario.steps(ask), connection, stream)
        except asyncio.CancelledError:
            # A connection that the script cut is lost too, but that was not the client.
            if stream.outcome == "open":
                stream.outcome = "left"
            raise
        finally:
            stream.ended = time.monotonic()
            self.ledger.changed()


async def play(steps: Steps, connection: Connection, stream: Stream, include_usage: bool) -> None:
    """Write the script's steps as they come due."""
    model = stream.scenario
    for step in steps:
        if isinstance(step, Spoken) and not connection.begun:
            connection.begin(openai.STREAM_TYPE)
        match step:
            case Say(text):
                stream.sent(1)
                await connection.send(openai.text(model, text))
            case Think(text):
                stream.sent(1)
                await connection.send(openai.reasoning(model, text))
            case Paced(pieces, per_second):
                await pace(pieces, per_second, connection, stream)
            case Flood(pieces):
                for count, block in flood_blocks(model, pieces):
                    stream.sent(count)
                    await connection.write(block)
            case Role():
                await connection.send(openai.role(model))
            case Comment(text):
                await connection.send(openai.comment(text))
            case Garbage():
                await connection.send(openai.garbage())
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case Hang():
                await asyncio.get_running_loop().create_future()
            case Split(size):
                connection.split(size)
            case Cut():
                stream.outcome = "broken"
                connection.cut()
                return
            case Refuse(status):
                stream.outcome = "broken"
                connection.respond(status, *openai.refusal(step), step.headers)
                return
            case Fault(message, kind):
                stream.outcome = "broken"
                await connection.send(openai.fault(message, kind))
            case Finish(reason, usage, marker):
                report = usage_of(steps) if usage and include_usage else None
                await connection.send(openai.finish(model, reason, report, marker))
                stream.outcome = "complete"
    connection.end()
    if stream.outcome == "open":  # the script knows no Finish
        stream.outcome = "broken"


async def pace(pieces: Iterable[str], per_second: float, connection: Connection, stream: Stream) -> None:
    start = time.monotonic()
    for number, piece in enumerate(pieces):
        early = start + number / per_second - time.monotonic()
        if early > 0:
            await asyncio.sleep(early)
        stream.sent(1)
        await connection.send(openai.text(stream.scenario, piece))


@lru_cache(maxsize=8)
def flood_blocks(model: str, pieces: tuple[str, ...]) -> list[tuple[int, bytes]]:
    """The whole flood, framed once: (tokens, bytes) a write."""
    blocks = [pieces[start : start + FLOOD_BLOCK] for start in range(0, len(pieces), FLOOD_BLOCK)]
    return [(len(block), chunked(b"".join(openai.text(model, piece) for piece in block))) for block in blocks]


async def play_whole(steps: Steps, connection: Connection, stream: Stream) -> None:
    """The same script for a request without `stream`: one JSON body, or what goes wrong before it."""
    reason, usage = "stop", usage_of(steps)
    report: Usage | None = usage
    for step in steps:
        match step:
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case Hang():
                await asyncio.get_running_loop().create_future()
            case Cut():
                stream.outcome = "broken"
                connection.cut()
                return
            case Refuse(status):
                stream.outcome = "broken"
                connection.respond(status, *openai.refusal(step), step.headers)
                return
            case Fault(message, kind):
                stream.outcome = "broken"
                refusal = Refuse(500, message, kind)
                connection.respond(500, *openai.refusal(refusal))
                return
            case Finish(finish_reason, reported):
                reason, report = finish_reason, usage if reported else None
    thought = "".join(step.text for step in steps if isinstance(step, Think))
    stream.tokens = usage.completion_tokens
    stream.outcome = "complete"
    body = openai.whole(stream.scenario, "".join(said(steps)), thought, reason, report)
    connection.respond(200, "application/json", body)


def text_of(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def last_user_text(body: Mapping[str, Any]) -> str:
    return next((text_of(m) for m in reversed(body["messages"]) if m["role"] == "user"), "")


def prefill_of(body: Mapping[str, Any]) -> str:
    """vLLM's spelling: a trailing assistant message that is to be continued."""
    last = body["messages"][-1] if body["messages"] else {"role": ""}
    return text_of(last) if last["role"] == "assistant" and body.get("continue_final_message") else ""
