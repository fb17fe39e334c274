"""Many callers at once, of one process and one parsed document: nothing of one is in another's answer."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from typing import Any

import pytest

from policy.vocabulary import Viewer
from resolvers import documents
from schema.build import Schema
from tests.asking import account_id, ask, parcel_id
from tests.builders import Merchant, a_claim, a_consent, a_merchant, an_agent
from tests.marks import a_marked_parcel, mark, seen
from tests.serving import Deployment, token_of

EVERYTHING = "query ($a: ID!) { viewer { id name } account(id: $a) { companyName parcels { nodes { id note recipient { name email } } } } }"


async def test_callers_at_once_get_each_their_own(database: str, schema: Schema) -> None:
    """Strawberry 0.316.0: one instance of an extension for all who were asking.

    GHSA-hx78-272p-mqqh (graphql-shield): what was decided for one was found under the key of another.
    """
    merchants = [await a_merchant("ab"), await a_merchant("a")]
    for merchant, sign in zip(merchants, "¶§", strict=True):
        await a_marked_parcel(merchant, sign)
    helper, stranger = await an_agent("Helper"), await an_agent("Stranger")
    await a_consent(merchants[0])
    expected: list[tuple[Viewer, Merchant, set[str]]] = []
    for viewer, merchant in itertools.product((merchants[0].owner, merchants[1].member, helper, stranger), merchants):
        own = viewer.account_id == merchant.id
        expected.append((viewer, merchant, {"¶§"[merchants.index(merchant)]} if own or (viewer.is_agent and merchant is merchants[0]) else set()))
    asked = expected * 8
    answers = await asyncio.gather(*(ask(schema, viewer, EVERYTHING, {"a": account_id(merchant.id)}) for viewer, merchant, _ in asked))
    for (viewer, merchant, signs), answer in zip(asked, answers, strict=True):
        assert answer.data["viewer"]["name"] == viewer.name
        assert {sign for sign in "¶§" if seen(sign, answer.text)} == signs, (viewer.name, merchant.company_name)


async def test_a_trusted_document_remembers_nobody_s_variables_or_rights(deployment: Deployment) -> None:
    """GHSA-rr4x-crhf-8886 (graphql-mesh), FraiseQL's warning on persisted queries: a plan kept what belonged to its first caller."""
    merchant, other = await a_merchant(), await a_merchant("Other Outdoors")
    mine, claimed = await a_marked_parcel(merchant, "¶"), await a_marked_parcel(merchant, "§")
    await a_claim(claimed)
    callers = {name: await token_of(viewer) for name, viewer in (("owner", merchant.owner), ("other", other.owner), ("agent", await an_agent()))}
    shown: dict[tuple[str, int], Any] = {
        ("owner", 0): mark("¶", "name"),
        ("owner", 1): mark("§", "name"),
        ("agent", 0): None,
        ("agent", 1): mark("§", "name"),
    }
    async with deployment.server.client() as client:

        async def asked(name: str, place: int) -> Any:
            body = {"documentId": deployment.documents["Recipients"], "variables": {"id": parcel_id((mine, claimed)[place].id)}}
            return (await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {callers[name]}"})).json()

        order = list(itertools.product(callers, (0, 1))) * 6
        answers = await asyncio.gather(*(asked(name, place) for name, place in order))
    for (name, place), answer in zip(order, answers, strict=True):
        if name == "other":
            assert answer["data"] == {"parcel": None}
            assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        else:
            assert answer["data"] == {"parcel": {"recipient": {"name": shown[name, place]}}}, (name, place)


async def test_a_link_s_parts_can_not_be_taken_apart_otherwise(database: str) -> None:
    """GHSA-hx78-272p-mqqh (graphql-shield): ("ab", "c") and ("a", "bc") had one key. What ours are made of has one length each."""
    await documents.prepare()
    agent = await an_agent()
    one, another = uuid.UUID(int=1), uuid.UUID(int=256)
    tokens = {documents._token(agent, parcel, place) for parcel in (one, another) for place in range(256)}
    assert len(tokens) == 512
    assert {len(token) for token in tokens} == {44}
    with pytest.raises(ValueError, match="byte"):
        documents._token(agent, one, 256)
