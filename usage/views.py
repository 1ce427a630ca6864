"""`GET /api/usage`."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from grump.operations.errors import error_response
from usage.standing import standing


@require_safe
@never_cache
def usage(request: HttpRequest) -> HttpResponse:
    if request.user.pk is None:
        return error_response(401, "not_logged_in", "Open the page first: it makes a guest of you.")
    return JsonResponse(standing(request.user.pk).as_json())
