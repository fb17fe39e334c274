"""What the gate writes down before anything is shown: what could not be written is withheld."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from models import database as db
from models import spans
from models.fields import new_id
from policy.decision import ClaimFact, ConsentFact, Decision, Facts
from policy.vocabulary import Action, Basis, ClaimChannel, ClaimStatus, MerchantRole, PiiCategory, Reason, Viewer, ViewerKind
from resolvers.gate import Disclosure, Gate
from resolvers.ledger import Request
from tests.asking import recorded
from tests.builders import a_merchant, an_agent
from tests.wire import watched

REQUEST = Request("request", "Trusted")
OWNER = Viewer(UUID(int=11), ViewerKind.MERCHANT, "Marit", roles=frozenset({MerchantRole.OWNER}))
VIEW = Action.VIEW_PERSONAL_DATA

NAME, EMAIL = frozenset({"Recipient.name"}), frozenset({"Recipient.email"})


def disclosure(gate: Gate, facts: Facts, names: frozenset[str] = EMAIL) -> Disclosure:
    return Disclosure(facts.account_id, facts.parcel_id, gate.ask(VIEW, facts), names)


async def a_gate(most: int = 500) -> tuple[Gate, Facts]:
    """An agent's gate, and facts of an account that is there, with a consent."""
    merchant = await a_merchant()
    facts = Facts(await db.clock(), merchant.id, new_id(), ConsentFact(new_id(), await db.clock() + timedelta(hours=1)))
    return Gate(await an_agent(), REQUEST, most), facts


async def test_the_decisions_come_back_in_order_and_only_what_is_shown_is_written(database: str) -> None:
    gate, live = await a_gate()
    nothing, second = replace(live, consent=None), replace(live, parcel_id=new_id())
    given = [
        disclosure(gate, nothing),
        disclosure(gate, live),
        disclosure(gate, second, frozenset()),
        disclosure(gate, live, NAME | EMAIL),
        disclosure(gate, replace(nothing, claim=ClaimFact(new_id(), live.parcel_id, ClaimChannel.SUPPORT_SECTION, ClaimStatus.SUBMITTED))),
    ]
    assert await gate.record(given) == [each.decision for each in given]
    by_basis = {event.basis: event for event in await recorded()}
    assert set(by_basis) == {Basis.CONSENT, Basis.CLAIM}
    assert by_basis[Basis.CONSENT].fields_ == ["Recipient.email", "Recipient.name"]
    assert by_basis[Basis.CONSENT].categories == ["CONTACT", "IDENTITY"]
    assert by_basis[Basis.CLAIM].fields_ == ["Recipient.email"]
    assert {event.parcel_id for event in by_basis.values()} == {live.parcel_id}


async def test_what_nobody_sees_or_what_is_one_s_own_takes_no_statement(database: str) -> None:
    agent, live = await a_gate()
    owner = Gate(replace(OWNER, account_id=live.account_id), REQUEST)
    for gate in (agent, owner, Gate(None, REQUEST)):
        for facts in (replace(live, consent=None), *([] if gate is agent else [live])):
            with watched() as wire:
                given = [disclosure(gate, facts)]
                assert await gate.record(given) == [each.decision for each in given]
                assert await gate.record([]) == []
            assert wire.statements == []
    own = Decision(VIEW, allowed=True, basis=Basis.OWN_DATA)
    with watched() as wire:
        assert await agent.record([Disclosure(live.account_id, live.parcel_id, own, EMAIL)]) == [own]
    assert wire.statements == []


async def test_what_can_t_be_written_is_withheld(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    gate, live = await a_gate()
    nothing = replace(live, consent=None)
    await db.execute("ALTER TABLE access_log RENAME TO gone")
    shown, refused, plain = await gate.record([disclosure(gate, live), disclosure(gate, nothing), disclosure(gate, live, frozenset())])
    assert shown == Decision(VIEW, allowed=False, reason=Reason.NOT_RECORDED)
    assert refused == gate.ask(VIEW, nothing)
    assert plain.allowed  # nothing of it is shown
    searching = gate.require(Action.SEARCH_PERSONAL_DATA, live)
    found = await gate.record_search(live, searching, {"ParcelFilter.search": PiiCategory.IDENTITY})
    assert found == Decision(Action.SEARCH_PERSONAL_DATA, allowed=False, reason=Reason.NOT_RECORDED)
    assert "access log not written" in capsys.readouterr().out


async def test_a_change_that_can_t_be_written_down_raises_in_its_transaction(database: str) -> None:
    gate, live = await a_gate()
    await db.execute("ALTER TABLE access_log RENAME TO gone")
    decision = gate.require(Action.CHANGE_PARCEL, live)

    async def change() -> None:
        async with db.transaction():
            await db.execute("UPDATE accounts SET company_name = 'Changed' WHERE id = :id", id=live.account_id)
            await gate.record_change(decision, live, ["Parcel.note"])

    with pytest.raises(db.DatabaseError):
        await change()
    assert (await db.fetch("SELECT company_name FROM accounts"))[0]["company_name"] != "Changed"


SEARCHED = {"ParcelFilter.search": PiiCategory.IDENTITY, "ParcelFilter.orderNumber": PiiCategory.ORDER}


async def test_a_search_is_written_down_with_what_was_searched(database: str) -> None:
    gate, live = await a_gate()
    searching = gate.require(Action.SEARCH_PERSONAL_DATA, live)
    assert await gate.record_search(live, searching, SEARCHED) == searching
    (event,) = await recorded()
    assert (event.agent_id, event.account_id, event.parcel_id) == (gate.viewer and gate.viewer.id, live.account_id, None)
    assert (event.action, event.basis, event.consent_id) == (Action.SEARCH_PERSONAL_DATA, Basis.CONSENT, searching.consent_id)
    assert (event.fields_, event.categories) == (["ParcelFilter.orderNumber", "ParcelFilter.search"], ["IDENTITY", "ORDER"])
    assert (event.changed, event.request_id, event.operation) == ([], "request", "Trusted")


async def test_a_change_is_written_down_with_what_changed(database: str) -> None:
    gate, live = await a_gate()
    changing = gate.require(Action.CHANGE_PARCEL, live)
    await gate.record_change(changing, live, ["Parcel.note", "Recipient.name"])
    (event,) = await recorded()
    assert (event.agent_id, event.account_id, event.parcel_id) == (gate.viewer and gate.viewer.id, live.account_id, live.parcel_id)
    assert (event.action, event.basis, event.consent_id) == (Action.CHANGE_PARCEL, Basis.CONSENT, changing.consent_id)
    assert (event.changed, event.fields_, event.categories) == (["Parcel.note", "Recipient.name"], [], [])


async def test_what_merchants_search_or_change_and_what_was_refused_takes_no_statement(database: str) -> None:
    agent, live = await a_gate()
    owner = Gate(replace(OWNER, account_id=live.account_id), REQUEST)
    for gate in (owner, Gate(None, REQUEST), agent):
        facts = replace(live, consent=None) if gate is agent else live
        with watched() as wire:
            asked = gate.ask(Action.SEARCH_PERSONAL_DATA, facts)
            assert await gate.record_search(facts, asked, SEARCHED) == asked
            if gate is not agent:
                await gate.record_change(gate.ask(Action.CHANGE_PARCEL, facts), facts, ["Parcel.note"])
        assert wire.statements == []
    assert await recorded() == []


async def test_a_search_is_refused_unless_its_decision_is_an_allowance(database: str) -> None:
    """Only True is: whatever else a decision may say, nothing is written of it as if it had been allowed."""
    gate, live = await a_gate()
    merely: Any = 1
    odd = Decision(Action.SEARCH_PERSONAL_DATA, allowed=merely, basis=Basis.CONSENT)
    assert await gate.record_search(live, odd, SEARCHED) is odd
    given = Disclosure(live.account_id, live.parcel_id, replace(odd, action=VIEW), EMAIL)
    assert await gate.record([given]) == [given.decision]
    assert await recorded() == []


async def test_over_the_hourly_limit_parcels_are_withheld_and_the_rest_is_shown(database: str) -> None:
    gate, live = await a_gate(most=1)
    first, second = disclosure(gate, live), disclosure(gate, replace(live, parcel_id=new_id()))
    of_account = disclosure(gate, replace(live, parcel_id=None))
    shown, withheld, also = await gate.record([first, second, of_account])
    assert (shown, also) == (first.decision, of_account.decision)
    assert withheld == Decision(VIEW, allowed=False, reason=Reason.TOO_MANY_DISCLOSURES)
    assert await gate.record([second, first]) == [withheld, first.decision]


async def test_the_same_parcel_on_two_grounds_is_two_rows(database: str) -> None:
    gate, live = await a_gate()
    claimed = [ClaimFact(new_id(), live.parcel_id, ClaimChannel.SUPPORT_SECTION, ClaimStatus.SUBMITTED) for _ in range(2)]
    facts = [live, *(replace(live, consent=None, claim=claim) for claim in claimed)]
    facts.append(replace(live, consent=ConsentFact(new_id(), live.now + timedelta(hours=2))))
    await gate.record([disclosure(gate, each) for each in facts])
    events = {(event.consent_id, event.claim_id) for event in await recorded()}
    assert events == {(each.consent.id, None) if each.consent else (None, each.claim and each.claim.id) for each in facts}


async def test_the_log_line_of_what_could_not_be_written_names_the_request_and_nothing_else(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, live = await a_gate()
    await db.execute("ALTER TABLE access_log RENAME TO gone")
    lines: list[tuple[Any, ...]] = []
    monkeypatch.setattr("resolvers.gate.log", SimpleNamespace(error=lambda *words, **named: lines.append((words, named))))
    await gate.record([disclosure(gate, live)])
    ((words, named),) = lines
    assert words == ("access log not written",)
    assert named.pop("error") in {"OperationalError", "UndefinedTableError"}
    assert named == {"request_id": "request", "entries": 1}


class Untold:
    """A span that nobody looks at."""

    def set(self, attributes: spans.Attributes) -> None:
        """Tell nobody more of it."""


async def test_writing_it_down_is_a_span_of_its_own(database: str) -> None:
    gate, live = await a_gate()
    opened: list[str] = []

    def recorder(name: str, _: spans.Attributes) -> AbstractContextManager[spans.Span]:
        opened.append(name)
        return nullcontext(Untold())

    spans.tell(recorder)
    try:
        await gate.record([disclosure(gate, live)])
    finally:
        spans.tell(None)
    assert opened[0] == "access log"


def counted() -> dict[str, float]:
    """What was counted of decisions and of the access log so far."""
    samples = (sample for family in REGISTRY.collect() for sample in family.samples)
    return {
        f"{each.name} {' '.join(each.labels.values())}": each.value for each in samples if re.match(r"latchkey_(dec|disc|access).*_total", each.name)
    }


async def test_decisions_and_what_was_written_down_of_them_are_counted(database: str) -> None:
    gate, live = await a_gate(most=1)
    claim = ClaimFact(new_id(), live.parcel_id, ClaimChannel.SUPPORT_SECTION, ClaimStatus.SUBMITTED)
    before = counted()
    await gate.record([disclosure(gate, live), disclosure(gate, replace(live, parcel_id=new_id()))])
    await gate.record([disclosure(gate, replace(live, consent=None, claim=claim))])
    gate.ask(Action.DELETE_PARCEL, live)
    await db.execute("ALTER TABLE access_log RENAME TO gone")
    await gate.record([disclosure(gate, live), disclosure(gate, replace(live, parcel_id=None))])
    assert {name: value - before.get(name, 0) for name, value in counted().items() if value != before.get(name, 0)} == {
        "latchkey_decisions_total VIEW_PERSONAL_DATA true ": 5,
        "latchkey_decisions_total DELETE_PARCEL false NEVER_FOR_AGENTS": 1,
        "latchkey_disclosures_total CONSENT": 1,
        "latchkey_disclosures_total CLAIM": 1,
        "latchkey_disclosures_withheld_total TOO_MANY_DISCLOSURES": 1,
        "latchkey_disclosures_withheld_total NOT_RECORDED": 2,
        "latchkey_access_log_writes_total written": 2,
        "latchkey_access_log_writes_total failed": 1,
    }
