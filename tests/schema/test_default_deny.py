"""What nobody classified does not build, and what is classified can't lose its policy. Each refusal names the coordinate and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
import strawberry
from graphql import GraphQLInterfaceType, GraphQLObjectType
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension

from models.database import Json
from policy import classification
from policy.classification import FIELDS, INPUTS, Carries, Class, Guarded, Inside, Outline, Personal, Protected, Searches
from policy.vocabulary import Action, DataSubject, PiiCategory
from resolvers import account_settings
from resolvers.parcels import ParcelFilter
from schema.build import Schema, build, check
from schema.permissions import requires
from schema.privacy import Pii, pii

EMAIL = Personal(PiiCategory.CONTACT)
SETTINGS = Guarded(Action.VIEW_SETTINGS)
OUTLINE = Outline()
Classes = dict[str, Class]


@pytest.fixture
def classify(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put another classification in the place of ours."""

    def put(fields: dict[str, Classes], arguments: dict[str, Classes] | None = None, inputs: dict[str, Classes] | None = None) -> None:
        for name, given in (("FIELDS", fields), ("ARGUMENTS", arguments or {}), ("INPUTS", inputs or {})):
            monkeypatch.setattr(classification, name, given)

    return put


def built(query: type, **options: Any) -> None:
    """Build a schema of this query, and hold it against the classification."""
    check(strawberry.Schema(query=strawberry.type(query, name="Query"), **options)._schema)


def refusal(query: type, **options: Any) -> str:
    """Why it does not build."""
    with pytest.raises(TypeError) as refused:
        built(query, **options)
    return str(refused.value)


# What is not classified. The message is the whole instruction.


def plain(name: str = "x") -> Any:
    return strawberry.field(description=name)


class Nickname:
    email: str | None = pii(PiiCategory.CONTACT, "x")
    nickname: str | None = plain()


@strawberry.input
class Where:
    street: str | None = strawberry.UNSET


class Searching:
    @strawberry.field(description="x")
    def found(self, name: Annotated[str | None, strawberry.argument(description="x")] = None) -> str:
        return "x"


class Filtering:
    @strawberry.field(description="x")
    def found(self, where: Annotated[Where | None, strawberry.argument(description="x")] = None) -> str:
        return "x"


class Typed:
    other: strawberry.auto = strawberry.field(description="x", graphql_type=strawberry.type(type("Other", (Nickname,), {}), name="Other") | None)


UNCLASSIFIED = [
    pytest.param(
        Nickname, {"Query": {"email": EMAIL}}, {}, {}, "Query.nickname is not classified: add it to FIELDS in policy/classification.py", id="field"
    ),
    pytest.param(
        Typed, {"Query": {"other": OUTLINE}}, {}, {}, "Other.email is not classified: add it to FIELDS in policy/classification.py", id="type"
    ),
    pytest.param(
        Searching,
        {"Query": {"found": OUTLINE}},
        {"Query.found": {"first": OUTLINE}},
        {},
        "Query.found.name is not classified: add it to ARGUMENTS in policy/classification.py",
        id="argument",
    ),
    pytest.param(
        Searching,
        {"Query": {"found": OUTLINE}},
        {},
        {},
        "Query.found is not classified: add it to ARGUMENTS in policy/classification.py",
        id="arguments",
    ),
    pytest.param(
        Filtering,
        {"Query": {"found": OUTLINE}},
        {"Query.found": {"where": OUTLINE}},
        {"Where": {}},
        "Where.street is not classified: add it to INPUTS in policy/classification.py",
        id="input-field",
    ),
    pytest.param(
        Filtering,
        {"Query": {"found": OUTLINE}},
        {"Query.found": {"where": OUTLINE}},
        {},
        "Where is not classified: add it to INPUTS in policy/classification.py",
        id="input",
    ),
]


@pytest.mark.parametrize(("query", "fields", "arguments", "inputs", "message"), UNCLASSIFIED)
def test_what_nobody_classified_does_not_build(
    classify: Any, query: type, fields: dict[str, Classes], arguments: dict[str, Classes], inputs: dict[str, Classes], message: str
) -> None:
    classify(fields, arguments, inputs)
    assert refusal(query) == message


# What is declared otherwise than it is classified.


def declared(**options: Any) -> type:
    """A query with one field `email`, declared so."""
    return type("Query", (), {"__annotations__": {"email": str | None}, "email": strawberry.field(description="x", **options)})


PLAIN = declared()
CONTACT = type("Query", (), {"__annotations__": {"email": str | None}, "email": pii(PiiCategory.CONTACT, "x")})
TWICE = declared(extensions=[*pii(PiiCategory.CONTACT, "x").extensions, *pii(PiiCategory.CONTACT, "x").extensions])
VIEWED = declared(extensions=[requires(Action.VIEW_SETTINGS)])
CHANGED = declared(extensions=[requires(Action.CHANGE_SETTINGS)])
VIEWED_TWICE = declared(extensions=[requires(Action.VIEW_SETTINGS), requires(Action.VIEW_SETTINGS)])
EXACTLY = "declare it with exactly that {}(…), or classify it as it is declared"

DECLARED = [
    pytest.param(PLAIN, EMAIL, "pii", id="personal-but-plain"),
    pytest.param(CONTACT, OUTLINE, "pii", id="outline-but-pii"),
    pytest.param(CONTACT, Inside(), "pii", id="inside-but-pii"),
    pytest.param(CONTACT, Personal(PiiCategory.IDENTITY), "pii", id="another-category"),
    pytest.param(CONTACT, Personal(PiiCategory.CONTACT, DataSubject.MERCHANT), "pii", id="another-subject"),
    pytest.param(CONTACT, Personal(PiiCategory.CONTACT, action=Action.VIEW_DIRECT_DEBIT), "pii", id="another-action"),
    pytest.param(TWICE, EMAIL, "pii", id="pii-twice"),
    pytest.param(VIEWED, EMAIL, "pii", id="requires-is-no-pii"),
    pytest.param(PLAIN, SETTINGS, "requires", id="guarded-but-plain"),
    pytest.param(VIEWED, OUTLINE, "requires", id="outline-but-requires"),
    pytest.param(CHANGED, SETTINGS, "requires", id="requires-another-action"),
    pytest.param(VIEWED_TWICE, SETTINGS, "requires", id="requires-twice"),
]


@pytest.mark.parametrize(("query", "what", "kind"), DECLARED)
def test_a_field_is_declared_as_it_is_classified(classify: Any, query: type, what: Class, kind: str) -> None:
    classify({"Query": {"email": what}})
    message = refusal(query)
    assert message.startswith("Query.email is classified as ")
    assert message.endswith(EXACTLY.format(kind))


@pytest.mark.parametrize(("query", "what"), [(CONTACT, EMAIL), (VIEWED, SETTINGS), (PLAIN, OUTLINE)], ids=["pii", "requires", "plain"])
def test_what_is_declared_as_classified_builds(classify: Any, query: type, what: Class) -> None:
    classify({"Query": {"email": what}})
    built(query)


NOT_NULL = [
    pytest.param({"__annotations__": {"email": str}, "email": pii(PiiCategory.CONTACT, "x")}, id="text"),
    pytest.param({"__annotations__": {"email": list[str]}, "email": pii(PiiCategory.CONTACT, "x")}, id="list"),
    pytest.param({"__annotations__": {"email": str | None}, "email": pii(PiiCategory.CONTACT, "x", graphql_type=str)}, id="said-otherwise"),
]


@pytest.mark.parametrize("body", NOT_NULL)
def test_personal_data_that_can_t_be_null_does_not_build(classify: Any, body: dict[str, Any]) -> None:
    classify({"Query": {"email": EMAIL}})
    assert refusal(type("Query", (), body)) == "email is @pii and must be nullable: null is how personal data is withheld"


def test_personal_data_that_became_non_null_on_the_way_does_not_pass_the_check(classify: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    classify({"Query": {"email": EMAIL}})
    monkeypatch.setattr("schema.privacy.PiiExtension.apply", lambda self, field: None)
    required = type("Query", (), {"__annotations__": {"email": str}, "email": pii(PiiCategory.CONTACT, "x")})
    assert refusal(required) == "Query.email is @pii and must be nullable: null is how personal data is withheld"
    assert refusal(CONTACT_UNPRINTED) == "Query.email does not print @pii"


CONTACT_UNPRINTED = type("Query", (), {"__annotations__": {"email": str | None}, "email": pii(PiiCategory.CONTACT, "x")})


class Anyone(BasePermission):
    """A permission that the policy table knows nothing of."""

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return True


@pytest.mark.parametrize(
    "query", [declared(permission_classes=[Anyone]), declared(extensions=[PermissionExtension([Anyone()])])], ids=["permission-classes", "extension"]
)
@pytest.mark.parametrize("what", [OUTLINE, SETTINGS], ids=["outline", "guarded"])
def test_no_other_permission_decides(classify: Any, query: type, what: Class) -> None:
    classify({"Query": {"email": what}})
    assert refusal(query) == "Anyone is not Requires(action): the policy table decides, nothing else"


# Inputs: Strawberry takes a permission there and forgets it.


class Shouting(FieldExtension):
    """An extension."""

    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return next_(source, info, **kwargs)


IGNORED = [
    pytest.param({"permission_classes": [Anyone]}, id="permission"),
    pytest.param({"extensions": [requires(Action.VIEW_SETTINGS)]}, id="requires"),
    pytest.param({"extensions": [Shouting()]}, id="extension"),
]


@pytest.mark.parametrize("options", IGNORED)
def test_a_permission_or_extension_on_an_input_does_not_build(classify: Any, options: dict[str, Any]) -> None:
    street = strawberry.field(description="x", default=strawberry.UNSET, **options)
    where = strawberry.input(type("Where", (), {"__annotations__": {"street": str | None}, "street": street}))

    def found(where: Any = None) -> str:
        return "x"

    found.__annotations__["where"] = Annotated[where | None, strawberry.argument(description="x")]
    query = type("Query", (), {"found": strawberry.field(found, description="x")})
    classify({"Query": {"found": OUTLINE}}, {"Query.found": {"where": OUTLINE}}, {"Where": {"street": Carries(PiiCategory.ADDRESS)}})
    assert refusal(query) == "Where.street is an input: a permission or extension on it would be ignored without a word"


# Interfaces: a field declared again loses what was on it.


@strawberry.interface
class Person:
    email: str | None = pii(PiiCategory.CONTACT, "x")


@strawberry.type
class Heir(Person):
    pass


@strawberry.type
class Overrider(Person):
    email: str | None = plain()


def showing(kind: type) -> type:
    return type("Query", (), {"__annotations__": {"person": Person | None}, "person": strawberry.field(description="x")})


def test_a_field_inherited_from_an_interface_keeps_its_policy(classify: Any) -> None:
    classify({"Query": {"person": OUTLINE}, "Person": {"email": EMAIL}, "Heir": {"email": EMAIL}})
    built(showing(Person), types=[Heir])


def test_a_field_that_overrides_an_interface_s_can_t_be_classified_otherwise(classify: Any) -> None:
    classify({"Query": {"person": OUTLINE}, "Person": {"email": EMAIL}, "Overrider": {"email": OUTLINE}})
    message = "Overrider.email is classified otherwise than Person.email, which it overrides"
    assert refusal(showing(Person), types=[Overrider]) == message


def test_a_field_that_overrides_an_interface_s_can_t_lose_its_policy(classify: Any) -> None:
    classify({"Query": {"person": OUTLINE}, "Person": {"email": EMAIL}, "Overrider": {"email": EMAIL}})
    assert refusal(showing(Person), types=[Overrider]).startswith("Overrider.email is classified as Personal(")


# What is only shown as a part of a guarded value has no other way in.


def test_what_is_inside_a_guarded_value_is_not_reached_from_outside(classify: Any) -> None:
    money = strawberry.type(type("Money", (), {"__annotations__": {"amount": str}, "amount": plain()}))
    query = type("Query", (), {"__annotations__": {"total": money | None}, "total": strawberry.field(description="x")})
    classify({"Query": {"total": OUTLINE}, "Money": {"amount": Inside()}})
    assert refusal(query) == "Query.total shows a Money, whose fields are only for guarded fields: classify it as personal"


# Mutations.


@strawberry.input
class BurnInput:
    account_id: strawberry.ID = strawberry.field(description="x")


def burn(input: Annotated[BurnInput, strawberry.argument(description="x")]) -> str | None:
    return None


def mutation(**options: Any) -> type:
    return strawberry.type(type("Mutation", (), {"burn": strawberry.field(burn, description="x", **options)}))


MUTATING = {"Query": {"email": OUTLINE}}
MUTATIONS = [
    pytest.param(
        mutation(),
        {"burn": OUTLINE},
        {"accountId": OUTLINE},
        "Mutation.burn is a mutation: classify it as Guarded(action), and declare it with requires(action)",
        id="mutation-of-the-outline",
    ),
    pytest.param(
        mutation(extensions=[requires(Action.DELETE_ACCOUNT)]),
        {"burn": Guarded(Action.DELETE_ACCOUNT)},
        {"name": Protected(PiiCategory.CONTACT), "accountId": OUTLINE},
        "BurnInput.name is classified in INPUTS but does not exist: take it out of policy/classification.py",
        id="input-that-is-gone",
    ),
]


@pytest.mark.parametrize(("mutations", "fields", "inputs", "message"), MUTATIONS)
def test_a_mutation_takes_an_action(classify: Any, mutations: type, fields: Classes, inputs: Classes, message: str) -> None:
    classify({**MUTATING, "Mutation": fields}, {"Mutation.burn": {"input": OUTLINE}}, {"BurnInput": inputs})
    assert refusal(PLAIN, mutation=mutations) == message


def test_a_protected_input_stands_where_the_whole_operation_is_decided(classify: Any) -> None:
    classify({"Query": {"found": OUTLINE}}, {"Query.found": {"where": OUTLINE}}, {"Where": {"street": Protected(PiiCategory.CONTACT)}})
    message = "Where.street is Protected, but Where is no mutation's input: nobody would look at it before the operation runs"
    assert refusal(Filtering) == message


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
    classify: Any, fields: dict[str, Classes], arguments: dict[str, Classes], inputs: dict[str, Classes], message: str
) -> None:
    classify(fields, arguments, inputs)
    assert refusal(PLAIN) == f"{message}: take it out of policy/classification.py"


def test_an_argument_that_is_gone_does_not_build(classify: Any) -> None:
    classify({"Query": {"found": OUTLINE}}, {"Query.found": {"name": OUTLINE, "last": OUTLINE}})
    assert refusal(Searching) == "Query.found.last is classified in ARGUMENTS but does not exist: take it out of policy/classification.py"


# Our own schema.


def personal_and_guarded() -> Iterator[tuple[str, str, Class]]:
    for type_name, classes in FIELDS.items():
        for name, what in classes.items():
            if isinstance(what, Personal | Guarded):
                yield type_name, name, what


def forgotten(monkeypatch: pytest.MonkeyPatch, type_name: str, name: str) -> None:
    monkeypatch.setitem(classification.FIELDS, type_name, {key: what for key, what in FIELDS[type_name].items() if key != name})  # type: ignore[arg-type] # a dict


@pytest.mark.parametrize(("type_name", "name"), [("Recipient", "email"), ("Parcel", "status"), ("Mutation", "grantConsent"), ("Query", "viewer")])
def test_ours_does_not_build_with_a_field_left_out(monkeypatch: pytest.MonkeyPatch, schema: Schema, type_name: str, name: str) -> None:
    forgotten(monkeypatch, type_name, name)
    with pytest.raises(TypeError, match=f"^{type_name}.{name} is not classified: add it to FIELDS in policy/classification.py$"):
        check(schema._schema)


def test_building_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten(monkeypatch, "Recipient", "email")
    with pytest.raises(TypeError, match="Recipient.email is not classified"):
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
    found = {}
    for type_name, body in re.findall(r"^(?:type|interface) (\w+)[^{]*\{\n(.*?)^\}", sdl, re.DOTALL | re.MULTILINE):
        for line in body.splitlines():
            if match := re.match(r"  (\w+)(?:\(.*\))?: \S+ (@(?:pii|requires)\(.*\))$", line):
                found[f"{type_name}.{match[1]}"] = match[2]
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
    assert Pii(category=PiiCategory.CONTACT) == Pii(category=PiiCategory.CONTACT)


# Inputs that look at personal data or carry it out are enforced by those who know them: the names must agree.


def of_kind(kind: type) -> dict[str, PiiCategory]:
    return {f"{name}.{key}": what.category for name, classes in INPUTS.items() for key, what in classes.items() if isinstance(what, kind)}  # type: ignore[union-attr] # those have one


def test_every_input_that_searches_is_one_the_resolver_refuses() -> None:
    every = ParcelFilter(**dict.fromkeys(ParcelFilter.__dataclass_fields__, Json("x")))  # type: ignore[arg-type] # any value counts
    assert every.searches == of_kind(Searches)
    assert ParcelFilter().searches == {}


def test_every_protected_input_is_one_the_resolver_protects() -> None:
    assert {account_settings._coordinate(name).removeprefix("AccountSettings.") for name in account_settings._PROTECTED} == {
        coordinate.removeprefix("UpdateSettingsInput.") for coordinate in of_kind(Protected)
    }
