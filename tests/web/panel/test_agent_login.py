"""Settings > Account > Agent login: the key, lent and taken back, by mouse and by keyboard."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from models import database
from policy.vocabulary import ConsentState
from tests.builders import Merchant, a_consent, a_merchant
from tests.serving import Server
from tests.web.browsing import NARROW, WIDE, Scheme, visit

ADDRESS = "/settings/account#agent-login"


def section(page: Page) -> Locator:
    return page.locator("#agent-login")


async def state_of(merchant: Merchant) -> str | None:
    """How long the live consent lasts, as it was granted; None if there is none."""
    rows = await database.fetch("SELECT duration FROM consents WHERE live_for = :id AND expires_at > {now}", id=merchant.id)
    return rows[0]["duration"] if rows else None


async def test_what_a_grant_shows_and_never_shows_is_said_before_the_button(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(ADDRESS)
        told = section(page).get_by_text("see or change your direct debit")
        button = section(page).get_by_role("button", name="Grant permission")
        await expect(told).to_be_visible()
        before = await told.evaluate("(told, button) => told.compareDocumentPosition(button)", await button.element_handle())
        assert before == 4  # Node.DOCUMENT_POSITION_FOLLOWING: the button comes after


async def test_the_address_support_sends_scrolls_to_the_section_and_focuses_it(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner, size=NARROW) as owner:
        page = await owner.goto(ADDRESS)
        await expect(section(page)).to_be_focused()
        await expect(section(page)).to_be_in_viewport()


async def test_granting_shows_the_time_left_and_the_instant_it_ends_with_its_zone(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(ADDRESS)
        await expect(section(page).get_by_text("Off", exact=True)).to_be_visible()
        await section(page).get_by_label("Permission duration").select_option(label="1 day")
        await section(page).get_by_role("button", name="Grant permission").click()
        await expect(section(page).get_by_role("timer")).to_contain_text("23 hours")
        await expect(section(page).locator("time")).to_have_text(re.compile("(GMT\\+[12]|CES?T)\\)$"))
        assert await state_of(merchant) == "ONE_DAY"


async def test_permission_is_revoked_in_one_click(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_consent(merchant)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(ADDRESS)
        await section(page).get_by_role("button", name="Revoke permission").click()
        await expect(section(page).get_by_text("Off", exact=True)).to_be_visible()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(section(page).get_by_role("button", name="Revoke permission")).to_have_count(0)
        assert await state_of(merchant) is None


async def test_a_live_permission_is_granted_anew_for_shorter(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_consent(merchant, lasts=timedelta(days=6))
    async with visit(browser, house, merchant.admin) as admin:
        page = await admin.goto(ADDRESS)
        await expect(section(page).get_by_role("timer")).to_contain_text("5 days")
        await section(page).get_by_label("Permission duration").select_option(label="1 hour")
        await section(page).get_by_role("button", name="Grant permission").click()
        await expect(section(page).get_by_role("timer")).to_contain_text("59 minutes")
        assert await state_of(merchant) == "ONE_HOUR"


async def test_it_is_granted_and_revoked_by_keyboard_alone(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(ADDRESS)
        await expect(section(page)).to_be_focused()
        duration = section(page).get_by_label("Permission duration")
        await tab_to(page, duration)
        await page.keyboard.press("Home")  # the first of the menu
        await tab_to(page, section(page).get_by_role("button", name="Grant permission"))
        await page.keyboard.press("Enter")
        await expect(section(page).get_by_role("timer")).to_contain_text("59 minutes")
        await page.locator("h1").focus()
        await tab_to(page, section(page).get_by_role("button", name="Revoke permission"))
        await page.keyboard.press("Space")
        await expect(section(page).get_by_text("Off", exact=True)).to_be_visible()


async def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus."""
    for _ in range(25):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("(found) => found === document.activeElement"):
            return
    pytest.fail("it can't be reached by Tab")


async def test_a_change_made_elsewhere_appears_by_itself_and_is_said_once(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner) as one, visit(browser, house, merchant.admin) as other:
        watching = await one.goto(ADDRESS)
        acting = await other.goto(ADDRESS)
        await section(acting).get_by_role("button", name="Grant permission").click()
        await expect(section(watching).get_by_role("timer")).to_be_visible()
        status = watching.locator("[aria-live=polite]")
        await expect(status).to_have_text("Agent login is on: support can see personal data in your account.")
        await section(acting).get_by_role("button", name="Revoke permission").click()
        await expect(section(watching).get_by_text("Off", exact=True)).to_be_visible()


async def test_it_turns_off_on_the_page_at_the_moment_it_runs_out(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_consent(merchant, lasts=timedelta(seconds=3))
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(ADDRESS)
        await expect(section(page).get_by_role("timer")).to_be_visible()
        await expect(section(page).get_by_text("Off", exact=True)).to_be_visible()


async def test_the_history_tells_who_granted_and_what_ended_it(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_consent(merchant, ConsentState.REVOKED)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(ADDRESS)
        await section(page).get_by_text("History").click()
        row = section(page).get_by_role("row").filter(has_text="Revoked")
        await expect(row).to_contain_text(merchant.owner.name)
        await expect(row).to_contain_text(merchant.admin.name)


async def test_a_member_sees_the_state_and_why_they_cannot_change_it(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_consent(merchant)
    async with visit(browser, house, merchant.member) as member:
        page = await member.goto(ADDRESS)
        await expect(section(page).get_by_text("On", exact=True)).to_be_visible()
        for name in ("Grant permission", "Revoke permission"):
            button = section(page).get_by_role("button", name=name)
            await expect(button).to_have_attribute("aria-disabled", "true")
            await expect(button).to_have_accessible_description("needs an owner or admin")
        await section(page).get_by_role("button", name="Revoke permission").click(force=True)
        assert await state_of(merchant) == "ONE_HOUR"
        await member.screenshot("panel-agent-login-member")


async def test_it_links_to_the_terms_the_privacy_policy_and_support(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(ADDRESS)
        for name, address in {
            "Terms": "https://example.com/terms",
            "Privacy policy": "https://example.com/privacy",
            "Contact support": "mailto:support@example.com",
        }.items():
            await expect(section(page).get_by_role("link", name=name)).to_have_attribute("href", address)


async def test_an_expired_session_is_told_on_the_sign_in_page(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner, complaining=True) as owner:  # Chromium itself says that the answer was a 401
        page = await owner.goto(ADDRESS)
        button = section(page).get_by_role("button", name="Grant permission")
        await expect(button).to_be_visible()
        await database.execute("DELETE FROM sessions WHERE user_id = :id", id=merchant.owner.id)
        await button.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        await expect(page.get_by_text("Your session has ended")).to_be_visible()
        assert await state_of(merchant) is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_it_fits_and_is_pictured(browser: Browser, house: Server, size: tuple[int, int], scheme: Scheme) -> None:
    merchant = await a_merchant()
    await a_consent(merchant)
    async with visit(browser, house, merchant.owner, size=size, scheme=scheme, language="de") as owner:
        page = await owner.goto(ADDRESS)
        await expect(section(page).get_by_role("timer")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
        await owner.screenshot(f"panel-agent-login-{size[0]}-{scheme}")
