"""The request of the OpenAI dialect: address, headers and body, and who spells which field how.

Two things are decided by the host, because they are properties of those services and of nobody who
imitates them: OpenAI and Azure want `max_completion_tokens` and refuse a temperature for reasoning
models; Mistral counts unasked and refuses `stream_options`. How a prefill is spelled goes by the
provider's name in the catalogue; a name not listed is taken for a vLLM-like server (NIM among them),
and llama.cpp, which knows none of the fields, ignores them and goes on by itself.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from chat.gateway.catalogue import Model, Provider
from chat.gateway.providers.prefill import continues, messages_with_prefill
from chat.gateway.request import ChatMessage, ChatRequest

_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")
_PREFIX_FLAG = ("mistral", "deepseek")  # `"prefix": true` on the message that is to be gone on with
_BY_ITSELF = ("openrouter",)  # goes on with a trailing message of the assistant

# What the gateway decides alone: the rest of `request.extra` is the caller's affair. One answer a
# question: further choices would be paid for and never read.
_OURS = frozenset(
    {"messages", "model", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n"}
)


def headers(provider: Provider, key: str) -> Mapping[str, str]:
    sent = {"content-type": "application/json", "accept": "text/event-stream"}
    if key:
        if _host(provider).endswith(_AZURE):
            sent["api-key"] = key
        else:
            sent["authorization"] = f"Bearer {key}"
    return {**sent, **provider.headers}


def body(request: ChatRequest, model: Model, provider: Provider) -> dict[str, Any]:
    host = _host(provider)
    at_openai = host == "api.openai.com" or host.endswith(_AZURE)
    fields: dict[str, Any] = {name: value for name, value in request.extra.items() if name not in _OURS}
    fields["model"] = model.upstream
    fields["messages"] = [_message(message) for message in messages_with_prefill(request, model)]
    fields["stream"] = True
    if host != "api.mistral.ai":
        fields["stream_options"] = {"include_usage": True}
    # Always sent: a small model without a limit may ramble until its window is full.
    limit = min(request.max_output or model.max_output, model.max_output)
    fields["max_completion_tokens" if at_openai else "max_tokens"] = limit
    if request.temperature is not None and not (at_openai and "reasoning" in model.capabilities):
        fields["temperature"] = request.temperature
    if continues(request, model):
        _spell_prefill(fields, provider.name)
    return fields


def _spell_prefill(fields: dict[str, Any], provider: str) -> None:
    if provider in _PREFIX_FLAG:
        fields["messages"][-1]["prefix"] = True
    elif provider not in _BY_ITSELF:
        fields["continue_final_message"] = True
        fields["add_generation_prompt"] = False


def _message(message: ChatMessage) -> dict[str, Any]:
    return {"role": message.role, "content": message.text, **message.extra}


def _host(provider: Provider) -> str:
    return urlsplit(provider.base_url).hostname or ""
