"""OpenTelemetry, where an exporter is set: the only module that imports its SDK, and only then."""

from collections.abc import Mapping
from typing import Any

from grump.lib import tracing


def set_up(service: str, endpoint: str, share: float) -> None:
    """Send spans of `share` of the turns to an OTLP collector over HTTP, whose address is `endpoint`; the SDK
    reads the further OTEL_ variables itself. Without an endpoint nothing is imported and nothing done."""
    if not endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    tracing.install(OpenTelemetry(service, share, BatchSpanProcessor(exporter)))


class OpenTelemetry:
    """tracing.Tracer. A parent is a context of OpenTelemetry's."""

    def __init__(self, service: str, share: float, processor: Any) -> None:
        from opentelemetry import trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        sampler = ParentBased(TraceIdRatioBased(share))
        self.provider = TracerProvider(resource=Resource.create({"service.name": service}), sampler=sampler)
        self.provider.add_span_processor(processor)
        self._tracer = self.provider.get_tracer("grump")
        self._trace = trace
        self._propagator = TraceContextTextMapPropagator()
        self._nobody = self._trace.set_span_in_context(trace.INVALID_SPAN)
        self._kinds = {kind.name.lower(): kind for kind in trace.SpanKind}

    def begin(
        self, name: str, kind: tracing.Kind, attributes: Mapping[str, tracing.Value], parent: Any
    ) -> tracing.Span:
        context = self._nobody if parent is None else parent
        return Recorded(self._tracer.start_span(name, context, self._kinds[kind], dict(attributes)))

    def parent_of(self, span: tracing.Span) -> Any:
        assert isinstance(span, Recorded)
        return self._trace.set_span_in_context(span.otel)

    def carrier(self, parent: Any) -> dict[str, str]:
        carried: dict[str, str] = {}
        if parent is not None:
            self._propagator.inject(carried, parent)
        return carried

    def adopted(self, carrier: Mapping[str, str]) -> Any:
        return self._propagator.extract(dict(carrier))


class Recorded:
    __slots__ = ("otel",)

    def __init__(self, otel: Any) -> None:
        self.otel = otel

    def set(self, name: str, value: tracing.Value) -> None:
        self.otel.set_attribute(name, value)

    def fail(self, code: str) -> None:
        from opentelemetry.trace import Status, StatusCode

        self.otel.set_attribute("error.type", code)
        self.otel.set_status(Status(StatusCode.ERROR))

    def end(self) -> None:
        self.otel.end()
