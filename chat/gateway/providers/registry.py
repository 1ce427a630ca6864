"""Which dialect is spoken under which name. A new dialect is one file and one line here."""

from collections.abc import Mapping

from chat.gateway.catalogue import DialectName
from chat.gateway.providers.anthropic import Anthropic
from chat.gateway.providers.bedrock import Bedrock
from chat.gateway.providers.cohere import Cohere
from chat.gateway.providers.dialect import Dialect
from chat.gateway.providers.gemini import Gemini
from chat.gateway.providers.ollama import Ollama
from chat.gateway.providers.openai import OpenAI

DIALECTS: Mapping[DialectName, Dialect] = {
    "openai": OpenAI(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
    "cohere": Cohere(),
    "ollama": Ollama(),
    "bedrock": Bedrock(),
}
