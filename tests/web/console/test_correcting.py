"""Correcting and cancelling a parcel, under a consent and only then."""

from playwright.async_api import Browser, expect

from models import database
from tests.asking import parcel_id
from tests.builders import a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import Server
from tests.web.browsing import visit
from tests.web.console.merchants import grants, is_refused, revokes


async def city_of(parcel: object) -> object:
    return (await database.fetch("SELECT city FROM parcel_personal_data WHERE parcel_id = :id", id=parcel))[0]["city"]


async def test_a_parcel_is_corrected_under_a_consent(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, city="Eindhovem")
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("City").fill("Eindhoven")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Eindhoven", exact=True)).to_be_visible()
        assert await city_of(parcel.id) == "Eindhoven"


async def test_a_correction_that_somebody_overtook_keeps_the_draft_and_shows_what_is_new(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, city="Eindhovem", street="Stationsweg")
    await a_consent(merchant)
    async with visit(browser, house, await an_agent(), complaining=True) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("Street").fill("Stationsplein")
        await database.execute("UPDATE parcel_personal_data SET street = 'Kerkweg', version = version + 1 WHERE parcel_id = :id", id=parcel.id)
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("alert")).to_contain_text("Your draft is still here")
        await expect(page.get_by_label("Street")).to_have_value("Stationsplein")
        await expect(page.get_by_text("Changed meanwhile to: Kerkweg")).to_be_visible()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Stationsplein")).to_be_visible()


async def test_a_draft_goes_with_the_permission_it_was_made_under(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("Street").fill("Stationsplein")
        await revokes(house, merchant)
        await expect(page.get_by_label("Street")).to_have_count(0)
        await grants(house, merchant)
        await expect(page.get_by_text("Stationsweg")).to_be_visible()
        assert "Stationsplein" not in await page.content()


async def test_an_open_claim_lets_a_parcel_be_read_and_not_changed(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    await a_claim(parcel)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await is_refused(page.get_by_role("button", name="Correct"), "a claim only lets you read")
        await is_refused(page.get_by_role("button", name="Cancel the parcel"), "a claim only lets you read")


async def test_an_announced_parcel_is_cancelled_after_asking(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await page.get_by_role("button", name="Cancel the parcel").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel the parcel").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Cancelled")
