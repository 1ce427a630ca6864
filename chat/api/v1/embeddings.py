"""`POST /v1/embeddings`: texts become vectors, through the same key, quota and catalogue."""

import base64
from array import array
from dataclasses import dataclass
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from chat.api.v1 import admission
from chat.api.v1.admission import Admitted, Wish
from chat.api.v1.door import body_of, secret_of, speaks_openai
from chat.api.v1.errors import Refusal, invalid
from chat.api.v1.limits import limit_headers
from chat.api.v1.reading import read_model, read_object
from chat.gateway.counting import count_tokens
from chat.gateway.embedding import MOST_TEXTS, Embedded, Embedder
from chat.runtime import runtime
from grump.lib.database import in_database, insistently
from usage.models.api_key import Scope
from usage.quota import Estimate, Spent

FIELDS = frozenset({"model", "input", "encoding_format", "user"})


@dataclass(frozen=True, slots=True)
class Asked:
    model: str
    texts: list[str]
    in_base64: bool


@speaks_openai("POST")
async def embeddings(request: HttpRequest) -> HttpResponseBase:
    key = await in_database(admission.enter, secret_of(request), Scope.EMBEDDINGS)
    asked = read(body_of(request))
    house = runtime()
    embedder = house.gateway.embedder(asked.model)
    price = round(embedder.model.price.input * 1_000_000)
    estimate = Estimate(sum(map(count_tokens, asked.texts)), 0, input_price=price)
    admitted = await in_database(admission.admit, key, Wish(asked.model, estimate))
    house.usage.touch(key.owner_id)
    embedded = await _embed(embedder, asked, admitted)
    house.usage.touch(key.owner_id)
    response = HttpResponse(orjson.dumps(_shape(asked, embedded)), content_type="application/json")
    for name, value in limit_headers(admitted.standing).items():
        response[name] = value
    response["x-grump-model"] = asked.model
    response["x-grump-cost-usd"] = f"{embedded.usage.cost_microusd / 1_000_000:.6f}"
    return response


async def _embed(embedder: Embedder, asked: Asked, admitted: Admitted) -> Embedded:
    try:
        embedded = await embedder.embed(asked.texts)
    except BaseException:
        # Also who hung up: nothing was delivered, so nothing is paid.
        await insistently(admission.release, admitted)
        raise
    spent = Spent(
        input_tokens=embedded.usage.input_tokens,
        cost_microusd=embedded.usage.cost_microusd,
        provider=embedder.model.provider,
        model=asked.model,
    )
    await insistently(admission.settle, admitted, spent)
    return embedded


def read(body: bytes) -> Asked:
    """Raises Refusal."""
    fields = {name: value for name, value in read_object(body).items() if value is not None}
    for name in fields:
        if name not in FIELDS:
            raise Refusal(
                400,
                "unsupported_parameter",
                f"The parameter '{name[:100]}' is not supported.",
                param=name[:100],
            )
    encoding = fields.get("encoding_format", "float")
    if encoding not in ("float", "base64"):
        raise invalid("'encoding_format' has to be float or base64.", "encoding_format")
    texts = fields.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise invalid("'input' has to be a text or a list of texts; tokens are not supported.", "input")
    if not 1 <= len(texts) <= MOST_TEXTS or not all(texts):
        raise invalid(f"'input' has to be 1 to {MOST_TEXTS} texts, none of them empty.", "input")
    return Asked(read_model(fields), texts, encoding == "base64")


def _shape(asked: Asked, embedded: Embedded) -> dict[str, Any]:
    tokens = embedded.usage.input_tokens
    return {
        "object": "list",
        "model": asked.model,
        "data": [
            {"object": "embedding", "index": place, "embedding": _base64(v) if asked.in_base64 else v}
            for place, v in enumerate(embedded.vectors)
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _base64(vector: list[float]) -> str:
    """Little-endian 32-bit floats, as OpenAI packs them."""
    packed = array("f", vector)
    if array("H", [1]).tobytes()[0] == 0:
        packed.byteswap()
    return base64.b64encode(packed.tobytes()).decode()
