"""What the console shows is what may be shown now: values come with a grant and go with a revoke, without a reload."""

from datetime import timedelta

from playwright.async_api import Browser, expect

from tests.asking import parcel_id
from tests.builders import a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import Server
from tests.web.browsing import visit
from tests.web.console.merchants import NAME, account_page, grants, revokes


async def test_a_withheld_value_is_a_chip_that_says_why_and_one_never_given_is_not(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    hidden, shown = await a_parcel(merchant, name=NAME), await a_parcel(merchant, name="Bram Visser", order_number=None)
    await a_claim(shown)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await expect(page.get_by_text("Bram Visser")).to_be_visible()
        await expect(page.get_by_text(NAME)).to_have_count(0)
        row = page.get_by_role("row").filter(has=page.locator(f"a[href$='{parcel_id(hidden.id)}']"))
        await expect(row.get_by_text("Recipient hidden: needs the merchant's permission")).to_be_attached()
        await expect(row.locator(".chip")).to_have_count(4)
        row = page.get_by_role("row").filter(has=page.locator(f"a[href$='{parcel_id(shown.id)}']"))
        await expect(row.locator(".chip")).to_have_count(0)
        await expect(row.get_by_text("Nothing given")).to_be_attached()


async def test_chips_are_as_wide_for_every_value(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name="Jo", city="Ee", order_number=None)
    await a_parcel(merchant, name="Maximiliaan van den Oever-Hoogesteger", city="Gasselternijveenschemond")
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await expect(page.locator("tbody .chip")).to_have_count(8)
        widths = await page.locator("tbody .chip").evaluate_all("chips => [...new Set(chips.map((chip) => chip.offsetWidth))]")
        assert len(widths) == 1


async def test_values_come_with_a_grant_and_go_with_a_revoke(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name=NAME)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await expect(page.locator(".basis").get_by_text("personal data is hidden")).to_be_visible()
        await grants(house, merchant)
        await expect(page.get_by_text(NAME)).to_be_visible()
        await expect(page.locator(".basis").get_by_text("Every view is recorded")).to_be_visible()
        await expect(page.get_by_role("timer")).to_contain_text("59 minutes")
        await revokes(house, merchant)
        await expect(page.get_by_text(NAME)).to_have_count(0)
        await expect(page.locator(".basis").get_by_text("personal data is hidden")).to_be_visible()


async def test_a_grant_keeps_the_place_that_was_scrolled_to_and_the_filter(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    for number in range(60):
        await a_parcel(merchant, name=f"{NAME} {number}", events=False)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await page.get_by_label("Status").select_option("ANNOUNCED")
        await expect(page.locator("tbody tr")).to_have_count(60)
        await page.evaluate("scrollTo(0, 900)")
        await grants(house, merchant)
        await expect(page.get_by_text(f"{NAME} 59")).to_be_attached()
        assert abs(await page.evaluate("scrollY") - 900) < 200  # the rows may be a line higher or lower with values in them
        await expect(page.get_by_label("Status")).to_have_value("ANNOUNCED")


async def test_at_its_expiry_a_consent_hides_what_it_showed(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name=NAME)
    await a_consent(merchant, lasts=timedelta(seconds=6))
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await expect(page.get_by_text(NAME)).to_be_visible()
        await expect(page.get_by_text(NAME)).to_have_count(0, timeout=10_000)
        await expect(page.locator(".basis").get_by_text("personal data is hidden")).to_be_visible()
