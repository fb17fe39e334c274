"""What nobody classified does not build, and what is classified can't lose its policy. Each refusal names the coordinate and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import strawberry
from graphql import GraphQLInterfaceType, GraphQLObjectType
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension

from policy import classification
from policy.classification import FIELDS, INPUTS, Carries, Class, Guarded, Inside, Personal, Protected, Searches
from policy.vocabulary import Action, DataSubject, PiiCategory
from resolvers import account_settings
from resolvers.parcels import ParcelFilter
from schema.build import Schema, build, check
from schema.permissions import Requires, requires
from schema.privacy import PiiExtension
from tests.schema.small_schemas import (
    EMAIL,
    OUTLINE,
    SETTINGS,
    Classes,
    Classify,
    a_type,
    built,
    classifying,
    contact,
    email,
    finding,
    plain,
    refusal,
)


@pytest.fixture
def classify(monkeypatch: pytest.MonkeyPatch) -> Classify:
    """Put another classification in the place of ours."""
    return classifying(monkeypatch)


def where(**options: Any) -> type:
    """An input with the one field `street`."""
    return strawberry.input(a_type("Where", street=(str | None, plain(default=strawberry.UNSET, **options))))


def test_what_is_declared_as_it_is_classified_builds(classify: Classify) -> None:
    classify({"Query": {"email": EMAIL}})
    built(email(contact()))
    classify({"Query": {"email": SETTINGS}})
    built(email(plain(extensions=[requires(Action.VIEW_SETTINGS)])))
    classify({"Query": {"found": OUTLINE}}, {"Query.found": {"where": OUTLINE}}, {"Where": {"street": Carries(PiiCategory.ADDRESS)}})
    built(finding(where=where()))


# What is not classified. The message is the whole instruction.


def test_a_field_nobody_classified_does_not_build(classify: Classify) -> None:
    classify({"Query": {"email": EMAIL}})
    query = a_type(email=(str | None, contact()), nickname=(str | None, plain()))
    assert refusal(query) == "Query.nickname is not classified: add it to FIELDS in policy/classification.py"


def test_a_type_nobody_classified_does_not_build(classify: Classify) -> None:
    classify({"Query": {"pet": OUTLINE}})
    pet = strawberry.type(a_type("Pet", name=(str, plain())))
    assert refusal(a_type(pet=(pet | None, plain()))) == "Pet.name is not classified: add it to FIELDS in policy/classification.py"


def test_a_type_nobody_refers_to_does_not_build_either(classify: Classify) -> None:
    classify({"Query": {"email": EMAIL}})
    pet = strawberry.type(a_type("Pet", name=(str, plain())))
    assert refusal(email(contact()), types=[pet]) == "Pet.name is not classified: add it to FIELDS in policy/classification.py"


def test_an_argument_nobody_classified_does_not_build(classify: Classify) -> None:
    classify({"Query": {"found": OUTLINE}})
    assert refusal(finding(name=str)) == "Query.found is not classified: add it to ARGUMENTS in policy/classification.py"
    classify({"Query": {"found": OUTLINE}}, {"Query.found": {"first": OUTLINE}})
    assert refusal(finding(name=str)) == "Query.found.name is not classified: add it to ARGUMENTS in policy/classification.py"


def test_an_input_nobody_classified_does_not_build(classify: Classify) -> None:
    classify({"Query": {"found": OUTLINE}}, {"Query.found": {"where": OUTLINE}})
    assert refusal(finding(where=where())) == "Where is not classified: add it to INPUTS in policy/classification.py"
    classify({"Query": {"found": OUTLINE}}, {"Query.found": {"where": OUTLINE}}, {"Where": {}})
    assert refusal(finding(where=where())) == "Where.street is not classified: add it to INPUTS in policy/classification.py"


# What is declared otherwise than it is classified.

EXACTLY = "declare it with exactly that {}(…), or classify it as it is declared"

DECLARED = [
    pytest.param(plain, EMAIL, "pii", id="personal-but-plain"),
    pytest.param(contact, OUTLINE, "pii", id="outline-but-pii"),
    pytest.param(contact, SETTINGS, "pii", id="guarded-but-pii"),
    pytest.param(contact, Personal(PiiCategory.IDENTITY), "pii", id="another-category"),
    pytest.param(contact, Personal(PiiCategory.CONTACT, DataSubject.MERCHANT), "pii", id="another-subject"),
    pytest.param(contact, Personal(PiiCategory.CONTACT, action=Action.VIEW_DIRECT_DEBIT), "pii", id="another-action"),
    pytest.param(lambda: plain(extensions=contact().extensions + contact().extensions), EMAIL, "pii", id="pii-twice"),
    pytest.param(lambda: plain(extensions=[requires(Action.VIEW_PERSONAL_DATA)]), EMAIL, "pii", id="personal-but-requires"),
    pytest.param(plain, SETTINGS, "requires", id="guarded-but-plain"),
    pytest.param(lambda: plain(extensions=[requires(Action.VIEW_SETTINGS)]), OUTLINE, "requires", id="outline-but-requires"),
    pytest.param(lambda: plain(extensions=[requires(Action.CHANGE_SETTINGS)]), SETTINGS, "requires", id="requires-another-action"),
    pytest.param(lambda: plain(extensions=[requires(Action.VIEW_SETTINGS)] * 2), SETTINGS, "requires", id="requires-twice"),
]


@pytest.mark.parametrize(("how", "what", "kind"), DECLARED)
def test_a_field_is_declared_as_it_is_classified(classify: Classify, how: Callable[[], Any], what: Class, kind: str) -> None:
    classify({"Query": {"email": what}})
    message = refusal(email(how()))
    assert message.startswith("Query.email is classified as ")
    assert message.endswith(EXACTLY.format(kind))


NOT_NULL = [
    pytest.param(str, {}, id="text"),
    pytest.param(list[str], {}, id="list"),
    pytest.param(list[str | None], {}, id="list-of-perhaps"),
    pytest.param(str | None, {"graphql_type": str}, id="said-otherwise"),
]


@pytest.mark.parametrize(("kind", "options"), NOT_NULL)
def test_personal_data_that_can_t_be_null_does_not_build(classify: Classify, kind: Any, options: dict[str, Any]) -> None:
    classify({"Query": {"email": EMAIL}})
    assert refusal(a_type(email_address=(kind, contact(**options)))).endswith(
        "Query.emailAddress is @pii and must be nullable: null is how personal data is withheld"
    )


def test_personal_data_that_comes_out_non_null_or_unmarked_does_not_pass(classify: Classify, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a newer Strawberry not call what makes it so."""
    classify({"Query": {"email": EMAIL}})
    monkeypatch.setattr("schema.privacy.PiiExtension.apply", lambda self, field: None)
    assert refusal(a_type(email=(str, contact()))) == "Query.email is @pii and must be nullable: null is how personal data is withheld"
    assert refusal(email(contact())) == "Query.email does not print @pii"


class Anyone(BasePermission):
    """A permission that the policy table knows nothing of."""

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return True


@pytest.mark.parametrize("what", [OUTLINE, SETTINGS], ids=["outline", "guarded"])
def test_no_other_permission_decides(classify: Classify, what: Class) -> None:
    classify({"Query": {"email": what}})
    for how in (plain(permission_classes=[Anyone]), plain(extensions=[PermissionExtension([Anyone()])])):
        assert refusal(email(how)) == "Anyone is not Requires(action): the policy table decides, nothing else"


class Shouting(FieldExtension):
    """An extension."""

    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return next_(source, info, **kwargs)


class LaxPii(PiiExtension):
    """The lock, picked."""

    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return next_(source, info, **kwargs)


class LaxRequires(Requires):
    """The permission, always given."""

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return True


LAX = LaxPii(PiiCategory.CONTACT, DataSubject.RECIPIENT, Action.VIEW_PERSONAL_DATA)
PICKED = [
    pytest.param([Shouting(), *contact().extensions], EMAIL, "Query.email has Shouting, which could", id="before-pii"),
    pytest.param([*contact().extensions, Shouting()], EMAIL, "Query.email has Shouting, which could", id="after-pii"),
    pytest.param([Shouting(), requires(Action.VIEW_SETTINGS)], SETTINGS, "Query.email has Shouting, which could", id="before-requires"),
    pytest.param([LAX], EMAIL, "Query.email has LaxPii, which could", id="another-pii"),
    pytest.param([PermissionExtension([LaxRequires(Action.VIEW_SETTINGS)])], SETTINGS, "LaxRequires is not Requires(action)", id="another-requires"),
]


@pytest.mark.parametrize(("extensions", "what", "message"), PICKED)
def test_nothing_answers_in_the_place_of_the_policy(classify: Classify, extensions: list[Any], what: Class, message: str) -> None:
    classify({"Query": {"email": what}})
    assert refusal(email(plain(extensions=extensions))).startswith(message)


# Inputs: Strawberry takes a permission there, and forgets it.


IGNORED = [
    pytest.param({"permission_classes": [Anyone]}, id="permission"),
    pytest.param({"extensions": [requires(Action.VIEW_SETTINGS)]}, id="requires"),
    pytest.param({"extensions": [Shouting()]}, id="extension"),
]


@pytest.mark.parametrize("options", IGNORED)
def test_a_permission_or_extension_on_an_input_does_not_build(classify: Classify, options: dict[str, Any]) -> None:
    classify({"Query": {"found": OUTLINE}}, {"Query.found": {"where": OUTLINE}}, {"Where": {"street": Carries(PiiCategory.ADDRESS)}})
    assert refusal(finding(where=where(**options))) == "Where.street is an input: a permission or extension on it would be ignored without a word"


# Interfaces: a field declared again loses what was on it.


def a_person() -> type:
    return strawberry.interface(a_type("Person", email=(str | None, contact())))


def an_heir(person: type, **fields: tuple[Any, Any]) -> type:
    return strawberry.type(type("Heir", (person,), dict(a_type(**fields).__dict__)), name="Heir")


def test_a_field_inherited_from_an_interface_keeps_its_policy(classify: Classify) -> None:
    person = a_person()
    classify({"Query": {"person": OUTLINE}, "Person": {"email": EMAIL}, "Heir": {"email": EMAIL}})
    built(a_type(person=(person | None, plain())), types=[an_heir(person)])


def test_a_field_that_overrides_an_interface_s_is_classified_as_that_is(classify: Classify) -> None:
    person = a_person()
    classify({"Query": {"person": OUTLINE}, "Person": {"email": EMAIL}, "Heir": {"email": OUTLINE}})
    heir = an_heir(person, email=(str | None, plain()))
    message = "Heir.email is classified otherwise than Person.email, which it overrides"
    assert refusal(a_type(person=(person | None, plain())), types=[heir]) == message


def test_a_field_that_overrides_an_interface_s_does_not_lose_its_policy(classify: Classify) -> None:
    person = a_person()
    classify({"Query": {"person": OUTLINE}, "Person": {"email": EMAIL}, "Heir": {"email": EMAIL}})
    heir = an_heir(person, email=(str | None, plain()))
    assert refusal(a_type(person=(person | None, plain())), types=[heir]).startswith("Heir.email is classified as Personal(")


# What is only a part of a guarded value has no other way in.


def test_what_is_inside_a_guarded_value_is_not_reached_from_outside(classify: Classify) -> None:
    money = strawberry.type(a_type("Money", amount=(str, plain())))
    classify({"Query": {"total": OUTLINE}, "Money": {"amount": Inside()}})
    message = "Query.total shows a Money, whose fields are only for guarded fields: classify it as personal"
    assert refusal(a_type(total=(money | None, plain()))) == message


# Mutations: the operation is decided whole, from each one's action and input, before the first runs.


def burning(name: str = "BurnInput", **options: Any) -> type:
    """The mutation `burn`."""
    given = strawberry.input(a_type(name, account_id=(strawberry.ID, plain())))

    def burn(input: Any) -> str | None:
        return None

    burn.__annotations__["input"] = given
    return strawberry.type(type("Mutation", (), {"burn": plain(resolver=burn, **options)}))


def test_a_mutation_takes_an_action(classify: Classify) -> None:
    mutation: dict[str, Classes] = {"Mutation": {"burn": OUTLINE}}
    classify({"Query": {"email": OUTLINE}} | mutation, {"Mutation.burn": {"input": OUTLINE}}, {"BurnInput": {"accountId": OUTLINE}})
    message = "Mutation.burn is a mutation: classify it as Guarded(action), and declare it with requires(action)"
    assert refusal(email(plain()), mutation=burning()) == message


def test_a_mutation_takes_its_own_input_and_nothing_else(classify: Classify) -> None:
    mutation: dict[str, Classes] = {"Mutation": {"burn": Guarded(Action.DELETE_ACCOUNT)}}
    burn = burning("FireInput", extensions=[requires(Action.DELETE_ACCOUNT)])
    classify({"Query": {"email": OUTLINE}} | mutation, {"Mutation.burn": {"input": OUTLINE}}, {"FireInput": {"accountId": OUTLINE}})
    message = "Mutation.burn must take input: BurnInput! and nothing else: the operation is decided from it before it runs"
    assert refusal(email(plain()), mutation=burn) == message


def test_what_is_protected_stands_in_a_mutation_s_own_input(classify: Classify) -> None:
    classify({"Query": {"found": OUTLINE}}, {"Query.found": {"where": OUTLINE}}, {"Where": {"street": Protected(PiiCategory.CONTACT)}})
    message = "Where holds what is Protected, but is no mutation's input: nobody would look at it before the operation runs"
    assert refusal(finding(where=where())) == message


# What is classified and gone would be a policy that protects nothing.

LEFT = [
    pytest.param({"Query": {"email": OUTLINE, "phone": EMAIL}}, {}, {}, "Query.phone is classified in FIELDS but does not exist", id="field"),
    pytest.param({"Query": {"email": OUTLINE}, "Person": {"email": EMAIL}}, {}, {}, "Person: classified but not in the schema", id="type"),
    pytest.param(
        {"Query": {"email": OUTLINE}}, {"Query.email": {"id": OUTLINE}}, {}, "Query.email: classified but not in the schema", id="arguments"
    ),
    pytest.param({"Query": {"email": OUTLINE}}, {}, {"Where": {}}, "Where: classified but not in the schema", id="input"),
]


@pytest.mark.parametrize(("fields", "arguments", "inputs", "message"), LEFT)
def test_what_is_classified_but_gone_does_not_build(
    classify: Classify, fields: dict[str, Classes], arguments: dict[str, Classes], inputs: dict[str, Classes], message: str
) -> None:
    classify(fields, arguments, inputs)
    assert refusal(email(plain())) == f"{message}: take it out of policy/classification.py"


def test_an_argument_or_input_field_that_is_gone_does_not_build(classify: Classify) -> None:
    classify({"Query": {"found": OUTLINE}}, {"Query.found": {"name": OUTLINE, "last": OUTLINE}})
    gone = "is classified in {} but does not exist: take it out of policy/classification.py"
    assert refusal(finding(name=str)) == f"Query.found.last {gone.format('ARGUMENTS')}"
    classify({"Query": {"found": OUTLINE}}, {"Query.found": {"where": OUTLINE}}, {"Where": {"street": OUTLINE, "city": OUTLINE}})
    assert refusal(finding(where=where())) == f"Where.city {gone.format('INPUTS')}"


# Our own schema.


def personal_and_guarded() -> Iterator[tuple[str, str, Class]]:
    for type_name, classes in FIELDS.items():
        for name, what in classes.items():
            if isinstance(what, Personal | Guarded):
                yield type_name, name, what


def forgotten(monkeypatch: pytest.MonkeyPatch, type_name: str, name: str) -> None:
    monkeypatch.setitem(classification.FIELDS, type_name, {key: what for key, what in FIELDS[type_name].items() if key != name})


@pytest.mark.parametrize(("type_name", "name"), [("Recipient", "email"), ("Parcel", "status"), ("Mutation", "grantConsent"), ("Query", "viewer")])
def test_ours_does_not_build_with_a_field_left_out(monkeypatch: pytest.MonkeyPatch, schema: Schema, type_name: str, name: str) -> None:
    forgotten(monkeypatch, type_name, name)
    with pytest.raises(TypeError, match=f"^{type_name}.{name} is not classified: add it to FIELDS in policy/classification.py$"):
        check(schema._schema)


def test_building_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten(monkeypatch, "Recipient", "email")
    with pytest.raises(TypeError, match=r"^Recipient.email is not classified"):
        build()


def test_every_field_of_ours_prints_what_it_is(schema: Schema) -> None:
    printed = printed_directives(schema.as_str())
    expected = {}
    for type_name, name, what in personal_and_guarded():
        if isinstance(what, Guarded):
            expected[f"{type_name}.{name}"] = f"@requires(action: {what.action})"
        elif isinstance(what, Personal):
            expected[f"{type_name}.{name}"] = f"@pii(category: {what.category}, subject: {what.subject})"
    assert printed == expected


def printed_directives(sdl: str) -> dict[str, str]:
    """The @pii and @requires of each field, as they stand in the SDL."""
    without_descriptions = re.sub(r'"""(.|\n)*?"""', "", sdl)
    found = {}
    for type_name, body in re.findall(r"^(?:type|interface) (\w+)[^{]*\{\n(.*?)^\}", without_descriptions, re.DOTALL | re.MULTILINE):
        for name, directive in re.findall(r"^  (\w+)(?:\([^)]*\))?: \S+ (@(?:pii|requires)\(.*\))$", body, re.MULTILINE):
            found[f"{type_name}.{name}"] = directive
    return found


def test_no_personal_field_of_ours_is_non_null(schema: Schema) -> None:
    for type_name, name, what in personal_and_guarded():
        named = schema._schema.type_map[type_name]
        assert isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
        assert not str(named.fields[name].type).endswith("!"), f"{type_name}.{name}: {what}"


def test_a_second_build_prints_the_same(schema: Schema) -> None:
    assert build().as_str() == schema.as_str()


def test_each_directive_is_printed_once(schema: Schema) -> None:
    build()
    assert re.findall(r"@pii[^\n]*@pii|@requires[^\n]*@requires", schema.as_str()) == []


# Inputs that look at personal data or carry it out are enforced by those who know them: the names must agree.


def of_kind(kind: type) -> dict[str, PiiCategory]:
    return {f"{name}.{key}": what.category for name, classes in INPUTS.items() for key, what in classes.items() if isinstance(what, kind)}  # type: ignore[union-attr] # those have one


def test_every_input_that_searches_is_one_the_resolver_refuses() -> None:
    every = ParcelFilter(**dict.fromkeys(ParcelFilter.__dataclass_fields__, "x"))  # type: ignore[arg-type] # any value counts
    assert every.searches == of_kind(Searches)
    assert ParcelFilter().searches == {}


def test_every_protected_input_is_one_the_resolver_protects() -> None:
    assert {account_settings._coordinate(name).removeprefix("AccountSettings.") for name in account_settings._PROTECTED} == {
        coordinate.removeprefix("UpdateSettingsInput.") for coordinate in of_kind(Protected)
    }
