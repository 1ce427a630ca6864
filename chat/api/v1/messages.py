"""OpenAI's messages become the gateway's: text apart, in `extra` what only some models understand. Pure."""

from collections.abc import Mapping
from typing import Any, cast

from chat.api.v1.errors import invalid
from chat.gateway.request import ChatMessage, Role

MOST_MESSAGES = 2_000
ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",  # OpenAI's newer name for it, which the others do not know
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
FIELDS = frozenset({"role", "content", "name", "tool_calls", "tool_call_id", "refusal"})


def read_messages(value: Any) -> tuple[ChatMessage, ...]:
    if not isinstance(value, list) or not value:
        raise invalid("Send at least one message.", "messages", "missing_required_parameter")
    if len(value) > MOST_MESSAGES:
        raise invalid(f"At most {MOST_MESSAGES} messages.", "messages")
    return tuple(_message(message, f"messages[{place}]") for place, message in enumerate(value))


def _message(value: Any, where: str) -> ChatMessage:
    if not isinstance(value, dict):
        raise invalid("A message is an object.", where)
    role = ROLES.get(value["role"]) if isinstance(value.get("role"), str) else None
    if role is None:
        raise invalid(f"A role is one of {', '.join(ROLES)}.", f"{where}.role")
    given = {name: field for name, field in value.items() if field is not None}
    for name in given:
        if name not in FIELDS:
            raise invalid(f"'{name[:100]}' is not supported in a message.", f"{where}.{name[:100]}")
    text, parts = _content(given.get("content"), f"{where}.content")
    extra: dict[str, Any] = {"content": parts} if parts else {}
    extra |= _names(given, role, where)
    if "tool_calls" in given:
        extra["tool_calls"] = _calls(given["tool_calls"], role, f"{where}.tool_calls")
    elif "content" not in given and "refusal" not in given:
        raise invalid("A message needs content.", f"{where}.content")
    return ChatMessage(role, text or given.get("refusal", ""), extra)


def _content(value: Any, where: str) -> tuple[str, list[dict[str, Any]]]:
    """The text, and all parts where there is a picture among them."""
    if value is None:
        return "", []
    if isinstance(value, str):
        return value, []
    if not isinstance(value, list) or not value:
        raise invalid("Content is a text or a list of parts.", where)
    parts = [_part(part, f"{where}[{place}]") for place, part in enumerate(value)]
    text = "\n".join(part["text"] for part in parts if part["type"] == "text")
    return text, parts if any(part["type"] == "image_url" for part in parts) else []


def _part(value: Any, where: str) -> dict[str, Any]:
    match value:
        case {"type": "text" | "refusal" as kind} if isinstance(value.get(kind), str):
            return {"type": "text", "text": value[kind]}
        case {"type": "image_url", "image_url": {"url": str(url), **more}}:
            if not url.startswith(("https://", "data:image/")):
                raise invalid("A picture is an https:// or data: address.", f"{where}.image_url.url")
            if set(more) - {"detail"} or more.get("detail", "auto") not in ("auto", "low", "high"):
                raise invalid("A picture has an 'url' and a 'detail'.", f"{where}.image_url")
            return {"type": "image_url", "image_url": value["image_url"]}
    raise invalid("A part is of type 'text' or 'image_url'.", where)


def _names(given: Mapping[str, Any], role: Role, where: str) -> dict[str, str]:
    for name in ("name", "tool_call_id", "refusal"):
        if name in given and not isinstance(given[name], str):
            raise invalid(f"'{name}' has to be a text.", f"{where}.{name}")
    if (role == "tool") != ("tool_call_id" in given):
        raise invalid("The result of a tool, and only that, names its call.", f"{where}.tool_call_id")
    return {name: given[name] for name in ("name", "tool_call_id") if name in given}


def _calls(value: Any, role: Role, where: str) -> list[dict[str, Any]]:
    if role != "assistant" or not isinstance(value, list) or not value:
        raise invalid("Tool calls are a list, in a message of the assistant.", where)
    for place, call in enumerate(value):
        match call:
            case {"id": str(), "type": "function", "function": {"name": str(), "arguments": str()}}:
                continue
        raise invalid("A tool call has an id, a type and a function.", f"{where}[{place}]")
    return cast("list[dict[str, Any]]", value)
