"""What an operation could cost, in fields to answer, known before it is executed: from the document, its variables and its page sizes.

Each field counts one for each row it may be answered on. A page counts as many rows as it asks for, a list without pages as many as are usual.
Fragments are counted once and remembered, and counting stops at the limit, so that the count costs no more than reading the document.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)
from graphql.language import FragmentDefinitionNode, OperationDefinitionNode, ValueNode

from resolvers.paging import DEFAULT_SIZE
from resolvers.parcels import MOST_FOR_MERCHANTS
from schema.errors import TooComplex

#: Some 500 parcels of a merchant with every field there is come to 70,000.
MOST = 150_000
#: The rows of a list that is not paged: claims and events of a parcel, its items and documents, entries of an investigation.
USUAL_LIST = 4


def affordable(
    schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
) -> int:
    """What the operation could cost. Raises TooComplex for more than MOST fields."""
    found = cost(schema, operation, fragments, variables)
    if found > MOST:
        raise TooComplex(f"The operation could cost more than {MOST} fields: ask for smaller pages or fewer fields")
    return found


def cost(
    schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
) -> int:
    """How many fields the operation could have to answer; at most a little over MOST."""
    root = schema.get_root_type(operation.operation)
    assert root is not None, "validated"
    return _Counter(schema, fragments, variables).of_set(root, operation.selection_set)


class _Counter:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables
        self.introspected = _introspected(schema)
        self.known: dict[tuple[str, int], int] = {}

    def of_set(self, composite: Any, selections: SelectionSetNode) -> int:
        """The cost of a selection set on one row. Fragments cannot contain themselves: that was validated."""
        key = (composite.name, id(selections))
        if key not in self.known:
            total = 0
            for node in selections.selections:
                if isinstance(node, FieldNode):
                    total += self._of_field(composite, node)
                elif isinstance(node, InlineFragmentNode):
                    total += self.of_set(self._on(composite, node.type_condition), node.selection_set)
                elif isinstance(node, FragmentSpreadNode):
                    fragment = self.fragments[node.name.value]
                    total += self.of_set(self._on(composite, fragment.type_condition), fragment.selection_set)
                total = min(total, MOST + 1)
            self.known[key] = total
        return self.known[key]

    def _on(self, composite: Any, condition: Any) -> Any:
        return composite if condition is None else self.schema.get_type(condition.name.value)

    def _of_field(self, composite: Any, node: FieldNode) -> int:
        definition = self.schema.get_field(composite, node.name.value)
        if definition is None or node.selection_set is None:
            return 1
        child = get_named_type(definition.type)
        if not is_composite_type(child):
            return 1
        return 1 + self._rows(composite.name, child.name, definition, node) * self.of_set(child, node.selection_set)

    def _rows(self, composite: str, child: str, definition: GraphQLField, node: FieldNode) -> int:
        """How many rows the field may answer with. A connection's page is counted where it is asked for, and not again at its `nodes`."""
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        if child.endswith("Connection"):
            sizes = [self._integer(given[name]) for name in ("first", "last") if name in given]
            # One that is negative, or more than any page may have, is refused on its own when it is answered: BAD_USER_INPUT.
            return max(1, *([size for size in sizes if size is not None and size <= MOST_FOR_MERCHANTS] or [DEFAULT_SIZE]))
        if composite.startswith("__") or child.startswith("__"):
            return self.introspected.get(node.name.value, 1)
        if "ids" in given:
            return max(self._length(given["ids"]), 1)
        return USUAL_LIST if _is_list(definition) and not composite.endswith("Connection") else 1

    def _integer(self, value: ValueNode) -> int | None:
        if isinstance(value, IntValueNode):
            return int(value.value[:9])
        found = self.variables.get(value.name.value) if isinstance(value, VariableNode) else None
        return found if isinstance(found, int) else None

    def _length(self, value: ValueNode) -> int:
        if isinstance(value, ListValueNode):
            return len(value.values)
        found = self.variables.get(value.name.value) if isinstance(value, VariableNode) else None
        return len(found) if isinstance(found, Sequence) else 1


def _is_list(definition: GraphQLField) -> bool:
    type_ = definition.type.of_type if is_non_null_type(definition.type) else definition.type
    return is_list_type(type_)


@cache
def _introspected(schema: GraphQLSchema) -> Mapping[str, int]:
    """The rows of introspection's lists: as many as our types have on average, rounded up. Loops among them are refused by validation."""
    types = [named for named in schema.type_map.values() if not named.name.startswith("__")]
    fields = [field for named in types if isinstance(named, GraphQLObjectType | GraphQLInterfaceType) for field in named.fields.values()]
    values = sum(len(named.values) for named in types if isinstance(named, GraphQLEnumType))
    inputs = sum(len(named.fields) for named in types if isinstance(named, GraphQLInputObjectType))
    averages = {
        "fields": len(fields) / len(types),
        "args": sum(len(field.args) for field in fields) / len(fields),
        "enumValues": values / len(types),
        "inputFields": inputs / len(types),
        "directives": len(schema.directives),
        "locations": 3,
    }
    return {name: math.ceil(average) for name, average in averages.items()} | {"types": len(schema.type_map)}
