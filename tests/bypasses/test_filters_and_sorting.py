"""What is withheld is not found out by choosing or ordering rows by it: there is no such input, or it is refused before anything is read."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLEnumType, get_named_type

from models import database as db
from policy.classification import INPUTS, Outline, Searches
from policy.vocabulary import Viewer
from schema.build import Schema
from tests.asking import Answer, account_id, ask, claim_id, parcel_id
from tests.builders import Merchant, a_claim, a_merchant, an_agent
from tests.bypasses.filters import arguments, filters, inputs, is_leaf
from tests.marks import a_marked_parcel, mark, marked
from tests.statements import reading

LIST = "query ($a: ID!, $f: ParcelFilter) { parcels(accountId: $a, filter: $f) { totalCount nodes { id } } }"
SIGN = "¶"
EMAIL = f"{SIGN}email{SIGN}@example.com"


@pytest.fixture
async def merchant(database: str) -> Merchant:
    """One with a parcel of which everything is marked."""
    merchant = await a_merchant()
    await a_marked_parcel(merchant, SIGN)
    return merchant


@pytest.fixture
async def agent(database: str) -> Viewer:
    return await an_agent()


async def refused(schema: Schema, agent: Viewer, monkeypatch: pytest.MonkeyPatch, document: str, variables: dict[str, Any]) -> Answer:
    """The answer, for which nothing was read of anybody's personal data."""
    with reading(monkeypatch) as statements:
        answer = await ask(schema, agent, document, variables)
    assert [sql for sql, _ in statements if "parcel_personal_data" in sql] == []
    assert (answer.data or {}).get("parcels") is None
    assert SIGN not in "".join(error["message"] for error in answer.errors)
    return answer


# What inputs there are.


def test_nothing_is_chosen_by_but_the_outline_and_three_searches() -> None:
    """GHSA-2mxr-89gf-rc4v (Elide), CVE-2023-22894 (Strapi), Drupal GraphQL #814: a filter on what is withheld answered by yes and no."""
    found = {f"{name}.{field}": INPUTS[name][field] for name, named in filters().items() for field in named.fields}
    searches = {coordinate for coordinate, what in found.items() if isinstance(what, Searches)}
    assert searches == {"ParcelFilter.orderNumber", "ParcelFilter.trackingNumber", "ParcelFilter.search"}
    assert {type(what) for what in found.values()} == {Outline, Searches}


def test_no_filter_leads_to_another_row_or_to_another_filter() -> None:
    """CVE-2026-27886, CVE-2023-34235, GHSA-495j-h493-42q2 (Strapi): a filter through a relation reached what nobody may filter by."""
    assert [f"{name}.{field}" for name, named in filters().items() for field, given in named.fields.items() if not is_leaf(given)] == []


def test_there_is_no_and_or_not_to_hide_a_filter_in() -> None:
    """CVE-2026-30962 (Parse Server): only the keys at the top were looked at."""
    logical = {"and", "or", "not", "nor", "AND", "OR", "NOT", "_and", "_or", "_not", "some", "every", "none", "any", "all"}
    assert [name for name, named in inputs().items() if logical & set(named.fields)] == []
    assert [name for name, named in inputs().items() if any(get_named_type(each.type) is named for each in named.fields.values())] == []


def test_a_filter_stands_where_its_list_is_and_nowhere_else() -> None:
    """CVE-2026-33326 (Keystone): a sibling of the input that was mended took the same filter."""
    taken = {coordinate for coordinate, given in arguments() if get_named_type(given.type).name in filters()}
    lists = {"Query.accounts", "Query.parcels", "Query.claims", "Account.parcels", "Account.claims", "Account.accessLog"}
    assert taken == {f"{name}.filter" for name in lists}
    within = {f"{name}.{field}" for name, named in inputs().items() for field, given in named.fields.items() if not is_leaf(given)}
    assert within == {"ExportParcelsInput.filter", "UpdateParcelInput.recipient", "UpdateSettingsInput.senderAddresses"}


def test_no_list_is_ordered_by_anything_but_its_time() -> None:
    """CVE-2026-57954 (Elide): the filter was mended, sorting by the same field was not."""
    found = {}
    for coordinate, given in arguments():
        named = get_named_type(given.type)
        if isinstance(named, GraphQLEnumType) and "order" in named.name.lower():
            found[coordinate] = set(named.values)
    created = {"CREATED_DESC", "CREATED_ASC"}
    assert found == {"Query.parcels.orderBy": created, "Account.parcels.orderBy": created}
    assert [coordinate for coordinate, _ in arguments() if "sort" in coordinate.lower() or coordinate.lower().endswith("order")] == []


# Trying all the same.

HIDDEN_IN = {
    "and": {"and": [{"search": EMAIL}]},
    "or-not-three-deep": {"or": [{"not": {"and": [{"search": EMAIL}]}}]},
    "a-relation": {"recipient": {"email": EMAIL}},
    "a-relation-of-the-account": {"account": {"users": {"email": EMAIL}}},
    "a-column": {"d.email": EMAIL},
    "a-path": {"recipient.email": EMAIL},
    "an-operator": {"search": {"startsWith": EMAIL}},
    "a-pattern": {"email_regex": ".*"},
    "is-null": {"email": None},
    "a-prototype": {"__proto__": {"search": EMAIL}},
    "what-looks-like-a-list": {"status": {"length": 1, "0": EMAIL}},
    "a-text-for-a-list": {"status": EMAIL},
    "a-list-for-a-text": {"search": [EMAIL]},
    "a-truth-for-a-text": {"search": True},
    "the-whole-a-text": EMAIL,
    "the-whole-a-list": [{"search": EMAIL}, {"search": EMAIL}],
    "the-whole-a-truth": True,
    "the-whole-a-number": 7,
}


@pytest.mark.parametrize("given", HIDDEN_IN.values(), ids=HIDDEN_IN)
async def test_a_filter_of_another_shape_is_refused_before_anything_is_read(
    merchant: Merchant, agent: Viewer, schema: Schema, monkeypatch: pytest.MonkeyPatch, given: object
) -> None:
    """CVE-2026-34595, CVE-2026-30962 (Parse Server), CVE-2026-27886 (Strapi): what was not a list, or not at the top, was not looked at."""
    answer = await refused(schema, agent, monkeypatch, LIST, {"a": account_id(merchant.id), "f": given})
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_a_list_of_one_filter_is_that_filter_and_refused_like_it(
    merchant: Merchant, agent: Viewer, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2026-34595 (Parse Server): a list that was read as its only element must be decided as that."""
    document = """query ($a: ID!, $f: ParcelFilter) {
      parcels(accountId: $a, filter: $f) { totalCount } account(id: $a) { parcels(filter: $f) { totalCount } } }"""
    answer = await refused(schema, agent, monkeypatch, document, {"a": account_id(merchant.id), "f": {"status": "ANNOUNCED", "search": EMAIL}})
    assert set(answer.reasons) == {"NO_LIVE_CONSENT"}


ORDERS = ['"EMAIL_ASC"', "EMAIL_ASC", "RECIPIENT_NAME", '{email: "ASC"}', "[CREATED_ASC, CREATED_DESC]", '"d.email"']


@pytest.mark.parametrize("order", ORDERS)
async def test_an_order_there_is_not_is_refused(
    merchant: Merchant, agent: Viewer, schema: Schema, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    """CVE-2026-57954 (Elide): sorting by what is withheld tells it, row by row."""
    document = f"query ($a: ID!) {{ parcels(accountId: $a, orderBy: {order}) {{ nodes {{ id }} }} }}"
    answer = await refused(schema, agent, monkeypatch, document, {"a": account_id(merchant.id)})
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_the_directory_is_searched_by_company_and_by_nobody_s_name_or_address(merchant: Merchant, agent: Viewer, schema: Schema) -> None:
    """GHSA-7wq3-jr35-275c (Directus): free-text search looked through columns the caller may not see."""
    await db.execute("UPDATE users SET email = :email, name = :name WHERE id = :id", email=EMAIL, name=mark(SIGN, "name"), id=merchant.owner.id)
    texts = [*(value for value in marked(SIGN).values() if isinstance(value, str)), EMAIL, SIGN, "replies@example.com", "Senderstraat"]
    for text in texts:
        answer = await ask(schema, agent, "query ($s: String) { accounts(filter: {search: $s}) { totalCount nodes { id } } }", {"s": text})
        assert answer.data == {"accounts": {"totalCount": 0, "nodes": []}}, text
    assert (await ask(schema, agent, '{ accounts(filter: {search: "bakker"}) { totalCount } }')).data == {"accounts": {"totalCount": 1}}


async def test_whether_a_claim_is_open_is_asked_of_ones_own_accounts_only(merchant: Merchant, agent: Viewer, schema: Schema) -> None:
    """CVE-2026-54698 (Hasura): a filter by a computed relation left out the rule on that relation's rows."""
    other = await a_merchant("Other Outdoors")
    theirs = await a_marked_parcel(other, "§")
    claim = await a_claim(theirs, description=mark("§", "description"))
    for has_one in (True, False):
        for variables, viewer in (({"f": {"hasOpenClaim": has_one}}, merchant.owner), ({"f": {"hasOpenClaim": has_one}}, merchant.member)):
            document = "query ($f: ParcelFilter) { parcels(filter: $f) { totalCount } claims(filter: {open: true}) { totalCount } }"
            answer = await ask(schema, viewer, document, variables)
            assert answer.data == {"parcels": {"totalCount": 0 if has_one else 1}, "claims": {"totalCount": 0}}
    assert (await ask(schema, merchant.owner, "query ($c: ID!) { claim(id: $c) { id } }", {"c": claim_id(claim)})).codes == ["NOT_FOUND"]


# Naming a row by something else than its id.

BESIDE = {
    "an-update": ("updateParcel", {"version": 1, "email": EMAIL}),
    "an-update-by-its-person": ("updateParcel", {"version": 1, "where": {"email": EMAIL}}),
    "a-deletion": ("deleteParcel", {"email": EMAIL}),
    "a-deletion-by-order": ("deleteParcel", {"orderNumber": mark(SIGN, "order_number")}),
    "a-claim": ("fileClaim", {"kind": "CLAIM", "type": "LOST", "description": "?", "trackingNumber": mark(SIGN, "tracking_number")}),
}


@pytest.mark.parametrize(("mutation", "beside"), BESIDE.values(), ids=BESIDE)
async def test_a_row_is_named_by_its_id_and_by_nothing_beside_it(
    merchant: Merchant, schema: Schema, mutation: str, beside: dict[str, object]
) -> None:
    """CVE-2025-46720 (Keystone): a second condition beside the id told whether it held."""
    (row,) = await db.fetch("SELECT id FROM parcels")
    document = f"mutation ($i: {mutation[0].upper()}{mutation[1:]}Input!) {{ {mutation}(input: $i) {{ __typename }} }}"
    answer = await ask(schema, merchant.owner, document, {"i": {"parcelId": parcel_id(db.uuid(row["id"])), **beside}})
    assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"])
    assert SIGN not in answer.text


@pytest.mark.parametrize("cursor", [EMAIL, mark(SIGN, "name"), f'{{"email": "{EMAIL}"}}', "eyJlbWFpbCI6ICJhIn0=", ""])
async def test_a_cursor_is_a_place_in_time_and_can_not_be_a_value(merchant: Merchant, agent: Viewer, schema: Schema, cursor: str) -> None:
    """CVE-2026-33326 (Keystone): a cursor took a unique value and told whether there was such a row."""
    document = "query ($a: ID!, $c: String) { parcels(accountId: $a, first: 1, after: $c) { totalCount } }"
    answer = await ask(schema, agent, document, {"a": account_id(merchant.id), "c": cursor})
    assert (answer.data, answer.codes) == ({"parcels": None}, ["BAD_USER_INPUT"])
    assert SIGN not in answer.text
