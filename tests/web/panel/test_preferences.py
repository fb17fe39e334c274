"""The other settings: changed, cleared, saved second, and only looked at by members."""

import json

from playwright.async_api import Browser, expect

from models import database
from tests.builders import Merchant, a_merchant
from tests.serving import Server
from tests.web.browsing import NARROW, visit

ADDRESS = "/settings/preferences"


async def stored(merchant: Merchant, *columns: str) -> dict[str, object]:
    sql = f"""SELECT {", ".join(columns)} FROM account_settings s JOIN account_personal_data d ON d.account_id = s.account_id
        WHERE s.account_id = :id"""
    return dict((await database.fetch(sql, id=merchant.id))[0])


async def test_only_what_was_changed_is_sent_and_what_was_emptied_is_cleared(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(ADDRESS)
        save = page.get_by_role("button", name="Save")
        await expect(save).to_have_accessible_description("nothing is changed")
        await page.get_by_label("Time zone").select_option("Europe/Madrid")
        await page.get_by_label("Default carrier").fill("")
        await page.get_by_label("Return portal").uncheck()
        await page.get_by_label("BCC address").fill("")
        await save.click()
        await expect(save).to_have_accessible_description("nothing is changed")
        assert await stored(merchant, "timezone", "default_carrier", "notification_bcc", "notification_reply_to") == {
            "timezone": "Europe/Madrid",
            "default_carrier": None,
            "notification_bcc": None,
            "notification_reply_to": "replies@example.com",
        }
        sent = next(request.post_data for request in owner.requests if "Europe/Madrid" in (request.post_data or "")) or ""
        assert json.loads(sent)["variables"]["input"].keys() == {
            "accountId",
            "version",
            "timezone",
            "defaultCarrier",
            "returnPortalEnabled",
            "notificationBcc",
        }


async def test_sender_addresses_are_added_changed_and_removed(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.admin) as admin:
        page = await admin.goto(ADDRESS)
        await page.get_by_role("button", name="Add an address").click()
        second = page.get_by_role("group", name="Address 2")
        await second.get_by_label("City").fill("Tilburg")
        await second.get_by_label("Country").select_option("NL")
        await page.get_by_role("group", name="Address 1").get_by_role("button", name="Remove").click()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("button", name="Save")).to_have_accessible_description("nothing is changed")
        addresses = database.json((await stored(merchant, "sender_addresses"))["sender_addresses"])
        assert [(each["city"], each["country"], each["street"]) for each in addresses] == [("Tilburg", "NL", None)]


async def test_saving_second_keeps_the_draft_and_tells_what_is_new(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(ADDRESS)
        await page.get_by_label("Default carrier").fill("dpd")
        await database.execute(
            "UPDATE account_settings SET default_carrier = 'dhl', label_format = 'A4', version = version + 1 WHERE account_id = :id", id=merchant.id
        )
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("alert")).to_contain_text("changed this meanwhile")
        await expect(page.get_by_label("Default carrier")).to_have_value("dpd")
        await expect(page.get_by_label("Default carrier")).to_have_accessible_description("Changed meanwhile to: dhl")
        await expect(page.get_by_label("Label format")).to_have_value("A4")
        await owner.screenshot("panel-preferences-conflict")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("button", name="Save")).to_have_accessible_description("nothing is changed")
        assert await stored(merchant, "default_carrier", "label_format") == {"default_carrier": "dpd", "label_format": "A4"}


async def test_what_was_typed_wrongly_is_told_at_its_field(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(ADDRESS)
        await page.get_by_label("Webhook URL").fill("http://hooks.example.com/")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_label("Webhook URL")).to_have_attribute("aria-invalid", "true")


async def test_a_member_reads_the_settings_and_why_they_cannot_change_them(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.member, size=NARROW) as member:
        page = await member.goto(ADDRESS)
        await expect(page.get_by_text("changing settings needs an owner or admin")).to_be_visible()
        await expect(page.get_by_text("replies@example.com")).to_be_visible()
        await expect(page.get_by_role("button", name="Save")).to_have_count(0)
        await member.screenshot("panel-preferences-member")


async def test_the_two_settings_pages_lead_to_each_other(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto("/settings/account")
        await page.get_by_role("link", name="Preferences").click()
        await expect(page.get_by_label("Time zone")).to_be_visible()
        await expect(page.get_by_role("link", name="Preferences")).to_have_attribute("aria-current", "page")
        await owner.screenshot("panel-preferences")
        await page.get_by_role("link", name="Account", exact=True).click()
        await expect(page.locator("#agent-login")).to_be_visible()
