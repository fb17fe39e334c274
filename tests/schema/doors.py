"""Ways to the same data, and the world they lead through: the callers' ladder, and what leads to its parcel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import models
from models import database as db
from models.fields import new_id
from policy.vocabulary import Action, Basis, ClaimChannel, ConsentState, Viewer
from schema.build import Schema
from schema.ids import global_id
from tests.asking import Answer, account_id, ask, claim_id, context_of, parcel_id
from tests.builders import a_claim, a_consent, a_merchant, an_agent
from tests.marks import EVERY_FIELD, EVERYTHING, a_marked_parcel
from tests.schema.rungs import LIVE, Ladder, Rung

NOTHING: frozenset[str] = frozenset()
MERCHANTS = frozenset({Rung.MEMBER, Rung.ADMIN, Rung.OWNER})
OWNERS = frozenset({Rung.ADMIN, Rung.OWNER})
#: Who may see the parcel, and who its sibling: another collo of the same shipment, to the same person.
SEES_PARCEL = MERCHANTS | {Rung.CLAIM} | LIVE
SEES_SIBLING = MERCHANTS | {Rung.CLAIM_ELSEWHERE} | LIVE
EVERYBODY = frozenset(Rung)


@dataclass(frozen=True)
class World:
    """The ladder, and ids of what leads to its parcel. The claim came by e-mail and opens nothing, the consent is over."""

    ladder: Ladder
    claim: UUID
    consent: UUID
    event: UUID

    @property
    def variables(self) -> dict[str, Any]:
        """The ids, as clients know them."""
        return {
            "account": account_id(self.ladder.merchant.id),
            "parcel": parcel_id(self.ladder.parcel.id),
            "sibling": parcel_id(self.ladder.elsewhere.id),
            "claim": claim_id(self.claim),
            "consent": global_id("Consent", self.consent),
            "event": global_id("AccessEvent", self.event),
        }


@pytest.fixture
async def world(database: str) -> World:
    merchant, agent = await a_merchant(), await an_agent()
    shipment = {"shipment_group": "shipment", "collo_count": 2}
    parcel = await a_marked_parcel(merchant, "¶", **shipment)
    sibling = await a_marked_parcel(merchant, "§", collo_number=2, **shipment)
    claim = await a_claim(parcel, channel=ClaimChannel.EMAIL)
    await a_claim(sibling, channel=ClaimChannel.EMAIL)
    consent = await a_consent(merchant, ConsentState.REVOKED)
    event = await models.AccessEvent.create(
        id=new_id(),
        at=await db.clock(),
        agent_id=agent.id,
        account_id=merchant.id,
        parcel_id=parcel.id,
        action=Action.VIEW_PERSONAL_DATA,
        basis=Basis.CONSENT,
        consent_id=consent,
        claim_id=claim,
        request_id="an-earlier-one",
    )
    return World(Ladder(merchant, await a_merchant("Other Outdoors"), agent, parcel, sibling), claim, consent, event.id)


@dataclass(frozen=True)
class Door:
    """A document, who gets through it at all, what is behind it of a parcel, and whether the sibling is behind it too."""

    document: str
    for_whom: frozenset[Rung] = EVERYBODY
    shows: frozenset[str] = EVERYTHING
    sibling: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    def expected(self, rung: Rung) -> tuple[frozenset[str], frozenset[str]]:
        """What stands in the answer of the parcel, and of its sibling."""
        opened = rung in self.for_whom
        return (
            self.shows if opened and rung in SEES_PARCEL else NOTHING,
            self.shows if opened and self.sibling and rung in SEES_SIBLING else NOTHING,
        )



TYPES = {
    **dict.fromkeys(("account", "parcel", "sibling", "claim", "consent", "event", "of"), "ID!"),
    "yes": "Boolean!",
    "no": "Boolean!",
    "version": "Int!",
}


async def through(schema: Schema, viewer: Viewer | None, document: str, given: dict[str, Any], **options: Any) -> Answer:
    """Ask with the variables that the document uses."""
    used = {name: value for name, value in given.items() if f"${name}" in document}
    head = ", ".join(f"${name}: {TYPES[name]}" for name in used)
    kind, body = ("mutation", document.removeprefix("mutation ")) if document.startswith("mutation ") else ("query", document)
    fragments = EVERY_FIELD if "...Everything" in document else ""
    answer = await ask(schema, viewer, f"{kind} {f'({head})' if head else ''} {body} {fragments}", used, **options)
    assert "INTERNAL" not in answer.codes, document
    return answer


async def first_event(schema: Schema, viewer: Viewer | None, document: str, given: dict[str, Any]) -> str:
    context = context_of(viewer)
    used = {name: value for name, value in given.items() if f"${name}" in document}
    head = ", ".join(f"${name}: {TYPES[name]}" for name in used)
    events: AsyncIterator[Any] = await schema.stream(f"subscription ({head}) {document} {EVERY_FIELD}", context_value=context, variable_values=used)
    async for event in events:
        return repr((event.data, event.errors, event.extensions))
    raise AssertionError("no event")


