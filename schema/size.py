"""How large a request may be, known before its document is validated: validating is quadratic in what has to be merged, and worse with fragments.

The figures are described in docs/api.md; the operations of our own apps stay under a quarter of each.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, OperationDefinitionNode, SelectionSetNode

from schema.errors import TooComplex

#: What graphql-core stops parsing at.
MOST_TOKENS = 2_000


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a document. Its definitions are looked at one by one, each with its fragments written out."""

    operations: int
    fragments: int
    fields: int
    aliases: int
    directives: int
    depth: int
    #: How often validation compares two fields of one name, each weighed by the length of its arguments.
    merges: int
    #: One fragment contains itself. What was counted is then too little, and only that may be said of the document.
    circular: bool = False


MOST = Size(operations=20, fragments=50, fields=1_000, aliases=250, directives=200, depth=32, merges=10_000)
MOST_CHARACTERS = 20_000
MOST_LINES = 1_000
#: Of numbers, texts, lists and objects in the variables.
MOST_VALUES = 5_000


def require_short(text: str, variables: object = None) -> None:
    """Raises TooComplex for a document that is not worth parsing, or variables not worth reading."""
    if len(text) > MOST_CHARACTERS or text.count("\n") > MOST_LINES:
        raise TooComplex(f"The document must be at most {MOST_CHARACTERS} characters and {MOST_LINES} lines")
    if any(count > MOST_VALUES for count, _ in enumerate(_values(variables), 1)):
        raise TooComplex(f"The variables must be at most {MOST_VALUES} values")


def require_modest(document: DocumentNode) -> Size:
    """The size of a document that may be validated. Raises TooComplex for one that is larger."""
    try:
        found = size_of(document)
    except RecursionError:
        raise TooComplex("The document is nested too deeply") from None
    for each in fields(Size):
        most = getattr(MOST, each.name)
        if each.name != "circular" and getattr(found, each.name) > most:
            raise TooComplex(f"The document is too large: {each.name} must be at most {most}")
    return found


def size_of(document: DocumentNode) -> Size:
    """The size of a document. Counting stops where it is beyond what may be."""
    measure = _Measure(document)
    definitions = [each for each in document.definitions if isinstance(each, OperationDefinitionNode | FragmentDefinitionNode)]
    written = sum(measure.fields_of(each.selection_set) for each in definitions)
    return Size(
        operations=sum(isinstance(each, OperationDefinitionNode) for each in definitions),
        fragments=sum(isinstance(each, FragmentDefinitionNode) for each in definitions),
        fields=written,
        aliases=measure.seen["aliases"],
        directives=measure.seen["directives"] + sum(_directives(each) for each in definitions),
        depth=max((measure.depth_of(each.selection_set) for each in definitions), default=0),
        merges=0 if measure.circular or written > MOST.fields else sum(measure.merges([each.selection_set]) for each in definitions),
        circular=measure.circular,
    )


class _Measure:
    """Each selection set is counted once and remembered, whichever fragments it is reached by."""

    def __init__(self, document: DocumentNode) -> None:
        self.fragments: Mapping[str, FragmentDefinitionNode] = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self.known: dict[int, tuple[int, int]] = {}
        self.seen: Counter[str] = Counter()
        self.circular = False
        self._open: set[int] = set()

    def fields_of(self, selections: SelectionSetNode) -> int:
        return self._of(selections)[0]

    def depth_of(self, selections: SelectionSetNode) -> int:
        return self._of(selections)[1]

    def _of(self, selections: SelectionSetNode) -> tuple[int, int]:
        key = id(selections)
        if key in self._open:
            self.circular = True
            return 0, 0
        if key not in self.known:
            self._open.add(key)
            count, depth = 0, 0
            for node in selections.selections:
                self.seen["directives"] += len(node.directives or ())
                self.seen["aliases"] += isinstance(node, FieldNode) and node.alias is not None
                below = self._below(node)
                inside = (0, 0) if below is None else self._of(below)
                count = min(count + isinstance(node, FieldNode) + inside[0], MOST.fields + 1)
                depth = max(depth, inside[1])
            self._open.remove(key)
            self.known[key] = (count, depth + 1)
        return self.known[key]

    def _below(self, node: object) -> SelectionSetNode | None:
        if isinstance(node, FragmentSpreadNode):
            fragment = self.fragments.get(node.name.value)  # one that is missing is told of by validation
            return None if fragment is None else fragment.selection_set
        return node.selection_set if isinstance(node, FieldNode | InlineFragmentNode) else None

    def merges(self, together: Iterable[SelectionSetNode]) -> int:
        """The comparisons below one place of the answer, of which these sets ask. Takes as many steps as there are fields."""
        named: defaultdict[str, list[FieldNode]] = defaultdict(list)
        for node in self._fields(together):
            named[(node.alias or node.name).value].append(node)
        work = 0
        for nodes in named.values():
            work += len(nodes) * sum(map(_weight, nodes)) if len(nodes) > 1 else 0
            work += self.merges([each.selection_set for each in nodes if each.selection_set is not None])
            if work > MOST.merges:
                break
        return work

    def _fields(self, together: Iterable[SelectionSetNode]) -> Iterator[FieldNode]:
        for selections in together:
            for node in selections.selections:
                if isinstance(node, FieldNode):
                    yield node
                elif (below := self._below(node)) is not None:
                    yield from self._fields([below])


def _weight(node: FieldNode) -> int:
    return 1 + sum((each.loc.end - each.loc.start) // 16 for each in node.arguments or () if each.loc)


def _directives(definition: OperationDefinitionNode | FragmentDefinitionNode) -> int:
    return len(definition.directives or ()) + sum(len(each.directives or ()) for each in definition.variable_definitions or ())


def _values(given: object) -> Iterator[Any]:
    """Every value inside, without recursion: JSON may be nested deeply."""
    waiting = [given]
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
