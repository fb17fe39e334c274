"""Is it there, and is it ready?"""

from __future__ import annotations

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from models import database
from service import metrics

log = structlog.get_logger(__name__)


async def healthy(_: Request) -> Response:
    """`/healthz`: the process answers."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


_stopping = False


def stop_being_ready() -> None:
    """From now on `/readyz` says no, so that whoever sends us requests sends them elsewhere. Call it as soon as a stop is asked for."""
    global _stopping  # noqa: PLW0603 (of the process)
    _stopping = True
    metrics.ready.set(0)


async def is_ready() -> bool:
    """Does the database answer, with the tables this version needs? And are we not stopping?"""
    try:
        ready = not _stopping and await database.is_current()
    except Exception as error:  # noqa: BLE001 (whatever it is, we are not ready)
        log.warning("not ready", error=type(error).__name__)
        ready = False
    metrics.ready.set(ready)
    return ready


async def readiness(_: Request) -> Response:
    """`/readyz`: the database answers, with the tables this version needs, and we are not stopping."""
    ready = await is_ready()
    return JSONResponse({"status": "ready" if ready else "not ready"}, 200 if ready else 503, {"Cache-Control": "no-store"})


class NotMigrated(RuntimeError):
    """The tables are not those this version needs."""

    def __init__(self) -> None:
        super().__init__("the database is not migrated: run `python cli.py migrate`")


async def require_current() -> None:
    """Raises NotMigrated."""
    if not await database.is_current():
        raise NotMigrated
