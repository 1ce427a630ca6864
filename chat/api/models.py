"""`/api/models`: what the model picker offers."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from chat.runtime import gateway
from chat.shapes import model_shape


@require_http_methods(["GET"])
async def index(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"models": [model_shape(entry) for entry in gateway().models()]})
