"""The policy table, written out by hand: every action in every situation. Nothing here is made from `RULES`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import decision as policy
from policy.decision import RULES, ClaimFact, ConsentFact, Decision, Facts, decide, is_live, opens
from policy.vocabulary import Action, Basis, ClaimChannel, ClaimStatus, MerchantRole, Reason, Viewer, ViewerKind

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
ACCOUNT, OTHER_ACCOUNT, PARCEL, SIBLING, CONSENT, CLAIM = (UUID(int=number) for number in range(1, 7))

AGENT = Viewer(UUID(int=10), ViewerKind.AGENT, "Agent Smit")


def merchant(role: MerchantRole, account: UUID = ACCOUNT) -> Viewer:
    return Viewer(UUID(int=11), ViewerKind.MERCHANT, "Marit", account_id=account, roles=frozenset({role}))


def consent(*, lasts: timedelta) -> ConsentFact:
    return ConsentFact(CONSENT, NOW + lasts)


def claim(channel: ClaimChannel = ClaimChannel.SUPPORT_SECTION, status: ClaimStatus = ClaimStatus.SUBMITTED, parcel: UUID = PARCEL) -> ClaimFact:
    return ClaimFact(CLAIM, parcel, channel, status)


OF_PARCEL = Facts(NOW, ACCOUNT, PARCEL)
OF_ACCOUNT = Facts(NOW, ACCOUNT)
LIVE = consent(lasts=timedelta(hours=1))

SITUATIONS: dict[str, tuple[Viewer | None, Facts | None]] = {
    "anonymous": (None, OF_PARCEL),
    "other": (merchant(MerchantRole.OWNER, OTHER_ACCOUNT), OF_PARCEL),
    "member": (merchant(MerchantRole.MEMBER), OF_PARCEL),
    "admin": (merchant(MerchantRole.ADMIN), OF_PARCEL),
    "owner": (merchant(MerchantRole.OWNER), OF_PARCEL),
    "unknown": (merchant(MerchantRole.OWNER), None),
    "nothing": (AGENT, OF_PARCEL),
    "sibling": (AGENT, replace(OF_PARCEL, claim=claim(parcel=SIBLING))),
    "closed": (AGENT, replace(OF_PARCEL, claim=claim(status=ClaimStatus.RESOLVED))),
    "email": (AGENT, replace(OF_PARCEL, claim=claim(ClaimChannel.EMAIL))),
    "phone": (AGENT, replace(OF_PARCEL, claim=claim(ClaimChannel.PHONE))),
    "chat": (AGENT, replace(OF_PARCEL, claim=claim(ClaimChannel.CHAT))),
    "imported": (AGENT, replace(OF_PARCEL, claim=claim(ClaimChannel.INTEGRATION))),
    "inaccount": (AGENT, replace(OF_ACCOUNT, claim=claim())),
    "open": (AGENT, replace(OF_PARCEL, claim=claim())),
    "expired": (AGENT, replace(OF_PARCEL, consent=consent(lasts=-timedelta(hours=1)))),
    "ending": (AGENT, replace(OF_PARCEL, consent=consent(lasts=timedelta()))),
    "lastly": (AGENT, replace(OF_PARCEL, consent=consent(lasts=INSTANT))),
    "live": (AGENT, replace(OF_PARCEL, consent=LIVE)),
    "both": (AGENT, replace(OF_PARCEL, consent=LIVE, claim=claim())),
    "livemail": (AGENT, replace(OF_PARCEL, consent=LIVE, claim=claim(ClaimChannel.EMAIL))),
    "ghost": (AGENT, None),
}

# What each cell says. An allowance names its basis, a denial its reason.
WORDS: dict[str, Basis | Reason] = {
    "own": Basis.OWN_DATA,
    "consent": Basis.CONSENT,
    "claim": Basis.CLAIM,
    "none": Reason.NO_LIVE_CONSENT,
    "read": Reason.CLAIM_IS_READ_ONLY,
    "never": Reason.NEVER_FOR_AGENTS,
    "filed": Reason.NOT_FILED_IN_SUPPORT,
    "role": Reason.MERCHANT_ROLE,
    "agents": Reason.AGENTS_ONLY,
    "signin": Reason.NOT_SIGNED_IN,
    "?": Reason.UNDECIDED,
}

MERCHANTS = """
                           anonymous other  member admin  owner  unknown
VIEW_SETTINGS              signin    ?      own    own    own    ?
VIEW_PROTECTED_SETTINGS    signin    ?      own    own    own    ?
CHANGE_SETTINGS            signin    ?      role   own    own    ?
CHANGE_PROTECTED_SETTINGS  signin    ?      role   own    own    ?
VIEW_PERSONAL_DATA         signin    ?      own    own    own    ?
SEARCH_PERSONAL_DATA       signin    ?      own    own    own    ?
CHANGE_PARCEL              signin    ?      own    own    own    ?
CANCEL_PARCEL              signin    ?      own    own    own    ?
DELETE_PARCEL              signin    ?      role   own    own    ?
EXPORT_PARCELS             signin    ?      role   own    own    ?
VIEW_DIRECT_DEBIT          signin    ?      role   own    own    ?
CHANGE_DIRECT_DEBIT        signin    ?      role   own    own    ?
DELETE_ACCOUNT             signin    ?      role   role   own    ?
GRANT_CONSENT              signin    ?      role   own    own    ?
REVOKE_CONSENT             signin    ?      role   own    own    ?
VIEW_ACCESS_LOG            signin    ?      role   own    own    ?
FILE_CLAIM                 signin    ?      own    own    own    ?
ANSWER_CLAIM               signin    ?      own    own    own    ?
WITHDRAW_CLAIM             signin    ?      own    own    own    ?
RECORD_CLAIM               signin    agents agents agents agents agents
INVESTIGATE_CLAIM          signin    agents agents agents agents agents
CLOSE_CLAIM                signin    agents agents agents agents agents
"""

# sibling: the open claim is on another collo. inaccount: the question is about the account. ending: now is expires_at. ghost: no such row.
AGENTS = """
                          nothing sibling closed email phone chat  imported inaccount open  expired ending lastly  live    both    livemail ghost
VIEW_SETTINGS             none    none    none   none  none  none  none     none      none  none    none   consent consent consent consent  ?
VIEW_PROTECTED_SETTINGS   never   never   never  never never never never    never     never never   never  never   never   never   never    never
CHANGE_SETTINGS           none    none    none   none  none  none  none     read      read  none    none   consent consent consent consent  ?
CHANGE_PROTECTED_SETTINGS never   never   never  never never never never    never     never never   never  never   never   never   never    never
VIEW_PERSONAL_DATA        none    none    none   none  none  none  none     none      claim none    none   consent consent consent consent  ?
SEARCH_PERSONAL_DATA      none    none    none   none  none  none  none     none      none  none    none   consent consent consent consent  ?
CHANGE_PARCEL             none    none    none   none  none  none  none     read      read  none    none   consent consent consent consent  ?
CANCEL_PARCEL             none    none    none   none  none  none  none     read      read  none    none   consent consent consent consent  ?
DELETE_PARCEL             never   never   never  never never never never    never     never never   never  never   never   never   never    never
EXPORT_PARCELS            never   never   never  never never never never    never     never never   never  never   never   never   never    never
VIEW_DIRECT_DEBIT         never   never   never  never never never never    never     never never   never  never   never   never   never    never
CHANGE_DIRECT_DEBIT       never   never   never  never never never never    never     never never   never  never   never   never   never    never
DELETE_ACCOUNT            never   never   never  never never never never    never     never never   never  never   never   never   never    never
GRANT_CONSENT             never   never   never  never never never never    never     never never   never  never   never   never   never    never
REVOKE_CONSENT            never   never   never  never never never never    never     never never   never  never   never   never   never    never
VIEW_ACCESS_LOG           never   never   never  never never never never    never     never never   never  never   never   never   never    never
FILE_CLAIM                never   never   never  never never never never    never     never never   never  never   never   never   never    never
ANSWER_CLAIM              never   never   never  never never never never    never     never never   never  never   never   never   never    never
WITHDRAW_CLAIM            never   never   never  never never never never    never     never never   never  never   never   never   never    never
RECORD_CLAIM              claim   claim   claim  claim claim claim claim    claim     claim claim   claim  consent consent consent consent  ?
INVESTIGATE_CLAIM         filed   claim   claim  filed filed filed filed    claim     claim filed   filed  filed   filed   consent filed    ?
CLOSE_CLAIM               claim   claim   claim  claim claim claim claim    claim     claim claim   claim  consent consent consent consent  ?
"""


def cells(table: str) -> Iterator[tuple[Action, str, Basis | Reason]]:
    head, *rows = table.strip().splitlines()
    for row in rows:
        action, *words = row.split()
        for situation, word in zip(head.split(), words, strict=True):
            yield Action[action], situation, WORDS[word]


TABLE = [*cells(MERCHANTS), *cells(AGENTS)]


@pytest.mark.parametrize(("action", "situation", "expected"), [pytest.param(*cell, id=f"{cell[0]}-{cell[1]}") for cell in TABLE])
def test_the_table(action: Action, situation: str, expected: Basis | Reason) -> None:
    viewer, facts = SITUATIONS[situation]
    found = decide(viewer, action, facts)
    if isinstance(expected, Reason):
        assert found == Decision(action, allowed=False, reason=expected)
        return
    on_consent = expected is Basis.CONSENT
    assert facts is not None
    assert found == Decision(
        action,
        allowed=True,
        basis=expected,
        until=facts.consent.expires_at if on_consent and facts.consent else None,
        consent_id=CONSENT if on_consent else None,
        claim_id=CLAIM if expected is Basis.CLAIM and facts.claim else None,
    )


def test_the_table_has_every_action_in_every_situation() -> None:
    assert {(action, situation) for action, situation, _ in TABLE} == {(action, situation) for action in Action for situation in SITUATIONS}


NEVER_ANNOUNCED = [
    pytest.param("member", Basis.OWN_DATA, id="member"),
    pytest.param("owner", Basis.OWN_DATA, id="owner"),
    pytest.param("nothing", Reason.NEVER_FOR_AGENTS, id="agent-nothing"),
    pytest.param("open", Reason.NEVER_FOR_AGENTS, id="agent-open-claim"),
    pytest.param("live", Reason.NEVER_FOR_AGENTS, id="agent-live-consent"),
    pytest.param("both", Reason.NEVER_FOR_AGENTS, id="agent-both"),
]


@pytest.mark.parametrize(("situation", "expected"), NEVER_ANNOUNCED)
def test_cancelling_a_parcel_never_announced_would_delete_it(situation: str, expected: Basis | Reason) -> None:
    viewer, facts = SITUATIONS[situation]
    assert facts is not None
    found = decide(viewer, Action.CANCEL_PARCEL, replace(facts, announced=False))
    assert found.basis is expected if isinstance(expected, Basis) else found.reason is expected


@pytest.mark.parametrize("role", MerchantRole)
def test_a_role_says_nothing_without_its_account(role: MerchantRole) -> None:
    homeless = replace(merchant(role), account_id=None)
    assert {action for action in Action if decide(homeless, action, OF_PARCEL).allowed} == set()


def test_a_merchant_s_user_without_a_role_may_nothing() -> None:
    nobody = replace(merchant(MerchantRole.OWNER), roles=frozenset())
    assert {action for action in Action if decide(nobody, action, OF_PARCEL).allowed} == set()


def test_an_agent_with_a_merchant_s_roles_and_account_is_an_agent() -> None:
    dressed_up = replace(AGENT, account_id=ACCOUNT, roles=frozenset(MerchantRole))
    for action in Action:
        assert decide(dressed_up, action, OF_PARCEL) == decide(AGENT, action, OF_PARCEL)


def test_a_consent_ends_at_the_instant_it_names() -> None:
    assert is_live(ConsentFact(CONSENT, NOW), NOW - INSTANT)
    assert not is_live(ConsentFact(CONSENT, NOW), NOW)
    assert not is_live(ConsentFact(CONSENT, NOW), NOW + INSTANT)


@pytest.mark.parametrize("channel", ClaimChannel)
@pytest.mark.parametrize("status", ClaimStatus)
def test_a_claim_opens_its_parcel_only_from_the_support_section_and_while_open(channel: ClaimChannel, status: ClaimStatus) -> None:
    is_open = status.value in {"SUBMITTED", "INVESTIGATING", "AWAITING_MERCHANT", "WITH_CARRIER"}
    assert opens(claim(channel, status)) is (channel.value == "SUPPORT_SECTION" and is_open)


def test_a_claim_without_a_parcel_opens_nothing_of_the_account() -> None:
    lost = ClaimFact(CLAIM, None, ClaimChannel.SUPPORT_SECTION, ClaimStatus.SUBMITTED)
    for facts in (OF_ACCOUNT, OF_PARCEL):
        assert decide(AGENT, Action.VIEW_PERSONAL_DATA, replace(facts, claim=lost)).reason is Reason.NO_LIVE_CONSENT


# What can't be understood is UNDECIDED, and nothing raises.

GARBAGE = st.one_of(
    st.text(), st.integers(), st.floats(), st.booleans(), st.binary(), st.lists(st.integers()), st.dates(), st.sampled_from([object(), Facts, ...])
)
VIEWERS = st.sampled_from([AGENT, *(merchant(role) for role in MerchantRole)])
SOUND = Facts(NOW, ACCOUNT, PARCEL, LIVE, claim())


def _broken(facts: Facts, name: str, junk: object) -> Facts:
    head, _, rest = name.partition(".")
    broken: dict[str, Any] = {head: replace(getattr(facts, head), **{rest: junk}) if rest else junk}
    return replace(facts, **broken)


DECISIVE = ["now", "account_id", "parcel_id", "consent", "claim", "announced", "consent.expires_at", "claim.channel", "claim.status"]


@given(viewer=VIEWERS, action=st.sampled_from(Action), name=st.sampled_from(DECISIVE), junk=GARBAGE)
def test_a_fact_of_the_wrong_type_is_undecided(viewer: Viewer, action: Action, name: str, junk: object) -> None:
    if name == "announced" and isinstance(junk, bool):
        return
    assert decide(viewer, action, _broken(SOUND, name, junk)) == Decision(action, allowed=False, reason=Reason.UNDECIDED)


def test_every_fact_but_the_ids_for_the_log_is_decisive() -> None:
    assert {name.partition(".")[0] for name in DECISIVE} == {each.name for each in fields(Facts)}
    nested = {f"consent.{each.name}" for each in fields(ConsentFact)} | {f"claim.{each.name}" for each in fields(ClaimFact)}
    assert nested - set(DECISIVE) == {"consent.id", "claim.id", "claim.parcel_id"}  # the last is compared, and anything else is another parcel


@given(junk=GARBAGE)
def test_a_claim_on_what_is_no_parcel_opens_nothing(junk: Any) -> None:
    facts = replace(OF_PARCEL, claim=ClaimFact(CLAIM, junk, ClaimChannel.SUPPORT_SECTION, ClaimStatus.SUBMITTED))
    assert decide(AGENT, Action.VIEW_PERSONAL_DATA, facts).reason is Reason.NO_LIVE_CONSENT


@given(viewer=VIEWERS, action=st.sampled_from(Action), junk=GARBAGE)
def test_facts_that_are_none_of_ours_are_undecided(viewer: Viewer, action: Action, junk: Any) -> None:
    assert decide(viewer, action, junk).reason is Reason.UNDECIDED
    lookalike: Any = SimpleNamespace(**{each.name: getattr(SOUND, each.name) for each in fields(Facts)})
    assert decide(viewer, action, lookalike).reason is Reason.UNDECIDED


@given(junk=GARBAGE, action=st.sampled_from(Action))
def test_a_viewer_that_is_none_of_ours_is_undecided(junk: Any, action: Action) -> None:
    lookalike: Any = SimpleNamespace(kind=ViewerKind.AGENT, account_id=ACCOUNT, roles=frozenset(MerchantRole))
    for viewer in (junk, lookalike, replace(AGENT, kind=junk)):
        assert decide(viewer, action, SOUND).reason is Reason.UNDECIDED


@pytest.mark.parametrize("name", [each.value for each in Action])
def test_an_action_by_its_mere_name_is_undecided(name: Any) -> None:
    for facts in (SOUND, replace(OF_ACCOUNT, claim=claim()), None):
        assert decide(AGENT, name, facts).reason is Reason.UNDECIDED


def test_clocks_that_can_not_be_compared_are_undecided() -> None:
    naive = replace(OF_PARCEL, consent=ConsentFact(CONSENT, datetime(2027, 1, 1)))  # noqa: DTZ001 (that it has no zone is the point)
    assert decide(AGENT, Action.VIEW_PERSONAL_DATA, naive).reason is Reason.UNDECIDED


@pytest.mark.parametrize("viewer", [AGENT, merchant(MerchantRole.OWNER)], ids=["agent", "owner"])
@pytest.mark.parametrize(
    "rule", [pytest.param(None, id="none"), pytest.param("yes", id="text"), pytest.param(SimpleNamespace(merchants=1), id="odd")]
)
def test_an_action_without_a_rule_that_can_be_read_is_undecided(monkeypatch: pytest.MonkeyPatch, viewer: Viewer, rule: object) -> None:
    monkeypatch.setattr(policy, "RULES", {})
    assert {decide(viewer, action, SOUND).reason for action in Action} == {Reason.UNDECIDED}
    monkeypatch.setattr(policy, "RULES", dict.fromkeys(Action, rule))
    assert {decide(viewer, action, SOUND).reason for action in Action} == {Reason.UNDECIDED}


def test_every_action_has_a_rule() -> None:
    assert set(RULES) == set(Action)


def test_a_decision_says_nothing_that_was_not_said() -> None:
    decision = Decision(Action.VIEW_SETTINGS, allowed=True)
    assert [decision.reason, decision.basis, decision.until, decision.consent_id, decision.claim_id] == [None] * 5


def test_the_table_is_of_the_types_it_says() -> None:
    for rule in RULES.values():
        assert isinstance(rule.merchants, frozenset)
        assert type(rule.filed_in_support) is type(rule.only_announced) is bool


@pytest.mark.parametrize("other", [UUID(int=0), UUID(int=2**127)], ids=["lower", "higher"])
def test_another_account_is_another_whichever_way_their_ids_compare(other: UUID) -> None:
    for role in MerchantRole:
        assert decide(merchant(role, other), Action.VIEW_SETTINGS, OF_ACCOUNT).allowed is False


def test_an_id_is_the_same_id_in_another_object() -> None:
    """The database gives a new one with each row."""
    account, parcel = UUID(str(ACCOUNT)), UUID(str(PARCEL))
    assert account is not ACCOUNT
    assert decide(merchant(MerchantRole.OWNER, account), Action.VIEW_SETTINGS, OF_ACCOUNT).allowed is True
    opened = replace(OF_PARCEL, parcel_id=parcel, claim=claim())
    assert decide(AGENT, Action.VIEW_PERSONAL_DATA, opened).allowed is True
