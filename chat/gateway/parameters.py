"""Which further parameters of a request a provider's dialect carries on: a candidate that would drop one is
not asked at all, so that nothing a caller set is lost without a word.

A dialect's set is what its file reads from `request.extra`, by OpenAI's names. Models that steer their own
sampling are an exception their dialects know: they refuse `top_p` and `temperature`, and are not sent them.
"""

from collections.abc import Mapping

from chat.gateway.catalogue import DialectName
from chat.gateway.request import ChatRequest

_STOP_AND_TOOLS = frozenset({"stop", "tools", "top_p"})

CARRIED: Mapping[DialectName, frozenset[str] | None] = {
    "openai": None,  # whatever it is, it is their own spelling
    "anthropic": _STOP_AND_TOOLS,
    "bedrock": _STOP_AND_TOOLS,
    "cohere": _STOP_AND_TOOLS | {"seed", "response_format"},
    "gemini": _STOP_AND_TOOLS | {"seed", "presence_penalty", "frequency_penalty"},
    "ollama": _STOP_AND_TOOLS | {"seed", "presence_penalty", "frequency_penalty"},
}


def lost(request: ChatRequest, dialect: DialectName) -> set[str]:
    """The parameters that this dialect would drop."""
    carried = CARRIED[dialect]
    return set() if carried is None else set(request.extra) - carried
