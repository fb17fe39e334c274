"""A collector of traces: it takes OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp) and keeps what it was told."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collector:
    """What it was told, whole, and as spans."""

    url: str = ""
    received: list[ExportTraceServiceRequest] = field(default_factory=list)

    def text(self) -> str:
        """Everything, as protobuf writes it for people."""
        return "\n".join(str(each) for each in self.received)

    def spans(self) -> list[Span]:
        return [span for each in self.received for resource in each.resource_spans for scope in resource.scope_spans for span in scope.spans]

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans() if span.name == name]

    def below(self, above: Span) -> list[Span]:
        """What happened inside of a span, directly."""
        return [span for span in self.spans() if span.trace_id == above.trace_id and span.parent_span_id == above.span_id]

    def trace_of(self, root: Span) -> list[Span]:
        return [span for span in self.spans() if span.trace_id == root.trace_id]


def attributes_of(span: Span) -> dict[str, str | int]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """While it listens, on loopback."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = ExportTraceServiceRequest()
            request.ParseFromString(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            collector.received.append(request)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}/v1/traces"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
