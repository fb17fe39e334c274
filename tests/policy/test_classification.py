"""What everything is, held against the printed schema: the two are written apart, and must say the same."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from graphql import FieldDefinitionNode, InputObjectTypeDefinitionNode, InterfaceTypeDefinitionNode, ObjectTypeDefinitionNode, parse, print_ast

from policy import classification
from policy.classification import (
    ARGUMENTS,
    COLUMNS,
    FIELDS,
    INPUTS,
    Carries,
    Class,
    Guarded,
    Inside,
    Outline,
    Personal,
    Protected,
    Searches,
    Secret,
    Unclassified,
    column_class,
    field_class,
)
from policy.vocabulary import Action, DataSubject, PiiCategory

SCHEMA = parse((Path(__file__).parents[2] / "schema/schema.graphql").read_text()).definitions
TYPES = {each.name.value: each for each in SCHEMA if isinstance(each, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode)}
MODULES = [importlib.import_module(name) for name in ("policy.classification", "policy.decision", "policy.vocabulary", "resolvers.gate")]


def printed(field: FieldDefinitionNode) -> tuple[str, ...]:
    """The directive on a field: its name, and its arguments' words."""
    for each in field.directives or ():
        if each.name.value in {"pii", "requires"}:
            return each.name.value, *(print_ast(argument.value) for argument in each.arguments or ())
    return ()


def classified(what: Class) -> tuple[str, ...]:
    """The same, as it is classified."""
    if isinstance(what, Personal):
        return "pii", what.category, what.subject
    return ("requires", what.action) if isinstance(what, Guarded) else ()


def test_every_field_is_what_the_schema_prints() -> None:
    assert {name: {field.name.value: printed(field) for field in definition.fields or ()} for name, definition in TYPES.items()} == {
        name: {field: classified(what) for field, what in fields.items()} for name, fields in FIELDS.items()
    }


def test_whatever_is_classified_has_a_class() -> None:
    for name, members in {**COLUMNS, **FIELDS, **ARGUMENTS, **INPUTS}.items():
        for member, what in members.items():
            assert isinstance(what, Class), f"{name}.{member}"


def test_every_argument_and_input_is_classified_and_nothing_else_is() -> None:
    arguments = {
        f"{name}.{field.name.value}": {argument.name.value for argument in field.arguments}
        for name, definition in TYPES.items()
        for field in definition.fields or ()
        if field.arguments
    }
    assert {coordinate: set(given) for coordinate, given in ARGUMENTS.items()} == arguments
    inputs = {
        each.name.value: {field.name.value for field in each.fields or ()} for each in SCHEMA if isinstance(each, InputObjectTypeDefinitionNode)
    }
    assert {name: set(given) for name, given in INPUTS.items()} == inputs


ANOTHER_ACTION = {
    "Account.directDebit": Action.VIEW_DIRECT_DEBIT,
    "AccountSettings.notificationReplyTo": Action.VIEW_PROTECTED_SETTINGS,
    "AccountSettings.notificationBcc": Action.VIEW_PROTECTED_SETTINGS,
    "AccountSettings.webhookUrl": Action.VIEW_PROTECTED_SETTINGS,
    "account_personal_data.notification_reply_to": Action.VIEW_PROTECTED_SETTINGS,
    "account_personal_data.notification_bcc": Action.VIEW_PROTECTED_SETTINGS,
    "account_personal_data.webhook_url": Action.VIEW_PROTECTED_SETTINGS,
    **{f"direct_debits.{name}": Action.VIEW_DIRECT_DEBIT for name in ("account_holder", "iban", "bic", "mandate_reference", "status", "signed_at")},
}


def personal() -> Iterator[tuple[str, Personal]]:
    for table in (FIELDS, COLUMNS):
        for name, members in table.items():
            yield from ((f"{name}.{member}", what) for member, what in members.items() if isinstance(what, Personal))


def test_only_these_are_shown_by_another_action_than_seeing_personal_data() -> None:
    assert {coordinate: what.action for coordinate, what in personal() if what.action is not Action.VIEW_PERSONAL_DATA} == ANOTHER_ACTION


def test_only_these_inputs_search_or_are_protected() -> None:
    found = {(f"{name}.{field}", what) for name, fields in INPUTS.items() for field, what in fields.items() if isinstance(what, Searches | Protected)}
    assert found == {
        ("ParcelFilter.orderNumber", Searches(PiiCategory.ORDER)),
        ("ParcelFilter.trackingNumber", Searches(PiiCategory.TRACKING)),
        ("ParcelFilter.search", Searches(PiiCategory.IDENTITY)),
        ("UpdateSettingsInput.notificationReplyTo", Protected(PiiCategory.CONTACT)),
        ("UpdateSettingsInput.notificationBcc", Protected(PiiCategory.CONTACT)),
        ("UpdateSettingsInput.webhookUrl", Protected(PiiCategory.CONTACT)),
    }


def test_an_input_of_a_personal_field_carries_its_category() -> None:
    shown = {**FIELDS["Parcel"], **FIELDS["Recipient"], **FIELDS["InvestigationEntry"]}
    for name in ("UpdateParcelInput", "RecipientInput", "LogInvestigationInput"):
        for field, what in INPUTS[name].items():
            of = shown.get(field)
            if isinstance(of, Personal) and field != "version":  # which version it was, and not what it says
                assert what == Carries(of.category), f"{name}.{field}"


@pytest.mark.parametrize("kind", [Outline, Inside, Secret, Guarded, Personal, Carries, Searches, Protected], ids=lambda kind: kind.__name__)
def test_a_class_is_one_of_these(kind: type) -> None:
    assert kind in Class.__args__


def test_what_is_not_classified_names_itself_and_says_what_to_do() -> None:
    assert column_class("parcels", "carrier") == Outline()
    assert field_class("Recipient", "email") == Personal(PiiCategory.CONTACT, DataSubject.RECIPIENT, Action.VIEW_PERSONAL_DATA)
    for look, owner, mapping in ((column_class, "parcels", "COLUMNS"), (column_class, "pets", "COLUMNS"), (field_class, "Recipient", "FIELDS")):
        with pytest.raises(Unclassified, match=rf"^{owner}\.nickname is not classified: add it to {mapping} in policy/classification\.py$") as told:
            look(owner, "nickname")
        assert told.value.__suppress_context__
    with pytest.raises(Unclassified):
        field_class("Pet", "nickname")
    assert issubclass(Unclassified, TypeError)


DATACLASSES = [
    kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__
]
FACTS = [kind for kind in DATACLASSES if kind.__name__ != "Gate"]


@pytest.mark.parametrize("kind", FACTS, ids=lambda kind: kind.__name__)
def test_what_is_decided_from_can_not_be_changed_afterwards(kind: Any) -> None:
    assert kind.__dataclass_params__.frozen
    assert kind.__dataclass_params__.eq
    assert "__slots__" in vars(kind)
    assert not hasattr(object.__new__(kind), "__dict__")


def test_the_facts_are_all_there() -> None:
    assert {kind.__name__ for kind in FACTS} == {
        *("Outline", "Inside", "Secret", "Guarded", "Personal", "Carries", "Searches", "Protected"),
        *("ConsentFact", "ClaimFact", "Facts", "Decision", "Rule", "Viewer", "Disclosure"),
    }
    assert classification.Class is Class


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_annotation_can_be_read_at_run_time(module: Any) -> None:
    """They are not evaluated by themselves, and a wrong one would only be seen by who asks."""
    get_type_hints(module)
    for each in vars(module).values():
        if getattr(each, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(each) or isinstance(each, type):
            get_type_hints(each)
        for member in vars(each).values() if isinstance(each, type) else ():
            if inspect.isfunction(member) or isinstance(member, property):
                get_type_hints(member.fget if isinstance(member, property) else member)
