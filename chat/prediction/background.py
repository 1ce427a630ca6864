"""One request that nobody waits for, asked in the worker."""

import logging
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic

from chat.gateway.errors import GatewayError
from chat.gateway.events import Finished, Text
from chat.gateway.request import ChatRequest
from chat.gateway.stack import Gateway
from chat.runtime import installed_gateway

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    text: str
    cost_microusd: int
    first_token_ms: int


async def once(request: ChatRequest) -> Said | None:
    """None where nobody answers."""
    gateway = installed_gateway()
    gateway.start()
    try:
        return await _listen(gateway, request)
    except GatewayError as error:
        logger.info("Nothing was looked ahead for: %s", error.code)
        return None
    finally:
        await gateway.close()


async def _listen(gateway: Gateway, request: ChatRequest) -> Said:
    begun, first, parts, cost = monotonic(), 0.0, list[str](), 0
    async with aclosing(gateway.stream(request)) as events:
        async for event in events:
            match event:
                case Text(text):
                    first = first or monotonic() - begun
                    parts.append(text)
                case Finished():
                    cost = event.usage.cost_microusd + event.usage.extra_microusd
    return Said("".join(parts), cost, round(first * 1000))
