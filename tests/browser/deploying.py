"""A deploy, as the browser sees it: another service worker, and a file of the old build is gone."""

import os
from collections.abc import Callable
from pathlib import Path

from django.http import HttpRequest, HttpResponse

# While this file exists, it holds what has been deployed since.
DEPLOYED = Path(os.environ["TESTS_DEPLOYED"])


class Deployed:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if DEPLOYED.exists() and "/palette-" in request.path:
            return HttpResponse("gone", status=404)
        response = self.get_response(request)
        if DEPLOYED.exists() and request.path == "/service-worker.js":
            response.content += f"\n// {DEPLOYED.read_text()}".encode()
            response["Content-Length"] = str(len(response.content))
        return response
