"""The limits are generous: what our own apps and examples ask is less than a quarter of each."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, get_introspection_query, parse
from graphql.language import FragmentDefinitionNode, Lexer, Source, TokenKind

from schema import cost, size
from schema.build import Schema
from schema.size import MOST, require_modest, size_of
from settings import COST_PER_MINUTE, OPERATIONS_PER_MINUTE

ROOT = Path(__file__).parents[2]
DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text() for path in sorted([*ROOT.glob("web/src/**/*.graphql"), *ROOT.glob("tests/queries/*.graphql")])
} | {f"docs/api.md-{n}": text for n, text in enumerate(re.findall(r"```graphql\n(.*?)```", (ROOT / "docs/api.md").read_text(), re.DOTALL))}
_FRAGMENTS = {each.name.value: each for text in DOCUMENTS.values() for each in parse(text).definitions if isinstance(each, FragmentDefinitionNode)}


def tokens(text: str) -> int:
    lexer, count = Lexer(Source(text)), 0
    while lexer.advance().kind is not TokenKind.EOF:
        count += 1
    return count


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_uses_less_than_a_quarter_of_each_limit(schema: Schema, name: str) -> None:
    text = DOCUMENTS[name]
    used = size_of(parse(text))
    assert {each.name: getattr(used, each.name) for each in fields(used) if 4 * getattr(used, each.name) >= getattr(MOST, each.name) > 0} == {}
    assert 4 * len(text) < size.MOST_CHARACTERS
    assert 4 * text.count("\n") < size.MOST_LINES
    assert 4 * tokens(text) < size.MOST_TOKENS
    for operation in parse(text).definitions:
        if isinstance(operation, OperationDefinitionNode):
            assert 4 * cost_of(schema._schema, operation) < cost.MOST


def cost_of(schema: GraphQLSchema, operation: OperationDefinitionNode) -> int:
    """With the largest page a web app asks for where the size is in a variable."""
    variables = {
        each.variable.name.value: 50
        for each in operation.variable_definitions or ()
        if str(getattr(each.type, "name", None) or each.type).find("Int") >= 0
    }
    return cost.cost(schema, operation, _FRAGMENTS, variables)


def test_a_quarter_of_a_minute_s_operations_costs_less_than_a_quarter_of_its_budget(schema: Schema) -> None:
    """Whichever of our own they are: who uses the web apps is stopped by neither limit before the other."""
    dearest = max(
        cost_of(schema._schema, operation)
        for name, text in DOCUMENTS.items()
        for operation in parse(text).definitions
        if name.startswith("web/") and isinstance(operation, OperationDefinitionNode)
    )
    assert OPERATIONS_PER_MINUTE * dearest < COST_PER_MINUTE


def test_introspection_as_tools_send_it_is_let_through(schema: Schema) -> None:
    document = parse(get_introspection_query(descriptions=True, input_value_deprecation=True, specified_by_url=True))
    require_modest(document)
    assert schema._schema is not None
    assert 2 * cost.cost(schema._schema, document.definitions[0], fragments_of(document.definitions), {}) < cost.MOST  # type: ignore[arg-type] # an operation


def fragments_of(definitions: object) -> dict[str, FragmentDefinitionNode]:
    assert isinstance(definitions, tuple)
    return {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
