"""What the server logs: a line for each request, and for each operation of a socket, with ids and no values.

A line of a library goes the same way. Of what it holds, its place and kind are told: the values it was given could be anybody's.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from schema.errors import place_of


def configure_logging(log_level: str, *, readable: bool) -> None:
    """Structured logs: JSON, or `readable` lines. Libraries' DEBUG, which prints SQL parameters, stays off."""
    level = logging.getLevelNamesMapping().get(log_level, logging.INFO)
    renderer: Processor = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if readable else structlog.processors.JSONRenderer()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    of_libraries = logging.StreamHandler(sys.stderr)
    of_libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _without_values],
            use_get_message=False,
            pass_foreign_args=True,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=max(level, logging.INFO), handlers=[of_libraries])
    logging.raiseExceptions = False  # what can't be written would be printed with all that was put into it
    for name in ("uvicorn.access", "tortoise", "aiosqlite", "asyncpg", "httpx2", "httpcore2"):  # the last two: the address of every request
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("strawberry", "opentelemetry"):  # headers and traces; the address of the collector
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("uvicorn.error").addFilter(_is_not_of_sockets)


#: uvicorn's lines about sockets: the first holds the whole address, the last is an error for each that is refused. `Told` logs their route.
_OF_SOCKETS = ('%s - "WebSocket', "connection open", "connection closed", "connection rejected", "ASGI callable returned without completing")
#: Who tells nothing but of the process itself: where it listens, that it stops.
_OF_THE_PROCESS = "uvicorn"


def _is_not_of_sockets(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(_OF_SOCKETS)


def _without_values(_: object, __: str, event: EventDict) -> EventDict:
    """A library's line: its first line as it was written in the library, without what was put into it, and of an exception its type and place.

    asyncio writes exceptions, and with them anything, into the lines that follow.
    """
    record: logging.LogRecord = event["_record"]
    args = event.pop("positional_args")
    text = str(record.msg).strip()
    if args and record.name.startswith(_OF_THE_PROCESS):
        with suppress(TypeError, ValueError):
            text %= args
    told: dict[str, Any] = {name: value for name, value in event.items() if name not in {"exc_info", "stack_info"}}
    told |= {"event": text.partition("\n")[0], "logger": record.name}
    if text.startswith("Traceback"):  # uvicorn's, of a start that failed
        told |= {"event": "did not start", "error": text.rpartition("\n")[2].partition(":")[0]}
    elif record.exc_info and (error := record.exc_info[1]) is not None:
        told |= {"error": type(error).__name__, "where": place_of(error)}
    return told
