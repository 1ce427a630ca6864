"""Which dialect is spoken under which name. A new dialect is one file and one line here."""

from collections.abc import Mapping

from chat.gateway.catalogue import DialectName
from chat.gateway.providers.dialect import Dialect
from chat.gateway.providers.openai import OpenAI

DIALECTS: Mapping[DialectName, Dialect] = {
    "openai": OpenAI(),
}
