"""Without a mouse: the way to the content, where the focus goes on another page, and back from a dialog."""

import pytest
from playwright.async_api import Browser, expect

from tests.serving import Server
from tests.web.browsing import visit
from tests.web.states import a_world, settled


@pytest.mark.parametrize("app", ["panel", "console"])
async def test_the_first_key_leads_past_the_menu(browser: Browser, house: Server, app: str) -> None:
    world = await a_world()
    async with visit(browser, house, world.merchant.owner if app == "panel" else world.agent) as visitor:
        page = await visitor.goto("/parcels" if app == "panel" else "/console")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        await expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
        await page.keyboard.press("Enter")
        await expect(page.locator("#content")).to_be_focused()
        await expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize(("app", "link", "title"), [("panel", "Settings", "Settings"), ("console", "Merchants", "Merchants")])
async def test_another_page_begins_at_its_heading(browser: Browser, house: Server, app: str, link: str, title: str) -> None:
    world = await a_world()
    async with visit(browser, house, world.merchant.owner if app == "panel" else world.agent) as visitor:
        page = await visitor.goto("/parcels" if app == "panel" else "/console")
        await page.get_by_role("navigation").get_by_role("link", name=link).press("Enter")
        heading = page.get_by_role("heading", level=1)
        await expect(heading).to_contain_text(title)
        await expect(heading).to_be_focused()
        await page.go_back()
        await expect(heading).not_to_contain_text(title)
        await expect(heading).to_be_focused()


async def test_a_dialog_holds_the_focus_and_gives_it_back(browser: Browser, house: Server) -> None:
    world = await a_world(lent=True)
    async with visit(browser, house, world.agent) as agents:
        page = await agents.goto(f"/console/parcels/{world.ids['parcels']}")
        await settled(page)
        opener = page.get_by_role("button", name="Cancel the parcel")
        await opener.press("Enter")
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_be_visible()
        for _ in range(6):
            await page.keyboard.press("Tab")
            assert await page.evaluate(
                "document.activeElement === document.body || document.querySelector('dialog').contains(document.activeElement)"
            )
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(opener).to_be_focused()


async def test_what_may_not_be_done_is_reachable_and_says_why(browser: Browser, house: Server) -> None:
    world = await a_world()
    async with visit(browser, house, world.agent) as agents:
        page = await agents.goto(f"/console/parcels/{world.ids['parcels']}")
        button = page.get_by_role("button", name="Correct", exact=True)
        await button.focus()
        await expect(button).to_be_focused()
        await expect(button).to_have_attribute("aria-disabled", "true")
        await expect(button).to_have_accessible_description("a claim only lets you read")
        await page.keyboard.press("Enter")
        await expect(page.locator("form")).to_have_count(0)


async def test_signing_in_by_keyboard(browser: Browser, house: Server) -> None:
    async with visit(browser, house, complaining=True) as guest:
        page = await guest.goto("/console")
        await page.get_by_label("E-mail address").focus()
        await page.keyboard.type("nobody@example.com")
        await page.keyboard.press("Tab")
        await page.keyboard.type("wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_be_visible()


async def test_after_signing_out_the_focus_is_at_the_heading(browser: Browser, house: Server) -> None:
    world = await a_world()
    async with visit(browser, house, world.merchant.owner) as owner:
        page = await owner.goto("/parcels")
        await page.get_by_role("button", name="Sign out").press("Enter")
        await expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_focused()
