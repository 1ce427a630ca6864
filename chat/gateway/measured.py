"""The outermost ring: what the user waited for, what it took and how it ended, for Prometheus."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from chat.gateway import metrics
from chat.gateway.catalogue import Catalogue
from chat.gateway.errors import GatewayError
from chat.gateway.events import Event, Finished, Reasoning, Started, Text, ToolCall
from chat.gateway.request import ChatRequest, Ring


class Measured:
    def __init__(self, inner: Ring, catalogue: Catalogue) -> None:
        self._inner = inner
        self._catalogue = catalogue

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        clock = asyncio.get_running_loop().time
        begun = clock()
        first: float | None = None
        labels = self._labels(request)
        try:
            async with aclosing(self._inner.stream(request)) as events:
                async for event in events:
                    kind = event.__class__
                    if first is None and (kind is Text or kind is Reasoning or kind is ToolCall):
                        first = clock()
                        metrics.FIRST_TOKEN.labels(*labels).observe(first - begun)
                    elif kind is Started:
                        labels = (event.provider, event.model)  # type: ignore[union-attr]
                    elif kind is Finished:
                        _note_success(labels, event, begun, first, clock())  # type: ignore[arg-type]
                    yield event
        except GatewayError as error:
            metrics.FAILURE.labels(*labels, error.code).inc()
            raise

    def _labels(self, request: ChatRequest) -> tuple[str, str]:
        """Before anybody has begun: names of the catalogue only, since a label is kept for ever."""
        model = self._catalogue.models.get(request.model)
        return (model.provider, model.name) if model else ("", "auto" if request.model == "auto" else "")


def _note_success(
    labels: tuple[str, str], end: Finished, begun: float, first: float | None, now: float
) -> None:
    usage = end.usage
    metrics.SUCCESS.labels(*labels).inc()
    metrics.REQUEST.labels(*labels).observe(now - begun)
    if first is not None and usage.output_tokens > 1:
        metrics.PER_TOKEN.labels(*labels).observe((now - first) / (usage.output_tokens - 1))
    metrics.PROMPT_TOKENS.labels(*labels).inc(usage.input_tokens)
    metrics.GENERATION_TOKENS.labels(*labels).inc(usage.output_tokens)
    metrics.COST.labels(*labels).inc(usage.cost_microusd / 1_000_000)
