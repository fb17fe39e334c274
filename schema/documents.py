"""Trusted documents: operations known beforehand, sent by their hash. Their names are the only operation names we log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from graphql import DocumentNode, GraphQLSchema, GraphQLSyntaxError, OperationDefinitionNode, parse, validate

from resolvers.errors import BadInput


@dataclass(frozen=True, slots=True)
class TrustedDocuments:
    """The documents by `sha256:<hex>` of their text, and by text the names of their operations and what was parsed."""

    texts: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    parsed: Mapping[str, DocumentNode] = field(default_factory=dict, repr=False)

    def text(self, document_id: object) -> str:
        """The document of this id. Raises BadInput for one that is not known."""
        if not isinstance(document_id, str) or document_id not in self.texts:
            raise BadInput("There is no trusted document of this documentId")
        return self.texts[document_id]

    def require_trusted(self, text: str) -> None:
        """Raises BadInput for any other document than these, byte for byte."""
        if text not in self.names:
            raise BadInput("Only trusted documents are run here: send the documentId of one")

    def name(self, text: str | None) -> str | None:
        """The operation's name, if this is a trusted document."""
        return self.names.get(text) if text else None


def load(path: Path | None, schema: GraphQLSchema, web_apps: Path | None = None) -> TrustedDocuments:
    """Load a folder of `.graphql` files, or a JSON manifest, and the manifest of the web apps if they are built.

    Raises ValueError for a document that does not fit the schema.
    """
    texts = _manifest(web_apps) if web_apps is not None and web_apps.is_file() else []
    if path is not None:
        texts += _folder(path) if path.is_dir() else _manifest(path)
    return of(texts, schema)


def of(texts: Iterable[str], schema: GraphQLSchema) -> TrustedDocuments:
    """These documents. Raises ValueError for one that does not fit the schema."""
    by_hash: dict[str, str] = {}
    names: dict[str, str] = {}
    parsed: dict[str, DocumentNode] = {}
    for text in texts:
        try:
            document = parse(text)
        except GraphQLSyntaxError as error:
            raise ValueError(f"a trusted document is not GraphQL: {error.message}") from None
        errors = validate(schema, document)
        if errors:
            raise ValueError(f"a trusted document does not fit the schema: {errors[0].message}")
        operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        if len(operations) != 1 or operations[0].name is None:
            raise ValueError("a trusted document must hold one operation, with a name")
        by_hash["sha256:" + hashlib.sha256(text.encode()).hexdigest()] = text
        names[text] = operations[0].name.value
        parsed[text] = document
    return TrustedDocuments(by_hash, names, parsed)


def _folder(path: Path) -> list[str]:
    return [file.read_text() for file in sorted(path.glob("**/*.graphql"))]


def _manifest(path: Path) -> list[str]:
    given = orjson.loads(path.read_bytes())
    if not isinstance(given, dict):
        raise ValueError(f"{path.name} must be a JSON object of hashes and documents")  # noqa: TRY004 (the file is wrong, not its type)
    for document_id, text in given.items():
        if not isinstance(text, str) or document_id.removeprefix("sha256:") != hashlib.sha256(text.encode()).hexdigest():
            raise ValueError(f"{path.name}: the hash of a document is not that of its text")
    return list(given.values())
