"""`GET /v1/models` and `GET /v1/models/<name>`: what the key's owner may ask."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from chat.api.v1 import admission
from chat.api.v1.door import secret_of, speaks_openai
from chat.api.v1.errors import Refusal
from chat.api.v1.shapes import AUTO_SHAPE, embedding_shape, model_shape
from chat.runtime import gateway
from grump.lib.database import in_database
from usage.allowance import Allowance, allowance_of
from usage.models.api_key import Scope


@speaks_openai("GET")
async def index(request: HttpRequest) -> HttpResponseBase:
    return JsonResponse({"object": "list", "data": await _models(request)})


@speaks_openai("GET")
async def one(request: HttpRequest, name: str) -> HttpResponseBase:
    for model in await _models(request):
        if model["id"] == name:
            return JsonResponse(model)
    raise Refusal(404, "model_not_found", "There is no model of this name.", param="model")


async def _models(request: HttpRequest) -> list[dict[str, Any]]:
    allowed = await in_database(_allowed, secret_of(request))
    house = gateway()
    chat = [
        model_shape(entry)
        for entry in house.models()
        if entry.configured and (not allowed.tiers or entry.model.tier in allowed.tiers)
    ]
    listed = [*chat, *map(embedding_shape, house.embedding_models())]
    return [
        AUTO_SHAPE,
        *(model for model in listed if not allowed.models or model["id"] in allowed.models),
    ]


def _allowed(secret: str) -> Allowance:
    key = admission.enter(secret, Scope.MODELS)
    return allowance_of(key.owner_id)
