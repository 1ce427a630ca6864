"""Texts as vectors: a client of any OpenAI-like `/v1/embeddings`, found through the catalogue."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from chat.gateway.catalogue import Model, Provider
from chat.gateway.counting import count_tokens
from chat.gateway.errors import BadRequest, ConnectFailed, FirstTokenTimeout, GarbledStream, UpstreamFailed
from chat.gateway.events import Usage
from chat.gateway.pricing import Counter, priced
from chat.gateway.providers.address import address
from chat.gateway.providers.http import FOREIGN, REFUSAL_LIMIT, UNREACHED, open_client
from chat.gateway.providers.registry import DIALECTS

DEFAULT = "local-embeddings/minilm"  # all-MiniLM-L6-v2, which `make run` serves
MOST_TEXTS = 256  # of one request
ANSWER_LIMIT = 64 * 1024 * 1024  # bytes

Vector = list[float]


@dataclass(frozen=True, slots=True)
class Embedded:
    """One vector a text, in the texts' order and all of one length; what it took, priced."""

    vectors: list[Vector]
    usage: Usage


class Embedder:
    """Asks `provider` for vectors of `model`, over connections that are kept. `key` is its secret."""

    def __init__(
        self, provider: Provider, model: Model, key: str = "", count: Counter = count_tokens
    ) -> None:
        self.model = model
        self._provider = provider
        self._key = key
        self._count = count
        self._client: httpx.AsyncClient | None = None

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Raises a GatewayError. 1 to `MOST_TEXTS` texts, none of them empty."""
        if not 1 <= len(texts) <= MOST_TEXTS or not all(texts):
            raise BadRequest(f"Between 1 and {MOST_TEXTS} texts that are not empty can be embedded at once.")
        body = orjson.dumps({"model": self.model.upstream, "input": list(texts), "encoding_format": "float"})
        status, headers, answer = await self._ask(body)
        if not 200 <= status < 300:
            raise DIALECTS["openai"].error(status, headers, answer[:REFUSAL_LIMIT])
        try:
            payload = orjson.loads(answer)
            vectors = _vectors(payload, len(texts))
        except (ValueError, TypeError, KeyError, IndexError):
            raise GarbledStream("The provider's embeddings could not be read.") from None
        return Embedded(vectors, priced(self._usage(payload, texts), self.model.price))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self._client is None:
            self._client = open_client(self._provider)
        headers = {
            "content-type": "application/json",
            "accept-encoding": "identity",
            **self._provider.headers,
        }
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
        url = address(self._provider, "/embeddings")
        try:
            async with asyncio.timeout(self._provider.timeouts.total):
                try:
                    return await self._post(url, headers, body)
                except httpx.HTTPError as error:
                    if isinstance(error.__cause__ or error, UNREACHED):
                        raise
                    # A kept connection that the server closed meanwhile: embedding twice does no harm.
                    return await self._post(url, headers, body)
        except TimeoutError:
            raise FirstTokenTimeout("The embeddings did not come in time.") from None
        except FOREIGN as error:
            if isinstance(error.__cause__ or error, UNREACHED):
                raise ConnectFailed("The provider could not be reached.") from None
            raise UpstreamFailed("The provider hung up without an answer.") from None

    async def _post(
        self, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        assert self._client is not None
        answer = bytearray()
        async with self._client.stream("POST", url, headers=headers, content=body) as response:
            async for chunk in response.aiter_raw():
                answer += chunk
                if len(answer) > ANSWER_LIMIT:
                    raise GarbledStream("The provider's answer does not end.")
        told = {name.lower(): value for name, value in response.headers.items()}
        return response.status_code, told, bytes(answer)

    def _usage(self, payload: dict[str, Any], texts: Sequence[str]) -> Usage:
        reported = payload.get("usage")
        tokens = reported.get("prompt_tokens") if isinstance(reported, dict) else None
        if isinstance(tokens, int) and tokens >= 0:
            return Usage(input_tokens=tokens)
        return Usage(input_tokens=sum(map(self._count, texts)), estimated=True)


def _vectors(payload: Any, count: int) -> list[Vector]:
    """Raises one of Python's own errors for whatever is not `count` vectors of one length."""
    rows = sorted(payload["data"], key=lambda row: row["index"])
    vectors = [[float(number) for number in row["embedding"]] for row in rows]
    if [row["index"] for row in rows] != list(range(count)):
        raise ValueError("not one vector a text")
    if len({len(vector) for vector in vectors}) != 1 or not vectors[0]:
        raise ValueError("vectors of several lengths")
    if not all(math.isfinite(number) for vector in vectors for number in vector):
        raise ValueError("not numbers")
    return vectors
