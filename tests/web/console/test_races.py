"""Whatever comes first, a revoke wins: late answers, late subscriptions, and what others revoke meanwhile."""

import asyncio

from playwright.async_api import Browser, Page, Route, WebSocketRoute, expect

from tests.asking import parcel_id
from tests.builders import a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import Server
from tests.web.browsing import visit
from tests.web.console.merchants import NAME, account_page, grants, revokes

# Was it ever drawn since, and what was said in the live region?
WATCH = """(name) => {
    window.drawn = false;
    window.said = [];
    const status = document.querySelector("[role=status][aria-live]");
    new MutationObserver(() => {
        window.drawn ||= document.body.innerText.includes(name);
        if (status.textContent && window.said.at(-1) !== status.textContent) window.said.push(status.textContent);
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


async def test_an_answer_that_arrives_after_a_revoke_is_never_drawn(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name=NAME)
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await expect(page.get_by_text(NAME)).to_be_visible()
        held, release = asyncio.Event(), asyncio.Event()

        async def late(route: Route) -> None:
            answer = await route.fetch()
            assert NAME in await answer.text()
            held.set()
            await release.wait()
            await route.fulfill(response=answer)

        await page.route("**/graphql", late, times=1)
        await page.get_by_label("Status").select_option("ANNOUNCED")
        await asyncio.wait_for(held.wait(), 10)
        await page.evaluate(WATCH, NAME)
        await revokes(house, merchant)
        await expect(page.locator(".basis").get_by_text("personal data is hidden")).to_be_visible()
        async with page.expect_event("requestfinished"):
            release.set()
        await expect(page.locator("tbody .chip").first).to_be_visible()
        assert not await page.evaluate("window.drawn")


async def test_a_revoke_before_the_subscription_stands_is_not_missed(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name=NAME)
    await a_consent(merchant)
    revoked = asyncio.Event()

    async def slow(socket: WebSocketRoute) -> None:
        waiting: list[str | bytes] = []

        def wait(message: str | bytes) -> None:
            waiting.append(message)

        socket.on_message(wait)
        await revoked.wait()
        server = socket.connect_to_server()
        for message in waiting:
            server.send(message)

        def pass_on(message: str | bytes) -> None:
            server.send(message)

        socket.on_message(pass_on)

    async with visit(browser, house, await an_agent()) as agent:
        await agent.page.route_web_socket("**/graphql", slow)
        page = await agent.goto(account_page(merchant))
        await expect(page.get_by_text(NAME)).to_be_visible()
        await revokes(house, merchant)
        revoked.set()
        await expect(page.get_by_text(NAME)).to_have_count(0)
        await expect(page.locator(".basis").get_by_text("personal data is hidden")).to_be_visible()


async def test_a_connection_that_never_comes_hides_what_is_personal(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name=NAME)
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        await agent.page.route_web_socket("**/graphql", lambda _: None)
        page = await agent.goto(account_page(merchant))
        await expect(page.get_by_text(NAME)).to_be_visible()
        await expect(page.get_by_text(NAME)).to_have_count(0, timeout=10_000)
        await expect(page.get_by_role("alert")).to_contain_text("The connection is lost")


async def test_a_draft_survives_the_revoke_of_another_merchant_and_a_claim_that_ends(browser: Browser, house: Server) -> None:
    merchant, other = await a_merchant(), await a_merchant("De Groot Fietsen")
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    await a_consent(other)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("Street").fill("Stationsplein")
        await page.evaluate(WATCH, NAME)
        await revokes(house, other)
        await a_claim(await a_parcel(merchant))
        await grants(house, merchant)  # anew: what it is of stays shown, and the draft with it
        await expect(page.get_by_role("timer")).to_contain_text("59 minutes")
        await expect(page.get_by_label("Street")).to_have_value("Stationsplein")
        assert await said(page) == []


async def test_a_change_is_said_once_and_holds_no_value(browser: Browser, house: Server) -> None:
    merchant = await a_merchant("Once & Only")
    for number in range(5):
        await a_parcel(merchant, name=f"{NAME} {number}")
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await expect(page.locator("tbody tr")).to_have_count(5)
        await page.evaluate(WATCH, NAME)
        await grants(house, merchant)
        await expect(page.get_by_text(f"{NAME} 4")).to_be_visible()
        await revokes(house, merchant)
        await expect(page.locator("tbody .chip")).to_have_count(20)
        await page.wait_for_function("window.said.length > 1")  # it is told once the page was drawn
        assert await said(page) == [
            "Once & Only has given you permission to see their customers' personal data.",
            "Once & Only's customers' personal data is hidden.",
        ]


async def said(page: Page) -> list[str]:
    found: list[str] = await page.evaluate("window.said")
    return found


async def test_search_and_unfolded_filters_stay_through_a_new_grant(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name=NAME)
    await a_parcel(merchant, name="Bram Visser")
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await page.get_by_text("More filters").click()
        await page.get_by_label("Country").select_option("NL")
        await page.get_by_role("searchbox").fill("Zonneveld")
        await expect(page.locator("tbody tr")).to_have_count(1)
        await grants(house, merchant)
        await expect(page.get_by_role("timer")).to_contain_text("59 minutes")
        await expect(page.get_by_role("searchbox")).to_have_value("Zonneveld")
        await expect(page.get_by_label("Country")).to_have_value("NL")
        await expect(page.get_by_label("Country")).to_be_visible()
        await expect(page.locator("tbody tr")).to_have_count(1)


async def test_after_a_revoke_no_value_is_left_in_memory(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, name=NAME, note="Achterom door de poort", city="Appingedam")
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await page.get_by_role("searchbox").fill("Appingedam")
        await page.get_by_role("searchbox").press("Enter")
        await page.get_by_role("searchbox").fill(NAME)
        await expect(page.get_by_text(NAME)).to_be_visible()
        await page.locator(f"a[href$='{parcel_id(parcel.id)}']").click()
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("Street").fill("Stationsplein")
        assert await kept(page, NAME, "Achterom door de poort", "Stationsplein") == {NAME, "Achterom door de poort", "Stationsplein"}
        await revokes(house, merchant)
        await expect(page.locator(".basis").get_by_text("personal data is hidden")).to_be_visible()
        assert await kept(page, NAME, "Achterom door de poort", "Stationsplein", "Appingedam") == set()


async def kept(page: Page, *values: str) -> set[str]:
    """Those that a snapshot of the page's heap holds."""
    devtools = await page.context.new_cdp_session(page)
    chunks: list[str] = []
    devtools.on("HeapProfiler.addHeapSnapshotChunk", lambda event: chunks.append(event["chunk"]))
    await devtools.send("HeapProfiler.collectGarbage")
    await devtools.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    await devtools.detach()
    snapshot = "".join(chunks)
    return {value for value in values if value in snapshot}
