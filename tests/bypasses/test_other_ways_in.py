"""The same data by another name, another type or through something made of it."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_composite_type

import models
from models import database as db
from policy.classification import COLUMNS, FIELDS, PERSONAL_TABLES, Outline, Personal
from policy.vocabulary import Viewer
from schema.build import Schema
from schema.ids import global_id
from tests.asking import Answer, ask
from tests.builders import Merchant, a_claim, a_merchant, an_agent
from tests.marks import a_marked_parcel, seen
from tests.schema.doors import World, a_world
from tests.schema.rungs import Rung
from tests.server.inputs import SCHEMA


@pytest.fixture
async def world(database: str) -> World:
    return await a_world()


# Something computed from it.


def outline(type_name: str, hops: int) -> str:
    """Every field of a type that is not personal and takes no arguments, and those of the types it leads to, so many hops far."""
    named = SCHEMA.type_map[type_name]
    assert isinstance(named, GraphQLObjectType)
    found = []
    for name, field in named.fields.items():
        if not isinstance(FIELDS[type_name][name], Outline) or name == "now":  # which is another at each asking
            continue
        inner = get_named_type(field.type)
        if not is_composite_type(inner):
            found.append(name)
        elif hops and isinstance(inner, GraphQLObjectType):
            found.append(f"{name} {{ {outline(inner.name, hops - 1)} }}")
    return " ".join(found) or "__typename"


async def outlines(world: World, schema: Schema) -> list[Any]:
    """All an agent with nothing gets of what is not personal, three hops far."""
    viewer = await world.ladder.stand_on(Rung.NOTHING)
    asked = (
        f"query ($parcel: ID!) {{ parcel(id: $parcel) {{ {outline('Parcel', 3)} }} }}",
        f"query ($claim: ID!) {{ claim(id: $claim) {{ {outline('Claim', 3)} }} }}",
        f"query ($account: ID!) {{ parcels(accountId: $account) {{ {outline('ParcelConnection', 3)} }} }}",
        f"query ($account: ID!) {{ account(id: $account) {{ {outline('Account', 3)} }} }}",
        f"query ($consent: ID!) {{ node(id: $consent) {{ ... on Consent {{ {outline('Consent', 3)} }} }} }}",
    )
    answers: list[Answer] = []
    for document in asked:
        name = document.split("$")[1].split(":")[0]
        answers.append(await ask(schema, viewer, document, {name: world.variables[name]}))
    assert [answer.codes for answer in answers] == [[]] * len(asked)
    return [answer.data for answer in answers]


async def test_nothing_public_is_computed_from_what_is_personal_however_many_hops_away(world: World, schema: Schema) -> None:
    """GHSA-m8jr-fxqx-8xx6 (Apollo Federation): what was computed from a protected field was not protected, nor what was computed from that."""
    before = await outlines(world, schema)
    for table in sorted(PERSONAL_TABLES - {"direct_debits"}):
        for column, what in COLUMNS[table].items():
            if isinstance(what, Personal):
                await db.execute(f"UPDATE {table} SET {column} = {_another(column)}")
    assert await outlines(world, schema) == before
    for table in ("investigation_personal_data", "claim_personal_data", "parcel_files", "parcel_events", "parcel_personal_data"):
        await db.execute(f"DELETE FROM {table}")
    assert await outlines(world, schema) == before


def _another(column: str) -> str:
    """Another value, of what the column holds."""
    if column == "version":
        return "version + 7"
    if column in {"items", "documents", "sender_addresses"}:
        return "'[]'"
    if column == "occurred_at":
        return "occurred_at"  # an instant is written differently by each engine; the rows are deleted afterwards
    return "NULL" if column.endswith("_key") or column == "content" else "'Any'"


# Another type on the same row.


async def test_a_row_is_found_by_the_id_of_its_own_type_and_by_no_other_s(world: World, schema: Schema) -> None:
    """CVE-2025-22151 (Strawberry): `node` gave a row as whatever type its id said, or the fragment asked for."""
    world_ids = {"Account": world.ladder.merchant.id, "Parcel": world.ladder.parcel.id, "Claim": world.claim, "Consent": world.consent}
    fragments = " ".join(f"... on {name} {{ ...{name}s }}" for name in (*world_ids, "AccessEvent"))
    document = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename id {fragments} }} }}"
    document += "".join(f" fragment {name}s on {name} {{ {name.lower()}Id: id }}" for name in (*world_ids, "AccessEvent"))
    viewer = await world.ladder.stand_on(Rung.NOTHING)
    types = [name for name, named in SCHEMA.type_map.items() if is_composite_type(named)]
    wrong = [global_id(name, key) for name in types for own, key in world_ids.items() if name != own]
    assert len(wrong) > 150
    for start in range(0, len(wrong), 100):
        answer = await ask(schema, viewer, document, {"ids": wrong[start : start + 100]})
        assert (set(map(str, answer.data["nodes"])), answer.errors) == ({"None"}, [])
    for name, key in world_ids.items():
        answer = await ask(schema, viewer, document, {"ids": [global_id(name, key)]})
        assert set(answer.data["nodes"][0]) == {"__typename", "id", f"{name.lower()}Id"}


async def test_a_fragment_on_a_type_that_the_row_is_not_of_shows_nothing_of_it(world: World, schema: Schema) -> None:
    """CVE-2025-22151 (Strawberry): asked for the weak type, answered with the strong one."""
    viewer = await world.ladder.stand_on(Rung.NOTHING)
    document = (
        """query ($account: ID!) { node(id: $account) { __typename ... on Parcel { note recipient { name } } ... on Claim { description } } }"""
    )
    answer = await ask(schema, viewer, document, {"account": world.variables["account"]})
    assert (answer.data, answer.errors) == ({"node": {"__typename": "Account"}}, [])


# Many at once, each by itself.


async def test_of_many_rows_each_is_decided_by_its_own_facts(database: str, schema: Schema) -> None:
    """CVE-2025-31485 (API Platform): what was decided of a field for one row was remembered for the next."""
    merchants: list[Merchant] = [await a_merchant(), await a_merchant("Other Outdoors")]
    agent: Viewer = await an_agent()
    made = [await a_marked_parcel(merchants[number % 2], sign) for number, sign in enumerate("¶§©®±¿")]
    await a_claim(made[1])
    await a_claim(made[4])
    ids = [global_id("Parcel", parcel.id) for parcel in made]
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Parcel { note recipient { name } } } }"
    for order in (ids, ids[::-1], [ids[1]] * 2 + ids):
        answer = await ask(schema, agent, document, {"ids": order})
        shown = [node["note"] is not None for node in answer.data["nodes"]]
        assert shown == [each in {ids[1], ids[4]} for each in order]
        assert {sign for sign in "¶§©®±¿" if seen(sign, answer.text)} == {"§", "±"}
    assert await models.AccessEvent.filter(parcel_id__not_in=[made[1].id, made[4].id]).count() == 0
