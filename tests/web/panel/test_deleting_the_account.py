"""Deleting the account: its owner, who reads what goes and what stays, and types the company's name."""

from playwright.async_api import Browser, expect

from models import database
from tests.builders import a_merchant, a_parcel
from tests.serving import Server
from tests.web.browsing import visit

ADDRESS = "/settings/account#delete-account"


async def test_it_takes_the_companys_name_and_ends_on_the_sign_in_page(browser: Browser, house: Server) -> None:
    merchant = await a_merchant("Zonneveld Lampen")
    parcel = await a_parcel(merchant)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(ADDRESS)
        await page.get_by_role("button", name="Delete account…").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_text("the personal data of all parcels")).to_be_visible()
        await expect(dialog.get_by_text("the access log, which holds names of fields and never values")).to_be_visible()
        await owner.screenshot("panel-delete-account")
        await dialog.get_by_label("Company name").fill("Zonneveld Lamp")
        await dialog.get_by_role("button", name="Delete for good").click()
        await expect(dialog.get_by_label("Company name")).to_have_accessible_description("This is not the company's name.")
        await dialog.get_by_label("Company name").fill("Zonneveld Lampen")
        await dialog.get_by_role("button", name="Delete for good").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        await expect(page.get_by_text("The account is deleted.")).to_be_visible()
        assert not await database.fetch("SELECT 1 FROM parcel_personal_data WHERE parcel_id = :id", id=parcel.id)


async def test_who_is_not_the_owner_reads_why_not(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.admin) as admin:
        page = await admin.goto(ADDRESS)
        button = page.get_by_role("button", name="Delete account…")
        await expect(button).to_have_accessible_description("Only the owner can delete the account.")
        await button.click(force=True)
        await expect(page.get_by_role("dialog")).to_have_count(0)
