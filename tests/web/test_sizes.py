"""What a session loads, as it comes over the wire: at most 30 kB of JavaScript and CSS, whichever page it begins with."""

import gzip
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.serving import Server
from tests.web.browsing import BUILT, visit
from tests.web.states import STATES, App, State, a_world, open_state

BUDGET = 30_000


def gzipped(address: str) -> int:
    """How many bytes a built file takes, as the server sends it."""
    return len(gzip.compress((BUILT / Path(address).relative_to("/")).read_bytes(), 9))


def pages(app: App) -> list[State]:
    """Each page of an app once, as it is opened."""
    found: dict[str, State] = {}
    for state in STATES:
        if state.app == app and state.route and state.who != "guest" and state.opened:
            found.setdefault(state.route, state)
    return list(found.values())


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("app", ["panel", "console"])
async def test_each_page_of_an_app_keeps_the_budget(browser: Browser, house: Server, app: App, language: str) -> None:
    taken: dict[str, int] = {}
    everything: set[str] = set()
    for state in pages(app):
        world = await a_world(lent=state.lent, claimed=state.claimed)
        async with visit(browser, house, world.viewer(state.who), language=language) as visitor:
            await open_state(state, world, visitor)
            loaded = {request.url.removeprefix(house.url) for request in visitor.requests if request.url.endswith((".js", ".css"))}
        everything |= loaded
        taken[state.route] = sum(map(gzipped, loaded))
    print(f"{app} in {language}: {min(taken.values())} to {max(taken.values())} bytes a page, {sum(map(gzipped, everything))} in all")  # noqa: T201 (pytest -s: for docs/web.md)
    assert {route: size for route, size in taken.items() if size > BUDGET} == {}
