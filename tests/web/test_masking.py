"""A revoke, an expiry, a lost connection: what was shown is gone from the page and from its memory, whatever is still on its way."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from playwright.async_api import Browser, Page, Route, WebSocketRoute, expect

from policy.vocabulary import Viewer
from tests.asking import account_id
from tests.builders import Merchant, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import Server, serving, token_of
from tests.web.browsing import Visit, visit
from tests.web.states import PERSONAL, settled

REVOKE = "mutation ($id: ID!) { revokeConsent(input: {accountId: $id}) { consent { id } } }"
GRANT = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { id } } }"
MASKS_WITHIN_MS = 10_000
#: Values of every page of the console's list. They never come from the test into the page, or its memory would hold them for that.
LISTED = ("name", "city", "order_number", "tracking_number")


@pytest.fixture
async def second(house: Server, tmp_path: Path) -> AsyncIterator[Server]:
    """Another server process on the same database, to be stopped or frozen."""
    server = Server(house.database_url, tmp_path)
    async with serving(server):
        yield server


async def lent() -> tuple[Merchant, Viewer]:
    merchant, agent = await a_merchant(), await an_agent()
    await a_parcel(merchant, **PERSONAL)
    await a_consent(merchant)
    return merchant, agent


async def revoke(house: Server, merchant: Merchant, document: str = REVOKE) -> None:
    answer = await house.ask(document, {"id": account_id(merchant.id)}, token=await token_of(merchant.owner))
    assert "errors" not in answer, answer


def account_page(merchant: Merchant) -> str:
    return f"/console/accounts/{account_id(merchant.id)}"


async def shows(page: Page) -> None:
    """The list shows what is personal."""
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator("tbody .chip")).to_have_count(0)


async def masks(page: Page, within: float = MASKS_WITHIN_MS) -> None:
    """The list shows chips, and nothing else personal."""
    await expect(page.locator("tbody .chip")).to_have_count(4, timeout=within)
    text = await page.locator("body").inner_text()
    assert [name for name in LISTED if PERSONAL[name] in text] == []


async def remembered(visitor: Visit) -> set[str]:
    """Which of the values are in a snapshot of everything the page's JavaScript holds."""
    session = await visitor.context.new_cdp_session(visitor.page)
    chunks: list[str] = []
    session.on("HeapProfiler.addHeapSnapshotChunk", lambda event: chunks.append(event["chunk"]))
    await session.send("HeapProfiler.collectGarbage")
    await session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    snapshot = "".join(chunks)
    await session.detach()
    return {name for name in LISTED if PERSONAL[name] in snapshot}


async def test_a_revoke_in_the_panel_empties_the_console_beside_it(browser: Browser, house: Server) -> None:
    merchant, agent = await lent()
    async with visit(browser, house, agent) as agents, visit(browser, house, merchant.owner) as owner:
        console, panel = await agents.goto(account_page(merchant)), await owner.goto("/settings/account#agent-login")
        await shows(console)
        await panel.get_by_role("button", name="Revoke permission").click()
        await masks(console)
        await panel.get_by_role("button", name="Grant permission").click()
        await shows(console)
        assert console.url == house.url + account_page(merchant)


async def test_after_a_revoke_the_pages_memory_holds_nothing_of_it(browser: Browser, house: Server) -> None:
    merchant, agent = await lent()
    async with visit(browser, house, agent) as agents:
        page = await agents.goto(account_page(merchant))
        await shows(page)
        assert await remembered(agents) == set(LISTED)
        await revoke(house, merchant)
        await masks(page)
        await settled(page)
        assert await remembered(agents) == set()


async def test_after_signing_out_the_pages_memory_holds_nothing(browser: Browser, house: Server) -> None:
    merchant, _ = await lent()
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto("/parcels")
        await expect(page.locator("tbody tr")).to_have_count(1)
        assert "name" in await remembered(owner)
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert await remembered(owner) == set()


async def test_a_frozen_server_masks_within_ten_seconds_and_a_thawed_one_restores(browser: Browser, house: Server, second: Server) -> None:
    merchant, agent = await lent()
    async with visit(browser, second, agent, complaining=True) as agents:
        page = await agents.goto(account_page(merchant))
        await shows(page)
        os.kill(second.process.pid, signal.SIGSTOP)
        try:
            await masks(page)
            await expect(page.get_by_role("alert")).to_contain_text("Personal data is hidden until it is back")
            assert await remembered(agents) == set()
        finally:
            os.kill(second.process.pid, signal.SIGCONT)
        await expect(page.locator("tbody .chip")).to_have_count(0, timeout=20_000)
        await expect(page.get_by_text("Personal data is hidden until it is back")).to_have_count(0)


async def test_a_server_that_ends_masks_at_once(browser: Browser, house: Server, second: Server) -> None:
    merchant, agent = await lent()
    async with visit(browser, second, agent, complaining=True) as agents:
        page = await agents.goto(account_page(merchant))
        await shows(page)
        second.process.kill()
        await masks(page)
        await expect(page.get_by_role("alert")).to_contain_text("The connection is lost")


async def test_an_answer_that_arrives_after_a_revoke_is_never_drawn(browser: Browser, house: Server) -> None:
    merchant, agent = await lent()
    async with visit(browser, house, agent) as agents:
        page = await agents.goto(account_page(merchant))
        await shows(page)
        caught, release, arrived = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def hold(route: Route) -> None:
            answer = await route.fetch()
            text = await answer.text()
            if caught.is_set() or PERSONAL["name"] not in text:
                await route.fulfill(response=answer)
                return
            caught.set()
            await release.wait()
            await route.fulfill(response=answer)
            arrived.set()

        await page.route("**/graphql", hold)
        await revoke(house, merchant, GRANT)  # another grant: the page asks again, and that answer is held back
        await caught.wait()
        await revoke(house, merchant)
        await masks(page)
        await page.evaluate(
            """() => new MutationObserver(() => { globalThis.drawn ||= document.querySelectorAll("tbody .chip").length < 4; })
                .observe(document.body, {subtree: true, childList: true, characterData: true})"""
        )
        release.set()
        await arrived.wait()
        await page.evaluate("() => fetch('/healthz').then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))")
        assert not await page.evaluate("() => globalThis.drawn ?? false")
        await masks(page)
        assert await remembered(agents) == set()


@pytest.mark.parametrize("hours", [pytest.param(0, id="right"), pytest.param(-3, id="slow"), pytest.param(5, id="fast")])
async def test_an_expiry_masks_without_a_message_and_by_the_servers_clock(browser: Browser, house: Server, hours: int) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await a_parcel(merchant, **PERSONAL)
    heard: list[str] = []

    def silence(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            if orjson.loads(message)["type"] == "next":
                heard.append(str(message))
            else:
                socket.send(message)

        server.on_message(pass_on)

    async with visit(browser, house, agent, complaining=True) as agents:
        await agents.page.route_web_socket("**/graphql", silence)
        await agents.context.add_init_script(f"const now = Date.now; Date.now = () => now() + {hours * 3_600_000};")
        await a_consent(merchant, lasts=timedelta(seconds=5))
        page = await agents.goto(account_page(merchant))
        await shows(page)
        await page.route("**/graphql", lambda route: route.abort())  # no answer helps either
        await masks(page)
        await expect(page.get_by_text("The connection is lost")).to_have_count(0)
