"""The merchant's parcels: found, looked at, corrected, cancelled, deleted, exported."""

import json
from base64 import b64encode
from uuid import UUID

from playwright.async_api import Browser, Locator, Page, expect

from models import database
from models.enums import ParcelStatus
from policy.vocabulary import ClaimStatus
from tests.builders import ParcelMade, a_claim, a_merchant, a_parcel
from tests.serving import Server
from tests.web.browsing import NARROW, visit


def address_of(parcel: ParcelMade) -> str:
    return f"/parcels/{global_id('Parcel', parcel.id)}"


def global_id(type_name: str, key: UUID) -> str:
    return b64encode(f"{type_name}:{key}".encode()).decode()


def row(page: Page, text: str) -> Locator:
    return page.locator("tbody tr").filter(has_text=text)


async def test_the_list_is_searched_by_name_order_and_tracking_number(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name="Aaltje Zonneveld", order_number="ORD-77", tracking_number="3SXYZ77")
    await a_parcel(merchant, name="Bram Kuipers", order_number="ORD-78", tracking_number="3SXYZ78")
    async with visit(browser, house, merchant.member) as member:
        page = await member.goto("/parcels")
        await expect(page.locator("tbody tr")).to_have_count(2)
        for text in ("Aaltje", "ORD-77", "3SXYZ77"):
            await page.get_by_label("Search").fill(text)
            await expect(page.locator("tbody tr")).to_have_count(1)
            await expect(row(page, "Aaltje Zonneveld")).to_be_visible()
            await page.get_by_label("Search").fill("")
            await expect(page.locator("tbody tr")).to_have_count(2)
        await page.get_by_label("Search").fill("Nobody")
        await expect(page.get_by_text("No parcel matches.")).to_be_visible()
        await page.get_by_role("button", name="Clear filters").click()
        await expect(page.locator("tbody tr")).to_have_count(2)


async def test_what_is_searched_for_stands_in_no_address(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name="Aaltje Zonneveld")
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto("/parcels")
        await page.get_by_label("Search").fill("Zonneveld")
        await expect(row(page, "Aaltje Zonneveld")).to_be_visible()
        await row(page, "Aaltje Zonneveld").get_by_role("link").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Aaltje Zonneveld")
        assert "Zonneveld" not in await page.title()
        assert not [request.url for request in owner.requests if "onneveld" in request.url.lower()]
        await page.get_by_role("link", name="← Parcels").click()
        await expect(page.get_by_label("Search")).to_have_value("Zonneveld")  # where one was in the list is kept, and only here


async def test_the_list_is_filtered(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    lost = await a_parcel(merchant, name="Lost Parcel", status=ParcelStatus.DELAYED)
    await a_parcel(merchant, name="Sent Abroad", country="FR", carrier="dpd")
    await a_claim(lost, status=ClaimStatus.SUBMITTED, filed_by=merchant.owner)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto("/parcels")
        await page.get_by_label("Status").select_option("DELAYED")
        await expect(row(page, "Sent Abroad")).to_have_count(0)
        await page.get_by_label("Status").select_option(label="All")
        await page.get_by_label("Claim").select_option(label="With an open claim")
        await expect(row(page, "Sent Abroad")).to_have_count(0)
        await expect(row(page, "Lost Parcel")).to_be_visible()
        await page.get_by_label("Claim").select_option(label="All")
        await page.get_by_text("More filters").click()
        await page.get_by_label("Country").select_option(label="France")
        await expect(row(page, "Lost Parcel")).to_have_count(0)
        await page.get_by_label("Carrier").fill("DPD")
        await page.get_by_label("Created from").fill("2020-01-01")
        await expect(row(page, "Sent Abroad")).to_be_visible()
        await page.get_by_label("Created until").fill("2020-01-02")
        await expect(page.get_by_text("No parcel matches.")).to_be_visible()


async def test_the_csv_holds_what_is_filtered(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name="Aaltje Zonneveld", order_number="ORD-77")
    await a_parcel(merchant, name="Bram Kuipers", order_number="ORD-78")
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto("/parcels")
        await page.get_by_label("Search").fill("Aaltje")
        await expect(page.locator("tbody tr")).to_have_count(1)
        async with page.expect_download() as found:
            await page.get_by_role("button", name="Export CSV").click()
        text = (await (await found.value).path()).read_text()
        assert "ORD-77" in text
        assert "ORD-78" not in text


async def test_a_member_sees_why_there_is_no_export_and_no_deleting(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    async with visit(browser, house, merchant.member) as member:
        page = await member.goto("/parcels")
        await expect(page.get_by_role("button", name="Export CSV")).to_have_accessible_description("needs an owner or admin")
        page = await member.goto(address_of(parcel))
        await expect(page.get_by_role("button", name="Delete")).to_have_accessible_description("needs an owner or admin")


async def test_a_parcel_shows_everything_it_has(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    await a_claim(parcel, filed_by=merchant.owner)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(address_of(parcel))
        for text in ("Stationsweg 12a", "5611 AB Eindhoven", "ORD-1001", "3SABC0000001", "Ring twice", "Bell", "Handed to J. Bakker"):
            await expect(page.get_by_text(text).first).to_be_visible()
        document = page.get_by_role("link", name="Label")
        await expect(document).to_have_attribute("target", "_blank")
        await expect(page.get_by_role("link", name="Who at support saw this")).to_be_visible()
        await expect(page.get_by_role("link", name="Shipment lost")).to_be_visible()
        assert "5611AB" not in (await page.locator("main").evaluate("(main) => main.outerHTML"))  # the tracking address holds the postal code
        await owner.screenshot("panel-parcel-wide")
        await page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
        await owner.screenshot("panel-parcel-narrow")


async def test_correcting_sends_only_what_was_changed(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    async with visit(browser, house, merchant.member) as member:
        page = await member.goto(address_of(parcel))
        await page.get_by_role("button", name="Correct").click()
        await expect(page.get_by_role("button", name="Save")).to_have_accessible_description("nothing is changed")
        await page.get_by_label("House number").fill("14")
        await page.get_by_label("Note").fill("")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Stationsweg 14")).to_be_visible()
        stored = (await database.fetch("SELECT house_number, note, city FROM parcel_personal_data WHERE parcel_id = :id", id=parcel.id))[0]
        assert stored == {"house_number": "14", "note": None, "city": "Eindhoven"}
        sent = next(request.post_data for request in member.requests if "houseNumber" in (request.post_data or "")) or ""
        assert json.loads(sent)["variables"]["input"].keys() == {"parcelId", "version", "recipient", "note"}


async def test_a_correction_that_comes_second_keeps_its_draft_and_tells_what_is_new(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(address_of(parcel))
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("House number").fill("14")
        await database.execute(
            "UPDATE parcel_personal_data SET house_number = '99', city = 'Tilburg', version = version + 1 WHERE parcel_id = :id", id=parcel.id
        )
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("alert")).to_contain_text("changed this meanwhile")
        await expect(page.get_by_label("House number")).to_have_value("14")
        await expect(page.get_by_label("House number")).to_have_accessible_description("Changed meanwhile to: 99")
        await expect(page.get_by_label("City")).to_have_value("Tilburg")
        await owner.screenshot("panel-parcel-conflict")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Stationsweg 14")).to_be_visible()
        await expect(page.get_by_text("5611 AB Tilburg")).to_be_visible()


async def test_what_was_typed_wrongly_is_told_at_its_field(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(address_of(parcel))
        await page.get_by_role("button", name="Correct").click()
        await page.get_by_label("Phone").fill("not a number")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_label("Phone")).to_have_attribute("aria-invalid", "true")


async def test_a_parcel_is_cancelled_after_its_dialog(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(address_of(parcel))
        await page.get_by_role("button", name="Cancel parcel").click()
        await page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
        await expect(page.get_by_role("button", name="Cancel parcel")).to_be_focused()
        await page.get_by_role("button", name="Cancel parcel").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel parcel").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.get_by_role("heading", name="Shipment")).to_contain_text("Cancelled")
        await page.get_by_role("button", name="Cancel parcel").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel parcel").click()
        await expect(page.get_by_role("alert")).to_contain_text("too late")


async def test_a_parcel_never_announced_says_that_it_is_deleted_instead(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, announced=False, status=ParcelStatus.READY_TO_SEND)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(address_of(parcel))
        await expect(page.get_by_role("button", name="Cancel parcel")).to_have_accessible_description("was never announced: delete it instead")


async def test_a_parcel_is_deleted_after_its_dialog(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    async with visit(browser, house, merchant.admin) as admin:
        page = await admin.goto(address_of(parcel))
        await page.get_by_role("button", name="Delete").click()
        await admin.screenshot("panel-parcel-delete")
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_text("No parcels yet.")).to_be_visible()
        assert not await database.fetch("SELECT 1 FROM parcel_personal_data WHERE parcel_id = :id", id=parcel.id)


async def test_a_parcel_that_is_not_there_is_told_in_words(browser: Browser, house: Server) -> None:
    merchant, other = await a_merchant(), await a_merchant()
    parcel = await a_parcel(other)
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto(address_of(parcel))
        await expect(page.get_by_role("alert")).to_contain_text("no longer does")
