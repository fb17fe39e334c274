"""The merchant's panel and the agent's console beside each other, on one server: what is clicked in one is seen in the other."""

from playwright.async_api import Browser, expect

from tests.builders import a_merchant, a_parcel, an_agent
from tests.serving import Server
from tests.web.browsing import visit
from tests.web.console.merchants import NAME, account_page


async def test_what_the_merchant_grants_and_revokes_the_agent_sees_come_and_go(browser: Browser, house: Server) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await a_parcel(merchant, name=NAME)
    async with visit(browser, house, agent) as agents, visit(browser, house, merchant.owner) as merchants:
        console, panel = await agents.goto(account_page(merchant)), await merchants.goto("/settings/account#agent-login")
        await expect(console.locator("tbody .chip").first).to_be_visible()
        await panel.get_by_role("button", name="Grant permission").click()
        await expect(console.get_by_text(NAME)).to_be_visible()
        await panel.get_by_role("button", name="Revoke permission").click()
        await expect(console.get_by_text(NAME)).to_have_count(0)
        await expect(console.locator("tbody .chip").first).to_be_visible()
