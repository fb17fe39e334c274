"""Every way to what was written in a claim: agents read it while that very claim opens its parcel, or under a live consent.

¶ marks the texts of a claim that came by e-mail, § those of one filed in the Support section, both on the ladder's parcel.
"""

from __future__ import annotations

import re

import pytest

from policy.classification import FIELDS, Personal
from schema.build import Schema
from tests.schema.doors import MERCHANTS, NOTHING, OWNERS, Door, World, a_world, climb, recorded_by_operation, through
from tests.schema.rungs import AGENTS, LIVE, Rung


@pytest.fixture
async def world(database: str) -> World:
    return await a_world()


TEXTS = frozenset({"description", "reference", "remark", "answer"})
SEES_OUTSIDE = MERCHANTS | LIVE
SEES_FILED = MERCHANTS | {Rung.CLAIM} | LIVE

ALL = "description investigation { by note carrierReference }"
OUTSIDE = frozenset({"¶"})
BOTH = frozenset({"¶", "§"})

DOORS = {
    "claim": Door(f"{{ claim(id: $claim) {{ {ALL} }} }}"),
    "claims, filed": Door(f"{{ filed: claim(id: $filed) {{ {ALL} }} claim(id: $claim) {{ {ALL} }} }}", both=True),
    "claims.nodes": Door(f"{{ claims(accountId: $account) {{ nodes {{ {ALL} }} }} }}", both=True),
    "claims.edges.node": Door(f"{{ claims {{ edges {{ node {{ {ALL} }} }} }} }}", both=True),
    "claims, backward": Door(f"{{ claims(accountId: $account, last: 50) {{ totalCount nodes {{ {ALL} }} }} }}", both=True),
    "account.claims": Door(f"{{ account(id: $account) {{ claims {{ nodes {{ {ALL} }} }} }} }}", both=True),
    "accounts.claims": Door(f"{{ accounts {{ nodes {{ claims {{ nodes {{ {ALL} }} }} }} }} }}", both=True),
    "viewer.account.claims": Door(f"{{ viewer {{ account {{ claims {{ nodes {{ {ALL} }} }} }} }} }}", MERCHANTS, both=True),
    "parcel.claims": Door(f"{{ parcel(id: $parcel) {{ claims {{ {ALL} }} }} }}", both=True),
    "parcels.claims": Door(f"{{ parcels(accountId: $account) {{ nodes {{ claims {{ {ALL} }} }} }} }}", both=True),
    "claim.parcel.claims": Door(f"{{ claim(id: $claim) {{ parcel {{ claims {{ {ALL} }} }} }} }}", both=True),
    "agentLogin.account.claims": Door(f"{{ account(id: $account) {{ agentLogin {{ account {{ claims {{ nodes {{ {ALL} }} }} }} }} }} }}", both=True),
    "node": Door(f"{{ node(id: $claim) {{ ... on Node {{ ... on Claim {{ {ALL} }} }} }} }}"),
    "nodes": Door(f"{{ nodes(ids: [$claim, $parcel, $filed]) {{ ... on Claim {{ {ALL} }} }} }}", both=True),
    "accessLog.claim": Door(f"{{ account(id: $account) {{ accessLog(last: 1) {{ nodes {{ claim {{ {ALL} }} }} }} }} }}", OWNERS),
    "aliases": Door("{ claim(id: $claim) { status: description id: investigation { by: note kind: carrierReference } } }"),
    "skipped": Door("{ claim(id: $claim) { id description @skip(if: $yes) investigation { by note @include(if: $no) } } }", shows=NOTHING),
}


def texts(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Which texts of either claim stand in an answer."""
    outside, filed = (frozenset(re.findall(f"{sign}([a-z]+){sign}", text)) for sign in "¶§")
    return outside, filed


def expected(door: Door, rung: Rung) -> tuple[frozenset[str], frozenset[str]]:
    shows = TEXTS & door.shows if door.shows == NOTHING else TEXTS
    opened = rung in door.for_whom
    return (
        shows if opened and rung in SEES_OUTSIDE else NOTHING,
        shows if opened and rung in SEES_FILED and door.both else NOTHING,
    )


async def test_each_door_shows_each_caller_what_they_may_read_and_nothing_else(world: World, schema: Schema) -> None:
    wrong, shown = {}, set()
    async for name, rung, answer in climb(world, schema, DOORS):
        found = texts(answer.text)
        if found != expected(DOORS[name], rung):
            wrong[name, rung] = found
        if rung in AGENTS and any(found):
            shown.add(f"{name}: {rung}")
        assert "Member of" not in answer.text, rung  # of the merchant's people only the company is named
    assert wrong == {}
    recorded = await recorded_by_operation()
    assert shown <= set(recorded)
    # A claim on the sibling was shown as well; where nothing was, nothing is recorded.
    assert {operation for operation in recorded if operation.rsplit(": ")[-1] in {Rung.NOTHING, Rung.CLOSED_CLAIM, Rung.EXPIRED}} == set()
    fields = {field for events in recorded.values() for event in events for field in event.fields_}
    assert fields == {"Claim.description", "InvestigationEntry.note", "InvestigationEntry.carrierReference"}


def test_the_doors_ask_for_everything_that_is_written_in_a_claim() -> None:
    for name in ("Claim", "InvestigationEntry"):
        assert [field for field, what in FIELDS[name].items() if isinstance(what, Personal) and field not in ALL] == []


async def test_what_an_agent_wrote_is_shut_to_them_as_well(world: World, schema: Schema) -> None:
    """What somebody said on the phone is about the person on the parcel, whoever typed it."""
    agent = world.ladder.agent
    recorded = await through(
        schema,
        agent,
        f"""mutation {{ recordClaim(input: {{parcelId: $parcel, kind: CLAIM, type: LOST, channel: PHONE, description: "said on the phone"}}) {{
        claim {{ {ALL} channel opensParcel }} }} }}""",
        world.variables,
    )
    assert recorded.data["recordClaim"]["claim"] == {"description": None, "investigation": [], "channel": "PHONE", "opensParcel": False}
    assert recorded.privacy["withheld"][0]["reason"] == "NO_LIVE_CONSENT"


async def test_closing_a_claim_shuts_what_was_written_in_it_in_the_same_answer(world: World, schema: Schema) -> None:
    async for rung, agent in world.climb():
        if rung is not Rung.CLAIM:
            continue
        noted = await through(
            schema,
            agent,
            f'mutation {{ logInvestigation(input: {{claimId: $filed, kind: NOTE, note: "?"}}) {{ claim {{ {ALL} }} }} }}',
            world.variables,
        )
        assert texts(noted.text) == (NOTHING, TEXTS)
        closed = await through(
            schema,
            agent,
            f'mutation {{ closeClaim(input: {{claimId: $filed, outcome: RESOLVED, note: "said last"}}) {{ claim {{ status {ALL} }} }} }}',
            world.variables,
        )
        assert closed.data["closeClaim"]["claim"]["status"] == "RESOLVED"
        assert texts(closed.text) == (NOTHING, NOTHING)
        assert "said last" not in closed.text
