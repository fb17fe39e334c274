"""What an agent does for a merchant: correct, cancel, investigate, change settings; and what stays out of reach, saying why."""

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from models import database
from policy.vocabulary import ClaimChannel, ClaimStatus
from tests.asking import account_id, claim_id, parcel_id
from tests.builders import a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import Server
from tests.web.browsing import visit
from tests.web.console.test_live import GRANT, REVOKE, as_owner


async def is_refused(button: Locator, why: str) -> None:
    await expect(button).to_have_attribute("aria-disabled", "true")
    await expect(button).to_have_accessible_description(why)
    await button.focus()
    await expect(button).to_be_focused()


async def city_of(parcel: object) -> object:
    return (await database.fetch("SELECT city FROM parcel_personal_data WHERE parcel_id = :id", id=parcel))[0]["city"]


async def test_a_parcel_is_corrected_under_a_consent(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, city="Eindhovem")
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("City").fill("Eindhoven")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Eindhoven", exact=True)).to_be_visible()
        assert await city_of(parcel.id) == "Eindhoven"


async def test_a_correction_that_somebody_overtook_keeps_the_draft_and_shows_what_is_new(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, city="Eindhovem", street="Stationsweg")
    await a_consent(merchant)
    async with visit(browser, house, await an_agent(), complaining=True) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("Street").fill("Stationsplein")
        await database.execute("UPDATE parcel_personal_data SET street = 'Kerkweg', version = version + 1 WHERE parcel_id = :id", id=parcel.id)
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("alert")).to_contain_text("Your draft is still here")
        await expect(page.get_by_label("Street")).to_have_value("Stationsplein")
        await expect(page.get_by_text("Meanwhile changed to: Kerkweg")).to_be_visible()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Stationsplein")).to_be_visible()


async def test_a_draft_goes_with_the_permission_it_was_made_under(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("Street").fill("Stationsplein")
        await as_owner(house, merchant, REVOKE, account_id(merchant.id))
        await expect(page.get_by_label("Street")).to_have_count(0)
        await as_owner(house, merchant, GRANT, account_id(merchant.id))
        await expect(page.get_by_text("Stationsweg")).to_be_visible()
        assert "Stationsplein" not in await page.content()


async def test_an_open_claim_lets_a_parcel_be_read_and_not_changed(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    await a_claim(parcel)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await is_refused(page.get_by_role("button", name="Correct"), "a claim only lets you read")
        await is_refused(page.get_by_role("button", name="Cancel the parcel"), "a claim only lets you read")


async def test_an_announced_parcel_is_cancelled_after_asking(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await page.get_by_role("button", name="Cancel the parcel").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel the parcel").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Cancelled")


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


async def test_a_claim_is_taken_investigated_and_closed(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    claim = await a_claim(parcel)
    async with visit(browser, house, await an_agent("Noor de Wit")) as agent:
        page = await agent.goto(f"/console/claims/{claim_id(claim)}")
        await page.get_by_role("button", name="Take it").click()
        await expect(page.get_by_text("Under investigation")).to_be_visible()
        await page.get_by_label("What happened").select_option("SENT_TO_CARRIER")
        await page.get_by_label("Carrier's reference").fill("CARR-77")
        await page.get_by_role("textbox", name="Note").fill("They look for it")
        await page.get_by_role("button", name="Write it down").click()
        await expect(page.get_by_text("With the carrier")).to_be_visible()
        await expect(page.get_by_text("CARR-77")).to_be_visible()
        await page.get_by_role("button", name="Close the claim").click()
        await page.get_by_role("dialog").get_by_label("Outcome").select_option("RESOLVED")
        await page.get_by_role("dialog").get_by_role("button", name="Close the claim").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Resolved")
        await expect(page.get_by_text("CARR-77")).to_have_count(0)  # it no longer opens its parcel
        await is_refused(page.get_by_role("button", name="Take it"), "it is closed")


async def test_a_claim_that_came_by_phone_opens_nothing_and_is_not_investigated(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, name="Aaltje Zonneveld")
    claim = await a_claim(parcel, channel=ClaimChannel.PHONE)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/claims/{claim_id(claim)}")
        await expect(page.get_by_text("Came by Phone: opens nothing")).to_be_visible()
        await expect(page.get_by_text("Aaltje Zonneveld")).to_have_count(0)
        await is_refused(page.get_by_role("button", name="Take it"), "not filed in the Support section")


async def test_a_claim_is_recorded_from_the_phone(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await page.get_by_role("button", name="Record a claim made elsewhere").click()
        await page.get_by_label("How it came").select_option("PHONE")
        await page.get_by_label("What was said").fill("They called")
        await page.get_by_role("button", name="Record a claim made elsewhere").click()
        await expect(page.get_by_text("Phone,")).to_be_visible()
        await expect(page.locator(".chip").first).to_be_visible()  # and still nothing is shown


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
        await as_owner(house, merchant, REVOKE, account_id(merchant.id))
        await expect(page.get_by_label("Standard carrier")).to_have_count(0)
        await expect(page.get_by_text("Sender Contact")).to_have_count(0)
        await expect(page.get_by_text("Settings hidden: needs the merchant's permission")).to_be_attached()
    rows = await database.fetch("SELECT default_carrier FROM account_settings WHERE account_id = :id", id=merchant.id)
    assert rows[0]["default_carrier"] == "dpd"


async def test_the_merchant_is_sent_a_link_to_where_permission_is_granted(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, await an_agent()) as agent:
        await agent.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await agent.goto(f"/console/accounts/{account_id(merchant.id)}")
        await page.get_by_text("Ask the merchant for permission").click()
        await page.get_by_role("button", name="Copy the message").click()
        await expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
        assert f"{house.url}/settings/account#agent-login" in await copied(page)


async def copied(page: Page) -> str:
    text: str = await page.evaluate("navigator.clipboard.readText()")
    return text


async def test_the_queue_is_narrowed_to_what_is_not_taken(browser: Browser, house: Server) -> None:
    merchant = await a_merchant("Narrow & Wide")
    await a_claim(await a_parcel(merchant), status=ClaimStatus.INVESTIGATING)
    await a_claim(await a_parcel(merchant))
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto("/console")
        rows = page.get_by_role("row").filter(has_text="Narrow & Wide")
        await expect(rows).to_have_count(2)
        await page.get_by_label("Which").select_option("free")
        await expect(rows).to_have_count(1)
        await page.get_by_label("Which").select_option("mine")
        await expect(rows).to_have_count(0)


async def test_merchants_are_found_by_name_and_by_what_is_open(browser: Browser, house: Server) -> None:
    merchant = await a_merchant("Findable Flowers")
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto("/console/accounts")
        await page.get_by_label("Company name").fill("Findable")
        await expect(page.locator("tbody tr")).to_have_count(1)
        await page.get_by_label("Access").select_option("CONSENT")
        await expect(page.get_by_text("No merchant fits.")).to_be_visible()
        await as_owner(house, merchant, GRANT, account_id(merchant.id))
        await expect(page.get_by_role("link", name="Findable Flowers")).to_be_visible()
