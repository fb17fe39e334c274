"""The work queue: what waits, and who lets support in, as it changes."""

from playwright.async_api import Browser, expect

from policy.vocabulary import ClaimStatus
from tests.asking import parcel_id
from tests.builders import a_claim, a_merchant, a_parcel, an_agent
from tests.serving import Server
from tests.web.browsing import visit
from tests.web.console.merchants import FILE, as_owner, grants, revokes


async def test_the_queue_is_narrowed_to_what_is_not_taken(browser: Browser, house: Server) -> None:
    merchant = await a_merchant("Narrow & Wide")
    await a_claim(await a_parcel(merchant), status=ClaimStatus.INVESTIGATING)
    await a_claim(await a_parcel(merchant))
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto("/console")
        rows = page.get_by_role("row").filter(has_text="Narrow & Wide")
        await expect(rows).to_have_count(2)
        await page.get_by_label("Which").select_option("free")
        await expect(rows).to_have_count(1)
        await page.get_by_label("Which").select_option("mine")
        await expect(rows).to_have_count(0)


async def test_a_claim_filed_appears_in_the_queue_and_one_closed_leaves_it(browser: Browser, house: Server) -> None:
    merchant = await a_merchant("Queue & Daughters")
    parcel = await a_parcel(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto("/console")
        row = page.get_by_role("row").filter(has_text="Queue & Daughters")
        await expect(row).to_have_count(0)
        await as_owner(house, merchant, FILE, parcel_id(parcel.id))
        await expect(row).to_have_count(1)
        await row.get_by_role("link", name="Shipment lost").click()
        await expect(page.get_by_text("Where is it?")).to_be_visible()
        await page.get_by_role("button", name="Close the claim").click()
        await page.get_by_role("dialog").get_by_role("button", name="Close the claim").click()
        await expect(page.get_by_text("Where is it?")).to_have_count(0)
        await page.get_by_role("link", name="Work queue").first.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Work queue")
        await expect(row).to_have_count(0)


async def test_a_merchant_who_grants_appears_in_the_queue_with_the_time_left(browser: Browser, house: Server) -> None:
    merchant = await a_merchant("Grant Garments")
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto("/console")
        item = page.get_by_role("listitem").filter(has_text="Grant Garments")
        await expect(item).to_have_count(0)
        await grants(house, merchant)
        await expect(item.get_by_role("timer")).to_contain_text("59 minutes")
        await revokes(house, merchant)
        await expect(item).to_have_count(0)
