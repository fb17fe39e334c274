"""Sendcloud's parcels come in as ours: every quirk of both APIs, and nothing of a rejected record in its rejection."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange import statuses
from exchange.fields import LIST_LIMIT, NOTE_LIMIT
from exchange.imported import ImportedParcel, ImportedPersonalData
from exchange.sendcloud import ParcelStatusChange, RejectedRecord, parcels_of, parse, webhook_event
from models.enums import DocumentKind, ParcelDirection, ParcelStatus

FIXTURES = Path(__file__).with_name("fixtures")
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
WHOLE_PARCELS_IN_THE_SAMPLES = 32

Json = dict[str, Any]
ABSENT = object()


def read(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text("utf-8"))


def changed(record: Json, changes: Json) -> Json:
    """The record with these changes: {"to_address.city": "Leeds"} reaches inside, ABSENT takes the key away."""
    record = deepcopy(record)
    for path, value in changes.items():
        *outer, key = path.split(".")
        inside: Any = record
        for step in outer:
            inside = inside[int(step)] if isinstance(inside, list) else inside[step]
        if value is ABSENT:
            del inside[key]
        else:
            inside[key] = value
    return record


def v2(**changes: Any) -> Json:
    """A flat parcel, with no more than makes it whole."""
    least = {
        "id": 4711,
        "name": "Noor Visser",
        "status": {"id": 11, "message": "Delivered"},
        "country": {"iso_2": "NL", "iso_3": "NLD", "name": "Netherlands"},
        "date_created": "31-12-2025 23:59:58",
    }
    return {key: value for key, value in (least | changes).items() if value is not ABSENT}


def v3(changes: Json | None = None, parcel: Json | None = None) -> Json:
    """A shipment of one parcel, with no more than makes it whole."""
    least_parcel = {"id": 4712, "status": {"code": "DELIVERED"}, "created_at": "2025-12-31T23:59:58Z"}
    least = {"id": "s-1", "to_address": {"name": "Noor Visser", "country_code": "NL"}, "parcels": [least_parcel | (parcel or {})]}
    return changed(least, changes or {})


def at(parcel: ImportedParcel, path: str) -> Any:
    """`personal.items.0.sku` of a parcel."""
    value: Any = parcel
    for step in path.split("."):
        value = value[int(step)] if step.isdigit() else getattr(value, step)
    return value


def rejection_of(record: Json) -> RejectedRecord:
    [outcome] = list(parcels_of(record))
    assert isinstance(outcome, RejectedRecord)
    return outcome


MOMENT = datetime(2025, 12, 31, 23, 59, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "path", "expected"),
    [
        pytest.param({}, "created_at", MOMENT, id="a-date-of-v2-is-utc"),
        pytest.param({"date_created": "2025-12-31T23:59:58"}, "created_at", MOMENT, id="an-iso-date-without-zone-is-utc"),
        pytest.param({"date_created": "2026-01-01 00:59:58.000000+01:00"}, "created_at", MOMENT, id="an-iso-date-with-zone"),
        pytest.param({"date_created": "2025-12-31T23:59:58Z"}, "created_at", MOMENT, id="an-iso-date-with-z"),
        pytest.param({}, "updated_at", MOMENT, id="never-updated-is-when-it-was-created"),
        pytest.param({"date_updated": "01-01-2026 00:00:00"}, "updated_at", datetime(2026, 1, 1, tzinfo=UTC), id="updated"),
        pytest.param({"date_announced": ""}, "announced_at", None, id="never-announced"),
        pytest.param({"date_announced": "31-12-2025 23:59:58"}, "announced_at", MOMENT, id="announced"),
        pytest.param({"id": "4711"}, "platform_id", "4711", id="an-id-as-text"),
        pytest.param({}, "platform_id", "4711", id="an-id-as-a-number"),
        pytest.param({"city": ""}, "personal.city", None, id="an-empty-text-is-nothing"),
        pytest.param({"city": "  "}, "personal.city", None, id="blanks-are-nothing"),
        pytest.param({"to_state": "null"}, "personal.region", None, id="the-text-null-is-nothing"),
        pytest.param({"name": "Null"}, "personal.name", "Null", id="a-person-called-null"),
        pytest.param({"name": " Noor  Visser\n"}, "personal.name", "Noor  Visser", id="blanks-around-a-text-go"),
        pytest.param({"country": "nl"}, "country", "NL", id="a-country-as-text"),
        pytest.param({"country": {"iso_2": "", "iso_3": "BEL"}}, "country", "BE", id="a-country-by-its-third-code"),
        pytest.param({"country": {"iso_2": "XK"}}, "country", "XK", id="kosovo"),
        pytest.param({"country": None}, "country", None, id="no-country"),
        pytest.param({"weight": "2.000"}, "weight_grams", 2000, id="kilograms-as-text"),
        pytest.param({"weight": 0.0125}, "weight_grams", 13, id="kilograms-as-a-number-are-rounded"),
        pytest.param({"weight": Decimal("0.3")}, "weight_grams", 300, id="kilograms-as-a-decimal"),
        pytest.param({"weight": "null"}, "weight_grams", None, id="no-weight"),
        pytest.param({"length": "52.3"}, "length_mm", 523, id="centimetres-as-text"),
        pytest.param({"width": 23.46}, "width_mm", 235, id="centimetres-as-a-number-are-rounded"),
        pytest.param({"height": None}, "height_mm", None, id="no-height"),
        pytest.param({"collo_nr": 0, "collo_count": 1}, "collo_number", 1, id="the-only-collo"),
        pytest.param({"collo_nr": 2, "collo_count": 3}, "collo_number", 3, id="the-last-of-three-colli"),
        pytest.param({"collo_nr": 2, "collo_count": 3}, "collo_count", 3, id="three-colli"),
        pytest.param({"collo_nr": 2}, "collo_count", 3, id="a-count-below-the-number-is-made-to-fit"),
        pytest.param({"colli_uuid": "u-1"}, "shipment_group", "u-1", id="colli-of-one-shipment"),
        pytest.param({"carrier": {"code": "PostNL"}}, "carrier", "postnl", id="a-carrier"),
        pytest.param({"carrier": "dhl_de"}, "carrier", "dhl_de", id="a-carrier-as-text"),
        pytest.param({"shipment": {"id": 8, "name": "Unstamped letter"}}, "shipping_method", "Unstamped letter", id="a-method"),
        pytest.param({"shipment": None}, "shipping_method", None, id="no-method"),
        pytest.param({"shipping_method_checkout_name": "For Noor"}, "shipping_method", None, id="what-a-shop-calls-it-is-not-a-method"),
        pytest.param({"data": {}}, "personal.note", None, id="an-empty-data-is-no-envelope"),
        pytest.param({"data": [], "shipment": {"id": 1}}, "platform_id", "4711", id="nor-is-phps-or-a-method"),
        pytest.param({"address": "Kade", "house_number": "12 hs"}, "personal.house_number", "12 hs", id="a-house-number-of-its-own"),
        pytest.param({"address_divided": {"house_number": 12}}, "personal.house_number", "12", id="a-house-number-that-is-a-number"),
        pytest.param({"address": "Kade 12"}, "personal.street", "Kade 12", id="an-address-that-is-not-divided"),
        pytest.param({"address_divided": [], "address": "Kade"}, "personal.street", "Kade", id="an-address-divided-into-nothing"),
        pytest.param({"address_2": "2e", "to_post_number": "998"}, "personal.address_line2", "2e, 998", id="a-post-number-joins-line-2"),
        pytest.param({"telephone": "0612345678"}, "personal.phone", "+31612345678", id="a-phone-as-dialled"),
        pytest.param({"telephone": "612345678"}, "personal.phone", "+31612345678", id="a-phone-without-its-zero"),
        pytest.param({"telephone": "+49 (0)30 901820"}, "personal.phone", "+4930901820", id="a-foreign-phone"),
        pytest.param({"telephone": 612345678}, "personal.phone", "+31612345678", id="a-phone-that-is-a-number"),
        pytest.param({"telephone": "Blok 3"}, "personal.phone", "Blok 3", id="what-is-no-phone-is-kept"),
        pytest.param({"telephone": "0612345678 / 0687654321"}, "personal.phone", "0612345678 / 0687654321", id="two-phones-are-kept"),
        pytest.param({"telephone": "112"}, "personal.phone", "112", id="a-phone-too-short-is-kept"),
        pytest.param({"telephone": "5550100", "country": "US"}, "personal.phone", "5550100", id="a-phone-without-its-area-is-kept"),
        pytest.param({"telephone": "0612345678", "country": ""}, "personal.phone", "0612345678", id="a-phone-in-no-country-is-kept"),
        pytest.param({"external_reference": "null", "reference": "r-1"}, "personal.external_reference", "r-1", id="a-reference"),
        pytest.param({"reference": "0"}, "personal.external_reference", None, id="reference-0-is-none"),
        pytest.param({"external_order_id": "A-7"}, "personal.external_reference", "A-7", id="the-shops-id-of-the-order"),
        pytest.param({"external_order_id": 4711}, "personal.external_reference", None, id="which-is-none-when-it-is-the-parcels"),
        pytest.param({"order_number": 2026001}, "personal.order_number", "2026001", id="an-order-number-that-is-a-number"),
        pytest.param({"to_service_point": "217165"}, "personal.service_point", "217165", id="a-service-point"),
        pytest.param({"to_service_point": 0}, "personal.service_point", None, id="service-point-0-is-none"),
        pytest.param({"note": "Gift"}, "personal.note", "Gift", id="a-note"),
        pytest.param({"total_order_value": "11.10", "total_order_value_currency": "GBP"}, "personal.total_value", ("11.10", "GBP"), id="a-value"),
        pytest.param({"total_order_value": "11.10"}, "personal.total_value", None, id="an-amount-without-currency-is-no-money"),
        pytest.param({"total_order_value": 1e-7, "total_order_value_currency": "EUR"}, "personal.total_value", ("0.0000", "EUR"), id="a-dusty-float"),
        pytest.param({"parcel_items": [{"description": "", "sku": "S"}]}, "personal.items.0.description", "S", id="an-item-without-description"),
        pytest.param({"parcel_items": [{"weight": "0.05"}]}, "personal.items.0.weight_grams", 50, id="an-items-weight"),
        pytest.param({"parcel_items": [{"description": "x"}]}, "personal.items.0.quantity", 1, id="an-item-without-quantity"),
        pytest.param({"parcel_items": [{"value": 3.5}]}, "personal.items.0.value", None, id="an-items-value-without-currency"),
        pytest.param(
            {"parcel_items": [{"value": 3.5}], "total_order_value_currency": "EUR"},
            "personal.items.0.value",
            ("3.5", "EUR"),
            id="an-items-value-is-in-the-orders-currency",
        ),
        pytest.param(
            {"label": {"normal_printer": ["https://a.example/0", "https://a.example/1"]}},
            "personal.documents.0.carrier_url",
            "https://a.example/0",
            id="a-label-for-a-sheet",
        ),
        pytest.param(
            {"label": {"normal_printer": ["https://a.example/0"], "label_printer": "https://a.example/l"}},
            "personal.documents.0.carrier_url",
            "https://a.example/l",
            id="a-label-for-a-label-printer",
        ),
        pytest.param({"label": {}, "customs_declaration": {}}, "personal.documents", (), id="no-documents"),
        pytest.param(
            {"customs_declaration": {"normal_printer": "https://a.example/c"}},
            "personal.documents.0.kind",
            DocumentKind.CUSTOMS_DECLARATION,
            id="a-customs-form",
        ),
    ],
)
def test_a_quirk_of_v2(changes: Json, path: str, expected: object) -> None:
    assert at(parse(v2(**changes)), path) == expected


@pytest.mark.parametrize(
    ("divided", "address_2", "street", "house_number"),
    [
        pytest.param({"street": "Kade", "house_number": "12"}, "", "Kade", "12 A10", id="what-dividing-dropped-is-put-back"),
        pytest.param({"street": "Kade", "house_number": "12"}, "A10", "Kade", "12", id="but-not-what-line-2-says"),
        pytest.param({"street": "Kaai", "house_number": "12"}, "", "Kaai", "12", id="an-address-corrected-while-dividing"),
        pytest.param({"street": "", "house_number": "12"}, "", "Kade 12 A10", "12", id="a-number-without-a-street"),
    ],
)
def test_a_divided_address_of_v2(divided: Json, address_2: str, street: str, house_number: str) -> None:
    person = parse(v2(address="Kade 12 A10", address_2=address_2, address_divided=divided)).personal

    assert (person.street, person.house_number) == (street, house_number)


@pytest.mark.parametrize(
    ("changes", "path", "expected"),
    [
        pytest.param({}, "created_at", MOMENT, id="an-iso-date"),
        pytest.param({"parcels.0.created_at": "2026-01-01T00:59:58+01:00"}, "created_at", MOMENT, id="an-iso-date-with-zone"),
        pytest.param({"parcels.0.created_at": "2025-12-31T23:59:58"}, "created_at", MOMENT, id="an-iso-date-without-zone-is-utc"),
        pytest.param({}, "shipment_group", "s-1", id="the-shipment-is-the-group"),
        pytest.param({"parcels.0.weight": {"value": "1.320", "unit": "kg"}}, "weight_grams", 1320, id="kilograms"),
        pytest.param({"parcels.0.weight": {"value": 750, "unit": "g"}}, "weight_grams", 750, id="grams"),
        pytest.param({"parcels.0.weight": {"value": 2, "unit": "lb"}}, "weight_grams", 907, id="pounds"),
        pytest.param({"parcels.0.weight": {"value": 2, "unit": "LBS"}}, "weight_grams", 907, id="pounds-by-their-other-name"),
        pytest.param({"parcels.0.weight": {"value": "8", "unit": "oz"}}, "weight_grams", 227, id="ounces"),
        pytest.param({"parcels.0.dimensions": {"length": "5.00", "unit": "cm"}}, "length_mm", 50, id="centimetres"),
        pytest.param({"parcels.0.dimensions": {"width": 5, "unit": "mm"}}, "width_mm", 5, id="millimetres"),
        pytest.param({"parcels.0.dimensions": {"height": 1.5, "unit": "m"}}, "height_mm", 1500, id="metres"),
        pytest.param({"parcels.0.dimensions": {"height": 2, "unit": "in"}}, "height_mm", 51, id="inches"),
        pytest.param({"parcels.0.dimensions": None}, "height_mm", None, id="no-dimensions"),
        pytest.param({"to_address.state_province_code": "null"}, "personal.region", None, id="the-text-null-is-nothing"),
        pytest.param({"to_address.po_box": "PO Box 7"}, "personal.address_line2", "PO Box 7", id="a-po-box-is-in-line-2"),
        pytest.param({"to_address.name": "", "to_address.company_name": "Thee BV"}, "personal.name", None, id="a-company-alone"),
        pytest.param({"ship_with": {"properties": {"shipping_option_code": "ups:std/x=1"}}}, "carrier", "ups", id="the-options-carrier"),
        pytest.param({"ship_with": {"properties": {"shipping_option_code": "ups:std"}}}, "shipping_method", "ups:std", id="an-option"),
        pytest.param(
            {"ship_with": {"type": "contract", "properties": {"contract_id": 3, "user_shipping_method_name": "For Noor"}}},
            "shipping_method",
            None,
            id="what-a-user-calls-it-is-not-a-method",
        ),
        pytest.param({"carrier": {"code": "dpd", "name": "DPD"}}, "carrier", "dpd", id="a-carrier"),
        pytest.param({"external_reference_id": "x-9"}, "personal.external_reference", "x-9", id="a-reference"),
        pytest.param({"total_order_price": {"value": 12.65, "currency": "EUR"}}, "personal.total_value", ("12.65", "EUR"), id="a-price"),
        pytest.param({"to_service_point": {"id": "10"}}, "personal.service_point", "10", id="a-service-point"),
        pytest.param({"parcels.0.label_notes": ["Blue door", "", "No bell"]}, "personal.note", "Blue door\nNo bell", id="notes-on-the-label"),
        pytest.param(
            {"parcels.0.parcel_items": [{"price": {"value": "3.50", "currency": "SEK"}, "weight": {"value": 0.3, "unit": "kg"}}]},
            "personal.items.0.value",
            ("3.50", "SEK"),
            id="an-items-price",
        ),
        pytest.param(
            {"customs_information": {"tax_numbers": {"receiver": [{"value": ""}, {"value": "EIN-1"}], "sender": [{"value": "VAT-1"}]}}},
            "personal.tax_number",
            "EIN-1",
            id="the-receivers-tax-number",
        ),
        pytest.param({"customs_information": None}, "personal.tax_number", None, id="no-customs"),
    ],
)
def test_a_quirk_of_v3(changes: Json, path: str, expected: object) -> None:
    assert at(parse(v3(changes)), path) == expected


@pytest.mark.parametrize(
    ("named", "kind"),
    [
        ("label", DocumentKind.LABEL),
        ("cn23-default", DocumentKind.CUSTOMS_DECLARATION),
        ("cp71", DocumentKind.CUSTOMS_DECLARATION),
        ("customs_declaration", DocumentKind.CUSTOMS_DECLARATION),
        ("commercial-invoice", DocumentKind.COMMERCIAL_INVOICE),
        ("air-waybill", DocumentKind.AIR_WAYBILL),
        ("qr-code", DocumentKind.QR),
        ("packing-slip", DocumentKind.OTHER),
        ("", DocumentKind.OTHER),
    ],
)
def test_what_a_document_is(named: str, kind: DocumentKind) -> None:
    record = v2(documents=[{"type": named, "size": "a6", "link": "https://a.example/d"}])

    assert parse(record).personal.documents[0].kind is kind


def test_a_label_among_the_documents_is_not_there_twice() -> None:
    label = {"label_printer": "https://a.example/l"}
    record = v2(documents=[{"type": "label", "link": "https://a.example/d"}], label=label)

    assert [document.carrier_url for document in parse(record).personal.documents] == ["https://a.example/d"]


@pytest.mark.parametrize(("status", "v2_id", "message"), statuses.STATUSES, ids=str)
def test_every_status_is_known_by_all_its_names(status: ParcelStatus, v2_id: int | None, message: str) -> None:
    slug = status.lower().replace("_", "-")
    names: list[Json] = [{"code": status.value}, {"id": None, "message": message.upper()}, {"global_status_slug": slug}]
    if v2_id is not None:
        names += [{"id": v2_id}, {"id": str(v2_id), "message": ""}, {"id": v2_id, "message": "afgeleverd"}]

    assert {parse(v2(status=name)).status for name in names} == {status}


def test_the_table_of_statuses_has_each_code_id_and_message_once() -> None:
    codes, ids, messages = zip(*statuses.STATUSES, strict=True)

    assert sorted(codes) == sorted(ParcelStatus)
    assert len(set(messages)) == len(messages)
    assert len([v2_id for v2_id in ids if v2_id is not None]) == len(set(ids) - {None}) == 34


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param({"id": 0, "message": "Ready to send"}, ParcelStatus.READY_TO_SEND, id="an-id-that-does-not-exist"),
        pytest.param({"id": 1, "message": "Ready to send"}, ParcelStatus.READY_TO_SEND, id="the-id-of-another-status"),
        pytest.param({"code": "DELIVERED", "message": "Announced"}, ParcelStatus.DELIVERED, id="the-message-of-another-code"),
        pytest.param({"code": "ANNOUNCEMENT_FAILED", "message": "Announcement Failed"}, ParcelStatus.ANNOUNCEMENT_FAILED, id="capitals"),
        pytest.param({"id": 424242, "message": "Teleported"}, ParcelStatus.UNKNOWN, id="a-status-that-does-not-exist"),
        pytest.param({"code": "TELEPORTED"}, ParcelStatus.UNKNOWN, id="a-code-that-does-not-exist"),
    ],
)
def test_a_status_that_disagrees_with_itself(status: Json, expected: ParcelStatus) -> None:
    assert parse(v2(status=status)).status is expected


# Returns: the person is who sends it.

FROM = {
    "from_name": "Jonas Weber",
    "from_email": "jonas@example.com",
    "from_telephone": "030 901820",
    "from_address_1": "Torstraße",
    "from_house_number": 140,
    "from_city": "Berlin",
    "from_postal_code": "10119",
    "from_country": "DE",
}


def test_on_a_return_the_person_is_the_sender() -> None:
    merchant = {"email": "shop@example.com", "telephone": "0131234567", "city": "Tilburg", "address": "Magazijnweg 1"}
    parcel = parse(v2(is_return=True, name="Theehuis", **merchant, **FROM))
    person = parcel.personal

    assert (parcel.direction, parcel.country) == (ParcelDirection.RETURN, "DE")
    assert (person.name, person.email, person.phone) == ("Jonas Weber", "jonas@example.com", "+4930901820")
    assert (person.street, person.house_number, person.city) == ("Torstraße", "140", "Berlin")


def test_a_return_that_does_not_say_who_sends_it_has_no_person_rather_than_the_merchant() -> None:
    parcel = parse(v2(is_return=True, name="Theehuis", email="shop@example.com", city="Tilburg", address="Magazijnweg 1"))
    person = parcel.personal

    assert parcel.country is None
    assert {person.name, person.company_name, person.email, person.phone, person.street, person.city} == {None}


def test_an_outgoing_parcel_is_not_about_its_sender() -> None:
    assert parse(v2(is_return=False, **FROM)).personal.name == "Noor Visser"


def test_on_a_return_of_v3_the_person_is_at_the_from_address() -> None:
    sender = {"name": "Jonas Weber", "country_code": "DE"}
    taxes = {"tax_numbers": {"sender": [{"value": "DE-1"}], "receiver": [{"value": "NL-1"}]}}
    parcel = parse(v3({"from_address": sender, "is_return": True, "customs_information": taxes}))

    assert (parcel.personal.name, parcel.country, parcel.personal.tax_number) == ("Jonas Weber", "DE", "DE-1")


def test_a_returned_parcel_of_v2s_list_of_returns() -> None:
    [parcel] = parcels_of(read("v2_returns.json"))

    assert isinstance(parcel, ImportedParcel)
    assert (parcel.platform_id, parcel.direction, parcel.status) == ("510009", ParcelDirection.RETURN, ParcelStatus.AT_SORTING_CENTRE)
    assert (parcel.personal.name, parcel.personal.email) == ("Sanne de Wit", "sanne.dewit@example.com")
    assert parcel.personal.note == "The spout is chipped"


# Events.


def test_what_the_carrier_objected_to_is_an_event_when_the_parcel_changed() -> None:
    errors = {"non_field_errors": ["No such box", 7], "address_2": "too long", "parcel_items": [{"hs_code": ["required"]}]}
    record = v2(errors=errors, status={"id": 1002}, date_updated="01-01-2026 00:00:00")
    [event] = parse(record).personal.events

    assert (event.status, event.occurred_at) == (ParcelStatus.ANNOUNCEMENT_FAILED, datetime(2026, 1, 1, tzinfo=UTC))
    assert event.message == "No such box\n7\naddress_2: too long\nparcel_items: required"


def test_what_the_carrier_objected_to_in_a_shipment_is_an_event_of_each_parcel() -> None:
    errors = [{"status": "500", "code": "down", "detail": "No answer"}, {"code": "odd"}]

    assert parse(v3({"errors": errors})).personal.events[0].message == "No answer\nodd"


@pytest.mark.parametrize("errors", [None, {}, [], {"non_field_errors": []}, {"non_field_errors": [""]}], ids=str)
def test_no_objections_are_no_event(errors: object) -> None:
    assert parse(v2(errors=errors)).personal.events == ()


def test_a_history_is_in_the_order_it_happened_and_has_each_time_and_status_once() -> None:
    statuses_of_v2 = [
        {"carrier_update_timestamp": "2026-01-25 14:43:13.6+00:00", "parent_status": "shipment-on-route", "carrier_message": ""},
        {"carrier_update_timestamp": "2026-01-25 14:42:06+00:00", "parent_status": "announcing", "carrier_message": "Being announced"},
        {"carrier_update_timestamp": "2026-01-25 15:42:06+01:00", "parent_status": "announcing", "carrier_message": "Again", "location": "Oss"},
        {"carrier_update_timestamp": "2026-01-25 14:42:06+00:00", "parent_status": "Ready to Ship", "carrier_message": "Soon"},
    ]
    events = parse(v2(statuses=statuses_of_v2)).personal.events

    assert [(event.status, event.message, event.location) for event in events] == [
        (ParcelStatus.ANNOUNCING, "Being announced\nAgain", "Oss"),
        (ParcelStatus.UNKNOWN, "Soon", None),
        (ParcelStatus.SHIPMENT_ON_ROUTE, None, None),
    ]


def test_a_history_of_v3() -> None:
    event = {"event_at": "2026-01-02T00:00:00Z", "status_code": "AT_CUSTOMS", "status_description": "Held"}
    [imported] = parse(v3(parcel={"events": [event]})).personal.events

    assert (imported.status, imported.message, imported.occurred_at.day) == (ParcelStatus.AT_CUSTOMS, "Held", 2)


# Envelopes.


@pytest.mark.parametrize(
    ("record", "ids"),
    [
        pytest.param(v2(), ["4711"], id="a-parcel"),
        pytest.param({"parcel": v2()}, ["4711"], id="in-parcel"),
        pytest.param({"parcel": [v2(), v2(id=2)]}, ["4711", "2"], id="as-an-update-answers"),
        pytest.param({"next": None, "parcels": [v2(), v2(id=2)]}, ["4711", "2"], id="a-page-of-v2"),
        pytest.param({"parcels": [{"parcel": v2()}]}, ["4711"], id="a-page-of-envelopes"),
        pytest.param(v3(), ["4712"], id="a-shipment"),
        pytest.param({"data": v3()}, ["4712"], id="in-data"),
        pytest.param({"data": [v3(), v3()]}, ["4712", "4712"], id="a-page-of-v3"),
        pytest.param({"shipment": v3()}, ["4712"], id="in-shipment"),
        pytest.param({"action": "parcel_status_changed", "timestamp": 1, "parcel": v2()}, ["4711"], id="a-webhook"),
        pytest.param({"parcels": []}, [], id="an-empty-page-of-v2"),
        pytest.param({"data": []}, [], id="an-empty-page-of-v3"),
        pytest.param({"to_address": {"name": "A"}, **v2()}, ["4711"], id="a-parcel-with-its-address"),
    ],
)
def test_an_envelope(record: Json, ids: list[str]) -> None:
    assert [parcel.platform_id for parcel in parcels_of(record) if isinstance(parcel, ImportedParcel)] == ids


def test_colli_of_a_shipment_share_its_person_and_are_counted_from_1() -> None:
    shipment = v3()
    shipment["parcels"] *= 3
    parcels = list(parcels_of(shipment))

    assert [(p.collo_number, p.collo_count, p.personal.name) for p in parcels if isinstance(p, ImportedParcel)] == [
        (1, 3, "Noor Visser"),
        (2, 3, "Noor Visser"),
        (3, 3, "Noor Visser"),
    ]


def test_a_collo_that_is_rejected_does_not_take_its_siblings_along() -> None:
    shipment = v3()
    shipment["parcels"] = [shipment["parcels"][0], {"status": {"code": "ANNOUNCING"}}, 3, shipment["parcels"][0]]
    outcomes = [str(outcome) if isinstance(outcome, RejectedRecord) else outcome.collo_number for outcome in parcels_of(shipment)]

    assert outcomes == [1, "parcels[1].id: is missing", "parcels[2]: is not an object", 4]


@pytest.mark.parametrize("record", [{"parcels": []}, {"parcels": [v2(), v2()]}], ids=["none", "two"])
def test_one_parcel_is_asked_for_and_there_is_another_number(record: Json) -> None:
    with pytest.raises(RejectedRecord, match="parcels: are none, or more than one"):
        parse(record)


# Rejections.


@pytest.mark.parametrize(
    ("record", "field"),
    [
        pytest.param({}, "id", id="nothing"),
        pytest.param({"error": {"code": 400, "message": "noor@example.com"}}, "id", id="an-error"),
        pytest.param({"label": {"label_printer": "https://a.example"}}, "id", id="a-label"),
        pytest.param({"status": "cancelled", "message": "Parcel has been cancelled"}, "id", id="an-answer-to-cancelling"),
        pytest.param({"data": {"id": "1", "order_number": "7", "shipping_address": {}}}, "data.status", id="an-order"),
        pytest.param({"id": 1, "status": "pending", "parcel_id": 2}, "status", id="a-ticket"),
        pytest.param({"data": {"a": 1}}, "data.id", id="an-envelope-with-something-else"),
        pytest.param({"data": "x"}, "data", id="an-envelope-with-a-text"),
        pytest.param({"data": {"data": {"data": {"data": {"data": v2()}}}}}, "data.data.data.data.data", id="too-many-envelopes"),
        pytest.param({"parcels": [7]}, "parcels[0]", id="a-page-of-numbers"),
        pytest.param(v2(id=ABSENT), "id", id="no-id"),
        pytest.param(v2(id=""), "id", id="an-empty-id"),
        pytest.param(v2(id=True), "id", id="an-id-that-is-true"),
        pytest.param(v2(id="9" * 65), "id", id="an-id-too-long"),
        pytest.param(v2(id=10**5000), "id", id="an-id-of-5000-digits"),
        pytest.param(v2(status=ABSENT), "status", id="no-status"),
        pytest.param(v2(status={}), "status", id="an-empty-status"),
        pytest.param(v2(status={"id": "Noor"}), "status.id", id="a-status-id-that-is-a-text"),
        pytest.param(v2(name=""), "name", id="no-name"),
        pytest.param(v2(name=["Noor"]), "name", id="a-name-that-is-a-list"),
        pytest.param(v2(name="N" * 256), "name", id="a-name-too-long"),
        pytest.param(v2(name="Noor\x00"), "name", id="a-nul-byte"),
        pytest.param(v2(name="Noor \ud83d"), "name", id="half-a-surrogate-pair"),
        pytest.param(v2(email="n" * 250 + "@example.com"), "email", id="an-email-too-long"),
        pytest.param(v2(postal_code="9" * 33), "postal_code", id="a-postal-code-too-long"),
        pytest.param(v2(address_2="a" * 200, to_post_number="b" * 200), "address_2", id="line-2-too-long-together"),
        pytest.param(v2(note="n" * (NOTE_LIMIT + 1)), "note", id="a-note-too-long"),
        pytest.param(v2(country="ZZ"), "country", id="a-country-that-is-none"),
        pytest.param(v2(country={"iso_2": "Noor"}), "country", id="a-country-code-that-is-none"),
        pytest.param(v2(country=31), "country", id="a-country-that-is-a-number"),
        pytest.param(v2(date_created=ABSENT), "date_created", id="no-date"),
        pytest.param(v2(date_created="31-02-2026 10:00:00"), "date_created", id="the-31st-of-february"),
        pytest.param(v2(date_created="2026-03-01"), "date_created", id="a-date-without-time"),
        pytest.param(v2(date_created="12/31/2025 10:00:00"), "date_created", id="an-american-date"),
        pytest.param(v2(date_created="05-06-201811:58:52"), "date_created", id="a-date-that-lost-its-blank"),
        pytest.param(v2(date_created="0001-01-01T00:00:00+02:00"), "date_created", id="a-date-before-time"),
        pytest.param(v2(date_created=1767225598), "date_created", id="a-date-that-is-a-number"),
        pytest.param(v2(date_updated="gisteren"), "date_updated", id="a-date-in-words"),
        pytest.param(v2(weight="heavy"), "weight", id="a-weight-in-words"),
        pytest.param(v2(weight="-1"), "weight", id="a-weight-below-zero"),
        pytest.param(v2(weight="1,5"), "weight", id="a-weight-with-a-comma"),
        pytest.param(v2(weight=float("nan")), "weight", id="a-weight-that-is-no-number"),
        pytest.param(v2(weight=Decimal("1e999999")), "weight", id="a-weight-beyond-measure"),
        pytest.param(v2(weight=3_000_000), "weight", id="a-weight-beyond-an-int"),
        pytest.param(v2(weight=True), "weight", id="a-weight-that-is-true"),
        pytest.param(v3(parcel={"weight": {"value": 1, "unit": "stone"}}), "parcels[0].weight.unit", id="a-weight-in-stones"),
        pytest.param(v3(parcel={"dimensions": {"width": 1}}), "parcels[0].dimensions.unit", id="a-size-without-unit"),
        pytest.param(v2(collo_nr=-1), "collo_nr", id="a-collo-below-zero"),
        pytest.param(v2(is_return="yes"), "is_return", id="a-return-in-words"),
        pytest.param(v2(carrier={"code": "noor@example.com"}), "carrier", id="a-carrier-that-is-no-code"),
        pytest.param(v2(tracking_url="javascript:alert(1)"), "tracking_url", id="a-link-that-is-a-script"),
        pytest.param(v2(tracking_url="https://a.example/" + "x" * 2048), "tracking_url", id="a-link-too-long"),
        pytest.param(v2(documents=[{"link": "file:///etc/passwd"}]), "documents[0].link", id="a-document-that-is-a-file"),
        pytest.param(v2(label={"normal_printer": ["ftp://a"]}), "label.normal_printer", id="a-label-by-ftp"),
        pytest.param(v2(total_order_value="1", total_order_value_currency="euro"), "total_order_value_currency", id="no-currency"),
        pytest.param(v2(parcel_items={"sku": "x"}), "parcel_items", id="items-that-are-no-list"),
        pytest.param(v2(parcel_items=["x"]), "parcel_items[0]", id="an-item-that-is-no-object"),
        pytest.param(v2(parcel_items=[{}, {"origin_country": "??"}]), "parcel_items[1].origin_country", id="an-items-country"),
        pytest.param(v2(parcel_items=[{"quantity": 1.5}]), "parcel_items[0].quantity", id="half-an-item"),
        pytest.param(v2(parcel_items=[{}] * (LIST_LIMIT + 1)), "parcel_items", id="too-many-items"),
        pytest.param(v2(statuses=[{"parent_status": "delivered"}]), "statuses", id="an-event-without-a-time"),
        pytest.param(v2(errors={"a": ["x"] * (LIST_LIMIT + 1)}), "errors", id="too-many-objections"),
        pytest.param(v2(errors={"a": [1.5]}), "errors", id="an-objection-that-is-no-text"),
        pytest.param(v3({"to_address": None}), "to_address.name", id="no-address"),
        pytest.param(v3({"to_address.name": ""}), "to_address.name", id="nobody-at-the-address"),
        pytest.param(v3({"to_address.country_code": "ZZ"}), "to_address.country_code", id="an-address-nowhere"),
        pytest.param(v3(parcel={"created_at": ""}), "parcels[0].created_at", id="no-date-in-v3"),
        pytest.param({"data": [v3(parcel={"id": None})]}, "data[0].parcels[0].id", id="the-path-to-the-field"),
    ],
)
def test_a_record_that_is_rejected(record: Json, field: str) -> None:
    rejection = rejection_of(record)

    assert rejection.field == field
    assert str(rejection) == f"{field}: {rejection.reason}"
    assert (rejection.__cause__, rejection.__context__) == (None, None)


def test_a_rejection_does_not_name_a_key_that_the_record_chose() -> None:
    assert "noor@example.com" not in str(rejection_of(v2(errors={"noor@example.com": "\x00"})))


def test_a_parcel_does_not_show_its_person_when_it_is_printed() -> None:
    parcel = parse(v2(email="noor@example.com", parcel_items=[{"description": "Samovar"}]))

    assert "Noor" not in repr(parcel)
    assert "noor@example.com" not in f"{parcel.personal}"
    assert "Samovar" not in f"{parcel.personal.items}"


# Webhooks.


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        pytest.param(1774000000250, datetime(2026, 3, 20, 9, 46, 40, 250_000, tzinfo=UTC), id="milliseconds"),
        pytest.param(1774000000, datetime(2026, 3, 20, 9, 46, 40, tzinfo=UTC), id="seconds"),
        pytest.param("1774000000", datetime(2026, 3, 20, 9, 46, 40, tzinfo=UTC), id="a-text"),
        pytest.param(1, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), id="the-documented-example"),
    ],
)
def test_a_webhook_says_when_the_status_changed(timestamp: object, expected: datetime) -> None:
    change = webhook_event(read("webhook.json") | {"timestamp": timestamp})

    assert change is not None
    assert change.occurred_at == expected
    assert (change.parcel.platform_id, change.parcel.status) == ("510001", ParcelStatus.DRIVER_ON_ROUTE)
    assert change.parcel.personal.house_number == "214 bis"


@pytest.mark.parametrize("action", ["integration_connected", "integration_updated", "return_created", "", None, 7, ["x"]], ids=str)
def test_a_webhook_about_something_else(action: object) -> None:
    assert webhook_event({"action": action, "timestamp": 1, "data": {"id": 42}}) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"timestamp": None}, "timestamp", id="no-time"),
        pytest.param({"timestamp": "soon"}, "timestamp", id="a-time-in-words"),
        pytest.param({"timestamp": -1}, "timestamp", id="a-time-below-zero"),
        pytest.param({"timestamp": 10**14}, "timestamp", id="a-time-far-ahead"),
        pytest.param({"timestamp": True}, "timestamp", id="a-time-that-is-true"),
        pytest.param({"parcel": None}, "parcel.id", id="no-parcel"),
        pytest.param({"parcel": [1]}, "parcel", id="a-parcel-that-is-a-list"),
        pytest.param({"parcel.country": {"iso_2": "??"}}, "parcel.country", id="a-parcel-that-is-rejected"),
    ],
)
def test_a_webhook_that_is_rejected(changes: Json, field: str) -> None:
    with pytest.raises(RejectedRecord) as rejected:
        webhook_event(changed(read("webhook.json"), changes))

    assert rejected.value.field == field


# Whole files.


def test_a_page_of_v2() -> None:
    first, second, third = (parcel for parcel in parcels_of(read("v2_parcels.json")) if isinstance(parcel, ImportedParcel))

    assert (first.status, first.weight_grams, first.length_mm, first.height_mm) == (ParcelStatus.DELIVERED, 1250, 305, 43)
    assert (first.personal.house_number, first.personal.phone) == ("214 bis", "+31612345678")
    assert (first.personal.region, first.personal.external_reference, first.personal.note) == (None, None, None)
    assert [(item.description, item.value, item.origin_country) for item in first.personal.items] == [
        ("Theepot", ("39.95", "EUR"), "PT"),
        ("TEA-12", ("9.95", "EUR"), None),
    ]
    assert [(parcel.collo_number, parcel.collo_count) for parcel in (first, second)] == [(1, 2), (2, 2)]
    assert first.shipment_group == second.shipment_group
    assert (second.status, second.personal.tracking_number) == (ParcelStatus.ANNOUNCEMENT_FAILED, None)
    assert "sanne.dewit@example.com" in (second.personal.events[0].message or "")
    assert (third.direction, third.personal.name, third.country) == (ParcelDirection.RETURN, "Jonas Weber", "DE")


def test_a_page_of_v3() -> None:
    first, second = (parcel for parcel in parcels_of(read("v3_shipments.json")) if isinstance(parcel, ImportedParcel))

    assert (first.carrier, first.shipping_method) == ("dhl_express", "dhl_express:worldwide/incoterm=dap")
    assert (first.weight_grams, first.length_mm, first.width_mm, second.weight_grams) == (1134, 305, 216, 750)
    assert first.updated_at == datetime(2026, 3, 21, 10, 30, tzinfo=UTC)
    assert (first.personal.phone, first.personal.address_line2) == ("+441614960123", "Flat 4, PO Box 12")
    assert (first.personal.tax_number, first.personal.external_reference) == ("GB000000000000", "spring sale")
    assert [document.kind for document in first.personal.documents] == [
        DocumentKind.LABEL,
        DocumentKind.CUSTOMS_DECLARATION,
        DocumentKind.COMMERCIAL_INVOICE,
        DocumentKind.OTHER,
    ]
    assert first.personal.name == second.personal.name == "Aisha Khan"


def is_whole(record: object, shipment: Json) -> bool:
    """Has it an id, a status and a recipient? Told by other means than the parser's."""
    if not isinstance(record, dict) or not record.get("id") or not isinstance(record.get("status"), dict):
        return False
    return bool(record.get("name") or (shipment.get("to_address") or {}).get("name"))


def whole_parcels(value: Any, shipment: Json | None = None) -> Iterator[str]:
    """The ids of whatever looks like a whole parcel, however deep in a sample. Of v2's returns it is the incoming parcel."""
    if isinstance(value, dict):
        if is_whole(value, shipment or {}):
            yield str(value["id"])
        if isinstance(value.get("incoming_parcel_data"), dict):
            yield str(value["incoming_parcel"])
        value = {key: (entry, value) for key, entry in value.items()}.values()
    elif isinstance(value, list):
        value = [(entry, shipment) for entry in value]
    else:
        return
    for entry, around in value:
        yield from whole_parcels(entry, around)


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not part of the project")
def test_every_whole_parcel_of_the_samples_is_imported() -> None:
    expected, imported = [], []
    for path in sorted(SAMPLES.rglob("*.json")):
        sample = json.loads(path.read_text("utf-8"))
        documents = list(sample["examples"].values()) if isinstance(sample, dict) and "examples" in sample else [sample]
        expected += [(path.name, platform_id) for document in documents for platform_id in whole_parcels(document)]
        for document in documents:
            for record in document if isinstance(document, list) else [document]:
                found = parcels_of(record) if isinstance(record, dict) else ()
                imported += [(path.name, parcel.platform_id) for parcel in found if isinstance(parcel, ImportedParcel)]

    assert sorted(imported) == sorted(expected)
    assert len(imported) >= WHOLE_PARCELS_IN_THE_SAMPLES


# Whatever comes.

MARK = "¤"
"""In every text the next tests make up, and in no text of ours."""
NUMBER = 987_654

weird_texts = st.one_of(
    st.text(max_size=300).map(lambda text: MARK + text),
    st.sampled_from(["\x00", "\ud800", "x" * 300, "javascript:x", "NaN", "1e9", "-1", "٣", "2025-13-41T99:99:99Z", "99-99-2026 25:61:61"]).map(
        lambda text: text + MARK
    ),
    st.sampled_from(["", "null", " ", "https://a.example", "NL", "EUR", "kg"]),
)
weird_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.sampled_from([NUMBER, -NUMBER, NUMBER * 10**40, NUMBER * 10**4000, NUMBER / 7, float("inf"), float("nan"), 5e-324]),
        st.sampled_from([Decimal(NUMBER), Decimal("9.87654E+999999"), Decimal("-9.87654E-999999"), Decimal("NaN"), Decimal("-Infinity")]),
        weird_texts,
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5).map(lambda key: MARK + key), inner, max_size=3),
    max_leaves=6,
)
BASES: list[Json] = [
    *read("v2_parcels.json")["parcels"],
    *read("v3_shipments.json")["data"],
    *read("v2_returns.json")["returns"],
    {"data": v3()},
    read("webhook.json"),
]


def places(value: Any, path: str = "") -> Iterator[str]:
    """Every path in a record, as `changed` takes it."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield f"{path}{key}"
        yield from places(entry, f"{path}{key}.")


@st.composite
def spoilt_records(draw: st.DrawFn) -> Json:
    """A good record with weird values in some places, in itself or as extra keys we know the names of."""
    record = draw(st.sampled_from(BASES))
    known = ["errors", "statuses", "events", "documents", "parcel_items", "label", "to_service_point", "dimensions", "is_return", "parcels"]
    record = record | draw(st.dictionaries(st.sampled_from(known), weird_values, max_size=2))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from([place for place in places(record) if not place.rsplit(".", 1)[-1].isdigit()]))
        if MARK not in place:
            record = changed(record, {place: draw(weird_values)})
    return record


def no_value_is_in(rejection: RejectedRecord) -> bool:
    return (
        not any(hint in text for text in (str(rejection), repr(rejection)) for hint in (MARK, str(NUMBER), "98765", "example.com"))
        and rejection.__cause__ is None
        and rejection.__context__ is None
    )


def storable(parcel: ImportedParcel) -> bool:
    """Would both databases take it? Every text is UTF-8 without NUL, every time is aware."""
    personal = [getattr(parcel.personal, name) for name in ImportedPersonalData.__slots__]
    texts = [value for value in [parcel.platform_id, parcel.carrier, parcel.shipping_method, *personal] if isinstance(value, str)]
    texts += [text for event in parcel.personal.events for text in (event.location, event.message) if text]
    times = [parcel.created_at, parcel.updated_at, *(event.occurred_at for event in parcel.personal.events)]
    return all("\x00" not in text and text.encode() and text.strip() for text in texts) and all(time.tzinfo is UTC for time in times)


@settings(max_examples=500, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(spoilt_records())
def test_whatever_comes_is_a_parcel_or_a_rejection_that_holds_nothing_of_it(record: Json) -> None:
    for outcome in parcels_of(record):
        assert storable(outcome) if isinstance(outcome, ImportedParcel) else no_value_is_in(outcome)


@settings(max_examples=200, deadline=None, database=None)
@given(spoilt_records())
def test_whatever_comes_by_webhook_is_a_change_or_a_rejection(record: Json) -> None:
    outcome: ParcelStatusChange | RejectedRecord | None
    try:
        outcome = webhook_event({"action": "parcel_status_changed", "timestamp": 1, "parcel": {}} | record)
    except RejectedRecord as rejected:
        outcome = rejected

    if isinstance(outcome, RejectedRecord):
        assert no_value_is_in(outcome)
    elif outcome is not None:
        assert storable(outcome.parcel)


@settings(max_examples=200, deadline=None, database=None)
@given(st.dictionaries(st.sampled_from(["parcel", "parcels", "data", "shipment", "returns", "id", "status", "to_address"]), weird_values))
def test_no_envelope_of_anything_raises(record: Json) -> None:
    assert all(no_value_is_in(outcome) for outcome in parcels_of(record) if isinstance(outcome, RejectedRecord))
