"""What the engine remembers of a document says nothing of who asked, and lets nobody ask for more than they could without it."""

from __future__ import annotations

from typing import Any

import pytest

import engine
from engine import FastSchema
from schema.prepared import MOST_SHAPES
from tests.asking import account_id, ask
from tests.builders import a_consent, a_merchant, a_parcel, an_agent

PAGES = """query ($a: ID!, $outer: Int, $inner: Int) { account(id: $a) { parcels(first: $outer) { nodes {
    account { claims(first: $inner) { nodes { id parcel { account { parcels(first: 100) { nodes { id status } } } } } } } } } } }"""
PARCEL = """query ($a: ID!, $with: Boolean!) { parcels(accountId: $a) { nodes {
    status recipient @include(if: $with) { name } note @skip(if: $with) } } }"""


@pytest.fixture
def fast() -> FastSchema:
    return engine.build()


async def test_what_was_affordable_with_some_numbers_is_not_so_with_others(database: str, fast: FastSchema) -> None:
    merchant = await a_merchant()

    async def codes(**numbers: Any) -> list[str]:
        return (await ask(fast, merchant.owner, PAGES, {"a": account_id(merchant.id), **numbers})).codes

    for _ in range(2):
        assert await codes(outer=5, inner=None) == []
        assert await codes(outer=1, inner=50) == []
        assert await codes(outer=None, inner=5) == []
        assert await codes(outer=50, inner=50) == ["TOO_COMPLEX"]
        assert await codes(outer=50) == ["TOO_COMPLEX"]


async def test_a_document_is_answered_in_the_shape_and_for_the_caller_of_each_request(database: str, fast: FastSchema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    await a_parcel(merchant, name="Jan Bakker", note="Ring twice")

    async def answered(viewer: Any, *, with_recipient: bool) -> dict[str, Any]:
        answer = await ask(fast, viewer, PARCEL, {"a": account_id(merchant.id), "with": with_recipient})
        assert answer.errors == []
        found: dict[str, Any] = answer.data["parcels"]["nodes"][0]
        return found

    for _ in range(3):
        assert await answered(merchant.owner, with_recipient=True) == {"status": "ANNOUNCED", "recipient": {"name": "Jan Bakker"}}
        assert await answered(merchant.owner, with_recipient=False) == {"status": "ANNOUNCED", "note": "Ring twice"}
        assert await answered(agent, with_recipient=True) == {"status": "ANNOUNCED", "recipient": {"name": None}}
        assert await answered(agent, with_recipient=False) == {"status": "ANNOUNCED", "note": None}
    await a_consent(merchant)
    assert await answered(agent, with_recipient=True) == {"status": "ANNOUNCED", "recipient": {"name": "Jan Bakker"}}


async def test_shapes_and_numbers_without_end_are_answered_and_not_all_kept(database: str, fast: FastSchema) -> None:
    merchant = await a_merchant()
    names = [f"v{number}" for number in range(6)]
    fields = " ".join(f"f{number}: id @include(if: ${name})" for number, name in enumerate(names))
    document = (
        f"query ({', '.join(f'${name}: Boolean!' for name in names)}, $n: Int) {{ viewer {{ kind {fields} }} accounts(first: $n) {{ totalCount }} }}"
    )
    for bits in range(64):
        shape = {name: bool(bits >> number & 1) for number, name in enumerate(names)}
        for _ in range(2):
            answer = await ask(fast, merchant.owner, document, shape | {"n": bits})
            assert list(answer.data["viewer"]) == ["kind", *(f"f{number}" for number, name in enumerate(names) if shape[name])]
    (kept,) = fast.prepared._kept.values()
    assert len(kept.made) <= MOST_SHAPES
