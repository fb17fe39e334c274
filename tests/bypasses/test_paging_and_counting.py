"""How many there are, and how long a page is, tells nothing of what is withheld on it."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLObjectType

from policy.vocabulary import Viewer
from schema.build import Schema
from tests.asking import account_id, ask, parcel_id
from tests.builders import Merchant, a_claim, a_merchant, an_agent
from tests.bypasses.filters import arguments
from tests.marks import SIGNS, a_marked_parcel, seen
from tests.server.inputs import SCHEMA


@pytest.fixture
async def merchant(database: str) -> Merchant:
    return await a_merchant()


@pytest.fixture
async def agent(database: str) -> Viewer:
    return await an_agent()


PAGE = """query ($a: ID!, $after: String) { parcels(accountId: $a, first: 2, after: $after) {
  totalCount pageInfo { hasNextPage endCursor } nodes { id note recipient { name } } } }"""


async def test_a_page_is_as_long_wherever_something_on_it_is_withheld(merchant: Merchant, agent: Viewer, schema: Schema) -> None:
    """CVE-2023-44401, CVE-2020-6165 (Silverstripe): a page refilled after filtering held rows that nobody had checked."""
    made = {sign: await a_marked_parcel(merchant, sign) for sign in SIGNS[:7]}
    opened = [SIGNS[0], SIGNS[3], SIGNS[4]]
    for sign in opened:
        await a_claim(made[sign])
    rows, after, sizes = [], None, []
    while True:
        answer = await ask(schema, agent, PAGE, {"a": account_id(merchant.id), "after": after})
        page = answer.data["parcels"]
        assert page["totalCount"] == 7
        rows += page["nodes"]
        sizes.append(len(page["nodes"]))
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert sizes == [2, 2, 2, 1]
    assert [row["id"] for row in rows] == [parcel_id(made[sign].id) for sign in reversed(SIGNS[:7])]
    assert {sign for sign in SIGNS[:7] if seen(sign, repr(rows))} == set(opened)


AGGREGATES = (
    "min",
    "max",
    "sum",
    "avg",
    "average",
    "counts",
    "countby",
    "group",
    "groupby",
    "distinct",
    "aggregate",
    "having",
    "stats",
    "histogram",
    "facets",
)


def test_nothing_is_aggregated_grouped_or_made_distinct_but_rows_that_are_counted() -> None:
    """CVE-2026-35442 (Directus), CVE-2026-92771 (Twenty), Neo4j #4702: the least, the greatest and the groups of what is withheld."""
    found = {
        f"{type_name}.{name}"
        for type_name, named in SCHEMA.type_map.items()
        if isinstance(named, GraphQLObjectType) and not type_name.startswith("__")
        for name in named.fields
        if name.lower().startswith(AGGREGATES) or name.endswith("Count")
    }
    assert found == {
        *(f"{noun}Connection.totalCount" for noun in ("Account", "Parcel", "Claim", "Consent", "AccessEvent")),
        "Parcel.colloCount",
    }
    assert [coordinate for coordinate, _ in arguments() if coordinate.rsplit(".", 1)[1].lower().startswith(AGGREGATES)] == []


@pytest.mark.parametrize(
    "below",
    [
        "aggregate { min { email } }",
        "groupBy(field: EMAIL) { key }",
        "distinct(on: email) { email }",
        "totalCount(where: {email: 1})",
        "max(field: note)",
    ],
)
async def test_an_aggregate_there_is_not_is_refused(merchant: Merchant, agent: Viewer, schema: Schema, below: str) -> None:
    """CVE-2026-35442 (Directus), CVE-2026-92771 (Twenty): and it is not guessed what was meant."""
    answer = await ask(schema, agent, f'{{ parcels(accountId: "{account_id(merchant.id)}") {{ {below} }} }}')
    assert (answer.data, set(answer.codes)) == (None, {"BAD_USER_INPUT"})


async def test_a_total_is_of_rows_and_the_same_whatever_is_on_them(merchant: Merchant, agent: Viewer, schema: Schema) -> None:
    """Graphcool #250, Neo4j #4840: the total was counted before the rule, with a filter on what is withheld."""
    document = "query ($a: ID!, $f: ParcelFilter) { parcels(accountId: $a, filter: $f) { totalCount pageInfo { hasNextPage } } }"
    told: list[Any] = []
    for sign in ("¶", "§"):
        await a_marked_parcel(merchant, sign)
        for asked in ({"search": f"{sign}name"}, {"orderNumber": f"{sign}order_number{sign}"}, {"search": "nobody", "status": ["ANNOUNCED"]}):
            answer = await ask(schema, agent, document, {"a": account_id(merchant.id), "f": asked})
            told.append((answer.data, [(error["message"], error["extensions"]) for error in answer.errors]))
    assert all(each == told[0] for each in told)
    assert told[0][0] == {"parcels": None}
    answer = await ask(schema, agent, document, {"a": account_id(merchant.id), "f": {"status": ["ANNOUNCED"]}})
    assert answer.data["parcels"]["totalCount"] == 2
