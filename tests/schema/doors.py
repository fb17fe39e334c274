"""Ways to the same data, and the world they lead through: the callers' ladder, and what leads to its parcel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import models
from models import database as db
from models.enums import InvestigationKind
from models.fields import new_id
from policy.vocabulary import Action, Basis, ClaimChannel, ClaimStatus, ConsentState, Viewer
from schema.build import Schema
from schema.ids import global_id
from tests.asking import Answer, account_id, ask, claim_id, context_of, parcel_id
from tests.builders import Merchant, ParcelMade, a_claim, a_consent, a_merchant, an_agent
from tests.marks import EVERY_FIELD, EVERYTHING, a_marked_parcel, mark
from tests.schema.rungs import LIVE, Ladder, Rung

NOTHING: frozenset[str] = frozenset()
MERCHANTS = frozenset({Rung.MEMBER, Rung.ADMIN, Rung.OWNER})
OWNERS = frozenset({Rung.ADMIN, Rung.OWNER})
EVERYBODY = frozenset(Rung)


#: Settings that carry data out.
PROTECTED = frozenset({"notification_reply_to", "notification_bcc", "webhook_url"})


@dataclass
class World:
    """The ladder, and ids of what leads to its parcel. One claim came by e-mail and never opens anything; the consent is the latest.

    The other, filed in the Support section, is open where the rung says so. The claims' texts are marked as the parcels are: ¶ and §;
    what is personal in the settings is marked ¶.
    """

    ladder: Ladder
    claim: UUID
    filed: UUID
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
            "filed": claim_id(self.filed),
            "consent": global_id("Consent", self.consent),
            "event": global_id("AccessEvent", self.event),
            "yes": True,
            "no": False,
        }

    async def climb(self, rungs: Iterable[Rung] = Rung) -> AsyncIterator[tuple[Rung, Viewer | None]]:
        """Each rung with its caller; the claim that was filed is open where a claim on the parcel is."""
        async for rung, viewer in self.ladder.climb(rungs):
            status = ClaimStatus.SUBMITTED if rung in {Rung.CLAIM, Rung.BOTH} else ClaimStatus.RESOLVED
            await db.execute("UPDATE claims SET status = :status WHERE id = :id", id=self.filed, status=status)
            self.consent = (await models.Consent.filter(account_id=self.ladder.merchant.id).order_by("-granted_at"))[0].id
            yield rung, viewer


async def a_world() -> World:
    """A world in an empty database."""
    merchant, agent = await a_merchant(), await an_agent()
    shipment = {"shipment_group": "shipment", "collo_count": 2}
    parcel = await a_marked_parcel(merchant, "¶", **shipment)
    sibling = await a_marked_parcel(merchant, "§", collo_number=2, **shipment)
    claim = await a_claim(parcel, channel=ClaimChannel.EMAIL, description=mark("¶", "description"))
    filed = await a_claim(parcel, status=ClaimStatus.RESOLVED, description=mark("§", "description"))
    await a_claim(sibling, channel=ClaimChannel.EMAIL)
    for key, sign in ((claim, "¶"), (filed, "§")):
        await an_investigation(merchant, agent, key, sign)
    await models.AccountPersonalData.filter(account_id=merchant.id).update(
        sender_addresses=[{"street": mark("¶", "sender")}], **{name: mark("¶", name) for name in PROTECTED}
    )
    consent = await a_consent(merchant, ConsentState.REVOKED)
    ladder = Ladder(merchant, await a_merchant("Other Outdoors"), agent, parcel, sibling)
    return World(ladder, claim, filed, consent, await an_event(agent, parcel, consent, claim))


async def an_investigation(merchant: Merchant, agent: Viewer, claim: UUID, sign: str) -> None:
    """What an agent noted of a claim, and what the merchant answered."""
    for by, kind, reference, note in (
        (agent, InvestigationKind.SENT_TO_CARRIER, mark(sign, "reference"), mark(sign, "remark")),
        (merchant.member, InvestigationKind.MERCHANT_ANSWERED, None, mark(sign, "answer")),
    ):
        entry = await models.InvestigationEntry.create(account_id=merchant.id, claim_id=claim, at=await db.clock(), by_id=by.id, kind=kind)
        await models.InvestigationPersonalData.create(entry_id=entry.id, account_id=merchant.id, carrier_reference=reference, note=note)


async def an_event(agent: Viewer, parcel: ParcelMade, consent: UUID, claim: UUID) -> UUID:
    """A row of the access log that leads to all of these."""
    event = await models.AccessEvent.create(
        at=await db.clock(),
        agent_id=agent.id,
        account_id=parcel.account_id,
        parcel_id=parcel.id,
        action=Action.VIEW_PERSONAL_DATA,
        basis=Basis.CONSENT,
        consent_id=consent,
        claim_id=claim,
        request_id=str(new_id()),
    )
    return event.id


@dataclass(frozen=True)
class Door:
    """A document, who gets through it at all, what of the ¶ is behind it for whom may see that, and whether the § is behind it too."""

    document: str
    for_whom: frozenset[Rung] = EVERYBODY
    shows: frozenset[str] = EVERYTHING
    both: bool = False


_TYPES = {"yes": "Boolean!", "no": "Boolean!", "version": "Int!"}


async def through(schema: Schema, viewer: Viewer | None, document: str, given: Mapping[str, Any], **options: Any) -> Answer:
    """Ask with the variables that the document uses; of a subscription the first event."""
    used = {name: value for name, value in given.items() if f"${name}" in document}
    head = ", ".join(f"${name}: {_TYPES.get(name, 'ID!')}" for name in used)
    first = document.split(None, 1)[0]
    kind = first if first in {"mutation", "subscription"} else "query"
    whole = f"{kind} {f'({head})' if head else ''} {document.removeprefix(kind)} {EVERY_FIELD if '...Everything' in document else ''}"
    asked = _first_event if kind == "subscription" else ask
    answer = await asked(schema, viewer, whole, used, **options)
    assert "INTERNAL" not in answer.codes, document
    return answer


async def _first_event(schema: Schema, viewer: Viewer | None, document: str, given: dict[str, Any], operation: str | None = None) -> Answer:
    context = context_of(viewer)
    context.name_of = lambda _: operation
    events = await schema.stream(document, context_value=context, variable_values=given)
    async for event in events:
        errors = [dict(error.formatted) for error in event.errors or []]
        extensions = event.extensions or {}
        return Answer(event.data, errors, extensions.get("privacy", {}), repr((event.data, errors, extensions)))
    raise AssertionError("no event")


async def climb(world: World, schema: Schema, doors: Mapping[str, Door]) -> AsyncIterator[tuple[str, Rung, Answer]]:
    """Each door at each rung, with what was answered. Its name is told to the log: a word of ours, which no test sends."""
    async for rung, viewer in world.climb():
        for name, door in doors.items():
            yield name, rung, await through(schema, viewer, door.document, world.variables, operation=f"{name}: {rung.name}")


async def recorded_by_operation() -> dict[str, list[models.AccessEvent]]:
    """The rows of the access log by the "door: rung" that they tell of."""
    found: dict[str, list[models.AccessEvent]] = {}
    for event in await models.AccessEvent.filter(operation__isnull=False).order_by("at", "id"):
        name, _, rung = str(event.operation).partition(": ")
        found.setdefault(f"{name}: {Rung[rung]}", []).append(event)
    return found


#: Who may see the parcel, and who its sibling: another collo of the same shipment, to the same person.
SEES_PARCEL = MERCHANTS | {Rung.CLAIM} | LIVE
SEES_SIBLING = MERCHANTS | {Rung.CLAIM_ELSEWHERE} | LIVE
