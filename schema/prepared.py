"""Documents that were parsed and found valid: the next time they are sent, they are executed at once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from graphql import DocumentNode

#: Of all documents together. A parsed one takes about fifty times its text.
MOST_CHARACTERS = 500_000


@dataclass(slots=True)
class Prepared:
    """Documents by their text, whoever sent them; the longest unused are forgotten first.

    One that holds a text of its own, such as a name somebody searched for, is not kept: how soon an answer comes would tell that it was asked
    before. Clients that send such values as variables, as they should, are served sooner.
    """

    most_characters: int = MOST_CHARACTERS
    _documents: OrderedDict[str, DocumentNode] = field(default_factory=OrderedDict, repr=False)
    _characters: int = 0

    def find(self, text: str) -> DocumentNode | None:
        """The document of exactly this text, if it was kept."""
        found = self._documents.get(text)
        if found is not None:
            self._documents.move_to_end(text)
        return found

    def keep(self, text: str, document: DocumentNode) -> None:
        """Keep a document that fits the schema."""
        if self._holds_a_text(text) or text in self._documents:
            return
        self._documents[text] = document
        self._characters += len(text)
        while self._characters > self.most_characters:
            forgotten, _ = self._documents.popitem(last=False)
            self._characters -= len(forgotten)

    @staticmethod
    def _holds_a_text(text: str) -> bool:
        return '"' in text
