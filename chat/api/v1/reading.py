"""A body of `POST /v1/chat/completions` becomes a question to the gateway. Pure.

Every parameter is either understood, carried on to the provider, or refused by name: none is dropped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from chat.api.v1.errors import Refusal, invalid
from chat.api.v1.messages import read_messages
from chat.gateway.request import ChatRequest

MOST_TOOLS = 128
MOST_STOPS = 4


@dataclass(frozen=True, slots=True)
class Asked:
    request: ChatRequest
    stream: bool
    include_usage: bool


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _number(least: float, most: float) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        return isinstance(value, int | float) and not _flag(value) and least <= value <= most

    return fits


def _whole(least: int, most: int) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        return isinstance(value, int) and not _flag(value) and least <= value <= most

    return fits


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 512


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _stop(value: Any) -> bool:
    stops = [value] if isinstance(value, str) else value
    return isinstance(stops, list) and len(stops) <= MOST_STOPS and all(isinstance(one, str) for one in stops)


def _tools(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MOST_TOOLS
        and all(
            isinstance(tool, dict)
            and tool.get("type") == "function"
            and isinstance(tool.get("function"), dict)
            and isinstance(tool["function"].get("name"), str)
            for tool in value
        )
    )


# What is carried on as it is: whether a value may be, and in words what it has to be.
CARRIED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "frequency_penalty": (_number(-2, 2), "a number from -2 to 2"),
    "logit_bias": (_object, "an object"),
    "metadata": (_object, "an object"),
    "min_p": (_number(0, 1), "a number from 0 to 1"),
    "parallel_tool_calls": (_flag, "true or false"),
    "presence_penalty": (_number(-2, 2), "a number from -2 to 2"),
    "prompt_cache_key": (_text, "a short text"),
    "reasoning_effort": (_text, "a short text"),
    "repetition_penalty": (_number(0, 10), "a number from 0 to 10"),
    "response_format": (_object, "an object"),
    "safety_identifier": (_text, "a short text"),
    "seed": (_whole(-(2**63), 2**63 - 1), "a whole number"),
    "stop": (_stop, f"a text, or up to {MOST_STOPS} of them"),
    "tool_choice": (lambda value: _text(value) or _object(value), "a text or an object"),
    "tools": (_tools, f"a list of up to {MOST_TOOLS} functions"),
    "top_k": (_whole(-1, 1_000_000), "a whole number"),
    "top_p": (_number(0, 1), "a number from 0 to 1"),
    "user": (_text, "a short text"),
    "verbosity": (_text, "a short text"),
}
# Known, and not done here; the one value that asks for nothing is as good as none.
NOT_DONE: Mapping[str, Any] = {"n": 1, "logprobs": False, "store": False, "service_tier": "auto"}
READ = frozenset(
    {"messages", "model", "stream", "stream_options", "temperature", "max_tokens", "max_completion_tokens"}
)


def read_object(body: bytes) -> dict[str, Any]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise invalid("The body is not JSON.", code="invalid_json") from None
    if not isinstance(fields, dict):
        raise invalid("The body has to be a JSON object.", code="invalid_json")
    return fields


def read(body: bytes, party: str) -> Asked:
    """Raises Refusal, which names the parameter that is wrong."""
    fields = {name: value for name, value in read_object(body).items() if value is not None}
    _refuse_unknown(fields)
    stream = _expect(fields, "stream", _flag, "true or false", False)
    request = ChatRequest(
        messages=read_messages(fields.get("messages")),
        model=read_model(fields),
        max_output=_limit(fields),
        temperature=_expect(fields, "temperature", _number(0, 2), "a number from 0 to 2", None),
        priority="api",
        party=party,
        extra={name: _carried(fields, name) for name in CARRIED if name in fields},
    )
    return Asked(request, stream, _include_usage(fields, stream))


def read_model(fields: Mapping[str, Any]) -> str:
    model = fields.get("model")
    if not isinstance(model, str) or not model or len(model) > 200:
        raise invalid('Name a model, or "auto".', "model", "missing_required_parameter")
    return model


def _refuse_unknown(fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if name in NOT_DONE:
            if value != NOT_DONE[name] or isinstance(value, bool) != isinstance(NOT_DONE[name], bool):
                raise Refusal(
                    400, "unsupported_value", f"This value of '{name[:100]}' is not supported.", param=name
                )
        elif name not in READ and name not in CARRIED:
            raise Refusal(
                400,
                "unsupported_parameter",
                f"The parameter '{name[:100]}' is not supported.",
                param=name[:100],
            )


def _carried(fields: Mapping[str, Any], name: str) -> Any:
    fits, words = CARRIED[name]
    return _expect(fields, name, fits, words, None)


def _expect(
    fields: Mapping[str, Any], name: str, fits: Callable[[Any], bool], words: str, default: Any
) -> Any:
    if name not in fields:
        return default
    if not fits(fields[name]):
        raise invalid(f"'{name}' has to be {words}.", name)
    return fields[name]


def _limit(fields: Mapping[str, Any]) -> int | None:
    """Either name; OpenAI replaced the first by the second."""
    names = [name for name in ("max_completion_tokens", "max_tokens") if name in fields]
    if len(names) == 2:
        raise invalid("Give one of 'max_tokens' and 'max_completion_tokens'.", names[1])
    most = 10_000_000
    return _expect(fields, names[0], _whole(1, most), "a whole number from 1 on", None) if names else None


def _include_usage(fields: Mapping[str, Any], stream: bool) -> bool:
    options = _expect(fields, "stream_options", _object, "an object", {})
    if options and not stream:
        raise invalid("'stream_options' is for streams alone.", "stream_options")
    for name, value in options.items():
        if name not in ("include_usage", "include_obfuscation") or not _flag(value):
            raise invalid(f"'stream_options.{name[:100]}' is not supported.", f"stream_options.{name[:100]}")
    if options.get("include_obfuscation"):
        raise invalid("Obfuscation is not supported.", "stream_options.include_obfuscation")
    return bool(options.get("include_usage"))
