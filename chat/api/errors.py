"""The one shape of an error under /api/ and /v1/."""

from typing import Any

from django.http import JsonResponse


def refuse(status: int, code: str, message: str, **more: Any) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message, **more}}, status=status)
