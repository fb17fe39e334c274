"""The door: it alone asks the policy, remembers no answer, and lets nothing through that was not written down first."""

from __future__ import annotations

import ast
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from models.database import utc_now
from policy.decision import ClaimFact, ConsentFact, Decision, Facts, decide
from policy.vocabulary import Action, ClaimChannel, ClaimStatus, MerchantRole, PiiCategory, Reason, Viewer, ViewerKind
from resolvers.errors import NotFound, Refused
from resolvers.gate import Gate, categories, denied
from resolvers.ledger import Request

ROOT = Path(__file__).parents[2]
REQUEST = Request("request", "Trusted")
ACCOUNT, PARCEL, OTHER = (UUID(int=number) for number in range(1, 4))
AGENT = Viewer(UUID(int=10), ViewerKind.AGENT, "Agent Smit")
OWNER = Viewer(UUID(int=11), ViewerKind.MERCHANT, "Marit", account_id=ACCOUNT, roles=frozenset({MerchantRole.OWNER}))
MEMBER = replace(OWNER, roles=frozenset({MerchantRole.MEMBER}))
NOW = utc_now()
FACTS = Facts(NOW, ACCOUNT, PARCEL)
LIVE = replace(FACTS, consent=ConsentFact(UUID(int=4), NOW + timedelta(hours=1)))
CLAIMED = replace(FACTS, claim=ClaimFact(UUID(int=5), PARCEL, ClaimChannel.SUPPORT_SECTION, ClaimStatus.SUBMITTED))
VIEW = Action.VIEW_PERSONAL_DATA


@pytest.mark.parametrize("viewer", [None, AGENT, OWNER, MEMBER], ids=["anonymous", "agent", "owner", "member"])
@pytest.mark.parametrize("facts", [None, FACTS, LIVE, CLAIMED], ids=["unknown", "nothing", "consent", "claim"])
def test_the_gate_answers_as_the_policy_decides(viewer: Viewer | None, facts: Facts | None) -> None:
    gate = Gate(viewer, REQUEST)
    for action in Action:
        decision = decide(viewer, action, facts)
        assert gate.ask(action, facts) == decision
        assert gate.may(action, facts) is decision.allowed
        if decision.allowed:
            assert gate.require(action, facts) == decision
        else:
            with pytest.raises(Refused) as refused:
                gate.require(action, facts)
            assert refused.value.decision == decision


def test_what_no_fact_would_allow_is_known_before_there_are_facts() -> None:
    history = Action.VIEW_ACCESS_LOG
    assert [Gate(viewer, REQUEST).might(history) for viewer in (None, AGENT, MEMBER, OWNER)] == [False, False, False, True]
    assert [Gate(viewer, REQUEST).might(VIEW) for viewer in (None, AGENT, MEMBER, OWNER)] == [False, True, True, True]


def test_a_gate_lets_an_agent_see_five_hundred_parcels_an_hour_unless_told_otherwise() -> None:
    assert (Gate(AGENT, REQUEST).most_parcels_an_hour, Gate(AGENT, REQUEST).most_searches_an_hour) == (500, 200)


def test_what_an_agent_is_shown_is_noted_and_nothing_else() -> None:
    odd: Any = 1
    answers = [Decision(VIEW, allowed=True), Decision(VIEW, allowed=False, reason=Reason.NO_LIVE_CONSENT), Decision(VIEW, allowed=odd)]
    assert [Gate(AGENT, REQUEST).notes(each) for each in answers] == [True, False, False]
    assert [Gate(viewer, REQUEST).notes(each) for viewer in (None, OWNER, MEMBER) for each in answers] == [False] * 9


def test_the_gate_remembers_no_decision() -> None:
    gate = Gate(AGENT, REQUEST)
    assert [gate.may(VIEW, facts) for facts in (LIVE, FACTS, CLAIMED, FACTS, LIVE)] == [True, False, True, False, True]
    assert {each.name for each in fields(gate)} == {"viewer", "request", "most_parcels_an_hour", "most_searches_an_hour"}


def test_only_true_is_an_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that answers with something merely true has let people in elsewhere (Strawberry CVE-2026-107728)."""
    gate = Gate(AGENT, REQUEST)
    for answer in (1, "yes", object(), [False]):
        odd: Any = answer
        monkeypatch.setattr("resolvers.gate.decide", lambda viewer, action, facts, odd=odd: Decision(action, allowed=odd))
        assert gate.may(VIEW, LIVE) is False
        with pytest.raises(Refused):
            gate.require(VIEW, LIVE)


def test_nobody_has_to_sign_in_first() -> None:
    with pytest.raises(Refused) as refused:
        Gate(None, REQUEST).require_viewer()
    assert refused.value.decision.reason is Reason.NOT_SIGNED_IN
    assert Gate(AGENT, REQUEST).require_viewer() is AGENT


SIGHT = [
    pytest.param(None, FACTS, False, id="anonymous"),
    pytest.param(AGENT, FACTS, True, id="agent"),
    pytest.param(OWNER, FACTS, True, id="own"),
    pytest.param(OWNER, replace(FACTS, account_id=UUID(int=1)), True, id="own-by-another-name-of-it"),
    pytest.param(OWNER, replace(FACTS, account_id=OTHER), False, id="another-merchant-s"),
    pytest.param(OWNER, replace(FACTS, account_id=UUID(int=0)), False, id="a-merchant-s-before"),
    pytest.param(OWNER, None, False, id="nothing-there"),
    pytest.param(AGENT, None, False, id="nothing-there-for-agents"),
]


@pytest.mark.parametrize(("viewer", "facts", "sees"), SIGHT)
def test_what_is_another_merchant_s_does_not_exist(viewer: Viewer | None, facts: Facts | None, sees: bool) -> None:
    gate = Gate(viewer, REQUEST)
    if sees:
        assert gate.require_sight(facts, "parcel") is facts
    else:
        with pytest.raises(NotFound, match=r"^There is no such parcel$"):
            gate.require_sight(facts, "parcel")


def test_a_denial_keeps_nothing_of_the_allowance_it_was() -> None:
    allowed = Gate(AGENT, REQUEST).ask(VIEW, LIVE)
    assert denied(allowed, Reason.NOT_RECORDED) == Decision(VIEW, allowed=False, reason=Reason.NOT_RECORDED)
    assert Gate(AGENT, REQUEST).ask(VIEW, CLAIMED).claim_id is not None
    assert denied(Gate(AGENT, REQUEST).ask(VIEW, CLAIMED), Reason.UNDECIDED) == Decision(VIEW, allowed=False, reason=Reason.UNDECIDED)


def test_categories_are_those_of_the_fields() -> None:
    found = categories(frozenset({"Recipient.email", "Recipient.phone", "Parcel.trackingNumber", "Parcel.status", "Consent.grantedBy"}))
    assert found == {PiiCategory.CONTACT, PiiCategory.TRACKING, PiiCategory.IDENTITY}


# There is one door. These look at the code, so that a second one is seen when it is made.

ROOMS = ("policy", "models", "resolvers", "schema", "identity", "exchange", "engine", "demo")


SOURCES = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in [*(path for room in ROOMS for path in sorted((ROOT / room).glob("**/*.py"))), ROOT / "server.py", ROOT / "cli.py"]
}


def taking(word: str, source: str, start: str = "") -> set[str]:
    """The modules that import this word from `source`, or take it as its attribute."""
    found = set()
    for path, text in SOURCES.items():
        if path.startswith(start) and word in text and source.rpartition(".")[2] in text:
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ImportFrom) and node.module == source and word in {alias.name for alias in node.names}:
                    found.add(path)
                if isinstance(node, ast.Attribute) and node.attr == word and ast.unparse(node.value).endswith(source.rpartition(".")[2]):
                    found.add(path)
    return found


def test_the_gate_is_the_only_caller_of_the_policy() -> None:
    assert taking("decide", "policy.decision") == {"resolvers/gate.py"}


def test_the_gate_is_the_only_writer_of_the_access_log() -> None:
    assert taking("write", "resolvers.ledger") == taking("write_change", "resolvers.ledger") == {"resolvers/gate.py"}


@pytest.mark.parametrize("word", ["fetch", "execute", "execute_many", "transaction", "snapshot", "current"])
def test_the_api_has_no_way_of_its_own_to_the_database(word: str) -> None:
    assert taking(word, "models.database", "schema/") == set()


def test_nobody_is_refused_with_a_decision_that_says_so() -> None:
    assert Gate(AGENT, REQUEST).require_viewer() is AGENT
    with pytest.raises(Refused) as refused:
        Gate(None, REQUEST).require_viewer()
    assert refused.value.decision == Decision(Action.VIEW_SETTINGS, allowed=False, reason=Reason.NOT_SIGNED_IN)
