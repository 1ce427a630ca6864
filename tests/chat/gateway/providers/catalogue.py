"""Models and providers to ask the dialects about, with one word changed where a test needs it."""

import orjson

from chat.gateway.catalogue import DialectName, Model, Price, Provider
from chat.gateway.providers.dialect import HttpCall
from chat.gateway.providers.registry import DIALECTS
from chat.gateway.request import ChatMessage, ChatRequest

BASES = {
    "openai": "http://127.0.0.1:9100/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta",
    "cohere": "https://api.cohere.com/v2",
    "ollama": "http://127.0.0.1:11434",
    "bedrock": "https://bedrock-runtime.us-east-1.amazonaws.com",
}


def model(*capabilities: str, upstream: str = "m-1") -> Model:
    capable = frozenset({"chat", *capabilities})
    return Model("x/m", "x", upstream, 8192, 512, Price(), "simple", capable)  # type: ignore[arg-type]


def provider(
    dialect: DialectName = "openai", base_url: str = "", name: str = "x", **headers: str
) -> Provider:
    return Provider(name, dialect, base_url or BASES[dialect], headers=headers)


def call(
    request: ChatRequest,
    dialect: DialectName = "openai",
    *,
    of: Model | None = None,
    at: Provider | None = None,
    key: str = "k",
) -> HttpCall:
    return DIALECTS[dialect].call(request, of or model(), at or provider(dialect), key)


def body(request: ChatRequest, dialect: DialectName = "openai", **kwargs) -> dict:
    return orjson.loads(call(request, dialect, **kwargs).body)


def ask(*messages: ChatMessage, **kwargs) -> ChatRequest:
    return ChatRequest(messages or (ChatMessage("user", "hello"),), **kwargs)


#: What /v1 may send: a picture, a call of a tool and its result.
PNG = "iVBORw0KGgo="
TOOLS = [
    {
        "type": "function",
        "function": {"name": "weather", "description": "d", "parameters": {"type": "object"}},
    }
]
PICTURE = ChatMessage(
    "user",
    "what is this?",
    {
        "content": [
            {"type": "text", "text": "what is this?"},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        ]
    },
)
TOOL_TALK = (
    ChatMessage("system", "Be brief."),
    ChatMessage("user", "weather in Oslo?"),
    ChatMessage(
        "assistant",
        "",
        {"tool_calls": [{"id": "c1", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}]},
    ),
    ChatMessage("tool", "rain", {"tool_call_id": "c1"}),
)
