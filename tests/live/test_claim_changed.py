"""claimChanged: each change of a claim, whoever makes it, to whoever may know of the claim, and each event decided by itself."""

from __future__ import annotations

import pytest

from tests.asking import account_id, claim_id, parcel_id, recorded
from tests.builders import Merchant, a_claim, a_merchant, a_parcel, an_agent
from tests.live.watching import watching
from tests.serving import Deployment, token_of

CLAIM = "id status account { id } handledBy description opensParcel parcel { recipient { name } } investigation { kind note }"
ONE = f"subscription ($id: ID!) {{ claimChanged(accountId: $id) {{ {CLAIM} }} }}"
ALL = f"subscription {{ claimChanged {{ {CLAIM} }} }}"
FILE = 'mutation ($id: ID!) { fileClaim(input: {parcelId: $id, kind: CLAIM, type: LOST, description: "Of the Bakkers"}) { claim { id } } }'
TAKE = "mutation ($id: ID!) { takeClaim(input: {claimId: $id}) { claim { id } } }"
ASK = 'mutation ($id: ID!) { logInvestigation(input: {claimId: $id, kind: ASKED_MERCHANT, note: "Which colour?"}) { claim { id } } }'
ANSWER = 'mutation ($id: ID!) { answerClaim(input: {claimId: $id, message: "Red"}) { claim { id } } }'
CLOSE = "mutation ($id: ID!) { closeClaim(input: {claimId: $id, outcome: RESOLVED}) { claim { id } } }"
WITHDRAW = "mutation ($id: ID!) { withdrawClaim(input: {claimId: $id}) { claim { id } } }"


@pytest.fixture
async def merchant(deployment: Deployment) -> Merchant:
    return await a_merchant()


async def test_each_change_is_told_to_both_sides(deployment: Deployment, merchant: Merchant) -> None:
    parcel, agent = await a_parcel(merchant, name="Jan Bakker"), await an_agent()
    owners, agents = await token_of(merchant.owner), await token_of(agent)
    async with (
        watching(deployment.server, agent, ALL, merchant) as everyone,
        watching(deployment.server, agent, ONE, merchant) as one,
        watching(deployment.other, merchant.member, ALL, merchant) as own,
        watching(deployment.other, merchant.admin, ONE, merchant) as own_too,
    ):
        key, last = parcel_id(parcel.id), None
        for document, token, status, seen in (
            (FILE, owners, "SUBMITTED", True),
            (TAKE, agents, "INVESTIGATING", True),
            (ASK, agents, "AWAITING_MERCHANT", True),
            (ANSWER, owners, "INVESTIGATING", True),
            (CLOSE, agents, "RESOLVED", False),
        ):
            answer = await deployment.other.ask(document, {"id": key}, token=token)
            assert "errors" not in answer
            key = next(iter(answer["data"].values()))["claim"]["id"]
            for watch in (everyone, one):
                claim = await watch.claim()
                assert (claim["id"], claim["status"], claim["opensParcel"]) == (key, status, seen)
                assert claim["description"] == ("Of the Bakkers" if seen else None)
                assert claim["parcel"] == {"recipient": {"name": "Jan Bakker" if seen else None}}
            for watch in (own, own_too):
                claim = await watch.claim()
                assert (claim["status"], claim["description"]) == (status, "Of the Bakkers")
                assert claim["parcel"] == {"recipient": {"name": "Jan Bakker"}}
                last = claim["investigation"]
    assert last == [{"kind": "ASKED_MERCHANT", "note": "Which colour?"}, {"kind": "MERCHANT_ANSWERED", "note": "Red"}]


async def test_what_an_agent_is_shown_is_recorded_event_by_event(deployment: Deployment, merchant: Merchant) -> None:
    parcel, agent = await a_parcel(merchant), await an_agent()
    key = {"id": claim_id(await a_claim(parcel))}
    owners = await token_of(merchant.owner)
    async with watching(deployment.server, agent, ALL, merchant) as watch:
        for document, written in ((ANSWER, True), (WITHDRAW, False)):
            before = len(await recorded())
            assert "errors" not in await deployment.other.ask(document, key, token=owners)
            await watch.claim()
            assert (len([event for event in (await recorded())[before:] if event.agent_id == agent.id]) > 0) is written


async def test_another_merchant_hears_nothing_and_may_not_ask(deployment: Deployment, merchant: Merchant) -> None:
    other = await a_merchant("De Groot Fietsen")
    mine, theirs = await a_claim(await a_parcel(merchant)), await a_claim(await a_parcel(other))
    async with watching(deployment.server, other.owner, ALL, other) as watch:
        await deployment.other.ask(WITHDRAW, {"id": claim_id(mine)}, token=await token_of(merchant.owner))
        await deployment.other.ask(WITHDRAW, {"id": claim_id(theirs)}, token=await token_of(other.owner))
        assert (await watch.claim())["id"] == claim_id(theirs)
        messages = await watch.socket.run(ONE, {"id": account_id(merchant.id)})
    assert [message["type"] for message in messages] == ["error"]
    assert messages[0]["payload"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_deleted_parcel_s_claims_are_told_as_withdrawn(deployment: Deployment, merchant: Merchant) -> None:
    parcel = await a_parcel(merchant)
    claim = await a_claim(parcel)
    async with watching(deployment.server, await an_agent(), ONE, merchant) as watch:
        delete = "mutation ($id: ID!) { deleteParcel(input: {parcelId: $id}) { deletedId } }"
        answer = await deployment.other.ask(delete, {"id": parcel_id(parcel.id)}, token=await token_of(merchant.owner))
        assert "errors" not in answer
        told = await watch.claim()
    assert (told["id"], told["status"], told["parcel"], told["description"]) == (claim_id(claim), "WITHDRAWN", None, None)


async def test_nobody_may_not_listen(deployment: Deployment, merchant: Merchant) -> None:
    async with deployment.server.socket() as socket:
        for document, variables in ((ALL, None), (ONE, {"id": account_id(merchant.id)})):
            messages = await socket.run(document, variables)
            assert [message["type"] for message in messages] == ["error"]
            assert messages[0]["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"
