"""Documents that were parsed and found valid: the next time they are sent, they are executed at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import DirectiveNode, DocumentNode, VariableNode, Visitor, visit

#: Of all documents together. A parsed one takes about fifty times its text.
MOST_CHARACTERS = 200_000


#: Of one document: what `@skip` and `@include` make of it may be many.
MOST_SHAPES = 8


@dataclass(slots=True, eq=False)
class Kept:
    """A valid document, and what was made of it to answer it faster: nothing of who asked, or what was answered.

    `conditions` are the variables that `@skip` and `@include` ask; with their values a document has its shape.
    """

    document: DocumentNode = field(repr=False)
    conditions: tuple[str, ...] = field(repr=False)
    made: dict[object, dict[object, Any]] = field(default_factory=dict, repr=False)

    def of_shape(self, shape: tuple[object, ...]) -> dict[object, Any] | None:
        """What was made of the document in this shape, to be added to; None for one shape too many."""
        if shape not in self.made and len(self.made) >= MOST_SHAPES:
            return None
        return self.made.setdefault(shape, {})


@dataclass(slots=True)
class Prepared:
    """Documents by their text, whoever sent them; the longest unused are forgotten first.

    One that holds a text of its own, such as a name somebody searched for, is not kept: how soon an answer comes would tell that it was asked
    before. Clients that send such values as variables, as they should, are served sooner.
    """

    most_characters: int = MOST_CHARACTERS
    _kept: OrderedDict[str, Kept] = field(default_factory=OrderedDict, repr=False)
    _always: dict[str, Kept] = field(default_factory=dict, repr=False)
    _by_document: dict[int, Kept] = field(default_factory=dict, repr=False)
    _characters: int = 0

    def find(self, text: str) -> Kept | None:
        """What is kept of exactly this text."""
        if text in self._always:
            return self._always[text]
        found = self._kept.get(text)
        if found is not None:
            self._kept.move_to_end(text)
        return found

    def of(self, document: DocumentNode) -> Kept | None:
        """What is kept of this very document."""
        return self._by_document.get(id(document))

    def keep_always(self, documents: Mapping[str, DocumentNode]) -> None:
        """Keep documents that fit the schema and that everybody may know of: trusted ones. They are never forgotten."""
        for text, document in documents.items():
            self._always[text] = self._by_document[id(document)] = Kept(document, _conditions(document))

    def keep(self, text: str, document: DocumentNode) -> None:
        """Keep a document that fits the schema."""
        if self._holds_a_text(text) or text in self._kept:
            return
        self._kept[text] = self._by_document[id(document)] = Kept(document, _conditions(document))
        self._characters += len(text)
        while self._characters > self.most_characters:
            text, forgotten = self._kept.popitem(last=False)
            del self._by_document[id(forgotten.document)]
            self._characters -= len(text)

    @staticmethod
    def _holds_a_text(text: str) -> bool:
        return '"' in text


class _Conditions(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self.names |= {each.value.name.value for each in node.arguments or () if isinstance(each.value, VariableNode)}


def _conditions(document: DocumentNode) -> tuple[str, ...]:
    """The variables that `@skip` and `@include` ask."""
    asked = _Conditions()
    visit(document, asked)
    return tuple(sorted(asked.names))
