"""Traces by OpenTelemetry, if a collector is named. Their names and attributes are our own words; an exception is told by its type."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from prometheus_client import Counter
from structlog.contextvars import bind_contextvars

from models import spans
from models.spans import Attributes, Span

log = structlog.get_logger(__name__)

lost = Counter("latchkey_spans_lost", "Spans that did not reach the collector.")
#: How long a stop waits for what was not delivered yet, and one delivery may take.
FLUSH_SECONDS = 3
#: The only attributes a span may have: the words and numbers of ours that stand in them are bounded.
TOLD = frozenset(
    {
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "graphql.operation.type",
        "graphql.operation.name",
        "db.operation.name",
        "db.collection.name",
        "error.type",
    }
)
#: What a caller sent of the trace it is part of, where that is followed.
_parent: ContextVar[str | None] = ContextVar("parent", default=None)


def start(url: str | None, *, share: float = 1, version: str = "unknown") -> Callable[[], Awaitable[None]]:
    """Tell a collector (OTLP over HTTP, its whole address) a share of the traces; returns what stops it. Without an address nothing is done.

    Headers and certificates of the exporter are the standard OTEL_EXPORTER_OTLP_… variables.
    """
    if url is None:
        return _nothing
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    class Exporter(OTLPSpanExporter):
        """Says how many were lost: what the library says of it holds the collector's address."""

        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            result = super().export(spans)
            if result is not SpanExportResult.SUCCESS:
                lost.inc(len(spans))
                log.warning("spans lost", spans=len(spans))
            return result

    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(share)),
        resource=Resource({"service.name": "latchkey", "service.version": version}),  # nothing of the host
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(Exporter(url, timeout=FLUSH_SECONDS), export_timeout_millis=FLUSH_SECONDS * 1000))
    spans.tell(_recorder(provider))

    async def stop() -> None:
        spans.tell(None)
        await asyncio.to_thread(provider.shutdown)

    return stop


async def _nothing() -> None:
    pass


@contextmanager
def of_request(name: str, attributes: Attributes, traceparent: str | None = None) -> Iterator[Span]:
    """The span of a request, in the trace that `traceparent` names (https://www.w3.org/TR/trace-context/), or in one of its own."""
    token = _parent.set(traceparent)
    try:
        with spans.span(name, attributes) as span:
            yield span
    finally:
        _parent.reset(token)


def _recorder(provider: object) -> spans.Recorder:
    from opentelemetry import trace
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import SpanKind, Status, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    assert isinstance(provider, TracerProvider)
    tracer = provider.get_tracer("latchkey")
    follow = TraceContextTextMapPropagator()

    class Open:
        """A span of OpenTelemetry's."""

        def __init__(self, inner: trace.Span) -> None:
            self.inner = inner

        def set(self, attributes: Attributes) -> None:
            """Tell more of it."""
            self.inner.set_attributes(_told(attributes))

    @contextmanager
    def record(name: str, attributes: Attributes) -> Iterator[Span]:
        outermost = not trace.get_current_span().get_span_context().is_valid
        context = follow.extract({"traceparent": parent}, Context()) if outermost and (parent := _parent.get()) else None
        with tracer.start_as_current_span(
            name,
            context,
            kind=SpanKind.SERVER if "http.route" in attributes else SpanKind.INTERNAL,
            attributes=_told(attributes),
            record_exception=False,  # its text and trace hold values
            set_status_on_exception=False,
        ) as inner:
            if outermost:
                bind_contextvars(trace_id=trace.format_trace_id(inner.get_span_context().trace_id))
            try:
                yield Open(inner)
            except BaseException as error:
                inner.set_attribute("error.type", type(error).__name__)
                inner.set_status(Status(StatusCode.ERROR))
                raise

    return record


def _told(attributes: Attributes) -> dict[str, str | int]:
    return {name: value for name, value in attributes.items() if name in TOLD and value != ""}
