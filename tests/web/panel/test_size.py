"""Small: what the browser loads to show each main page of the panel, in the language that takes most."""

import gzip

import pytest
from playwright.async_api import Browser, expect

from tests.builders import a_merchant, a_parcel
from tests.serving import Server
from tests.web.browsing import visit

MOST_BYTES = 30_000


@pytest.mark.parametrize("address", ["/settings/account", "/parcels", "/support", "/access-log", "/settings/preferences"])
async def test_a_page_takes_at_most_30_kb_of_scripts_and_styles(browser: Browser, house: Server, address: str) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant)
    async with visit(browser, house, merchant.owner, language="fr") as owner:
        page = await owner.goto(address)
        await expect(page.locator(".waiting")).to_have_count(0)
        await page.wait_for_load_state("networkidle")
        loaded = [await request.response() for request in owner.requests if request.url.endswith((".js", ".css"))]
        sizes = {each.url.rsplit("/", 1)[1]: len(gzip.compress(await each.body())) for each in loaded if each is not None}
    assert sum(sizes.values()) <= MOST_BYTES, sizes
