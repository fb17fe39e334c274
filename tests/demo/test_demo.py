"""The demo data holds all it promises, is believable, and names nobody real."""

import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import phonenumbers
import pytest
from schwifty import IBAN

import demo
from demo.rows import TABLES
from identity.passwords import hash_new, is_right
from models import database as db
from models.enums import ClaimKind, ClaimType, DocumentKind, InvestigationKind, ParcelDirection, ParcelStatus
from policy.classification import FIELDS, INPUTS, Personal, Searches
from policy.vocabulary import OPEN_CLAIM_STATUSES, Action, Basis, ClaimChannel, ClaimStatus, ConsentState, MerchantRole
from resolvers import search_keys
from tests.databases import Postgres

Row = dict[str, Any]
NEVER_ANNOUNCED = {"READY_TO_SEND", "NO_LABEL", "ANNOUNCING", "ANNOUNCEMENT_FAILED"}
NOT_EU = {"GB", "CH", "US"}
#: How the postal codes of each town begin, as its post office says.
POSTAL_CODES = {
    "NL": {
        "Amsterdam": "10",
        "Rotterdam": "30",
        "Den Haag": "25",
        "Utrecht": "35",
        "Eindhoven": "56",
        "Groningen": "97",
        "Tilburg": "50",
        "Almere": "13",
        "Breda": "48",
        "Nijmegen": "65",
        "Enschede": "75",
        "Haarlem": "20",
        "Arnhem": "68",
        "Zwolle": "80",
        "Leiden": "23",
        "Maastricht": "62",
        "Delft": "26",
    },
    "BE": {
        "Antwerpen": "20[0-6]",
        "Gent": "90",
        "Brugge": "80",
        "Leuven": "30",
        "Mechelen": "28",
        "Hasselt": "35",
        "Kortrijk": "85",
        "Aalst": "93",
        "Oostende": "84",
        "Genk": "36",
        "Turnhout": "23",
    },
    "DE": {
        "Berlin": "1[0-4]",
        "Hamburg": "2[0-2]",
        "München": "8[01]",
        "Köln": "5[01]",
        "Frankfurt am Main": "60",
        "Stuttgart": "70",
        "Leipzig": "04",
        "Dresden": "01",
        "Hannover": "30",
        "Nürnberg": "90",
        "Bremen": "28",
        "Freiburg im Breisgau": "79",
        "Münster": "48",
        "Bonn": "53",
    },
    "FR": {
        "Paris": "750",
        "Lyon": "6900",
        "Marseille": "130",
        "Toulouse": "31",
        "Nice": "06",
        "Nantes": "44",
        "Strasbourg": "67",
        "Bordeaux": "33",
        "Lille": "59",
        "Rennes": "35",
        "Montpellier": "34",
        "Grenoble": "38",
        "Dijon": "21",
        "Tours": "37",
        "Annecy": "74",
    },
    "ES": {
        "Madrid": "280",
        "Barcelona": "080",
        "Valencia": "460",
        "Sevilla": "410",
        "Zaragoza": "500",
        "Málaga": "290",
        "Bilbao": "480",
        "Granada": "180",
        "Alicante": "030",
        "Valladolid": "470",
        "Palma": "070",
        "A Coruña": "150",
        "Murcia": "300",
        "Córdoba": "140",
    },
    "IT": {
        "Milano": "201",
        "Roma": "001",
        "Torino": "101",
        "Napoli": "801",
        "Bologna": "401",
        "Firenze": "501",
        "Genova": "161",
        "Verona": "371",
        "Padova": "351",
        "Bari": "701",
        "Palermo": "901",
    },
    "GB": {
        "London": "(E|N|NW|SE|SW|W)[0-9]",
        "Manchester": "M[0-9]",
        "Birmingham": "B[0-9]",
        "Edinburgh": "EH[0-9]",
        "Bristol": "BS[0-9]",
        "Leeds": "LS[0-9]",
        "Glasgow": "G[0-9]",
        "Cardiff": "CF[0-9]",
    },
    "CH": {"Zürich": "80", "Bern": "30", "Basel": "40", "Luzern": "60", "Winterthur": "84", "St. Gallen": "90"},
    "US": {
        "New York": "100",
        "Chicago": "606",
        "Portland": "972",
        "Austin": "787",
        "Boston": "021",
        "Seattle": "981",
        "Denver": "802",
    },
}
SHAPES = {
    "NL": "[0-9]{4} [A-Z]{2}",
    "GB": "[A-Z]{1,2}[0-9]{1,2} [0-9][A-Z]{2}",
    **dict.fromkeys(("BE", "CH"), "[0-9]{4}"),
    **dict.fromkeys(("DE", "FR", "ES", "IT", "US"), "[0-9]{5}"),
}


@dataclass(frozen=True)
class Contents:
    """All rows of the demo data as the database gives them, but ids are UUIDs and instants datetimes; and its clock right after."""

    now: datetime
    of: dict[str, list[Row]]

    def __getitem__(self, table: str) -> list[Row]:
        return self.of[table]

    def by_id(self, table: str, key: str = "id") -> dict[UUID, Row]:
        return {row[key]: row for row in self.of[table]}

    def country_of(self) -> dict[UUID, str]:
        return {row["id"]: row["country"] for row in self.of["accounts"]}

    def parcels(self) -> Iterator[tuple[Row, Row]]:
        """Each parcel and its personal row."""
        personal = self.by_id("parcel_personal_data", "parcel_id")
        return ((parcel, personal[parcel["id"]]) for parcel in self.of["parcels"])


async def _no_hash(password: str) -> str:
    """Nobody signs in where only the rows are looked at."""
    return "no hash"


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def contents(
    request: pytest.FixtureRequest, postgres: Postgres, migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Contents:
    """What `fill` puts into an empty database, read once."""
    if request.param == "sqlite":
        copy = tmp_path_factory.mktemp("demo") / "demo.sqlite3"
        shutil.copyfile(migrated["sqlite"].removeprefix("sqlite://"), copy)
        url = f"sqlite://{copy}"
    else:
        url = await postgres.create_database(template=migrated["postgres"])
    await db.open_database(url)
    try:
        await demo.fill(_no_hash)
        return await _read()
    finally:
        await db.close_database()


async def _read() -> Contents:
    rows = {table: await db.fetch(f"SELECT * FROM {table}") for table in TABLES}
    return Contents(await db.clock(), {table: [_plain(row) for row in found] for table, found in rows.items()})


def _plain(row: db.Row) -> Row:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: object) -> object:
    if value is None:
        return None
    if name == "at" or name.endswith("_at"):
        return db.moment(value)
    if (name == "id" or name.endswith("_id") or name == "live_for") and name not in {"platform_id", "request_id"}:
        return db.uuid(value)
    if name in {"items", "documents", "sender_addresses", "changed", "fields", "categories"}:
        return db.json(str(value) if isinstance(value, str) else value)
    return bool(value) if name.endswith("_enabled") else value


# Who


def test_four_merchants_and_their_users(contents: Contents) -> None:
    assert sorted(row["country"] for row in contents["accounts"]) == ["DE", "ES", "FR", "NL"]
    roles = defaultdict(set)
    for user in contents["users"]:
        roles[user["account_id"]].add(user["role"])
    assert all(roles[account["id"]] == set(MerchantRole) for account in contents["accounts"])
    assert len([user for user in contents["users"] if user["kind"] == "AGENT"]) == 3
    assert len(contents["users"]) == 15


def test_each_merchant_has_settings_and_some_a_direct_debit(contents: Contents) -> None:
    accounts = {row["id"] for row in contents["accounts"]}
    assert {row["account_id"] for row in contents["account_settings"]} == accounts
    assert {row["account_id"] for row in contents["account_personal_data"]} == accounts
    for row in contents["account_personal_data"]:
        assert row["sender_addresses"]
        assert row["notification_reply_to"]
        assert row["webhook_url"].startswith("https://example.com/")
    assert 0 < len(contents["direct_debits"]) < 4
    assert {row["status"] for row in contents["direct_debits"]} == {"PENDING", "ACTIVE", "FAILED"}


# Parcels


def test_six_hundred_parcels_each_with_its_personal_row_and_every_status(contents: Contents) -> None:
    assert len(contents["parcels"]) == len(contents["parcel_personal_data"]) == 600
    assert {row["status"] for row in contents["parcels"]} == set(ParcelStatus)
    assert set(Counter(row["account_id"] for row in contents["parcels"])) == {row["id"] for row in contents["accounts"]}


def test_returns_belong_to_a_delivered_order_of_the_same_person(contents: Contents) -> None:
    delivered = {
        (personal["order_number"], personal["email"]): parcel
        for parcel, personal in contents.parcels()
        if parcel["direction"] == ParcelDirection.OUTGOING and parcel["status"] == ParcelStatus.DELIVERED
    }
    returns = [(parcel, personal) for parcel, personal in contents.parcels() if parcel["direction"] == ParcelDirection.RETURN]
    assert len(returns) > 20
    assert all(parcel["created_at"] > delivered[personal["order_number"], personal["email"]]["updated_at"] for parcel, personal in returns)


def test_colli_of_a_shipment_share_one_recipient(contents: Contents) -> None:
    shipments = defaultdict(list)
    for parcel, personal in contents.parcels():
        if parcel["shipment_group"]:
            shipments[parcel["shipment_group"]].append((parcel, personal))
        else:
            assert parcel["collo_count"] == 1
    assert len(shipments) > 10
    for colli in shipments.values():
        assert sorted(parcel["collo_number"] for parcel, _ in colli) == list(range(1, len(colli) + 1))
        assert {parcel["collo_count"] for parcel, _ in colli} == {len(colli)}
        assert len({(personal["name"], personal["street"], personal["order_number"]) for _, personal in colli}) == 1
        numbers = [personal["tracking_number"] for _, personal in colli if personal["tracking_number"]]
        assert len(numbers) == len(set(numbers))


def test_some_people_have_several_parcels(contents: Contents) -> None:
    orders = defaultdict(set)
    for _, personal in contents.parcels():
        orders[personal["email"]].add(personal["order_number"])
    assert len([email for email, found in orders.items() if len(found) > 1]) > 50


def test_what_was_never_announced_has_no_label_and_no_tracking(contents: Contents) -> None:
    waiting = [(parcel, personal) for parcel, personal in contents.parcels() if parcel["announced_at"] is None]
    assert {parcel["status"] for parcel, _ in waiting} == NEVER_ANNOUNCED
    assert len([parcel for parcel, _ in waiting if parcel["status"] in {"READY_TO_SEND", "NO_LABEL"}]) > 10
    assert all((personal["tracking_number"], personal["tracking_url"], personal["documents"]) == (None, None, []) for _, personal in waiting)


def test_the_events_lead_to_the_status(contents: Contents) -> None:
    reported = defaultdict(list)
    for event in contents["parcel_events"]:
        reported[event["parcel_id"]].append(event)
    for parcel in contents["parcels"]:
        events = sorted(reported[parcel["id"]], key=lambda event: (event["occurred_at"], event["id"]))
        if parcel["status"] in NEVER_ANNOUNCED - {"ANNOUNCEMENT_FAILED"}:
            assert events == []
            continue
        assert events[-1]["status"] == parcel["status"]
        assert len({event["occurred_at"] for event in events}) == len(events)
        assert parcel["created_at"] < events[0]["occurred_at"]
        assert events[-1]["occurred_at"] == parcel["updated_at"] <= contents.now
        if parcel["announced_at"]:
            assert (events[0]["status"], events[0]["occurred_at"]) == ("ANNOUNCED", parcel["announced_at"])


def test_every_announced_parcel_has_its_label_and_what_leaves_the_eu_its_customs_papers(contents: Contents) -> None:
    files = contents.by_id("parcel_files")
    kinds = {"LABEL"}
    for parcel, personal in contents.parcels():
        if parcel["announced_at"]:
            customs = {DocumentKind.CUSTOMS_DECLARATION, DocumentKind.COMMERCIAL_INVOICE} if parcel["country"] in NOT_EU else set()
            assert {document["kind"] for document in personal["documents"]} == {DocumentKind.LABEL} | customs
        for document in personal["documents"]:
            kinds.add(document["kind"])
            assert set(document) == {"kind", "carrier_url", "file_id"}
            file = files[UUID(document["file_id"])]
            assert (file["parcel_id"], file["account_id"], file["media_type"]) == (parcel["id"], parcel["account_id"], "application/pdf")
            assert bytes(file["content"]).startswith(b"%PDF-")
            assert bytes(file["content"]).rstrip().endswith(b"%%EOF")
    assert len(kinds) == 3


def test_items_say_what_is_in_the_parcel_and_customs_data_where_it_leaves_the_eu(contents: Contents) -> None:
    abroad = 0
    for parcel, personal in contents.parcels():
        abroad += parcel["country"] in NOT_EU
        assert personal["items"]
        for item in personal["items"]:
            assert set(item) == {
                "description",
                "quantity",
                "weight_grams",
                "value_amount",
                "value_currency",
                "sku",
                "hs_code",
                "origin_country",
            }
            assert (item["hs_code"] is not None and item["origin_country"] is not None) == (parcel["country"] in NOT_EU)
        total = sum(float(item["value_amount"]) * item["quantity"] for item in personal["items"])
        assert float(personal["total_value_amount"]) == pytest.approx(total)
        assert parcel["weight_grams"] > sum(item["weight_grams"] * item["quantity"] for item in personal["items"])
    assert abroad > 30


@pytest.mark.parametrize("column", ["note", "service_point", "tax_number", "company_name", "external_reference", "address_line2", "region"])
def test_what_only_some_parcels_have_some_have(contents: Contents, column: str) -> None:
    assert 8 < len([row for row in contents["parcel_personal_data"] if row[column]]) < 400


def test_what_search_looks_up_is_what_is_stored(contents: Contents) -> None:
    for row in contents["parcel_personal_data"]:
        stored = {name: None if row[name] is None else bytes(row[name]) for name in row if name.endswith("_key")}
        searched = ("name", "email", "postal_code", "order_number", "tracking_number")
        assert stored == search_keys.keys(**{name: row[name] for name in searched})


def test_a_tracking_link_carries_the_postal_code(contents: Contents) -> None:
    links = [row for row in contents["parcel_personal_data"] if row["tracking_url"]]
    assert len(links) > 500
    for row in links:
        assert row["tracking_url"].startswith("https://example.com/")
        assert row["tracking_url"].endswith(f"postal_code={row['postal_code'].replace(' ', '')}")
        assert row["tracking_number"] in row["tracking_url"]


# People


def _phones(contents: Contents) -> Iterator[tuple[str, str]]:
    for parcel, personal in contents.parcels():
        yield personal["phone"], parcel["country"]
    for row in contents["account_personal_data"]:
        for sender in row["sender_addresses"]:
            yield sender["phone"], sender["country"]


def _addresses(contents: Contents) -> Iterator[tuple[str, str, str]]:
    for parcel, personal in contents.parcels():
        yield parcel["country"], personal["city"], personal["postal_code"]
    for row in contents["account_personal_data"]:
        for sender in row["sender_addresses"]:
            yield sender["country"], sender["city"], sender["postal_code"]


def test_every_phone_is_a_number_of_its_country(contents: Contents) -> None:
    for phone, country in _phones(contents):
        number = phonenumbers.parse(phone)
        assert phonenumbers.is_valid_number_for_region(number, country)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == phone


def test_every_postal_code_is_one_of_its_town(contents: Contents) -> None:
    seen = set()
    for country, city, code in _addresses(contents):
        seen.add(country)
        assert re.fullmatch(SHAPES[country], code)
        assert re.match(POSTAL_CODES[country][city], code)
    assert seen == set(POSTAL_CODES)


def test_every_iban_is_one_by_its_check_digits_and_no_bank_s(contents: Contents) -> None:
    for row in contents["direct_debits"]:
        iban = IBAN(row["iban"], validate_bban=True)
        assert iban.bank is None
        assert iban.country_code == contents.country_of()[row["account_id"]]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def test_nothing_is_at_a_real_domain(contents: Contents) -> None:
    texts = [text for table in TABLES for row in contents[table] for text in _texts(list(row.values()))]
    hosts = Counter(host for text in texts for host in re.findall(r"(?:@|://)([^\s/?,\"]+?)\.?(?=[\s/?,\"]|$)", text))
    assert set(hosts) == {"example.com", "example.org"}
    names = {name for text in texts for name in re.findall(r"[\w-]+\.(?:com|nl|de|fr|es|it|net|org|io)\b(?!@)", text)}
    assert names == {"example.com", "example.org"}
    assert {user["email"].partition("@")[2] for user in contents["users"]} == {"example.com", "example.org"}


# Claims


def test_claims_in_every_status_and_channel_of_every_kind_and_type(contents: Contents) -> None:
    claims = contents["claims"]
    assert {row["status"] for row in claims if row["channel"] == ClaimChannel.SUPPORT_SECTION} == set(ClaimStatus)
    assert {row["channel"] for row in claims} == set(ClaimChannel)
    assert {row["kind"] for row in claims} == set(ClaimKind)
    assert {row["type"] for row in claims} == set(ClaimType)
    described = contents.by_id("claim_personal_data", "claim_id")
    assert all(described[claim["id"]]["description"] for claim in claims)


def test_a_claim_is_filed_and_handled_by_whom_its_channel_says(contents: Contents) -> None:
    users, parcels = contents.by_id("users"), contents.by_id("parcels")
    for claim in contents["claims"]:
        filer, handler = users.get(claim["filed_by_id"]), users.get(claim["handled_by_id"])
        assert parcels[claim["parcel_id"]]["account_id"] == claim["account_id"]
        assert (claim["closed_at"] is None) == (claim["status"] in OPEN_CLAIM_STATUSES)
        assert parcels[claim["parcel_id"]]["updated_at"] < claim["opened_at"] < (claim["closed_at"] or contents.now) <= contents.now
        assert handler is None or handler["kind"] == "AGENT"
        if claim["channel"] == ClaimChannel.SUPPORT_SECTION:
            assert filer is not None
            assert filer["account_id"] == claim["account_id"]
        elif claim["channel"] == ClaimChannel.INTEGRATION:
            assert filer is None
        else:
            assert filer is not None
            assert filer["kind"] == "AGENT"


def test_only_what_was_filed_in_support_was_investigated(contents: Contents) -> None:
    claims, users = contents.by_id("claims"), contents.by_id("users")
    written = contents.by_id("investigation_personal_data", "entry_id")
    assert {entry["kind"] for entry in contents["investigation_entries"]} == set(InvestigationKind)
    for entry in contents["investigation_entries"]:
        claim = claims[entry["claim_id"]]
        assert claim["channel"] == ClaimChannel.SUPPORT_SECTION
        assert claim["opened_at"] < entry["at"] < (claim["closed_at"] or contents.now)
        assert users[entry["by_id"]]["kind"] == ("MERCHANT" if entry["kind"] == InvestigationKind.MERCHANT_ANSWERED else "AGENT")
        assert written[entry["id"]]["note"]
    assert any(row["carrier_reference"] for row in written.values())


def test_an_open_claim_has_colli_or_parcels_beside_it_that_stay_shut(contents: Contents) -> None:
    parcels = contents.by_id("parcels")
    opening = _opening(contents)
    assert any(parcels[claim["parcel_id"]]["shipment_group"] for claim in opening)
    assert len({claim["parcel_id"] for claim in contents["claims"]}) == len(contents["claims"])


def _opening(contents: Contents) -> list[Row]:
    return [row for row in contents["claims"] if row["channel"] == "SUPPORT_SECTION" and row["status"] in OPEN_CLAIM_STATUSES]


# Consents


def test_consents_ended_every_way_they_can(contents: Contents) -> None:
    ended = Counter(row["ended_as"] for row in contents["consents"])
    assert set(ended) == {None, ConsentState.EXPIRED, ConsentState.REVOKED, ConsentState.REPLACED}
    users = contents.by_id("users")
    for row in contents["consents"]:
        assert row["expires_at"] > row["granted_at"]
        assert row["live_for"] == (row["account_id"] if row["ended_at"] is None else None)
        assert users[row["granted_by_id"]]["role"] in {MerchantRole.OWNER, MerchantRole.ADMIN}
        assert (row["ended_by_id"] is not None) == (row["ended_as"] in {ConsentState.REVOKED, ConsentState.REPLACED})
        if row["ended_as"] == ConsentState.EXPIRED:
            assert row["ended_at"] == row["expires_at"]


def test_the_consents_of_an_account_do_not_overlap(contents: Contents) -> None:
    by_account = defaultdict(list)
    for row in sorted(contents["consents"], key=lambda row: row["granted_at"]):
        by_account[row["account_id"]].append(row)
    for rows in by_account.values():
        assert all(before["ended_at"] <= after["granted_at"] for before, after in pairwise(rows))


def test_one_account_granted_and_another_only_asked(contents: Contents) -> None:
    """To try at once: NL opens all of it, ES only the parcels with a claim; DE has just run out, and FR opens nothing."""
    country = contents.country_of()
    open_now = [row for row in contents["consents"] if row["ended_at"] is None]
    live = {country[row["account_id"]] for row in open_now if row["expires_at"] > contents.now}
    run_out = {country[row["account_id"]] for row in open_now if row["expires_at"] <= contents.now}
    asking = {country[row["account_id"]] for row in _opening(contents)}
    ever = {country[row["account_id"]] for row in contents["consents"]}
    assert (live, run_out) == ({"NL"}, {"DE"})
    assert "ES" in asking - ever
    assert "FR" not in live | asking


# The access log


def test_agents_saw_only_what_a_consent_or_claim_let_them(contents: Contents) -> None:
    consents, claims = contents.by_id("consents"), contents.by_id("claims")
    agents = {user["id"] for user in contents["users"] if user["kind"] == "AGENT"}
    parcels = contents.by_id("parcels")
    assert {row["basis"] for row in contents["access_log"]} == {Basis.CONSENT, Basis.CLAIM}
    for row in contents["access_log"]:
        assert row["agent_id"] in agents
        assert row["at"] <= contents.now
        assert row["parcel_id"] is None or parcels[row["parcel_id"]]["account_id"] == row["account_id"]
        assert row["parcel_id"] is None or parcels[row["parcel_id"]]["created_at"] < row["at"]
        if row["basis"] == Basis.CONSENT:
            consent = consents[row["consent_id"]]
            assert consent["account_id"] == row["account_id"]
            assert consent["granted_at"] <= row["at"] < (consent["ended_at"] or consent["expires_at"])
        elif row["action"] == Action.VIEW_PERSONAL_DATA:
            claim = claims[row["claim_id"]]
            assert (claim["parcel_id"], claim["channel"]) == (row["parcel_id"], ClaimChannel.SUPPORT_SECTION)
            assert claim["opened_at"] <= row["at"] < (claim["closed_at"] or contents.now)
        else:
            assert row["action"] in {Action.RECORD_CLAIM, Action.INVESTIGATE_CLAIM, Action.CLOSE_CLAIM}


def test_the_access_log_names_classified_fields(contents: Contents) -> None:
    classes = {f"{owner}.{name}": what for of in (FIELDS, INPUTS) for owner, found in of.items() for name, what in found.items()}
    assert {row["action"] for row in contents["access_log"]} >= {
        Action.VIEW_PERSONAL_DATA,
        Action.SEARCH_PERSONAL_DATA,
        Action.CHANGE_PARCEL,
        Action.CHANGE_SETTINGS,
    }
    for row in contents["access_log"]:
        seen = [classes[name] for name in row["fields"]]
        assert row["categories"] == sorted({what.category for what in seen if isinstance(what, Personal | Searches)})
        assert bool(row["fields"]) != bool(row["changed"])
        assert all(name in classes for name in row["changed"])


# The commands


async def test_the_same_every_time(database: object, quick_passwords: None) -> None:
    """From the same moment, but for the salt of the passwords; and all its dates follow that moment."""
    now = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    await demo.fill(hash_new, now)
    stored = await _read()
    made = demo._rows(now, 20, "hash")
    assert now - timedelta(days=1) < max(row["created_at"] for row in stored["parcels"]) < now
    for table in TABLES:
        expected = {_key(row): _plain(row) | {"password_hash": None} for row in made.of[table]}
        found = {_key(row): row | {"password_hash": None} for row in stored[table]}
        assert found.keys() == expected.keys()
        assert [key for key, row in expected.items() if not row.items() <= found[key].items()] == []


def _key(row: Row) -> object:
    return next(row[name] for name in ("id", "parcel_id", "claim_id", "entry_id", "account_id") if name in row)


async def test_who_can_sign_in_is_listed_with_passwords_that_are_right(database: object, quick_passwords: None) -> None:
    assert await demo.is_empty()
    assert await demo.listing() == {"accounts": [], "agents": []}
    await demo.fill(hash_new)
    assert not await demo.is_empty()
    await db.execute("UPDATE users SET email = 'someone.else@example.com' WHERE email = 'member.fr@example.com'")
    await db.execute("UPDATE users SET deactivated_at = {now} WHERE email = 'agent.chloe@example.org'")

    listed = await demo.listing()

    assert set(listed) == {"accounts", "agents"}
    assert [set(account) for account in listed["accounts"]] == [{"id", "companyName", "users"}] * 4
    assert [[user["role"] for user in account["users"]] for account in listed["accounts"]] == [["OWNER", "ADMIN", "MEMBER"]] * 3 + [
        ["OWNER", "ADMIN"]
    ]
    assert [agent["email"] for agent in listed["agents"]] == ["agent.amara@example.org", "agent.bruno@example.org"]
    users = {user["email"]: user for account in listed["accounts"] for user in account["users"]}
    assert [set(user) for user in users.values()] == [{"email", "password", "role"}] * 11
    assert [set(agent) for agent in listed["agents"]] == [{"email", "password"}] * 2
    for account in listed["accounts"]:
        found = await db.fetch("SELECT company_name FROM accounts WHERE id = :id", id=UUID(account["id"]))
        assert [row["company_name"] for row in found] == [account["companyName"]]
    hashes = {row["email"]: row["password_hash"] for row in await db.fetch("SELECT email, password_hash FROM users")}
    distinct = {(who["password"], hashes[who["email"]]) for who in [*users.values(), *listed["agents"]]}
    assert len(distinct) == 1
    assert all([await is_right(password, kept) for password, kept in distinct])


async def test_it_goes_into_an_empty_database_only(database: object, quick_passwords: None) -> None:
    await demo.fill(hash_new)
    before = await db.fetch("SELECT COUNT(*) AS n FROM parcels")
    with pytest.raises(demo.DatabaseNotEmpty):
        await demo.fill(hash_new)
    with pytest.raises(demo.DatabaseNotEmpty):
        await demo.fill_for_measuring(10, 1, hash_new)
    assert await db.fetch("SELECT COUNT(*) AS n FROM parcels") == before
