"""What may be told of an operation, in logs, counts and traces: of which type, what it could cost, how it ended. Nothing of what it asked or got.

The name of an operation is told only if it is a trusted document's: others are whatever a client wrote.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram
from structlog.contextvars import bind_contextvars

from policy.vocabulary import Viewer

OTHER = "other"
OK = "OK"

operations = Counter("latchkey_operations", "Operations, by how they ended: OK, or the code of their first error.", ["type", "operation", "outcome"])
seconds = Histogram("latchkey_operation_seconds", "Seconds to answer a query or mutation.", ["type", "operation"])
costs = Histogram(
    "latchkey_operation_cost", "What operations could cost, in fields.", buckets=(10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 150_000)
)
on_sockets = Gauge("latchkey_socket_operations", "Operations that run on sockets now: subscriptions, mostly.", multiprocess_mode="livesum")
log = structlog.get_logger("latchkey")


@dataclass(slots=True)
class Noted:
    """One operation. `type` is unknown until its document was found valid. Positions are counted, whether or not there is a value."""

    name: str = OTHER
    type: str = "unknown"
    cost: int = 0
    shown: int = 0
    withheld: int = 0
    codes: list[str] = field(default_factory=list)

    def add(self, result: Any) -> None:
        """A result of it: the only one, or an event."""
        for error in result.errors or ():
            self._add_code((error.extensions or {}).get("code", "INTERNAL"))
        report = (result.extensions or {}).get("privacy", {})
        self.shown += _positions(report.get("disclosed", ()))
        self.withheld += _positions(report.get("withheld", ()))

    def _add_code(self, code: str) -> None:
        if code not in self.codes:
            self.codes.append(code)

    def as_line(self) -> dict[str, object]:
        """What a line of the log says of it."""
        return {
            "type": self.type,
            "operation": self.name,
            "cost": self.cost,
            "codes": self.codes,
            "shown": self.shown,
            "withheld": self.withheld,
        }

    def as_attributes(self) -> dict[str, str | int]:
        """What a span says of it."""
        return {"graphql.operation.type": self.type, "graphql.operation.name": self.name}

    def count(self, lasted: float) -> None:
        """It has ended."""
        operations.labels(self.type, self.name, self.codes[0] if self.codes else OK).inc()
        if self.type != "unknown":
            costs.observe(self.cost)
        if self.type != "subscription":
            seconds.labels(self.type, self.name).observe(lasted)


@contextmanager
def of_request(noted: Noted) -> Iterator[None]:
    """While it runs. The line of its request says what was noted."""
    started = time.perf_counter()
    try:
        yield
    except BaseException as error:
        noted.codes.append(getattr(error, "code", "INTERNAL" if isinstance(error, Exception) else "CANCELLED"))
        raise
    finally:
        noted.count(time.perf_counter() - started)
        bind_contextvars(**noted.as_line())


@contextmanager
def of_socket(noted: Noted, request_id: str, viewer: Viewer | None) -> Iterator[None]:
    """While it runs: two lines of its own, as long as it may last. A client that ends a subscription ends it well."""
    started = time.perf_counter()
    bind_contextvars(request_id=request_id)
    note_caller(viewer)
    on_sockets.inc()
    log.info("operation began", operation=noted.name)
    try:
        yield
    finally:
        on_sockets.dec()
        lasted = time.perf_counter() - started
        noted.count(lasted)
        log.info("operation ended", **noted.as_line(), ms=round(lasted * 1000, 1))


def note_caller(viewer: Viewer | None) -> None:
    """Who is calling: their id and kind stand in each line from here on."""
    bind_contextvars(user=str(viewer.id) if viewer else "nobody", kind=viewer.kind.lower() if viewer else "nobody")


def _positions(entries: Iterable[Mapping[str, Any]]) -> int:
    return sum(entry["count"] for entry in entries)
