"""What to send the merchant when access is needed."""

from playwright.async_api import Browser, Page, expect

from tests.asking import account_id
from tests.builders import a_merchant, an_agent
from tests.serving import Server
from tests.web.browsing import visit


async def copied(page: Page) -> str:
    text: str = await page.evaluate("navigator.clipboard.readText()")
    return text


async def test_the_merchant_is_sent_a_link_to_where_permission_is_granted(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, await an_agent()) as agent:
        await agent.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await agent.goto(f"/console/accounts/{account_id(merchant.id)}")
        await page.get_by_text("Ask the merchant for permission").click()
        await page.get_by_role("button", name="Copy the message").click()
        await expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
        message = await copied(page)
        assert f"{house.url}/settings/account#agent-login" in message
        assert "Toestemming geven" in message  # as it is called where the merchant is
        await page.get_by_label("Language of the message").select_option("es")
        await expect(page.get_by_text("Conceder permiso")).to_be_visible()
        await page.get_by_role("button", name="Copy the link").click()
        assert await copied(page) == f"{house.url}/settings/account#agent-login"
