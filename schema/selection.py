"""What an operation asks for below a field, as `resolvers.selection` knows it: fragments, aliases, @skip and @include resolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_directive_values,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)
from graphql.execution.values import VariableValues
from strawberry.types import Info

from resolvers.selection import NOTHING, Selection


def selection(info: Info[Any, Any]) -> Selection:
    """What is asked for below the field being resolved."""
    raw = info._raw_info  # noqa: SLF001 (the nodes and fragments are only there)
    made: dict[object, Any] = info.context.made if info.context.made is not None else {}
    key = ("selection", *map(id, raw.field_nodes))
    if key not in made:
        made[key] = _Reader(raw).below(get_named_type(raw.return_type), [node.selection_set for node in raw.field_nodes])
    found: Selection = made[key]
    return found


class _Reader:
    def __init__(self, info: GraphQLResolveInfo[Any]) -> None:
        self.schema = info.schema
        self.fragments = info.fragments
        self.variables = VariableValues({}, dict(info.variable_values))  # type: ignore[arg-type] # Strawberry hands over the plain dict
        self.known: dict[tuple[str, tuple[int, ...]], Selection] = {}

    def below(self, composite: Any, sets: list[SelectionSetNode | None]) -> Selection:
        """What these selection sets ask of a composite type, under the name of every object type it may turn out to be."""
        if not is_composite_type(composite):
            return NOTHING
        given = [each for each in sets if each is not None]
        key = (composite.name, tuple(id(each) for each in given))
        if key not in self.known:
            self.known[key] = Selection({each.name: self._fields(each, given) for each in self._objects(composite)})
        return self.known[key]

    def _objects(self, composite: GraphQLCompositeType) -> list[GraphQLObjectType]:
        if is_abstract_type(composite):
            return list(self.schema.get_possible_types(composite))
        return [composite] if isinstance(composite, GraphQLObjectType) else []

    def _fields(self, object_type: GraphQLObjectType, sets: list[SelectionSetNode]) -> Mapping[str, Selection]:
        nodes: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for each in sets:
            self._collect(object_type, each.selections, nodes, seen)
        fields: dict[str, Selection] = {}
        for name, named in nodes.items():
            definition = self.schema.get_field(object_type, name)
            if definition is not None and not name.startswith("__"):
                fields[name] = self.below(get_named_type(definition.type), [node.selection_set for node in named])
        return fields

    def _collect(
        self,
        object_type: GraphQLObjectType,
        selections: tuple[SelectionNode, ...] | list[SelectionNode],
        nodes: dict[str, list[FieldNode]],
        seen: set[str],
    ) -> None:
        for node in selections:
            if self._skipped(node):
                continue
            if isinstance(node, FieldNode):
                nodes.setdefault(node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._applies(object_type, node.type_condition.name.value):
                    self._collect(object_type, node.selection_set.selections, nodes, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self.fragments.get(node.name.value)
                if fragment is not None and self._applies(object_type, fragment.type_condition.name.value):
                    self._collect(object_type, fragment.selection_set.selections, nodes, seen)

    def _applies(self, object_type: GraphQLObjectType, condition: str) -> bool:
        if object_type.name == condition:
            return True
        abstract = self.schema.get_type(condition)
        return abstract is not None and is_abstract_type(abstract) and self.schema.is_sub_type(abstract, object_type)

    def _skipped(self, node: SelectionNode) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        if skip and skip["if"]:
            return True
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return include is not None and not include["if"]
