"""Consents below the API: who is told what of them, in how few statements, and what the live room asks."""

from __future__ import annotations

from datetime import timedelta

import pytest

import models
from models import database as db
from models.fields import new_id
from policy.vocabulary import ConsentDuration, ConsentState, Viewer
from resolvers import consents
from resolvers.consents import AgentLoginState
from resolvers.errors import NotFound, Refused
from resolvers.gate import Gate
from resolvers.ledger import Request
from resolvers.selection import NOTHING, Selection
from tests.asking import recorded
from tests.builders import a_consent, a_merchant, an_agent
from tests.statements import reading

WHO = Selection({"AgentLogin": {"consent": Selection({"Consent": {"grantedBy": NOTHING}})}})


def gate(viewer: Viewer | None) -> Gate:
    return Gate(viewer, Request("r"))


async def test_the_state_of_many_accounts_is_one_statement(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    live, ended, never, gone = [await a_merchant(name) for name in ("Live", "Ended", "Never", "Gone")]
    granted, revoked = await a_consent(live), await a_consent(ended, ConsentState.REVOKED)
    await db.execute("UPDATE accounts SET deleted_at = {now} WHERE id = :id", id=gone.id)
    agent = await an_agent()
    with reading(monkeypatch) as statements:
        found = await consents.agent_logins(gate(agent), [live.id, ended.id, never.id, gone.id, new_id()], NOTHING)
    assert len(statements) == 1
    assert {key: (login.state, login.consent and login.consent.id) for key, login in found.items()} == {
        live.id: (AgentLoginState.ACTIVE, granted),
        ended.id: (AgentLoginState.OFF, revoked),
        never.id: (AgentLoginState.OFF, None),
    }
    assert await recorded() == []


async def test_who_granted_is_read_and_recorded_only_of_those_with_a_live_consent(database: str) -> None:
    live, ended, agent = await a_merchant("Live"), await a_merchant("Ended"), await an_agent()
    await a_consent(live)
    await a_consent(ended, ConsentState.REVOKED)
    found = await consents.agent_logins(gate(agent), [live.id, ended.id], WHO)
    names = {key: login.consent and login.consent.granted_by for key, login in found.items()}
    assert names == {live.id: live.owner.name, ended.id: None}
    assert [(event.account_id, event.fields_) for event in await recorded()] == [(live.id, ["Consent.grantedBy"])]
    assert live.owner.name not in repr(found), "a repr is another way out"


async def test_by_id_a_merchant_finds_their_own_only_and_what_ended_before_the_latest_is_history(database: str) -> None:
    mine, other, agent = await a_merchant(), await a_merchant("Other Outdoors"), await an_agent()
    former = await a_consent(mine, ConsentState.REPLACED)
    ids = [await a_consent(mine), await a_consent(other), former]
    for viewer, seen in (
        (mine.owner, {ids[0], former}),
        (mine.admin, {ids[0], former}),
        (mine.member, {ids[0]}),
        (other.owner, {ids[1]}),
        (agent, set(ids[:2])),
    ):
        assert set(await consents.by_ids(gate(viewer), [*ids, new_id()], NOTHING)) == seen
        assert await consents.by_ids(gate(viewer), [], NOTHING) == {}
    with pytest.raises(Refused):
        await consents.by_ids(gate(None), ids, NOTHING)


async def test_granting_and_revoking_name_the_consent(database: str) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    owner = gate(merchant.owner)
    assert await consents.revoke(owner, merchant.id) is None
    first = await consents.grant(owner, merchant.id, ConsentDuration.ONE_HOUR)
    second = await consents.grant(owner, merchant.id, ConsentDuration.ONE_HOUR)
    assert first != second
    assert [await consents.revoke(owner, merchant.id) for _ in range(2)] == [second, second]
    for viewer, error in ((agent, Refused), (merchant.member, Refused), (None, Refused), ((await a_merchant()).owner, NotFound)):
        with pytest.raises(error):
            await consents.grant(gate(viewer), merchant.id, ConsentDuration.ONE_HOUR)
        with pytest.raises(error):
            await consents.revoke(gate(viewer), merchant.id)
    assert await models.Consent.all().count() == 2


async def test_what_goes_wrong_while_granting_leaves_the_old_one_live(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    merchant = await a_merchant()
    live = await a_consent(merchant)

    async def unreachable(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("resolvers.live.announce", unreachable)
    with pytest.raises(ConnectionError):
        await consents.grant(gate(merchant.owner), merchant.id, ConsentDuration.ONE_HOUR)
    with pytest.raises(ConnectionError):
        await consents.revoke(gate(merchant.owner), merchant.id)
    (consent,) = await models.Consent.all()
    assert (consent.id, consent.live_for, consent.ended_at) == (live, merchant.id, None)


async def test_which_run_out_and_which_changed_between_two_instants(database: str) -> None:
    soon, later, over = await a_merchant("Soon"), await a_merchant("Later"), await a_merchant("Over")
    start = await db.clock()
    assert await consents.next_expiry(start) is None
    await a_consent(soon, lasts=timedelta(minutes=5))
    await a_consent(later, lasts=timedelta(minutes=9))
    await a_consent(over, ConsentState.EXPIRED)
    await a_consent(over, ConsentState.REPLACED)
    expires = {consent.live_for: consent.expires_at for consent in await models.Consent.filter(live_for__isnull=False)}
    assert await consents.next_expiry(start) == expires[soon.id]
    assert await consents.next_expiry(expires[soon.id]) == expires[later.id]
    assert await consents.next_expiry(expires[later.id]) is None
    assert await consents.ran_out(start, start) == []
    assert await consents.ran_out(start, expires[soon.id]) == [soon.id]
    assert await consents.ran_out(expires[soon.id], expires[later.id]) == [later.id]
    assert await consents.ran_out(start - timedelta(days=1), expires[later.id]) == [over.id, soon.id, later.id]
    assert set(await consents.changed_since(start - timedelta(seconds=1))) == {soon.id, later.id, over.id}
    assert await consents.changed_since(await db.clock()) == {}
