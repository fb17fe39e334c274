"""Is it there, and is it ready?"""

from __future__ import annotations

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import demo
from models import database, roles
from service import metrics

log = structlog.get_logger(__name__)


class Life:
    """Of this process. `ending`: it was told to stop."""

    ending = False


life = Life()


async def healthy(_: Request) -> Response:
    """`/healthz`: the process answers."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def is_ready() -> bool:
    """Does the database answer, with the tables this version needs? And did nobody tell us to stop?"""
    try:
        ready = not life.ending and await database.is_current()
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


class NotGranted(RuntimeError):
    """The role we are connected as may not do all that a server does."""

    def __init__(self, tables: list[str], *, adds_people: bool = False) -> None:
        how = "`python cli.py roles` as the owner" + (
            ", with --adds-people: single sign-on links or adds people, or says what they are" * adds_people
        )
        super().__init__(f"the database role may not do all that a server does ({', '.join(tables)}): run {how}")


class DemoInProduction(RuntimeError):
    """Everybody knows the passwords of the users in this database."""

    def __init__(self) -> None:
        super().__init__("the database holds demo data, whose passwords everybody knows: production needs one of its own")


async def require_servable(*, development: bool, adds_people: bool = False) -> None:
    """Raises NotMigrated, NotGranted, and DemoInProduction. `adds_people`: single sign-on may."""
    if not await database.is_current():
        raise NotMigrated
    if lacking := await roles.lacking(adds_people=adds_people):
        raise NotGranted(lacking, adds_people=adds_people)
    if not development and await demo.is_here():
        raise DemoInProduction
