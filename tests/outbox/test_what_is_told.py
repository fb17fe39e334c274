"""What happens to a merchant's account is written down in the transaction that does it, once; what nobody does is found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import SimpleNamespace

import pytest

import models
from models import database as db
from models.enums import Happening, InvestigationKind
from outbox import following
from outbox.following import follow
from policy.vocabulary import Action, ClaimStatus, ConsentDuration, ConsentState
from resolvers import claims, consents, outbox
from resolvers import facts as facts_of
from resolvers.errors import Refused
from resolvers.gate import Disclosure
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.outbox.receiving import gate_of
from tests.statements import reading

HOUR = ConsentDuration.ONE_HOUR


async def happenings(merchant: Merchant) -> list[str]:
    """What the outbox tells this merchant, in order."""
    return [row["kind"] for row in await db.fetch("SELECT kind FROM outbox_events WHERE account_id = :id ORDER BY id", id=merchant.id)]


async def looked(merchant: Merchant) -> None:
    """An agent sees a parcel of theirs."""
    parcel, gate = await a_parcel(merchant), gate_of(await an_agent())
    known = await facts_of.of_parcel(parcel.id)
    assert known is not None
    decision = gate.ask(Action.VIEW_PERSONAL_DATA, known)
    [recorded] = await gate.record([Disclosure(merchant.id, parcel.id, decision, frozenset({"Recipient.name"}))])
    assert recorded.allowed


async def test_granting_replacing_and_revoking_are_told(database: str, told: None) -> None:
    merchant = await a_merchant()
    gate = gate_of(merchant.owner)
    await consents.grant(gate, merchant.id, HOUR)
    await consents.grant(gate, merchant.id, HOUR)
    await consents.revoke(gate, merchant.id)
    await consents.revoke(gate, merchant.id)
    assert await happenings(merchant) == ["CONSENT_GRANTED", "CONSENT_REPLACED", "CONSENT_GRANTED", "CONSENT_REVOKED"]


async def test_what_was_rolled_back_is_not_told(database: str, told: None) -> None:
    merchant = await a_merchant()
    with pytest.raises(Refused):
        await consents.grant(gate_of(merchant.member), merchant.id, HOUR)
    with suppress(RuntimeError):
        async with db.transaction():
            await outbox.add(Happening.CLAIM_TAKEN, merchant.id, merchant.id)
            raise RuntimeError
    assert await happenings(merchant) == []


async def test_switched_off_nothing_is_written(database: str) -> None:
    merchant, agent = await a_merchant(), gate_of(await an_agent())
    claim = await a_claim(await a_parcel(merchant), filed_by=merchant.member)
    await consents.grant(gate_of(merchant.owner), merchant.id, HOUR)
    await looked(merchant)
    await claims.take(agent, claim)
    await claims.log_investigation(agent, claim, InvestigationKind.NOTE, None, "Asked")
    await claims.close(agent, claim, ClaimStatus.RESOLVED, None)
    await consents.revoke(gate_of(merchant.owner), merchant.id)
    await follow()
    assert await happenings(merchant) == []


async def test_the_progress_of_a_claim_is_told(database: str, told: None) -> None:
    merchant, agent = await a_merchant(), gate_of(await an_agent())
    claim = await a_claim(await a_parcel(merchant), filed_by=merchant.member)
    await claims.take(agent, claim)
    await claims.log_investigation(agent, claim, InvestigationKind.ASKED_MERCHANT, None, "Which colour?")
    await claims.answer(gate_of(merchant.member), claim, "Red")
    await claims.close(agent, claim, ClaimStatus.RESOLVED, None)
    rows = await db.fetch("SELECT kind, detail, subject_id FROM outbox_events ORDER BY id")
    assert [(row["kind"], row["detail"]) for row in rows] == [
        ("CLAIM_TAKEN", None),
        ("CLAIM_LOGGED", "ASKED_MERCHANT"),
        ("CLAIM_CLOSED", "RESOLVED"),
    ]
    assert {db.uuid(row["subject_id"]) for row in rows} == {claim}


async def test_what_an_agent_does_again_and_again_is_told_once_in_a_while(database: str, told: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often they press a button, nobody's mailbox is filled by it."""
    merchant, agents = await a_merchant(), [gate_of(await an_agent()) for _ in range(2)]
    claim, another = [await a_claim(await a_parcel(merchant), filed_by=merchant.member) for _ in range(2)]
    now = 1_800_000_000.0
    monkeypatch.setattr(outbox, "time", SimpleNamespace(time=lambda: now))
    for _ in range(3):
        for agent in agents:
            await claims.take(agent, claim)
            await claims.log_investigation(agent, claim, InvestigationKind.NOTE, None, "Looked")
            await claims.log_investigation(agent, claim, InvestigationKind.SENT_TO_CARRIER, "R-1", None)
    assert sorted(await happenings(merchant)) == ["CLAIM_LOGGED", "CLAIM_LOGGED", "CLAIM_TAKEN"]
    await claims.log_investigation(agents[0], another, InvestigationKind.NOTE, None, "Looked")
    now += 601
    await claims.log_investigation(agents[0], claim, InvestigationKind.NOTE, None, "Looked")
    assert sorted(await happenings(merchant)) == ["CLAIM_LOGGED"] * 4 + ["CLAIM_TAKEN"]


async def test_the_first_use_is_found_once_however_many_look(database: str, told: None) -> None:
    merchant, other = await a_merchant(), await a_merchant("Other")
    for each in (merchant, other):
        await consents.grant(gate_of(each.owner), each.id, HOUR)
    await follow()
    assert await happenings(merchant) == ["CONSENT_GRANTED"]
    await looked(merchant)
    await looked(merchant)
    await asyncio.gather(follow(), follow(), follow())
    await follow()
    assert await happenings(merchant) == ["CONSENT_GRANTED", "CONSENT_USED"]
    assert await happenings(other) == ["CONSENT_GRANTED"]
    told_at = (await db.fetch("SELECT at FROM outbox_events WHERE kind = 'CONSENT_USED'"))[0]["at"]
    assert db.moment(told_at) == db.moment((await db.fetch("SELECT MIN(at) AS at FROM access_log"))[0]["at"])


async def test_a_look_on_a_claim_is_no_use_of_the_consent(database: str, told: None) -> None:
    merchant = await a_merchant()
    parcel, gate = await a_parcel(merchant), gate_of(await an_agent())
    await a_claim(parcel)
    known = await facts_of.of_parcel(parcel.id)
    assert known is not None
    await gate.record([Disclosure(merchant.id, parcel.id, gate.ask(Action.VIEW_PERSONAL_DATA, known), frozenset({"Recipient.name"}))])
    await consents.grant(gate_of(merchant.owner), merchant.id, HOUR)
    await follow()
    assert await happenings(merchant) == ["CONSENT_GRANTED"]


async def test_an_end_by_itself_is_found_once_and_then_nothing_is_followed(database: str, told: None) -> None:
    merchant = await a_merchant()
    await consents.grant(gate_of(merchant.owner), merchant.id, HOUR)
    await ran_out(merchant)
    await asyncio.gather(follow(), follow())
    await follow()
    assert await happenings(merchant) == ["CONSENT_GRANTED", "CONSENT_EXPIRED"]
    assert (await db.fetch("SELECT follows FROM outbox_events WHERE follows IS NOT NULL")) == []
    await consents.grant(gate_of(merchant.owner), merchant.id, HOUR)  # which closes the one that ran out
    assert await happenings(merchant) == ["CONSENT_GRANTED", "CONSENT_EXPIRED", "CONSENT_GRANTED"]


async def test_a_use_in_the_last_moment_is_found_after_the_end(database: str, told: None) -> None:
    merchant = await a_merchant()
    await consents.grant(gate_of(merchant.owner), merchant.id, HOUR)
    await looked(merchant)
    await consents.revoke(gate_of(merchant.owner), merchant.id)
    await follow()
    assert sorted(await happenings(merchant)) == ["CONSENT_GRANTED", "CONSENT_REVOKED", "CONSENT_USED"]


async def test_what_was_granted_before_merchants_were_told_is_not_told_to_its_end(database: str, told: None) -> None:
    merchant = await a_merchant()
    await a_consent(merchant, ConsentState.EXPIRED)
    await follow()
    assert await happenings(merchant) == []


async def test_looking_costs_no_statement_more(database: str, told: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the outbox is in the path of an agent's answer, not even of the first under a consent."""
    merchant = await a_merchant()
    await consents.grant(gate_of(merchant.owner), merchant.id, HOUR)
    counts = []
    for _ in range(2):
        said: list[str] = []
        with reading(monkeypatch) as read, writing(monkeypatch, said):
            await looked(merchant)
        counts.append((len(read), len(said)))
        assert not [statement for statement in [*said, *(sql for sql, _ in read)] if "outbox" in statement]
    assert counts[0] == counts[1]


async def test_a_first_use_is_looked_up_by_an_index_however_few_consents_fill_the_log(database: str, told: None) -> None:
    used, unused = await a_merchant(), await a_merchant()
    await consents.grant(gate_of(unused.owner), unused.id, HOUR)
    consent, now = await a_consent(used), await db.clock()
    await models.AccessEvent.bulk_create(
        models.AccessEvent(
            at=now, agent_id=consent, account_id=used.id, action="VIEW_PERSONAL_DATA", basis="CONSENT", consent_id=consent, request_id="r"
        )
        for _ in range(3000)
    )
    if database == "postgres":
        await db.execute("ANALYZE access_log, consents, outbox_events")
    plan = repr(await db.fetch(f"EXPLAIN {'QUERY PLAN ' if database == 'sqlite' else ''}{following._USED}"))
    assert ("(consent_id=?" if database == "sqlite" else "Index Cond: (consent_id = c.id)") in plan, plan


@contextmanager
def writing(monkeypatch: pytest.MonkeyPatch, said: list[str]) -> Iterator[None]:
    """The statements that write meanwhile."""
    execute = db.execute

    async def noted(sql: str, **params: object) -> int:
        said.append(sql)
        return await execute(sql, **params)

    with monkeypatch.context() as patch:
        patch.setattr(db, "execute", noted)
        yield


async def ran_out(merchant: Merchant) -> None:
    """As if two hours had passed."""
    now = await db.clock()
    await db.execute(
        "UPDATE consents SET granted_at = :granted, expires_at = :expires WHERE account_id = :id",
        granted=now - timedelta(hours=2),
        expires=now - timedelta(hours=1),
        id=merchant.id,
    )
