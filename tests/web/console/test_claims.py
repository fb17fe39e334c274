"""Claims: taken, investigated and closed; recorded from the phone; and what each opens."""

from playwright.async_api import Browser, expect

from policy.vocabulary import ClaimChannel, ClaimStatus
from tests.asking import claim_id, parcel_id
from tests.builders import a_claim, a_merchant, a_parcel, an_agent
from tests.serving import Server
from tests.web.browsing import visit
from tests.web.console.merchants import NAME, WITHDRAW, as_owner, is_refused


async def test_a_claim_is_taken_investigated_and_closed(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    claim = await a_claim(parcel)
    async with visit(browser, house, await an_agent("Noor de Wit")) as agent:
        page = await agent.goto(f"/console/claims/{claim_id(claim)}")
        await page.get_by_role("button", name="Take it").click()
        await expect(page.get_by_text("Under investigation")).to_be_visible()
        await page.get_by_label("What happened").select_option("SENT_TO_CARRIER")
        await page.get_by_label("Carrier's reference").fill("CARR-77")
        await page.get_by_role("textbox", name="Note").fill("They look for it")
        await page.get_by_role("button", name="Write it down").click()
        await expect(page.get_by_text("With the carrier")).to_be_visible()
        await expect(page.get_by_text("CARR-77")).to_be_visible()
        await page.get_by_role("button", name="Close the claim").click()
        await page.get_by_role("dialog").get_by_label("Outcome").select_option("RESOLVED")
        await page.get_by_role("dialog").get_by_role("button", name="Close the claim").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Resolved")
        await expect(page.get_by_text("CARR-77")).to_have_count(0)  # it no longer opens its parcel
        await is_refused(page.get_by_role("button", name="Take it"), "it is closed")


async def test_a_claim_that_came_by_phone_opens_nothing_and_is_not_investigated(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, name="Aaltje Zonneveld")
    claim = await a_claim(parcel, channel=ClaimChannel.PHONE)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/claims/{claim_id(claim)}")
        await expect(page.get_by_text("Came by Phone: opens nothing")).to_be_visible()
        await expect(page.get_by_text("Aaltje Zonneveld")).to_have_count(0)
        await is_refused(page.get_by_role("button", name="Take it"), "not filed in the Support section")


async def test_a_claim_is_recorded_from_the_phone(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await page.get_by_role("button", name="Record a claim made elsewhere").click()
        await page.get_by_label("How it came").select_option("PHONE")
        await page.get_by_label("What was said").fill("They called")
        await page.get_by_role("button", name="Record a claim made elsewhere").click()
        await expect(page.get_by_text("Phone,")).to_be_visible()
        await expect(page.locator(".chip").first).to_be_visible()  # and still nothing is shown


async def test_a_claim_withdrawn_hides_its_parcel(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, name=NAME)
    claim = await a_claim(parcel, filed_by=merchant.owner)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await expect(page.get_by_text(NAME)).to_be_visible()
        await expect(page.locator(".basis").get_by_text("asked Support about this parcel")).to_be_visible()
        await as_owner(house, merchant, WITHDRAW, claim_id(claim))
        await expect(page.get_by_text(NAME)).to_have_count(0)
        await expect(page.locator(".basis").get_by_text("personal data is hidden")).to_be_visible()


async def test_a_claim_on_one_parcel_says_nothing_of_its_sibling(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel, sibling = await a_parcel(merchant, name=NAME), await a_parcel(merchant, name=NAME)
    await a_claim(parcel, status=ClaimStatus.INVESTIGATING)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(sibling.id)}")
        await expect(page.locator(".chip").first).to_be_visible()
        await expect(page.get_by_text(NAME)).to_have_count(0)
