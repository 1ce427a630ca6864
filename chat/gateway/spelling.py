"""Events as JSON, for other processes of the same version. Pure."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from chat.gateway.events import Event, Finished, Queued, Reasoning, Retry, Started, Text, ToolCall, Usage

_KINDS = {kind.__name__: kind for kind in (Queued, Started, Text, Reasoning, ToolCall, Retry, Finished)}


def spell(event: Event) -> list[Any]:
    return [type(event).__name__, asdict(event)]


def read(spelled: str) -> Iterator[Event]:
    """A JSON list of spelled events."""
    for name, fields in json.loads(spelled):
        if name == "Finished":
            fields["usage"] = Usage(**fields["usage"])
        yield _KINDS[name](**fields)
