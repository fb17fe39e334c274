"""Documents made from the printed schema by hypothesis-graphql and schemathesis, with ids that lead somewhere and texts to be found again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import schemathesis
from graphql import (
    IntValueNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    print_ast,
    visit,
)
from graphql.error import GraphQLError
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis_graphql import Mode, from_schema, nodes

from tests.noninterference.running import the_schema
from tests.serving import HERE

SDL = HERE / "schema" / "schema.graphql"
SCHEMA = the_schema()
MARK = "kenmerk7qz"  # tests/written_down.py looks for it in every log
#: No number of ours, to be found again in an error.
NUMBER = 734_512

_SCALARS = {
    "DateTime": st.datetimes().map(lambda moment: nodes.String(moment.isoformat() + "Z")) | st.text(max_size=12).map(nodes.String),
    "CountryCode": st.sampled_from(["NL", "ES", "XX", ""]).map(nodes.String) | st.text(max_size=3).map(nodes.String),
}
for _name, _values in _SCALARS.items():
    schemathesis.graphql.scalar(_name, _values)

#: The ways documents are made.
MAKERS: dict[str, Any] = {
    "valid": lambda: from_schema(SCHEMA, custom_scalars=_SCALARS, mode=Mode.POSITIVE),
    "invalid": lambda: from_schema(SCHEMA, custom_scalars=_SCALARS, mode=Mode.NEGATIVE),
    "each operation": lambda: schemathesis.graphql.from_path(SDL).as_strategy().map(lambda case: case.body),
}


def documents(maker: str, count: int, number: int) -> list[str]:
    """So many documents, the same for the same number."""
    made: list[str] = []

    @seed(number)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(MAKERS[maker]())
    def collect(text: str) -> None:
        made.append(text)

    collect()
    return made


def led_somewhere(text: str, ids: Sequence[str], chance: random.Random) -> str:
    """The document with real ids where ids are asked for, and marked texts and numbers in half of the other places."""
    try:
        return print_ast(visit(parse(text), _replacing(ids, chance)))
    except GraphQLError:  # it was made to be none
        return text


def _replacing(ids: Sequence[str], chance: random.Random) -> Visitor:
    info = TypeInfo(SCHEMA)

    class Replacing(Visitor):
        def enter_string_value(self, node: StringValueNode, *_: Any) -> Any:
            return self._replaced(node)

        def enter_int_value(self, node: IntValueNode, *_: Any) -> Any:
            return self._replaced(node)

        def enter_float_value(self, node: Any, *_: Any) -> Any:
            return self._replaced(node)

        def _replaced(self, node: Any) -> Any:
            expected = info.get_input_type()
            name = None if expected is None else get_named_type(expected).name
            if name == "ID":
                return StringValueNode(value=chance.choice(ids), block=False)
            if name == "String" and chance.random() < 0.5:
                return StringValueNode(value=f"{MARK} {chance.randrange(9)}", block=False)
            if name == "Int" and chance.random() < 0.5:
                return IntValueNode(value=str(chance.choice([1, 3, 10, NUMBER])))
            return None

    return TypeInfoVisitor(info, Replacing())
