"""A conversation as the dialects other than OpenAI's want it: the system's words apart, user and model in
turn, and what /v1 brought in OpenAI's shape (pictures, tools) taken apart once.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import orjson

from chat.gateway.errors import BadRequest
from chat.gateway.request import ChatMessage, ChatRequest

Side = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Picture:
    """Either `data` (base64, with its type) or a `url`."""

    media_type: str
    data: str
    url: str


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call the model made earlier."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    description: str
    parameters: dict[str, Any]


@contextmanager
def translating() -> Iterator[None]:
    """Parts, tools and parameters come from /v1 and may have any shape; one that cannot be read is the
    caller's own error."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as misfit:
        raise BadRequest("The messages have parts that this model's provider cannot be sent.") from misfit


def system_text(messages: Sequence[ChatMessage]) -> str:
    return "\n\n".join(message.text for message in messages if message.role == "system" and message.text)


def in_turn(messages: Sequence[ChatMessage]) -> list[tuple[Side, list[ChatMessage]]]:
    """Neighbours of one side together, a tool's result on the user's side, without the system's words
    and without messages that say nothing (the providers refuse those)."""
    spoken = [message for message in messages if message.role != "system" and (message.text or message.extra)]
    return [(side, list(group)) for side, group in groupby(spoken, key=_side)]


def _side(message: ChatMessage) -> Side:
    return "assistant" if message.role == "assistant" else "user"


def parts(message: ChatMessage) -> list[str | Picture]:
    """Never an empty text: the providers refuse one."""
    content = message.extra.get("content")
    if not isinstance(content, list):
        return [message.text] if message.text else []
    return [_picture(part) if part["type"] == "image_url" else str(part["text"]) for part in content]


def _picture(part: dict[str, Any]) -> Picture:
    url: str = part["image_url"]["url"]
    if not url.startswith("data:"):
        return Picture("", "", url)
    described, _, data = url.removeprefix("data:").partition(",")
    return Picture(described.removesuffix(";base64"), data, "")


def calls(message: ChatMessage) -> list[Called]:
    return [
        Called(str(call["id"]), call["function"]["name"], orjson.loads(call["function"]["arguments"] or "{}"))
        for call in message.extra.get("tool_calls") or ()
    ]


def tools(request: ChatRequest) -> list[Tool]:
    functions = [tool["function"] for tool in request.extra.get("tools") or ()]
    return [
        Tool(function["name"], function.get("description") or "", function.get("parameters") or {})
        for function in functions
    ]


def stop_sequences(request: ChatRequest) -> list[str]:
    stop = request.extra.get("stop") or []
    return [stop] if isinstance(stop, str) else list(stop)
