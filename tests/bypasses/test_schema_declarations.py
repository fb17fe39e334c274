"""A rule is on the field itself: however it is declared, inherited or resolved, it holds, or the schema does not build."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from strawberry.permission import PermissionExtension
from strawberry.scalars import JSON

from policy.classification import Inside
from policy.decision import Decision
from policy.vocabulary import Action, Basis, DataSubject, PiiCategory
from schema.build import Schema
from schema.permissions import requires
from schema.privacy import Pii, PiiExtension
from tests.asking import account_id, ask, context_of, parcel_id
from tests.builders import a_merchant, a_parcel
from tests.schema.rungs import contents
from tests.schema.small_schemas import EMAIL, OUTLINE, SETTINGS, Classify, a_type, built, classifying, contact, email, plain, refusal

SECRET = "Kenmerk7QZ4"
VIEW = Action.VIEW_PERSONAL_DATA
SHOWN = {VIEW: Decision(VIEW, allowed=True, basis=Basis.CONSENT)}
WITHHELD: dict[Action, Decision] = {}


@pytest.fixture
def classify(monkeypatch: pytest.MonkeyPatch) -> Classify:
    """Put another classification in the place of ours."""
    return classifying(monkeypatch)


def a_person() -> type:
    """An interface with a personal field."""
    return strawberry.interface(a_type("Person", email=(str | None, contact())))


def an_heir(parent: type, name: str = "Heir", **fields: tuple[Any, Any]) -> type:
    """An object type that has what its parent has, and these fields."""
    body = dict(a_type(**fields).__dict__) | {"is_type_of": lambda *_: True}
    return strawberry.type(type(name, (parent,), body), name=name)


def returning(kind: Any, row: object) -> type:
    """A query with the one field `person`, which is this row."""

    def person() -> Any:
        return row

    person.__annotations__["return"] = kind | None
    return a_type(person=(kind | None, plain(resolver=person)))


def answered(schema: strawberry.Schema, document: str, root: object = None) -> str:
    """All that is answered."""
    result = schema.execute_sync(document, context_value=context_of(None), root_value=root)
    return repr((result.data, result.errors, result.extensions))


# Interfaces and inheritance.

THROUGH_FRAGMENTS = """{ person { email ... on Heir { a: email } ...P ...H } }
fragment P on Person { b: email ... on Heir { c: email } } fragment H on Heir { d: email ...P }"""


def test_a_rule_on_an_interface_holds_through_every_fragment_on_what_implements_it(classify: Classify) -> None:
    """GHSA-mx7m-j9xf-62hw (Apollo Federation): the rule was not inherited from the interface."""
    classify({"Query": {"person": OUTLINE}, "Person": {"email": EMAIL}, "Heir": {"email": EMAIL}})
    for shown, times in ((WITHHELD, 0), (SHOWN, 5)):
        person = a_person()
        schema = built(returning(person, SimpleNamespace(email=SECRET, shown=shown)), types=[an_heir(person)])
        assert answered(schema, THROUGH_FRAGMENTS).count(SECRET) == times


def test_a_rule_on_one_implementer_only_does_not_build(classify: Classify) -> None:
    """GHSA-x33c-7c2v-mrj9 (Apollo Router): read through the interface, the implementers' own rules were left out."""
    open_person = strawberry.interface(a_type("Person", email=(str | None, plain())))
    classify({"Query": {"person": OUTLINE}, "Person": {"email": OUTLINE}, "Heir": {"email": EMAIL}, "Other": {"email": OUTLINE}})
    types = [an_heir(open_person, email=(str | None, contact())), an_heir(open_person, "Other")]
    assert refusal(a_type(person=(open_person | None, plain())), types=types) == (
        "Heir.email is classified otherwise than Person.email, which it overrides"
    )


def test_a_subclass_keeps_the_rule_of_its_field_and_can_not_declare_it_away(classify: Classify) -> None:
    """CVE-2021-28661 (Silverstripe): a subclassed query lost its checker."""
    classify({"Query": {"person": OUTLINE}, "Heir": {"email": EMAIL}})
    for shown, times in ((WITHHELD, 0), (SHOWN, 1)):
        heir = an_heir(strawberry.type(a_type("Parent", email=(str | None, contact()))))
        assert answered(built(returning(heir, SimpleNamespace(email=SECRET, shown=shown))), "{ person { email } }").count(SECRET) == times
    redeclared = an_heir(strawberry.type(a_type("Parent", email=(str | None, contact()))), email=(str | None, plain()))
    assert refusal(returning(redeclared, None)).startswith("Heir.email is classified as Personal(")


# The name of a rule is nothing.


class Renamed(PiiExtension):
    """Ours under another name."""


def test_no_name_makes_a_rule_and_no_other_class_of_its_name_is_one(classify: Classify) -> None:
    """GHSA-g8jh-vg5j-4h3f, CVE-2025-64347 (Apollo): a renamed or repeated directive was not enforced."""
    classify({"Query": {"email": EMAIL}})
    given = PiiCategory.CONTACT, DataSubject.RECIPIENT, VIEW
    namesake = type("PiiExtension", (Renamed,), {})
    assert "declare it with exactly that pii(…)" in refusal(email(plain(directives=[Pii(category=PiiCategory.CONTACT)])))
    for other in (Renamed(*given), namesake(*given)):
        assert "could answer before its policy is asked" in refusal(email(plain(extensions=[other])))
    assert "declare it with exactly that pii(…)" in refusal(email(plain(extensions=[PiiExtension(*given), PiiExtension(*given)])))
    under_another_name = built(email(plain(name="email", extensions=[PiiExtension(*given)])))
    assert SECRET not in answered(under_another_name, "{ email x: email }", SimpleNamespace(email=SECRET, shown=WITHHELD))


# Fields of every kind.


def kinds() -> dict[str, tuple[Any, Any, str]]:
    """What a field may be of, a value of it, and what is asked below it."""
    box = strawberry.type(a_type("Box", inside=(str, plain())))
    crate = strawberry.type(a_type("Crate", inside=(str, plain())))
    full = box(inside=SECRET)
    return {
        "text": (str, SECRET, ""),
        "list": (list[str], [SECRET], ""),
        "list-of-perhaps": (list[str | None], [None, SECRET], ""),
        "json": (JSON, {"any": [SECRET]}, ""),
        "object": (box, full, "{ inside }"),
        "list-of-objects": (list[box], [full], "{ inside }"),  # type: ignore[valid-type] # made here
        "union": (box | crate, full, "{ ... on Box { inside } }"),
    }


def resolving(returned: Any, value: object, run: Callable[[], None]) -> Any:
    """A resolver of this value that tells when it runs."""

    def resolve() -> Any:
        run()
        return value

    resolve.__annotations__["return"] = returned | None
    return resolve


def classified(kind: str, classify: Classify) -> None:
    boxes = {"Box": {"inside": Inside()}} if "object" in kind or kind == "union" else {}
    classify({"Query": {"email": EMAIL}} | boxes | ({"Crate": {"inside": Inside()}} if kind == "union" else {}))


@pytest.mark.parametrize("kind", list(kinds()))
def test_a_field_of_any_kind_is_withheld_before_its_resolver_runs(classify: Classify, kind: str) -> None:
    """CVE-2026-92681 (Neo4j): fields of an unusual kind skipped the rule of their type."""
    classified(kind, classify)
    for shown, expected in ((WITHHELD, []), (SHOWN, [kind])):
        ran: list[str] = []
        returned, value, below = kinds()[kind]
        schema = built(a_type(email=(returned | None, contact(resolver=resolving(returned, value, partial(ran.append, kind))))))
        answer = answered(schema, f"{{ email {below} }}", SimpleNamespace(shown=shown))
        assert (ran, SECRET in answer) == (expected, shown is SHOWN)


@pytest.mark.parametrize("kind", list(kinds()))
def test_a_personal_field_whose_resolver_is_a_coroutine_does_not_build(classify: Classify, kind: str) -> None:
    """CVE-2026-92681 (Neo4j): the lock is not one for coroutines, and does not pretend to be."""
    classified(kind, classify)
    returned, _, _ = kinds()[kind]

    async def resolve() -> Any:
        return None

    resolve.__annotations__["return"] = returned | None
    with pytest.raises(TypeError, match="sync-only extension"):
        built(a_type(email=(returned | None, contact(resolver=resolve))))


# Nothing listed is nothing allowed, and only True is yes.


def test_a_field_with_an_empty_list_of_rules_does_not_build(classify: Classify) -> None:
    """CVE-2026-48744, GHSA-xqqq-qhgq-gx53 (Saleor): all of no conditions hold."""
    classify({"Query": {"email": SETTINGS}})
    for extensions in ([], [PermissionExtension([])]):
        assert refusal(email(plain(extensions=extensions))).startswith("Query.email is classified as Guarded(")
    classify({"Query": {"email": EMAIL}})
    assert refusal(email(plain(extensions=[]))).startswith("Query.email is classified as Personal(")


async def test_what_is_listed_as_nothing_finds_nothing(database: str, schema: Schema) -> None:
    """CVE-2026-48744, GHSA-xqqq-qhgq-gx53 (Saleor): an empty list was taken for no restriction."""
    merchant = await a_merchant()
    await a_parcel(merchant)
    document = """{ parcels(filter: {status: []}) { totalCount nodes { id } } accounts(filter: {access: []}) { totalCount nodes { id } }
      nodes(ids: []) { id } viewer { account { decisions(actions: []) { allowed } claims(filter: {status: []}) { nodes { id } } } } }"""
    answer = await ask(schema, merchant.owner, document)
    nothing = {"totalCount": 0, "nodes": []}
    account = {"decisions": [], "claims": {"nodes": []}}
    assert (answer.data, answer.errors) == ({"parcels": nothing, "accounts": nothing, "nodes": [], "viewer": {"account": account}}, [])


async def _yes() -> bool:
    return True


async def _yeses() -> Any:
    yield True


TRUTHY: dict[str, Callable[[], Any]] = {
    "one": lambda: 1,
    "no": lambda: "no",
    "a-list": lambda: [False],
    "an-object": object,
    "a-function": lambda: _yes,
    "a-coroutine": _yes,
    "an-async-generator": _yeses,
    "none": lambda: None,
}


@pytest.mark.parametrize("make", TRUTHY.values(), ids=TRUTHY)
async def test_an_allowance_is_true_and_nothing_that_only_looks_like_it(
    database: str, schema: Schema, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Any]
) -> None:
    """CVE-2026-107728 (Strawberry): whatever was truthy, also a coroutine nobody awaited, allowed."""
    merchant = await a_merchant()
    parcel = await a_parcel(merchant, note=SECRET)
    looks_true = make()
    monkeypatch.setattr("resolvers.gate.decide", lambda viewer, action, facts: Decision(action, allowed=looks_true, basis=Basis.OWN_DATA))
    reads = f"""{{ parcel(id: "{parcel_id(parcel.id)}") {{ note recipient {{ name }} }}
      viewer {{ account {{ settings {{ locale }} accessLog {{ totalCount }} }} }} }}"""
    answer = await ask(schema, merchant.owner, reads)
    assert answer.data == {"parcel": {"note": None, "recipient": {"name": None}}, "viewer": {"account": {"settings": None, "accessLog": None}}}
    before = await contents()
    for what in (
        f'deleteParcel(input: {{parcelId: "{parcel_id(parcel.id)}"}}) {{ deletedId }}',
        f'grantConsent(input: {{accountId: "{account_id(merchant.id)}", duration: ONE_HOUR}}) {{ account {{ id }} }}',
    ):
        assert set((await ask(schema, merchant.owner, f"mutation {{ {what} }}")).data.values()) == {None}
    assert await contents() == before
    if hasattr(looks_true, "close"):
        looks_true.close()


def test_a_rule_that_raises_shows_nothing(classify: Classify) -> None:
    """CVE-2026-107728 (Strawberry): what a check does besides answering must not come out as a yes."""

    class Row:
        email = SECRET

        @property
        def shown(self) -> object:
            raise RuntimeError("it could not be said")

    classify({"Query": {"email": EMAIL}})
    assert SECRET not in answered(built(email(contact())), "{ email }", Row())
    classify({"Query": {"email": SETTINGS}})
    assert SECRET not in answered(built(email(plain(extensions=[requires(Action.VIEW_SETTINGS)]))), "{ email }", SimpleNamespace(email=SECRET))
