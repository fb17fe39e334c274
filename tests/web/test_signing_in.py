"""Signing in and out, in both apps."""

import pytest
from playwright.async_api import Browser, expect

from tests.builders import a_merchant, a_parcel, an_agent
from tests.serving import PASSWORD, Server, with_password
from tests.web.browsing import visit


@pytest.mark.parametrize("address", ["/", "/settings/account", "/console"])
async def test_a_stranger_is_asked_to_sign_in(browser: Browser, house: Server, address: str) -> None:
    async with visit(browser, house) as guest:
        page = await guest.goto(address)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


async def test_a_merchant_signs_in_and_sees_the_parcels_and_signs_out(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name="Aaltje Zonneveld")
    email = await with_password(merchant.owner)
    async with visit(browser, house) as merchants:
        page = await merchants.goto("/")
        await page.get_by_label("E-mail address").fill(email)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_text("Aaltje Zonneveld")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        await expect(page.get_by_text("Aaltje Zonneveld")).to_have_count(0)


async def test_a_wrong_password_is_told_in_words(browser: Browser, house: Server) -> None:
    async with visit(browser, house, complaining=True) as guest:  # Chromium itself says that the answer was a 401
        page = await guest.goto("/")
        await page.get_by_label("E-mail address").fill("nobody@example.com")
        await page.get_by_label("Password").fill("wrong")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_contain_text("isn't right")


async def test_who_is_in_the_wrong_app_is_shown_the_way(browser: Browser, house: Server) -> None:
    agent, merchant = await an_agent(), await a_merchant()
    async with visit(browser, house, agent) as agents, visit(browser, house, merchant.owner) as merchants:
        page = await agents.goto("/")
        await page.get_by_role("link", name="To the agent console").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Work queue")
        page = await merchants.goto("/console")
        await page.get_by_role("link", name="To the merchant panel").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Parcels")
