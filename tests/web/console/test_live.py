"""What the console shows is what may be shown now: values come with a grant and go with a revoke, without a reload."""

from datetime import timedelta

from playwright.async_api import Browser, expect

from policy.vocabulary import ClaimStatus
from tests.asking import account_id, claim_id, parcel_id
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import Server, token_of
from tests.web.browsing import visit

NAME = "Aaltje Zonneveld"
GRANT = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { id } } }"
REVOKE = "mutation ($id: ID!) { revokeConsent(input: {accountId: $id}) { consent { id } } }"
CLOSE = "mutation ($id: ID!) { withdrawClaim(input: {claimId: $id}) { claim { id } } }"
FILE = 'mutation ($id: ID!) { fileClaim(input: {parcelId: $id, kind: CLAIM, type: LOST, description: "Where is it?"}) { claim { id } } }'


async def as_owner(house: Server, merchant: Merchant, document: str, key: str) -> None:
    answer = await house.ask(document, {"id": key}, token=await token_of(merchant.owner))
    assert "errors" not in answer, answer


def account_page(merchant: Merchant) -> str:
    return f"/console/accounts/{account_id(merchant.id)}"


async def test_a_withheld_value_is_a_chip_that_says_why_and_one_never_given_is_not(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    hidden, shown = await a_parcel(merchant, name=NAME), await a_parcel(merchant, name="Bram Visser", order_number=None)
    await a_claim(shown)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await expect(page.get_by_text("Bram Visser")).to_be_visible()
        await expect(page.get_by_text(NAME)).to_have_count(0)
        row = page.get_by_role("row").filter(has=page.locator(f"a[href$='{parcel_id(hidden.id)}']"))
        await expect(row.get_by_text("Recipient hidden: needs the merchant's permission")).to_be_attached()
        await expect(row.locator(".chip")).to_have_count(4)
        row = page.get_by_role("row").filter(has=page.locator(f"a[href$='{parcel_id(shown.id)}']"))
        await expect(row.locator(".chip")).to_have_count(0)
        await expect(row.get_by_text("Nothing given")).to_be_attached()


async def test_chips_are_as_wide_for_every_value(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name="Jo", city="Ee", order_number=None)
    await a_parcel(merchant, name="Maximiliaan van den Oever-Hoogesteger", city="Gasselternijveenschemond")
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await expect(page.locator("tbody .chip")).to_have_count(8)
        widths = await page.locator("tbody .chip").evaluate_all("chips => [...new Set(chips.map((chip) => chip.offsetWidth))]")
        assert len(widths) == 1


async def test_values_come_with_a_grant_and_go_with_a_revoke(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name=NAME)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await expect(page.get_by_text("personal data is hidden")).to_be_visible()
        await as_owner(house, merchant, GRANT, account_id(merchant.id))
        await expect(page.get_by_text(NAME)).to_be_visible()
        await expect(page.get_by_text("Every view is recorded")).to_be_visible()
        await expect(page.get_by_role("timer")).to_contain_text("59 minutes")
        await as_owner(house, merchant, REVOKE, account_id(merchant.id))
        await expect(page.get_by_text(NAME)).to_have_count(0)
        await expect(page.get_by_text("personal data is hidden")).to_be_visible()


async def test_a_grant_keeps_the_place_that_was_scrolled_to_and_the_filter(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    for number in range(60):
        await a_parcel(merchant, name=f"{NAME} {number}", events=False)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await page.get_by_label("Status").select_option("ANNOUNCED")
        await expect(page.locator("tbody tr")).to_have_count(60)
        await page.evaluate("scrollTo(0, 900)")
        await as_owner(house, merchant, GRANT, account_id(merchant.id))
        await expect(page.get_by_text(f"{NAME} 59")).to_be_attached()
        assert abs(await page.evaluate("scrollY") - 900) < 200  # the rows may be a line higher or lower with values in them
        await expect(page.get_by_label("Status")).to_have_value("ANNOUNCED")


async def test_at_its_expiry_a_consent_hides_what_it_showed(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name=NAME)
    await a_consent(merchant, lasts=timedelta(seconds=4))
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        await expect(page.get_by_text(NAME)).to_be_visible()
        await expect(page.get_by_text(NAME)).to_have_count(0, timeout=8000)
        await expect(page.get_by_text("personal data is hidden")).to_be_visible()


async def test_a_claim_withdrawn_hides_its_parcel(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, name=NAME)
    claim = await a_claim(parcel, filed_by=merchant.owner)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(parcel.id)}")
        await expect(page.get_by_text(NAME)).to_be_visible()
        await expect(page.get_by_text("asked Support about this parcel")).to_be_visible()
        await as_owner(house, merchant, CLOSE, claim_id(claim))
        await expect(page.get_by_text(NAME)).to_have_count(0)
        await expect(page.get_by_text("personal data is hidden")).to_be_visible()


async def test_a_claim_filed_appears_in_the_queue_and_one_closed_leaves_it(browser: Browser, house: Server) -> None:
    merchant = await a_merchant("Queue & Daughters")
    parcel = await a_parcel(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto("/console")
        row = page.get_by_role("row").filter(has_text="Queue & Daughters")
        await expect(row).to_have_count(0)
        await as_owner(house, merchant, FILE, parcel_id(parcel.id))
        await expect(row).to_have_count(1)
        await row.get_by_role("link", name="Shipment lost").click()
        await expect(page.get_by_text("Where is it?")).to_be_visible()
        await page.get_by_role("button", name="Close the claim").click()
        await page.get_by_role("dialog").get_by_role("button", name="Close the claim").click()
        await expect(page.get_by_text("Where is it?")).to_have_count(0)
        await page.get_by_role("link", name="Work queue").first.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Work queue")
        await expect(row).to_have_count(0)


async def test_a_merchant_who_grants_appears_in_the_queue_with_the_time_left(browser: Browser, house: Server) -> None:
    merchant = await a_merchant("Grant Garments")
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto("/console")
        item = page.get_by_role("listitem").filter(has_text="Grant Garments")
        await expect(item).to_have_count(0)
        await as_owner(house, merchant, GRANT, account_id(merchant.id))
        await expect(item.get_by_role("timer")).to_contain_text("59 minutes")
        await as_owner(house, merchant, REVOKE, account_id(merchant.id))
        await expect(item).to_have_count(0)


async def test_a_search_is_forgotten_when_it_is_no_longer_allowed(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name=NAME)
    await a_parcel(merchant, name="Bram Visser")
    await a_consent(merchant)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(account_page(merchant))
        search = page.get_by_label("Recipient, order or tracking number")
        await search.fill("Zonneveld")
        await expect(page.locator("tbody tr")).to_have_count(1)
        assert "Zonneveld" not in page.url
        await as_owner(house, merchant, REVOKE, account_id(merchant.id))
        await expect(page.locator("tbody tr")).to_have_count(2)
        await expect(search).to_be_disabled()
        await expect(search).to_have_value("")


async def test_a_claim_on_one_parcel_says_nothing_of_its_sibling(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel, sibling = await a_parcel(merchant, name=NAME), await a_parcel(merchant, name=NAME)
    await a_claim(parcel, status=ClaimStatus.INVESTIGATING)
    async with visit(browser, house, await an_agent()) as agent:
        page = await agent.goto(f"/console/parcels/{parcel_id(sibling.id)}")
        await expect(page.locator(".chip").first).to_be_visible()
        await expect(page.get_by_text(NAME)).to_have_count(0)
