"""`GET /api/usage`, the export, and the plans."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from grump.accounts.guests import ensure_guest
from grump.operations.errors import error_response
from usage.models import Plan, UpgradeRequest
from usage.payments import payment
from usage.reports import csv_lines
from usage.standing import standing


@require_safe
@never_cache
def usage(request: HttpRequest) -> HttpResponse:
    if request.user.pk is None:
        return error_response(401, "not_logged_in", "Open the page first: it makes a guest of you.")
    return JsonResponse(standing(request.user.pk).as_json())


@require_safe
@never_cache
def export(request: HttpRequest) -> HttpResponseBase:
    user = ensure_guest(request)
    # A list: a stream would hold a database connection for as long as the slowest reader reads.
    response = StreamingHttpResponse(list(csv_lines(user.pk)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="usage.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def upgrade(request: HttpRequest) -> HttpResponse:
    """Plans beside each other; a POST asks for one of them."""
    user = ensure_guest(request)
    if request.method == "POST" and not user.is_guest:
        plan = get_object_or_404(Plan, name=request.POST.get("plan", "")[:50])
        messages.success(request, payment.ask(user, plan, request.POST.get("note", "")[:300]))
        return redirect("upgrade")
    waiting = UpgradeRequest.objects.filter(owner=user, state=UpgradeRequest.State.WAITING)
    return render(
        request,
        "usage/upgrade.html",
        {
            "plans": Plan.objects.exclude(name="guest"),
            "now": standing(user.pk),
            "waiting": waiting.select_related("plan").first(),
        },
    )
