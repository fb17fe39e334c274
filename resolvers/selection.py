"""What an answer asks for below one field: told by the schema, read by whoever loads rows."""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Mapping
from dataclasses import dataclass, field

from policy.classification import Personal, field_class

_ENTITIES = frozenset({"Account", "Parcel", "Claim", "Consent", "AccessEvent", "AgentLogin"})


@dataclass(frozen=True, slots=True)
class Selection:
    """The fields asked for, by type name and field name (aliases merged), each with what is asked for below it."""

    fields: Mapping[str, Mapping[str, Selection]] = field(default_factory=dict)

    def asks(self, type_name: str, *names: str) -> bool:
        """Is any of these fields of `type_name` asked for?"""
        return not self.names(type_name).isdisjoint(names)

    def names(self, type_name: str) -> KeysView[str]:
        """The fields of `type_name` that are asked for."""
        return self.fields.get(type_name, {}).keys()

    def below(self, type_name: str, *names: str) -> Selection:
        """What is asked for below these fields, together; nothing if none is asked for."""
        found = [below for name in names if (below := self.fields.get(type_name, {}).get(name)) is not None]
        return found[0] if len(found) == 1 else merged(found)

    def nodes(self, noun: str) -> Selection:
        """What is asked for of the rows of a `<noun>Connection`, by `nodes` and by `edges { node }`."""
        connection = f"{noun}Connection"
        return merged([self.below(connection, "nodes"), self.below(connection, "edges").below(f"{noun}Edge", "node")])

    def personal(self, type_name: str) -> frozenset[str]:
        """The coordinates of the personal fields asked for of one `type_name`, other rows it leads to left out."""
        return frozenset(self._personal(type_name))

    def _personal(self, type_name: str) -> Iterator[str]:
        for name, below in self.fields.get(type_name, {}).items():
            if name == "__typename":
                continue
            if isinstance(field_class(type_name, name), Personal):
                yield f"{type_name}.{name}"
            for child in below.fields:
                if child not in _ENTITIES:
                    yield from below._personal(child)  # noqa: SLF001 (one of us)


def merged(selections: list[Selection]) -> Selection:
    """What any of these asks for."""
    fields: dict[str, dict[str, Selection]] = {}
    for selection in selections:
        for type_name, names in selection.fields.items():
            known = fields.setdefault(type_name, {})
            for name, below in names.items():
                known[name] = merged([known[name], below]) if name in known else below
    return Selection(fields)


NOTHING = Selection()
