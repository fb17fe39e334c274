"""The second lock: a field shows its value only if the row it belongs to says so, whatever the row holds.

The gate has dropped what may not be shown before a row is built. Here rows hold it all the same, as if the gate had failed.
"""

from __future__ import annotations

import copy
import re
from dataclasses import fields as fields_of
from types import SimpleNamespace
from typing import Any

import pytest
from graphql.pyutils import Path

from policy.classification import FIELDS, Personal
from policy.decision import Decision
from policy.vocabulary import Action, Basis, Reason
from resolvers import account_settings, accounts, claims, consents, parcels
from resolvers.errors import Refused
from resolvers.gate import Gate
from resolvers.ledger import Request
from resolvers.selection import NOTHING, Selection
from schema.build import Schema
from schema.privacy import PrivacyReport, decision_on
from tests.asking import ask, parcel_id
from tests.builders import a_merchant, an_agent
from tests.marks import EVERY_FIELD, EVERYTHING, a_marked_parcel, seen

VIEW = Action.VIEW_PERSONAL_DATA
#: Everything of a parcel alone.
ALL = Selection(
    {"Parcel": dict.fromkeys(FIELDS["Parcel"].keys() - {"account", "claims"}, Selection({"Recipient": dict.fromkeys(FIELDS["Recipient"], NOTHING)}))}
)
ALLOWED = Decision(VIEW, allowed=True, basis=Basis.CONSENT)


class Agreeable:
    """Says yes to everything, but is no mapping."""

    def get(self, action: Action) -> Decision:
        return ALLOWED


def lying(**changes: Any) -> Decision:
    """An allowance with something else in it."""
    decision = copy.copy(ALLOWED)
    for name, value in changes.items():
        object.__setattr__(decision, name, value)
    return decision


NOT_SHOWN = {
    "nothing": None,
    "true": True,
    "a text": "yes",
    "a decision": ALLOWED,
    "an empty mapping": {},
    "a mapping to true": {VIEW: True},
    "a mapping to a basis": {VIEW: Basis.CONSENT},
    "a mapping to a lookalike": {VIEW: SimpleNamespace(action=VIEW, allowed=True, reason=None, basis=Basis.CONSENT)},
    "an allowance of another action": {VIEW: lying(action=Action.CHANGE_PARCEL)},
    "an allowance under another action": {Action.CHANGE_PARCEL: ALLOWED},
    "allowed is one": {VIEW: lying(allowed=1)},
    "allowed is a text": {VIEW: lying(allowed="True")},
    "allowed is a list": {VIEW: lying(allowed=[False])},
    "a refusal": {VIEW: Decision(VIEW, allowed=False, reason=Reason.NO_LIVE_CONSENT)},
    "pairs": [(VIEW, ALLOWED)],
    "what only answers": Agreeable(),
    "a set": {VIEW},
}


def test_a_row_that_says_so_is_shown() -> None:
    assert decision_on(SimpleNamespace(shown={VIEW: ALLOWED}), VIEW) is ALLOWED


@pytest.mark.parametrize("shown", NOT_SHOWN.values(), ids=NOT_SHOWN)
def test_anything_else_is_not_an_allowance(shown: Any) -> None:
    decision = decision_on(SimpleNamespace(shown=shown), VIEW)
    assert decision.allowed is not True
    assert decision.action is VIEW


@pytest.mark.parametrize(
    "row", [object(), None, "row", {"shown": {VIEW: ALLOWED}}, SimpleNamespace()], ids=["object", "none", "text", "dict", "bare"]
)
def test_a_row_that_says_nothing_is_undecided(row: object) -> None:
    assert decision_on(row, VIEW) == Decision(VIEW, allowed=False, reason=Reason.UNDECIDED)


async def test_a_parcel_full_of_data_shows_nothing_unless_it_says_so(database: str, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_marked_parcel(merchant, "¶")
    row = await parcels.one(Gate(merchant.owner, Request("request")), parcel.id, ALL)
    document = f'{{ parcel(id: "{parcel_id(parcel.id)}") {{ ...Everything }} }} {EVERY_FIELD}'

    async def the_row(*_: Any) -> dict[Any, Any]:
        return {parcel.id: row}

    monkeypatch.setattr(parcels, "by_ids", the_row)
    assert row.events is not None
    locked: list[Any] = [row, row.recipient, *row.events]
    for name, shown in ({"an allowance": {VIEW: ALLOWED}} | NOT_SHOWN).items():
        for each in locked:
            each.shown = shown
        for viewer in (agent, merchant.owner):
            answer = await ask(schema, viewer, document)
            assert seen("¶", answer.text) == (EVERYTHING if name == "an allowance" else frozenset()), name
    for each in locked:
        del each.shown
    assert seen("¶", (await ask(schema, agent, document)).text) == frozenset()


async def test_the_parts_of_a_parcel_have_each_their_own_lock(database: str, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    merchant = await a_merchant()
    parcel = await a_marked_parcel(merchant, "¶")
    row = await parcels.one(Gate(merchant.owner, Request("request")), parcel.id, ALL)

    async def the_row(*_: Any) -> dict[Any, Any]:
        return {parcel.id: row}

    monkeypatch.setattr(parcels, "by_ids", the_row)
    assert row.events is not None
    row.recipient.shown = row.events[0].shown = {}
    answer = await ask(schema, merchant.owner, f'{{ parcel(id: "{parcel_id(parcel.id)}") {{ ...Everything }} }} {EVERY_FIELD}')
    found = seen("¶", answer.text)
    assert {"note", "tracking_number", "event_status"} <= found
    assert found.isdisjoint({"name", "email", "city", "event_location", "event_message"})


# Every personal field of every type.

ROWS: dict[str, Any] = {
    "Parcel": parcels.Parcel,
    "Recipient": parcels.Recipient,
    "TrackingEvent": parcels.TrackingEvent,
    "Claim": claims.Claim,
    "InvestigationEntry": claims.InvestigationEntry,
    "Consent": consents.Consent,
    "AccountSettings": account_settings.AccountSettings,
    "Account": accounts.Account,
}


def test_every_row_with_a_personal_field_says_what_it_shows_and_prints_none_of_it() -> None:
    assert {name for name, classes in FIELDS.items() if any(isinstance(what, Personal) for what in classes.values())} == set(ROWS)
    for type_name, row in ROWS.items():
        columns = {each.name: each for each in fields_of(row)}
        assert "shown" in columns, type_name
        for name, what in FIELDS[type_name].items():
            column = re.sub("([A-Z])", lambda letter: f"_{letter[1].lower()}", name)
            assert not isinstance(what, Personal) or columns[column].repr is False, f"{type_name}.{name}"


class Full:
    """A row that holds something under every name."""

    def __init__(self, shown: object) -> None:
        self.shown = shown

    def __getattr__(self, name: str) -> str:
        return "¶"


def test_every_personal_field_has_the_lock(schema: Schema) -> None:
    for type_name, classes in FIELDS.items():
        named: Any = schema._schema.type_map[type_name]
        for name, what in classes.items():
            if isinstance(what, Personal):
                resolve = named.fields[name].resolve
                allowance = {what.action: Decision(what.action, allowed=True, basis=Basis.OWN_DATA)}
                assert resolved(resolve, type_name, name, allowance) is not None
                assert {resolved(resolve, type_name, name, shown) for shown in NOT_SHOWN.values()} == {None}, f"{type_name}.{name}"


def resolved(resolve: Any, type_name: str, name: str, shown: object) -> object:
    """What the field gives of a full row; None too where it refuses with an error."""
    context = SimpleNamespace(report=PrivacyReport())
    info = SimpleNamespace(
        context=context, parent_type=SimpleNamespace(name=type_name), field_name=name, path=Path(None, name, type_name), field_nodes=[]
    )
    try:
        return resolve(Full(shown), info)
    except Refused:
        return None
