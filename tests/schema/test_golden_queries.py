"""The documents in tests/queries, each with its whole answer and the number of SQL statements it takes, on both databases.

A changed answer is a changed promise: read it before you write it. `LATCHKEY_GOLDEN=write pytest tests/schema/test_golden_queries.py`
writes the answers anew (from SQLite; PostgreSQL must then give the same); look at the difference in git.
Statements that begin or end a transaction are not counted; over HTTP the session is looked up in one more.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import models
from models import database as db
from models.enums import DirectDebitStatus, InvestigationKind, ParcelDirection, ParcelStatus
from models.fields import new_id
from policy.vocabulary import Action, Basis, ClaimChannel, ClaimStatus, ConsentState, Viewer
from schema.build import Schema
from schema.ids import global_id
from tests.asking import Answer, account_id, ask, claim_id, parcel_id
from tests.builders import Merchant, ParcelMade, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.wire import watched

QUERIES = Path(__file__).parents[1] / "queries"
WRITE = os.environ.get("LATCHKEY_GOLDEN") == "write"


@dataclass
class World:
    """Bakker Bikes has granted nothing and has claims of every kind; Other Outdoors has granted; Third Tools did once."""

    agent: Viewer
    merchant: Merchant
    granted: Merchant
    parcels: list[ParcelMade]
    claims: dict[str, UUID]
    consent: UUID
    event: UUID

    @property
    def ids(self) -> dict[str, str]:
        """The variables documents may use."""
        return {
            "account": account_id(self.merchant.id),
            "granted": account_id(self.granted.id),
            "parcel": parcel_id(self.parcels[0].id),
            "shut": parcel_id(self.parcels[1].id),
            "claim": claim_id(self.claims["open"]),
            "consent": global_id("Consent", self.consent),
            "event": global_id("AccessEvent", self.event),
            "nothing": parcel_id(UUID(int=7)),
        }


async def a_world() -> World:
    agent, merchant = await an_agent(), await a_merchant()
    granted, over = await a_merchant("Other Outdoors", "DE"), await a_merchant("Third Tools", "ES")
    now = await db.clock()
    for n, account in enumerate((merchant, granted, over)):
        await models.Account.filter(id=account.id).update(created_at=now - timedelta(days=30 - n))

    async def one(account: Merchant, place: int, **given: Any) -> ParcelMade:
        return await a_parcel(account, created_at=now - timedelta(hours=place), **given)

    parcels = [
        await one(merchant, 1),
        await one(merchant, 2, collo_number=2, collo_count=2, shipment_group="shipment"),
        await one(merchant, 3, direction=ParcelDirection.RETURN, status=ParcelStatus.DELIVERED),
        await one(merchant, 4, country=None, announced=False, status=ParcelStatus.READY_TO_SEND, events=False, items=[], documents=[]),
        await one(merchant, 5, note=None, service_point=None, total_value_amount=None, region=None),
        await one(merchant, 6),
    ]
    opened = await a_claim(parcels[0], status=ClaimStatus.WITH_CARRIER, filed_by=merchant.member)
    await models.Claim.filter(id=opened).update(handled_by_id=agent.id)
    claims = {
        "open": opened,
        "closed": await a_claim(parcels[2], status=ClaimStatus.REJECTED, description="Broken on arrival, says Mrs. de Wit"),
        "phone": await a_claim(parcels[3], channel=ClaimChannel.PHONE, description="Called about Jan Bakker's parcel"),
        "asked": await a_claim(parcels[4], status=ClaimStatus.AWAITING_MERCHANT),
        "mailed": await a_claim(parcels[0], channel=ClaimChannel.EMAIL, description="Mailed by jan.bakker@example.com"),
    }
    for n, key in enumerate(claims.values()):
        await models.Claim.filter(id=key).update(opened_at=now - timedelta(minutes=n))
    await an_investigation(agent, merchant, opened, now)
    for place in range(1, 4):
        await one(granted, place, order_number=f"OUT-{place}")
    await one(over, 1)
    consent = await a_consent(granted)
    await a_consent(over, ConsentState.EXPIRED)
    await a_consent(merchant, ConsentState.REVOKED)
    await models.DirectDebit.create(
        account_id=granted.id,
        account_holder="Other Outdoors GmbH",
        iban="DE89370400440532013000",
        mandate_reference="LK-1",
        status=DirectDebitStatus.ACTIVE,
    )
    event = await an_event(agent, parcels[0], opened, now, fields=["Parcel.orderNumber", "Recipient.name"], categories=["IDENTITY", "ORDER"])
    await an_event(agent, parcels[0], opened, now + timedelta(seconds=1), action=Action.CLOSE_CLAIM, changed=["Claim.status"])
    return World(agent, merchant, granted, parcels, claims, consent, event)


async def an_investigation(agent: Viewer, merchant: Merchant, claim: UUID, now: datetime) -> None:
    for n, (by, kind, reference, note) in enumerate(
        [
            (agent, InvestigationKind.SENT_TO_CARRIER, "PNL-2231", "Asked where the parcel of J. Bakker is"),
            (merchant.member, InvestigationKind.MERCHANT_ANSWERED, None, "Mr. Bakker was at home all day"),
        ]
    ):
        entry = await models.InvestigationEntry.create(account_id=merchant.id, claim_id=claim, at=now + timedelta(minutes=n), by_id=by.id, kind=kind)
        await models.InvestigationPersonalData.create(entry_id=entry.id, account_id=merchant.id, carrier_reference=reference, note=note)


async def an_event(agent: Viewer, parcel: ParcelMade, claim: UUID, at: datetime, action: Action = Action.VIEW_PERSONAL_DATA, **given: Any) -> UUID:
    names = {"fields_" if name == "fields" else name: value for name, value in given.items()}
    event = await models.AccessEvent.create(
        at=at, agent_id=agent.id, account_id=parcel.account_id, parcel_id=parcel.id, action=action, basis=Basis.CLAIM, claim_id=claim,
        request_id=str(new_id()), **names,
    )  # fmt: skip
    return event.id


@dataclass(frozen=True)
class Golden:
    """A document, who asks, with what."""

    document: str
    viewer: Callable[[World], Viewer]
    variables: Callable[[World], dict[str, Any]]


def by_agent(world: World) -> Viewer:
    return world.agent


def by_owner(world: World) -> Viewer:
    return world.merchant.owner


# The access log comes first: what the others ask is written into it.
GOLDEN = {
    "access_log": Golden("access_log", by_owner, lambda world: {"account": world.ids["account"]}),
    "agent_parcels": Golden("agent_parcels", by_agent, lambda world: {"account": world.ids["account"], "first": 5}),
    "agent_parcels_with_consent": Golden("agent_parcels", by_agent, lambda world: {"account": world.ids["granted"], "first": 1}),
    "merchant_parcels": Golden("merchant_parcels", by_owner, lambda world: {"first": 4}),
    "parcel": Golden("parcel", by_agent, lambda world: {"parcel": world.ids["parcel"]}),
    "account": Golden("account", by_agent, lambda world: {"account": world.ids["account"]}),
    "account_with_consent": Golden("account", by_agent, lambda world: {"account": world.ids["granted"]}),
    "claims_queue": Golden("claims_queue", by_agent, lambda world: {"first": 3}),
    "accounts_directory": Golden("accounts_directory", by_agent, lambda world: {"first": 2}),
    "nodes": Golden("nodes", by_agent, lambda world: {name: key for name, key in world.ids.items() if name != "granted"}),
    "agent_login": Golden("agent_login", by_owner, lambda world: {}),
}


async def asked(schema: Schema, world: World, golden: Golden, **variables: Any) -> tuple[Answer, list[str]]:
    """The answer, and the statements it took."""
    document = (QUERIES / f"{golden.document}.graphql").read_text()
    with watched() as wire:
        answer = await ask(schema, golden.viewer(world), document, golden.variables(world) | variables, operation=golden.document)
    return answer, wire.statements


async def test_each_query_has_its_answer_and_takes_so_many_statements(database: str, schema: Schema) -> None:
    world = await a_world()
    found = {}
    for name, golden in GOLDEN.items():
        answer, statements = await asked(schema, world, golden)
        whole = {"statements": len(statements), "data": answer.data, "errors": answer.errors, "privacy": answer.privacy}
        found[name] = Normal().of(whole)
    if WRITE and database == "sqlite":
        for name, normal in found.items():
            (QUERIES / f"{name}.json").write_text(json.dumps(normal, indent=2, ensure_ascii=False) + "\n")
    assert found == {name: json.loads((QUERIES / f"{name}.json").read_text()) for name in GOLDEN}


def test_every_file_beside_the_documents_belongs_to_one() -> None:
    assert {path.stem for path in QUERIES.glob("*.graphql")} == {golden.document for golden in GOLDEN.values()}
    assert {path.stem for path in QUERIES.glob("*.json")} == set(GOLDEN)


# The promise: a page of 100 parcels with every personal field takes at most 5 statements, one of which looks up the session.

PAGE = GOLDEN["agent_parcels"]
MOST = 4


async def test_a_page_takes_the_same_few_statements_however_long_and_whatever_is_open(database: str, schema: Schema) -> None:
    world = await a_world()
    now = await db.clock()
    for account in (world.merchant, world.granted):
        await hundred_parcels(account, now)
    await db.execute("""UPDATE claims SET channel = 'SUPPORT_SECTION' WHERE parcel_id IN :parcels""", parcels=[parcel.id for parcel in world.parcels])
    taken = {}
    for opened, first in (("account", 100), ("granted", 100), ("granted", 1)):
        answer, statements = await asked(schema, world, PAGE, account=world.ids[opened], first=first)
        assert len(answer.data["parcels"]["nodes"]) == first
        taken[opened, first] = len(statements)
    assert set(taken.values()) == {json.loads((QUERIES / "agent_parcels.json").read_text())["statements"]}
    assert max(taken.values()) <= MOST


async def hundred_parcels(account: Merchant, now: datetime) -> None:
    """A hundred more, with their personal rows and an event each."""
    rows = [{"id": new_id(), "event": new_id(), "account": account.id, "at": now - timedelta(days=1, minutes=n)} for n in range(100)]
    for statement in (
        """INSERT INTO parcels (id, account_id, status, direction, collo_number, collo_count, created_at, updated_at)
        VALUES (:id, :account, 'ANNOUNCED', 'OUTGOING', 1, 1, :at, :at)""",
        """INSERT INTO parcel_personal_data (parcel_id, account_id, version, name, items, documents)
        VALUES (:id, :account, 1, 'Jan Bakker', '[]', '[]')""",
        "INSERT INTO parcel_events (id, account_id, parcel_id, status, occurred_at) VALUES (:event, :account, :id, 'SORTED', :at)",
    ):
        await db.execute_many(statement, rows)


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Normal:
    """An answer with what differs each time replaced: ids by their type and a number, times, cursors, links and requests by what they are.

    Errors, and what was withheld and disclosed, are sorted: fields are answered side by side.
    """

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def of(self, value: Any, key: str = "") -> Any:
        """The same, normal."""
        if isinstance(value, dict):
            return {name: self.of(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            rows = [self.of(inner, key) for inner in value]
            return sorted(rows, key=repr) if key in {"errors", "withheld", "disclosed"} else rows
        return self._text(value, key) if isinstance(value, str) else value

    def _text(self, text: str, key: str) -> str:
        if key.lower().endswith("cursor"):
            return "<cursor>"
        if _TIME.fullmatch(text):
            return "<time>"
        if _UUID.fullmatch(text):
            return "<request>"
        if text.startswith("/documents/"):
            return "/documents/<token>"
        return self._id(text)

    def _id(self, text: str) -> str:
        try:
            type_name, _, row = base64.b64decode(text, validate=True).decode("ascii").partition(":")
        except (ValueError, UnicodeDecodeError):
            return text
        if not _UUID.fullmatch(row):
            return text
        number = sum(known.startswith(f"<{type_name} ") for known in self.known.values()) + 1
        return self.known.setdefault(text, f"<{type_name} {number}>")
