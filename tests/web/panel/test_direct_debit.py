"""Direct debit: set, changed, removed by owners and admins; its number is never read back."""

from playwright.async_api import Browser, Locator, Page, expect

from models import database
from tests.builders import a_merchant
from tests.serving import Server
from tests.web.browsing import visit

ADDRESS = "/settings/account"
IBAN = "NL91 ABNA 0417 1643 00"  # the example of ISO 13616


def section(page: Page) -> Locator:
    return page.locator("#direct-debit")


async def fill(page: Page, iban: str) -> None:
    await section(page).get_by_label("Account holder").fill("Bakker Bikes")
    await section(page).get_by_label("IBAN").fill(iban)
    await section(page).get_by_role("button", name="Save").click()


async def test_it_is_set_shown_by_its_last_four_and_removed(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(ADDRESS)
        await expect(section(page).get_by_text("No direct debit is set up.")).to_be_visible()
        await expect(section(page).get_by_text("Support never sees this")).to_be_visible()
        await section(page).get_by_role("button", name="Set up direct debit").click()
        await fill(page, IBAN)
        await expect(section(page).get_by_text("4300")).to_be_visible()
        assert "0417" not in await section(page).inner_html()
        await owner.screenshot("panel-direct-debit")
        await section(page).get_by_role("button", name="Remove").click()
        await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        await expect(section(page).get_by_text("No direct debit is set up.")).to_be_visible()
        assert not await database.fetch("SELECT 1 FROM direct_debits WHERE account_id = :id", id=merchant.id)


async def test_a_mistyped_number_is_told_at_its_field(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.admin) as admin:
        page = await admin.goto(ADDRESS)
        await section(page).get_by_role("button", name="Set up direct debit").click()
        await fill(page, IBAN.replace("91", "92"))
        await expect(section(page).get_by_label("IBAN")).to_have_accessible_description("This is not an IBAN. Look for a mistyped letter or number.")
        await fill(page, IBAN)
        await expect(section(page).get_by_text("4300")).to_be_visible()


async def test_a_member_is_not_told_whether_there_is_one(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.member) as member:
        page = await member.goto(ADDRESS)
        await expect(section(page).get_by_role("button", name="Set up direct debit")).to_have_accessible_description("needs an owner or admin")
        await expect(section(page).get_by_text("No direct debit is set up.")).to_have_count(0)
