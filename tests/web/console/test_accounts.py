"""Merchants and their parcels: found, filtered and searched."""

from playwright.async_api import Browser, expect

from tests.builders import a_consent, a_merchant, a_parcel, an_agent
from tests.serving import Server
from tests.web.browsing import visit
from tests.web.console.merchants import NAME, account_page, grants, revokes


async def test_merchants_are_found_by_name_and_by_what_is_open(browser: Browser, house: Server) -> None:
    merchant = await a_merchant("Findable Flowers")
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto("/console/accounts")
        await page.get_by_label("Company name").fill("Findable")
        await expect(page.locator("tbody tr")).to_have_count(1)
        await page.get_by_label("Access").select_option("CONSENT")
        await expect(page.get_by_text("No merchant fits.")).to_be_visible()
        await grants(house, merchant)
        await expect(page.get_by_role("link", name="Findable Flowers")).to_be_visible()


async def test_a_search_is_forgotten_when_it_is_no_longer_allowed(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name=NAME)
    await a_parcel(merchant, name="Bram Visser")
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        search = page.get_by_label("Recipient, order or tracking number")
        await search.fill("Zonneveld")
        await expect(page.locator("tbody tr")).to_have_count(1)
        assert "Zonneveld" not in page.url
        await revokes(house, merchant)
        await expect(page.locator("tbody tr")).to_have_count(2)
        await expect(search).to_be_disabled()
        await expect(search).to_have_value("")
