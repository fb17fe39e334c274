"""What the server logs: one line for each request, with ids and no values."""

from __future__ import annotations

import logging
import sys

import structlog


def configure_logging(log_level: str, *, readable: bool) -> None:
    """Structured logs: JSON, or `readable` lines. Libraries' DEBUG, which prints SQL parameters, stays off."""
    level = logging.getLevelNamesMapping().get(log_level, logging.INFO)
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if readable else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=max(level, logging.INFO), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    for name in ("uvicorn.access", "tortoise", "aiosqlite", "asyncpg"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("strawberry").setLevel(logging.CRITICAL)  # it logs headers and traces
    logging.getLogger("uvicorn.error").addFilter(_is_not_of_sockets)


#: uvicorn's lines about sockets: the first holds the whole address, the last is an error for each that is refused. `Told` logs their route.
_OF_SOCKETS = ('%s - "WebSocket', "connection open", "connection closed", "connection rejected", "ASGI callable returned without completing")


def _is_not_of_sockets(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(_OF_SOCKETS)
