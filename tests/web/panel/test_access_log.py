"""The access log: who at support saw or changed what, when, and because of what."""

from uuid import UUID

from playwright.async_api import Browser, expect

from policy.vocabulary import Viewer
from tests.builders import a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import Server, token_of
from tests.web.browsing import NARROW, visit
from tests.web.panel.test_parcels import address_of, global_id

LOOK = "query ParcelPage($id: ID!) { parcel(id: $id) { recipient { name email } } }"


async def look(house: Server, agent: Viewer, parcel: UUID) -> None:
    """The agent looks at a parcel, as the API answers and records it."""
    answer = await house.ask(LOOK, {"id": global_id("Parcel", parcel)}, token=await token_of(agent))
    assert answer["data"]["parcel"]["recipient"]["name"], answer


async def test_each_look_is_there_with_its_ground_and_its_fields(browser: Browser, house: Server) -> None:
    merchant, agent = await a_merchant(), await an_agent("Agent Smit")
    parcel = await a_parcel(merchant, name="Aaltje Zonneveld")
    await a_consent(merchant)
    await look(house, agent, parcel.id)
    await look(house, agent, parcel.id)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto("/access-log")
        group = page.locator("main section li").filter(has_text="Agent Smit").first
        await expect(group.get_by_role("link", name="Aaltje Zonneveld")).to_be_visible()
        await expect(group).to_contain_text("Your permission")
        await expect(group).to_contain_text("E-mail and phone")
        await group.get_by_text("2 entries").click()
        await expect(group.get_by_text("Saw: E-mail, Name").first).to_be_visible()
        await owner.screenshot("panel-access-log")


async def test_a_look_because_of_a_claim_leads_to_the_claim(browser: Browser, house: Server) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    claim = await a_claim(parcel, filed_by=merchant.owner)
    await look(house, agent, parcel.id)
    async with visit(browser, house, merchant.admin) as admin:
        page = await admin.goto("/access-log")
        await page.get_by_role("link", name="Shipment lost").click()
        await expect(page).to_have_url(f"{house.url}/support/{global_id('Claim', claim)}")


async def test_it_is_filtered_by_agent_ground_date_and_parcel(browser: Browser, house: Server) -> None:
    merchant, smit, jansen = await a_merchant(), await an_agent("Agent Smit"), await an_agent("Agent Jansen")
    one, other = await a_parcel(merchant, name="Aaltje Zonneveld"), await a_parcel(merchant, name="Bram Kuipers")
    await a_claim(one, filed_by=merchant.owner)
    await look(house, smit, one.id)
    await a_consent(merchant)
    await look(house, jansen, other.id)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto("/access-log")
        aaltje, bram = page.get_by_role("link", name="Aaltje Zonneveld"), page.get_by_role("link", name="Bram Kuipers")
        await expect(bram).to_be_visible()
        await page.get_by_label("Support agent").fill("smit")
        await expect(bram).to_have_count(0)
        await page.get_by_label("Support agent").fill("")
        await page.get_by_label("Because of").select_option(label="Your permission")
        await expect(aaltje).to_have_count(0)
        await expect(bram).to_be_visible()
        await page.get_by_label("From").fill("2099-01-01")
        await expect(page.get_by_text("Nothing matches.")).to_be_visible()
        await page.goto(house.url + address_of(one))
        await page.get_by_role("link", name="Who at support saw this").click()
        await expect(page.get_by_text("Only about one parcel.")).to_be_visible()
        await expect(aaltje).to_be_visible()
        await expect(bram).to_have_count(0)
        await page.get_by_role("link", name="Show all").click()
        await expect(bram).to_be_visible()


async def test_a_member_reads_why_they_do_not_see_it(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.member, size=NARROW) as member:
        page = await member.goto("/access-log")
        await expect(page.get_by_text("The access log needs an owner or admin")).to_be_visible()
        await member.screenshot("panel-access-log-member")
