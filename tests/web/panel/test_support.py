"""The Support section: filing a claim or question, following it, answering, withdrawing."""

from uuid import UUID

import pytest
from playwright.async_api import Browser, expect

import models
from models import database
from models.enums import InvestigationKind
from models.fields import new_id
from policy.vocabulary import ClaimChannel, ClaimStatus
from tests.builders import Merchant, a_claim, a_merchant, a_parcel, an_agent
from tests.serving import Server, token_of
from tests.web.browsing import NARROW, visit
from tests.web.panel.test_parcels import address_of, global_id


async def asked(merchant: Merchant, claim: UUID, note: str) -> None:
    """An agent asked the merchant something."""
    agent, entry = await an_agent(), new_id()
    await models.InvestigationEntry.create(
        id=entry, account_id=merchant.id, claim_id=claim, at=await database.clock(), by_id=agent.id, kind=InvestigationKind.ASKED_MERCHANT
    )
    await models.InvestigationPersonalData.create(entry_id=entry, account_id=merchant.id, carrier_reference="REF-9", note=note)
    await database.execute("UPDATE claims SET status = 'AWAITING_MERCHANT' WHERE id = :id", id=claim)


async def test_a_question_is_filed_from_the_parcel_it_is_about(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, name="Aaltje Zonneveld")
    async with visit(browser, house, merchant.member) as member:
        page = await member.goto(address_of(parcel))
        await page.get_by_role("link", name="File a claim or question").click()
        await expect(page.get_by_text("Filing this lets support see everything on this one parcel")).to_be_visible()
        await page.get_by_label("Kind").select_option(label="Inquiry about status")
        await page.get_by_label("Subject").select_option("DELAYED")
        await page.get_by_label("What happened?").fill("It should have come on Monday.")
        await member.screenshot("panel-support-filing")
        await page.get_by_role("button", name="File").click()
        await expect(page.get_by_text("Support can see this parcel while this is open.")).to_be_visible()
        await expect(page.get_by_text("It should have come on Monday.")).to_be_visible()
        rows = await database.fetch("SELECT kind, type, channel FROM claims WHERE parcel_id = :id", id=parcel.id)
        assert [dict(row) for row in rows] == [{"kind": "STATUS_QUESTION", "type": "DELAYED", "channel": "SUPPORT_SECTION"}]


async def test_the_parcel_is_chosen_by_search_when_there_is_none(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name="Aaltje Zonneveld")
    await a_parcel(merchant, name="Bram Kuipers")
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto("/support")
        await page.get_by_role("link", name="New claim or question").click()
        await page.get_by_label("Search a parcel").fill("Zonneveld")
        await expect(page.get_by_role("link", name="Bram Kuipers")).to_have_count(0)
        await page.get_by_role("link", name="Aaltje Zonneveld").click()
        await expect(page.get_by_label("What happened?")).to_be_visible()
        assert not [request.url for request in owner.requests if "onneveld" in request.url.lower()]


async def test_claims_are_listed_open_or_closed(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_claim(await a_parcel(merchant, name="Aaltje Zonneveld"), filed_by=merchant.owner)
    await a_claim(await a_parcel(merchant, name="Bram Kuipers"), status=ClaimStatus.RESOLVED, filed_by=merchant.owner)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto("/support")
        await expect(page.locator("tbody tr")).to_contain_text(["Aaltje Zonneveld"])
        await page.get_by_label("Show").select_option(label="Closed")
        await expect(page.locator("tbody tr")).to_contain_text(["Bram Kuipers"])
        await page.get_by_label("Show").select_option(label="All")
        await expect(page.locator("tbody tr")).to_have_count(2)
        await owner.screenshot("panel-support")


async def test_the_investigation_is_followed_and_answered(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    claim = await a_claim(await a_parcel(merchant), filed_by=merchant.owner)
    await asked(merchant, claim, "What colour was the box?")
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(f"/support/{global_id('Claim', claim)}")
        await expect(page.get_by_text("What colour was the box?")).to_be_visible()
        await expect(page.get_by_text("Carrier's reference: REF-9")).to_be_visible()
        await expect(page.get_by_text("Support waits for your answer.")).to_be_visible()
        await owner.screenshot("panel-claim-wide")
        await page.get_by_label("Your answer").fill("Brown,\nwith tape.")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("with tape.")).to_be_visible()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Under investigation")
        await expect(page.get_by_label("Your answer")).to_have_value("")


async def test_what_support_does_appears_by_itself_and_keeps_the_answer_being_written(browser: Browser, house: Server) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    claim = await a_claim(await a_parcel(merchant), filed_by=merchant.owner)
    key = global_id("Claim", claim)
    token = await token_of(agent)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(f"/support/{key}")
        await page.get_by_label("Your answer").fill("I have a")
        await house.ask("mutation ($id: ID!) { takeClaim(input: {claimId: $id}) { claim { id } } }", {"id": key}, token=token)
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Under investigation")
        await expect(page.locator("[aria-live=polite]")).to_have_text("A claim changed: Under investigation.")
        await expect(page.get_by_label("Your answer")).to_have_value("I have a")


async def test_a_claim_is_withdrawn_after_its_dialog_and_shuts_the_parcel(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    claim = await a_claim(await a_parcel(merchant), filed_by=merchant.owner)
    async with visit(browser, house, merchant.owner, size=NARROW) as owner:
        page = await owner.goto(f"/support/{global_id('Claim', claim)}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
        await page.get_by_role("button", name="Withdraw").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.get_by_role("button", name="Withdraw").click()
        await page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
        await expect(page.get_by_text("This does not let support see the parcel.")).to_be_visible()
        await expect(page.get_by_role("button", name="Withdraw")).to_have_accessible_description("is closed")
        await owner.screenshot("panel-claim-narrow")


@pytest.mark.parametrize("channel", [ClaimChannel.EMAIL, ClaimChannel.INTEGRATION])
async def test_a_claim_that_came_another_way_says_that_it_opens_nothing(browser: Browser, house: Server, channel: ClaimChannel) -> None:
    merchant = await a_merchant()
    claim = await a_claim(await a_parcel(merchant), channel=channel)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(f"/support/{global_id('Claim', claim)}")
        await expect(page.get_by_text("This does not let support see the parcel.")).to_be_visible()
