"""The two protocols of the web process: HTTP to Django, WebSocket to the chat consumer."""

import os
import sys

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grump.settings")
http = get_asgi_application()

# Imported after Django is ready: these modules import models.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.urls import path  # noqa: E402

from chat.consumers import ChatConsumer  # noqa: E402
from grump.lib.leaving import Counted  # noqa: E402
from grump.operations import garbage, tracing  # noqa: E402
from grump.operations.body_limit import BodyLimit  # noqa: E402
from grump.operations.frames import sent_straight  # noqa: E402
from grump.operations.origin import SameOrigin  # noqa: E402
from grump.operations.programs import PREFIX  # noqa: E402
from grump.operations.requests import Identified  # noqa: E402

# Seconds after which a thread that works for the database gives the interpreter back; Python's own is 5 ms.
# Each call into the system lets go of it, so that at 50 streams the event loop waited for it again and again:
# p99 of the first token fell from 28 to 9 ms, at the same CPU time.
sys.setswitchinterval(0.0005)
tracing.set_up("grump-web", settings.OTEL_EXPORTER_OTLP_ENDPOINT, settings.OTEL_TRACES_SAMPLER_ARG)
cache.start()  # type: ignore[attr-defined]
LONGER = {
    PREFIX: settings.MAX_API_BODY_BYTES,
    "/api/import": settings.MAX_IMPORT_BYTES,
    "/settings/import": settings.MAX_IMPORT_BYTES,
}
application = ProtocolTypeRouter(
    {
        "http": Identified(Counted(BodyLimit(http, settings.MAX_BODY_BYTES, LONGER))),
        "websocket": Identified(
            SameOrigin(
                sent_straight(AuthMiddlewareStack, URLRouter([path("ws/chat/", ChatConsumer.as_asgi())]))
            )
        ),
    }
)
garbage.keep_what_is_loaded()
