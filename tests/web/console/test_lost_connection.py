"""While nobody would tell of a revoke nothing personal is on the screen: a frozen server is noticed within ten seconds, and said."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from models import database
from policy.vocabulary import Viewer
from tests.asking import parcel_id
from tests.builders import a_consent, a_merchant, a_parcel, an_agent
from tests.serving import PASSWORD, Server, serving, with_password
from tests.web.browsing import visit
from tests.web.console.merchants import NAME, account_page, is_refused, revokes

NOTICED_MS = 10_000
LOST = "The connection is lost"


@pytest.fixture
async def shaky(house: Server, tmp_path: Path) -> AsyncIterator[Server]:
    """Another process on the same database, that may be frozen."""
    server = Server(house.database_url, tmp_path)
    async with serving(server):
        yield server
        thaw(server)


def freeze(server: Server) -> None:
    server.process.send_signal(signal.SIGSTOP)


def thaw(server: Server) -> None:
    server.process.send_signal(signal.SIGCONT)


async def test_a_frozen_server_hides_what_is_personal_and_says_so_and_a_draft_waits(browser: Browser, house: Server, shaky: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, name=NAME)
    await a_consent(merchant)
    async with visit(browser, shaky, await an_agent(), complaining=True) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("Street").fill("Stationsplein")
        freeze(shaky)
        await expect(page.get_by_label("Street")).to_have_count(0, timeout=NOTICED_MS)
        await expect(page.get_by_role("alert")).to_contain_text(LOST)
        await expect(page.get_by_text(NAME)).to_have_count(0)
        await expect(page.get_by_text("Recipient hidden").or_(page.get_by_text("Name hidden: the connection is lost"))).to_be_attached()
        assert "Stationsplein" not in await page.content()
        thaw(shaky)
        await expect(page.get_by_label("Street")).to_have_value("Stationsplein")
        await expect(page.get_by_text(NAME)).to_be_visible()
        await expect(page.get_by_role("alert")).to_have_count(0)


async def test_what_was_revoked_meanwhile_does_not_come_back(browser: Browser, house: Server, shaky: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name=NAME)
    await a_consent(merchant)
    async with visit(browser, shaky, await an_agent(), complaining=True) as agent:
        page = await agent.goto(account_page(merchant))
        search = page.get_by_role("searchbox")
        await search.fill("Zonneveld")
        await expect(page.get_by_text(NAME)).to_be_visible()
        freeze(shaky)
        await expect(page.get_by_text(NAME)).to_have_count(0, timeout=NOTICED_MS)
        await expect(search).to_have_value("")  # what was searched for is personal too
        await expect(page.locator("tbody tr")).to_have_count(0)  # and so is what it found
        await page.evaluate(
            "(name) => { new MutationObserver(() => { window.drawn ||= document.body.innerText.includes(name) })"
            ".observe(document.body, {childList: true, subtree: true, characterData: true}) }",
            NAME,
        )
        await revokes(house, merchant)
        thaw(shaky)
        await expect(page.get_by_role("alert")).to_have_count(0)
        await expect(page.locator(".basis").get_by_text("personal data is hidden")).to_be_visible()
        await expect(page.locator("tbody tr")).to_have_count(1)
        assert not await page.evaluate("window.drawn")


async def test_buttons_say_that_the_connection_is_lost(browser: Browser, house: Server, shaky: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    async with visit(browser, shaky, await an_agent(), complaining=True) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await expect(page.get_by_role("button", name="Correct")).not_to_have_attribute("aria-disabled", "true")
        freeze(shaky)
        await expect(page.get_by_role("alert")).to_contain_text(LOST, timeout=NOTICED_MS)
        await is_refused(page.get_by_role("button", name="Correct"), "the connection is lost")
        await is_refused(page.get_by_role("button", name="Cancel the parcel"), "the connection is lost")


async def test_who_signs_in_again_after_a_lost_connection_sees_what_may_be_seen(browser: Browser, house: Server, shaky: Server) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await a_parcel(merchant, name=NAME)
    await a_consent(merchant)
    email = await with_password(agent)
    async with visit(browser, shaky, agent, complaining=True) as agents:
        page = await agents.goto(account_page(merchant))
        await expect(page.get_by_text(NAME)).to_be_visible()
        freeze(shaky)
        await expect(page.get_by_role("alert")).to_contain_text(LOST, timeout=NOTICED_MS)
        await sign_out_everywhere(agent)
        thaw(shaky)
        await expect(page.get_by_text("Your session has ended")).to_be_visible()
        await page.get_by_label("E-mail address").fill(email)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_text(NAME)).to_be_visible()


async def sign_out_everywhere(viewer: Viewer) -> None:
    await database.execute("DELETE FROM sessions WHERE user_id = :id", id=viewer.id)
