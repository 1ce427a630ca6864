"""Exact counts of tokens, by family of tokenizers. For the background: the first use of a vocabulary takes a
second and some 140 MB. Whatever has no family here is estimated (counting.py).
"""

import re
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from chat.gateway.catalogue import Catalogue, Model, Provider
from chat.gateway.routing import LOCAL

ESTIMATED = ""
OWN = "own:"  # … and the server's name for the model: it is asked itself
TIMEOUT = 2.0  # seconds for one text

#: Which vocabulary of the wheel serves which models, by the name their provider knows them by. Llama 3 has
#: cl100k's merges and 28,000 more, so that a count by cl100k is never too low by much.
_FAMILIES = (
    (re.compile(r"(^|/)(gpt-oss|gpt-(4o|4\.1|4\.5|[5-9])|chatgpt|o[1-9])\b"), "o200k"),
    (re.compile(r"(^|/)gpt-(4|3\.5)\b"), "cl100k"),
    (re.compile(r"(^|/)(meta-)?llama-?3"), "cl100k"),
    (re.compile(r"(^|/)qwen"), "qwen"),
)
_VOCABULARIES = {"o200k": "o200k_base", "cl100k": "cl100k_base", "qwen": "voyage3_base"}


def family(model: Model) -> str:
    """The tokenizer's family, ESTIMATED where none is known."""
    if model.provider == LOCAL:
        return OWN + model.upstream
    name = model.upstream.lower()
    return next((found for pattern, found in _FAMILIES if pattern.search(name)), ESTIMATED)


def families(catalogue: Catalogue, usable: frozenset[str]) -> tuple[str, ...]:
    """Of every chat model that can be asked, in a fixed order; ESTIMATED among them where one has none."""
    found = {
        family(model)
        for model in catalogue.models.values()
        if model.provider in usable and "chat" in model.capabilities
    }
    return tuple(sorted(found))


class Tokenizers:
    """Counts for the families given; `local` is the server with a tokenizer of its own, None for none."""

    def __init__(self, wanted: Sequence[str], local: Provider | None = None) -> None:
        self._vocabularies = [name for name in wanted if name in _VOCABULARIES]
        self._own = next((name for name in wanted if name.startswith(OWN)), "")
        self._local = local
        self._client: httpx.AsyncClient | None = None

    @property
    def families(self) -> frozenset[str]:
        own = {self._own} if self._own and self._local is not None else set()
        return frozenset({*self._vocabularies, *own})

    async def count(self, text: str) -> dict[str, int]:
        """By family. One that cannot be asked now is left out."""
        found = {name: _vocabulary(name).count(text) for name in self._vocabularies}
        if self._own and self._local is not None:
            own = await self._ask(text, self._local)
            if own is not None:
                found[self._own] = own
        return found

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _ask(self, text: str, provider: Provider) -> int | None:
        """llama.cpp's own door, beside its OpenAI-like one."""
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)
        parts = urlsplit(provider.base_url)
        url = urlunsplit(parts._replace(path=parts.path.rstrip("/").removesuffix("/v1") + "/tokenize"))
        try:
            answer = await self._client.post(url, json={"content": text})
            return len(answer.raise_for_status().json()["tokens"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None


class _Vocabulary:
    def __init__(self, name: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of how the wheel opens its files
            import bpe_openai  # here: only the worker pays for it
        self._encoding: Any = bpe_openai.get_encoding(_VOCABULARIES[name])

    def count(self, text: str) -> int:
        return len(self._encoding.encode_ordinary(text))


@cache
def _vocabulary(name: str) -> _Vocabulary:
    return _Vocabulary(name)
