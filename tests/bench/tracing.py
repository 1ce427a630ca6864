"""python -m tests.bench tracing: what the spans of one turn cost in CPU, off, not sampled, sampled."""

import sys
import time

from grump.lib import tracing

TURNS = 20_000


def main(arguments: list[str]) -> None:
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from grump.operations.tracing import OpenTelemetry

    sys.stdout.write("| spans of a turn | CPU µs |\n|---|---|\n")
    for title, share in (("off", None), ("none sampled", 0.0), ("5 % sampled", 0.05), ("all sampled", 1.0)):
        if share is not None:
            processor = BatchSpanProcessor(InMemorySpanExporter())
            tracing.install(OpenTelemetry("bench", share, processor))
        sys.stdout.write(f"| {title} | {_cost():.1f} |\n")
        tracing.install(None)


def _cost() -> float:
    begun = time.process_time()
    for _ in range(TURNS):
        _turn()
    return (time.process_time() - begun) / TURNS * 1e6


def _turn() -> None:
    """The calls that a turn makes: chat/consumers.py, chat/turn.py, chat/gateway/guarded.py."""
    with tracing.within(tracing.begin("frame chat.send", "server")):
        ids = {"gen_ai.conversation.id": "c", "grump.generation.id": "g"}
        with tracing.within(tracing.begin("turn", attributes=ids)) as turn:
            asked = {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "mock",
                "gen_ai.request.model": "mock/fast",
                "gen_ai.request.stream": True,
            }
            span = tracing.begin("chat mock/fast", "client", asked)
            span.set("grump.time_to_first_token_ms", 12.3)
            span.set("gen_ai.response.finish_reasons", ["stop"])
            span.set("gen_ai.usage.input_tokens", 12)
            span.set("gen_ai.usage.output_tokens", 300)
            span.end()
            turn.set("grump.state", "complete")
