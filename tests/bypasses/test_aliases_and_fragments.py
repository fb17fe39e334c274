"""What an answer shows does not depend on how it is asked for: alone or together, under whatever key, denied in part or as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_composite_type

from policy.classification import FIELDS, Personal
from policy.vocabulary import Viewer
from schema.build import Schema
from tests.asking import ask, parcel_id
from tests.builders import Merchant, ParcelMade, a_claim, a_merchant, an_agent
from tests.marks import a_marked_parcel, seen
from tests.server.inputs import SCHEMA


@pytest.fixture
async def merchant(database: str) -> Merchant:
    return await a_merchant()


@pytest.fixture
async def agent(database: str) -> Viewer:
    return await an_agent()


@pytest.fixture
async def parcel(merchant: Merchant) -> ParcelMade:
    return await a_marked_parcel(merchant, "¶")


def _leaves(type_name: str) -> str:
    named = SCHEMA.type_map[type_name]
    assert isinstance(named, GraphQLObjectType)
    return " ".join(name for name, field in named.fields.items() if not is_composite_type(get_named_type(field.type)))


def alone() -> Iterator[str]:
    """Every personal field of a parcel as the only thing that is asked for."""
    for type_name, around in (("Parcel", "%s"), ("Recipient", "recipient { %s }"), ("TrackingEvent", "events { %s }")):
        named: Any = SCHEMA.type_map[type_name]
        for name, what in FIELDS[type_name].items():
            if isinstance(what, Personal):
                inner = get_named_type(named.fields[name].type)
                yield around % (f"{name} {{ {_leaves(inner.name)} }}" if is_composite_type(inner) else name)


async def test_a_field_asked_for_alone_is_decided_as_it_is_among_all_the_others(
    merchant: Merchant, agent: Viewer, parcel: ParcelMade, schema: Schema
) -> None:
    """Ridu 0.22.0: what was not selected was not there for the rule either, and what was missing was taken for allowed."""
    asking = list(alone())
    assert len(asking) == 24
    for what in asking:
        answer = await ask(schema, agent, f'{{ parcel(id: "{parcel_id(parcel.id)}") {{ {what} }} }}')
        assert (seen("¶", answer.text), answer.errors) == (frozenset(), []), what
        assert [entry["reason"] for entry in answer.privacy["withheld"]] == ["NO_LIVE_CONSENT"], what
    await a_claim(parcel)
    for what in asking:
        answer = await ask(schema, agent, f'{{ parcel(id: "{parcel_id(parcel.id)}") {{ {what} }} }}')
        assert answer.privacy.get("withheld") is None, what
        assert seen("¶", answer.text), what
        own = await ask(schema, merchant.member, f'{{ parcel(id: "{parcel_id(parcel.id)}") {{ {what} }} }}')
        assert own.data == answer.data or "documents" in what, what  # each has links of their own


async def test_where_all_is_denied_every_key_is_there_and_null(agent: Viewer, parcel: ParcelMade, schema: Schema) -> None:
    """Apollo Router #9022: with every field denied another path answered, and answered otherwise."""
    given = {"p": parcel_id(parcel.id)}
    answer = await ask(schema, agent, "query ($p: ID!) { parcel(id: $p) { recipient { e: email name } note } }", given)
    assert (answer.data, answer.errors) == ({"parcel": {"recipient": {"e": None, "name": None}, "note": None}}, [])
    document = "query ($p: ID!) { a: parcel(id: $p) { id } b: node(id: $p) { id } c: accounts { totalCount } d: viewer { id } }"
    answer = await ask(schema, None, document, given)
    assert answer.data == {"a": None, "b": None, "c": None, "d": None}
    assert [(error["path"], error["extensions"]["code"]) for error in answer.errors] == [([key], "UNAUTHENTICATED") for key in "abc"]
    answer = await ask(schema, agent, "mutation ($p: ID!) { a: deleteParcel(input: {parcelId: $p}) { deletedId } }", given)
    assert (answer.data, [error["path"] for error in answer.errors]) == ({"a": None}, [["a"]])
