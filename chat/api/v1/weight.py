"""What a request may take, before it is asked. Pure."""

from typing import Any

import orjson

from chat.gateway.catalogue import Price
from chat.gateway.counting import count_tokens
from chat.gateway.request import ChatRequest
from usage.quota import Estimate

MESSAGE = 4  # tokens of a message's own markers
PICTURE = 800  # tokens of a picture; models take from 85 to some 1,600


def weight(request: ChatRequest, price: Price) -> Estimate:
    tokens = sum(
        MESSAGE + count_tokens(message.text) + _beside(message.extra) for message in request.messages
    )
    if tools := request.extra.get("tools"):
        tokens += count_tokens(orjson.dumps(tools).decode())
    return Estimate(
        tokens, input_price=round(price.input * 1_000_000), output_price=round(price.output * 1_000_000)
    )


def _beside(extra: Any) -> int:
    pictures = sum(part.get("type") == "image_url" for part in extra.get("content", ()))
    calls = extra.get("tool_calls")
    return pictures * PICTURE + (count_tokens(orjson.dumps(calls).decode()) if calls else 0)
