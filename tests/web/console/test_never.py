"""What no permission opens is in sight, and says why."""

import pytest
from playwright.async_api import Browser

from tests.asking import account_id
from tests.builders import a_consent, a_merchant, an_agent
from tests.serving import Server
from tests.web.browsing import visit
from tests.web.console.merchants import is_refused


@pytest.mark.parametrize(
    "name",
    ["See the direct debit", "Export parcels as CSV", "Delete a parcel", "Grant permission", "Delete the account"],
)
async def test_what_is_never_allowed_is_in_sight_and_says_why(browser: Browser, house: Server, name: str) -> None:
    merchant = await a_merchant()
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/accounts/{account_id(merchant.id)}")
        await is_refused(page.get_by_role("button", name=name), "never open to support")
