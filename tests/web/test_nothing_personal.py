"""Personal data is text on the page and nothing else: no address, title, attribute, storage or cache holds it, and what is withheld is nowhere."""

from typing import Any

import orjson
import pytest
from playwright.async_api import Browser, Page

from tests.serving import Server
from tests.web.browsing import Visit, visit
from tests.web.states import EVERY, PERSONAL, VALUES, State, a_world, open_state

_PLACES = """async () => ({
    addresses: [location.href, JSON.stringify(history.state), document.title, document.referrer],
    attributes: [...document.querySelectorAll("*")].flatMap(({tagName, attributes}) =>
        [...attributes].map(({name, value}) => `${tagName} ${name}=${value}`)),
    stored: [...Object.entries(localStorage), ...Object.entries(sessionStorage)].flat(),
    cookies: document.cookie,
    kept: [...await indexedDB.databases(), ...await caches.keys(), ...await navigator.serviceWorker.getRegistrations()].length,
    text: document.documentElement.textContent,
    fields: [...document.querySelectorAll("input, textarea, select")].map(({value}) => value),
})"""


async def places(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate(_PLACES)
    return found


def told(texts: list[str]) -> set[tuple[str, str]]:
    """The personal values in them, and where."""
    return {(value, text) for text in texts for value in VALUES if value in text}


def addresses(visitor: Visit) -> list[str]:
    """Every address it asked for, with what else went out in a header line that others may keep."""
    return [request.url + str(request.headers.get("referer", "")) for request in visitor.requests]


@pytest.mark.parametrize("state", [pytest.param(state, id=name) for name, state in EVERY])
async def test_personal_data_is_text_and_nothing_else(browser: Browser, house: Server, state: State) -> None:
    world = await a_world(lent=state.lent, claimed=state.claimed)
    async with visit(browser, house, world.viewer(state.who), language="en", complaining=state.complaining) as visitor:
        page = await open_state(state, world, visitor)
        found = await places(page)
        assert told(found["addresses"] + addresses(visitor)) == set()
        assert told(found["attributes"]) == set()
        assert found["stored"] == ["latchkey.language", "en"]
        assert (found["cookies"], found["kept"]) == ("", 0)
        everything = found["text"] + "".join(found["fields"])
        assert not state.shows or PERSONAL["name"] in everything  # or there would be nothing to find anywhere
        if state.withholds:
            assert told([everything]) == set()
            await page.emulate_media(media="print")
            assert told([await page.locator("body").inner_text()]) == set()


async def test_a_search_is_asked_for_in_the_body_alone(browser: Browser, house: Server) -> None:
    world = await a_world(lent=True)
    async with visit(browser, house, world.agent) as agents:
        page = await agents.goto(f"/console/accounts/{world.ids['accounts']}")
        async with page.expect_response(lambda answer: PERSONAL["name"] in (answer.request.post_data or "")):
            await page.get_by_role("searchbox").fill(PERSONAL["name"])
        found = await places(page)
        assert told(found["addresses"] + found["attributes"] + found["stored"] + addresses(agents)) == set()


async def test_a_value_in_an_attribute_would_be_found(browser: Browser, house: Server) -> None:
    world = await a_world()
    async with visit(browser, house, world.merchant.owner) as owner:
        page = await owner.goto("/parcels")
        await page.evaluate("(name) => document.querySelector('h1').setAttribute('aria-label', name)", PERSONAL["name"])
        await page.evaluate("(name) => history.replaceState(null, '', '?q=' + name)", PERSONAL["order_number"])
        found = await places(page)
        assert {value for value, _ in told(found["attributes"])} == {PERSONAL["name"]}
        assert {value for value, _ in told(found["addresses"])} == {PERSONAL["order_number"]}


async def test_answers_are_not_kept_by_the_browser(browser: Browser, house: Server) -> None:
    world = await a_world()
    async with visit(browser, house, world.merchant.owner) as owner:
        page = owner.page
        async with page.expect_response("**/graphql") as coming:
            await owner.goto("/parcels")
        answer = await coming.value
        assert "no-store" in answer.headers["cache-control"]
        assert orjson.loads(answer.request.post_data or "").keys() <= {"documentId", "variables"}
