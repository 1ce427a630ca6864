"""What an answer costs, and how many tokens there were where no provider said so. Pure."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction

from chat.gateway.catalogue import Price
from chat.gateway.events import Usage
from chat.gateway.request import ChatRequest

#: The number of tokens in a text.
Counter = Callable[[str], int]

TOKENS_PER_MESSAGE = 4  # a turn's own markers


def cost_microusd(usage: Usage, price: Price) -> int:
    """Millionths of a dollar, rounded up, so that no token is free. The price is taken as it is written:
    0.1 is a tenth, not the nearest binary number (which would now and then charge one too many)."""
    cached = min(usage.cached_input_tokens, usage.input_tokens)
    cached_price = price.input if price.cached_input is None else price.cached_input
    cost = (
        (usage.input_tokens - cached) * _exact(price.input)
        + cached * _exact(cached_price)
        + usage.output_tokens * _exact(price.output)
    )
    return max(math.ceil(cost), 0)


def priced(usage: Usage, price: Price) -> Usage:
    return replace(usage, cost_microusd=cost_microusd(usage, price))


def estimated(request: ChatRequest, said: Iterable[str], price: Price, count: Counter) -> Usage:
    """What a request took that was answered with the texts `said` (reasoning among them)."""
    asked = sum(count(message.text) + TOKENS_PER_MESSAGE for message in request.messages)
    usage = Usage(
        input_tokens=asked + count(request.prefill),
        output_tokens=count("".join(said)),
        estimated=True,
    )
    return priced(usage, price)


def total(first: Usage, second: Usage) -> Usage:
    return Usage(
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        cached_input_tokens=first.cached_input_tokens + second.cached_input_tokens,
        reasoning_tokens=first.reasoning_tokens + second.reasoning_tokens,
        cost_microusd=first.cost_microusd + second.cost_microusd,
        extra_microusd=first.extra_microusd + second.extra_microusd,
        estimated=first.estimated or second.estimated,
    )


def _exact(price: float) -> Fraction:
    return Fraction(repr(price))
