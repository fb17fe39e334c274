"""A merchant's settings: seen and changed under a consent, and the protected ones never."""

from playwright.async_api import Browser, expect

from models import database
from tests.asking import account_id
from tests.builders import a_consent, a_merchant, an_agent
from tests.serving import Server
from tests.web.browsing import visit
from tests.web.console.merchants import revokes


async def test_settings_are_changed_under_a_consent_and_hidden_without(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/accounts/{account_id(merchant.id)}/settings")
        await page.get_by_label("Standard carrier").fill("dpd")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_attached()
        await expect(page.get_by_text("Sender Contact")).to_be_visible()
        for name in ("Webhook address", "Reply-to address", "BCC address"):
            await expect(page.get_by_text(f"{name} hidden: never open to support")).to_be_attached()
        await revokes(house, merchant)
        await expect(page.get_by_label("Standard carrier")).to_have_count(0)
        await expect(page.get_by_text("Sender Contact")).to_have_count(0)
        await expect(page.get_by_text("Settings hidden: needs the merchant's permission")).to_be_attached()
    rows = await database.fetch("SELECT default_carrier FROM account_settings WHERE account_id = :id", id=merchant.id)
    assert rows[0]["default_carrier"] == "dpd"
