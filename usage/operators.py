"""`/admin/usage-overview/`, for staff. Reads only."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from usage import overview


@require_safe
def usage_overview(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    page = {
        **admin.site.each_context(request),
        "title": "Usage",
        "near": overview.near_limits(now),
        "spenders": overview.spenders(now),
        "margins": overview.margins(now),
    }
    return render(request, "admin/usage_overview.html", page)
