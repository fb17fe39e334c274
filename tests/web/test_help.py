"""What goes wrong is told as help: what happened and what to do, in words and never as a code."""

import re

from playwright.async_api import Browser, Page, Route, expect

from models import database
from tests.builders import a_merchant, a_parcel, an_agent
from tests.serving import Server
from tests.web.browsing import visit

_CODES = re.compile(r"[A-Z]{3,}_[A-Z]{2,}|UNAUTHENTICATED|FORBIDDEN|INTERNAL|Error:|undefined|\[object")


async def told_in_words(page: Page) -> None:
    """There is no code on it."""
    assert not _CODES.search(await page.locator("body").inner_text())


async def test_a_server_that_does_not_answer_at_first(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name="Aaltje Zonneveld")
    async with visit(browser, house, merchant.owner, complaining=True) as owner:
        page = owner.page
        await page.route("**/graphql", lambda route: route.abort())
        await page.goto(house.url + "/parcels")
        await expect(page.get_by_role("alert")).to_contain_text("The server can't be reached")
        await told_in_words(page)
        await page.unroute("**/graphql")
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_text("Aaltje Zonneveld")).to_be_visible()


async def test_a_server_that_no_longer_answers(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner, complaining=True) as owner:
        page = await owner.goto("/settings/account")
        await page.route("**/graphql", lambda route: route.abort())
        await page.get_by_role("link", name="Parcels").click()
        await expect(page.get_by_role("alert")).to_contain_text("The server can't be reached")
        await told_in_words(page)
        await page.unroute("**/graphql")
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_role("alert")).to_have_count(0)


async def test_a_proxys_page_in_the_servers_place(browser: Browser, house: Server) -> None:
    async def bad_gateway(route: Route) -> None:
        await route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway</h1>")

    async with visit(browser, house, await an_agent(), complaining=True) as agents:
        await agents.page.route("**/graphql", bad_gateway)
        await agents.page.goto(house.url + "/console")
        await expect(agents.page.get_by_role("alert")).to_contain_text("The server can't be reached")
        await told_in_words(agents.page)


async def test_a_mistake_of_ours_gives_support_a_number(browser: Browser, house: Server) -> None:
    async def broken(route: Route) -> None:
        problem = {"message": "Something went wrong on our side", "extensions": {"code": "INTERNAL", "requestId": "0193-77"}}
        await route.fulfill(status=500, json={"errors": [problem]})

    async with visit(browser, house, await an_agent(), complaining=True) as agents:
        await agents.page.route("**/graphql", broken)
        await agents.page.goto(house.url + "/console")
        await expect(agents.page.get_by_role("alert")).to_contain_text("give support this number: 0193-77")


async def test_a_session_that_ended_asks_to_sign_in_again(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner, complaining=True) as owner:
        page = await owner.goto("/settings/account")
        await database.execute("DELETE FROM sessions WHERE user_id = :id", id=merchant.owner.id)
        await page.get_by_role("link", name="Parcels").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        await expect(page.get_by_text("Your session has ended")).to_be_visible()
        await told_in_words(page)


async def test_an_address_without_a_page_leads_home(browser: Browser, house: Server) -> None:
    agent, merchant = await an_agent(), await a_merchant()
    async with visit(browser, house, agent) as agents, visit(browser, house, merchant.owner) as merchants:
        page = await agents.goto("/console/nothing/here")
        await expect(page.get_by_role("heading", level=1)).to_have_text("There is no page at this address.")
        await page.get_by_role("link", name="To the start page").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Work queue")
        page = await merchants.goto("/parcels/x/y/z")
        await page.get_by_role("link", name="To the start page").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Parcels")


async def test_what_is_not_there_is_told_the_same_as_what_is_anothers(browser: Browser, house: Server) -> None:
    async with visit(browser, house, await an_agent()) as agents:
        page = await agents.goto("/console/parcels/UGFyY2VsOjAxOTNhYmNk")
        await expect(page.get_by_text("This doesn't exist, or no longer does.")).to_be_visible()
        await told_in_words(page)
