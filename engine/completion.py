"""Turns what a field resolved to into its part of the answer, by functions generated for the place in the document where it stands.

A generated function knows two kinds of fields: those that are plainly read from the row, and those that are read if the row's decision allows it
(`@pii`). Every other field, and so everything that decides, loads or takes arguments, is handed back to the executor at its place. What is not as
expected raises: the executor then completes the value itself, from the beginning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from inspect import signature
from typing import Any, Protocol

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    Undefined,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
from strawberry.types.field import StrawberryField

from policy.vocabulary import Action, Basis, PiiCategory, Reason
from schema.privacy import Pattern, PiiExtension, PrivacyReport, decision_on


class Unexpected(Exception):
    """A value is not what the schema says. Which, and why, is for the executor to find out and to tell."""


class NotCompiled(Exception):
    """There is something in the document that only the executor can answer."""


class Fields(Protocol):
    """What the document asks for, as the executor that runs it collects it."""

    def subfields(self, object_type: GraphQLObjectType, details: FieldDetailsList) -> dict[str, FieldDetailsList]:
        """The fields asked for below these, by response key, in the order of the answer."""

    def possible_types(self, abstract: Any) -> Iterable[GraphQLObjectType]:
        """The object types that a value of an interface or union may have."""

    def definition(self, object_type: GraphQLObjectType, name: str) -> GraphQLField:
        """A field of a type."""


class Executes(Protocol):
    """What executes the fields that are handed back."""

    def execute_field(
        self, parent_type: GraphQLObjectType, source: Any, field_details_list: FieldDetailsList, path: Path, position_context: Any
    ) -> Any:
        """Resolve and complete a field: its value, or an awaitable of it."""


@dataclass(slots=True)
class Run:
    """One completion as it runs: what it counted, and what it waits for."""

    executor: Executes
    is_awaitable: Callable[[Any], bool]
    counted: Counter[tuple[int, bool, Any]] = field(default_factory=Counter)
    waiting: list[tuple[dict[str, Any], str, Awaitable[Any]]] = field(default_factory=list)

    def hand_back(self, answer: dict[str, Any], key: str, parent: GraphQLObjectType, source: Any, details: FieldDetailsList, path: Path) -> None:
        """Have the executor answer a field."""
        value = self.executor.execute_field(parent, source, details, path, None)
        answer[key] = value
        if self.is_awaitable(value):
            self.waiting.append((answer, key, value))


@dataclass(frozen=True, slots=True)
class Completion:
    """A generated function of a value, its path and the run; and for each number it counts under, the personal fields it stands for."""

    function: Callable[[Any, Path, Run], Any]
    places: tuple[tuple[tuple[str, Pattern, PiiCategory], ...], ...]

    def report(self, run: Run, report: PrivacyReport) -> None:
        """Put what was counted into the report, as the field extension would have."""
        for (place, shown, why), count in run.counted.items():
            if shown and (why is None or why is Basis.OWN_DATA):
                continue
            for coordinate, pattern, category in self.places[place]:
                report.counts[shown, coordinate, pattern, category, why or Reason.UNDECIDED] += count


def compiled(fields: Fields, return_type: GraphQLOutputType, details: FieldDetailsList, pattern: Pattern) -> Completion:
    """The completion of a field of this type at this place."""
    compiler = _Compiler(fields)
    value = compiler.value(return_type, "r", details, pattern, "p")
    code = "\n".join([*compiler.functions, f"def complete(r, p, x):\n    return {value}"])
    exec(compile(code, "engine/<completion>", "exec"), compiler.names)  # noqa: S102 (our schema's own names; response keys are literals)
    return Completion(compiler.names["complete"], tuple(tuple(place) for place in compiler.places))


class _Compiler:
    """Writes a function for each place where an object stands. In the code, `r` is the row, `p` its path and `x` the run."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.functions: list[str] = []
        self.places: list[list[tuple[str, Pattern, PiiCategory]]] = []
        self.names: dict[str, Any] = {
            "Path": Path,
            "missing": _missing,
            "listed": _listed,
            "datetime": datetime,
            "UTC": UTC,
            "decision_on": decision_on,
        }
        self.needs_path: set[str] = set()
        self._bound: dict[int, str] = {}

    def bind(self, thing: Any, what: str) -> str:
        """The name of a thing in the code."""
        if id(thing) not in self._bound:
            name = self._bound[id(thing)] = f"{what}_{len(self._bound)}"
            self.names[name] = thing
        return self._bound[id(thing)]

    def value(self, type_: GraphQLOutputType, name: str, details: FieldDetailsList, pattern: Pattern, path: str, *, source: str = "") -> str:
        """An expression for the completed value that `name` has; where `source` is given, it gets it from there first."""
        nullable = type_.of_type if is_non_null_type(type_) else type_
        absent = "missing()" if is_non_null_type(type_) else "None"
        given = f"({name} := {source})" if source else name
        return f"({absent} if {given} is None else {self._present(nullable, name, details, pattern, path)})"

    def _present(self, type_: Any, name: str, details: FieldDetailsList, pattern: Pattern, path: str) -> str:
        if is_list_type(type_):
            item, number = f"item{len(pattern)}", f"number{len(pattern)}"  # lists may stand in lists
            inside = self.value(type_.of_type, item, details, (*pattern, "*"), f"Path({path}, {number}, None)")
            if number in inside:
                return f"[{inside} for {number}, {item} in enumerate(listed({name}))]"
            return f"[{inside} for {item} in listed({name})]"
        if is_leaf_type(type_):
            return self._leaf(type_, name)
        if is_object_type(type_):
            return self._object(type_, name, details, pattern, path)
        value = "missing()"
        for possible in self.fields.possible_types(type_):  # asked in turn, as the executor does
            if possible.is_type_of is None:
                raise NotCompiled
            value = f"{self._object(possible, name, details, pattern, path)} if {self.bind(possible.is_type_of, 'is')}({name}, None) else {value}"
        return f"({value})"

    def _object(self, type_: GraphQLObjectType, name: str, details: FieldDetailsList, pattern: Pattern, path: str) -> str:
        function = _Function(self, type_, pattern).written(self.fields.subfields(type_, details))
        return f"{function}({name}, {path if function in self.needs_path else None}, x)"

    def _leaf(self, type_: GraphQLLeafType, name: str) -> str:
        coerced = f"{self.bind(_coercing(type_), 'coerced')}({name})"
        if is_enum_type(type_):
            return f"({self.bind(_names_of(type_), 'names')}.get({name}) or {coerced})"
        plain = _PLAIN.get(type_.name)
        return f"({name} if {plain.format(name)} else {coerced})" if plain else coerced


#: When a value of a scalar is answered as it is.
_PLAIN = {
    **dict.fromkeys(("String", "ID", "CountryCode"), "{0}.__class__ is str"),
    "Boolean": "{0}.__class__ is bool",
    "DateTime": "{0}.__class__ is datetime and {0}.tzinfo is UTC",
    "Int": "{0}.__class__ is int and -2147483648 <= {0} <= 2147483647",
}


class _Function:
    """The function of one place."""

    def __init__(self, compiler: _Compiler, object_type: GraphQLObjectType, pattern: Pattern) -> None:
        self.compiler = compiler
        self.type = object_type
        self.pattern = pattern
        self.decisions: dict[Action, tuple[str, int]] = {}
        self.before: list[str] = []
        self.entries: list[str] = []
        self.after: list[str] = []

    def written(self, subfields: dict[str, FieldDetailsList]) -> str:
        """Write it; its name."""
        for key, details in subfields.items():
            self.entries.append(f"{key!r}: {self._entry(key, details)}")
        lines = [*self.before, f"answer = {{{', '.join(self.entries)}}}", *self.after, "return answer"]
        name = f"object_{len(self.compiler.functions)}"
        if any("Path(p," in line for line in lines):
            self.compiler.needs_path.add(name)
        self.compiler.functions.append(f"def {name}(r, p, x):\n" + "\n".join(f"    {line}" for line in lines))
        return name

    def _entry(self, key: str, details: FieldDetailsList) -> str:
        name = details[0].node.name.value
        if name == "__typename":
            return repr(self.type.name)
        definition = self.compiler.fields.definition(self.type, name)
        declared = definition.extensions.get("strawberry-definition")
        path = f"Path(p, {key!r}, {self.type.name!r})"
        if not isinstance(declared, StrawberryField) or not _is_plain(declared):
            if is_non_null_type(definition.type) and getattr(declared, "is_async", True):
                raise NotCompiled  # its failure would be that of what stands above it
            bind = self.compiler.bind
            self.after.append(f"x.hand_back(answer, {key!r}, {bind(self.type, 'type')}, r, {bind(details, 'details')}, {path})")
            return "None"  # its place in the order
        pattern = (*self.pattern, key)
        value = self.compiler.value(definition.type, "value", details, pattern, path, source=self._read(declared))
        for extension in declared.extensions:
            assert isinstance(extension, PiiExtension)
            shown, place = self._decision(extension.action)
            self.compiler.places[place].append((f"{self.type.name}.{name}", pattern, extension.category))
            value = f"({value} if {shown} else None)"
        return value

    def _read(self, declared: StrawberryField) -> str:
        if declared.base_resolver is None:
            return f"r.{declared.python_name}"
        return f"{self.compiler.bind(declared.base_resolver.wrapped_func, 'read')}(r)"

    def _decision(self, action: Action) -> tuple[str, int]:
        """The name of whether the row shows what this action opens, and the number it is counted under."""
        if action not in self.decisions:
            name, place = f"shown_{len(self.decisions)}", len(self.compiler.places)
            self.compiler.places.append([])
            self.decisions[action] = name, place
            self.before += [
                f"decision = decision_on(r, {self.compiler.bind(action, 'action')})",
                f"{name} = decision.allowed is True",
                f"x.counted[{place}, {name}, decision.basis if {name} else decision.reason] += 1",
            ]
        return self.decisions[action]


def _is_plain(declared: StrawberryField) -> bool:
    """Is it only read: an attribute of the row, or a function of the row alone, with nothing before it but the decision of the row?"""
    if declared.extensions and [(type(each), getattr(each, "refuses", True)) for each in declared.extensions] != [(PiiExtension, False)]:
        return False
    if declared.base_resolver is None:
        return True
    function: Any = declared.base_resolver.wrapped_func
    return not declared.is_async and not declared.arguments and len(signature(function).parameters) == 1


def _missing() -> Any:
    raise Unexpected


def _listed(value: Any) -> Any:
    if type(value) not in {list, tuple}:
        raise Unexpected
    return value


def _coercing(type_: GraphQLLeafType) -> Callable[[Any], Any]:
    return partial(_coerced, type_.coerce_output_value)


def _coerced(coerce: Callable[[Any], Any], value: Any) -> Any:
    found = coerce(value)
    if found is None or found is Undefined:
        raise Unexpected
    return found


def _names_of(type_: GraphQLEnumType) -> dict[Any, str]:
    """The names of the values, by the text that members of a StrEnum are."""
    return {value.value: name for name, value in type_.values.items() if isinstance(value.value, str)}
