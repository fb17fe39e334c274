"""What could keep a server busy for long, each in a request that is itself small: by name, as the body of a request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def _nested(levels: int) -> str:
    """Parcels of accounts of parcels: a cycle of lists."""
    return "{ accounts { nodes { " + "parcels { nodes { account { " * levels + "id" + " } } }" * levels + " } } }"


def _doubling(levels: int) -> str:
    """Fragments that double at each level: 2^levels fields in a few hundred bytes."""
    inner = [
        f"fragment F{n} on Query {{ ...F{n + 1} ...G{n} }} fragment G{n} on Query {{ a{n}: viewer {{ id }} ...F{n + 1} }}" for n in range(levels)
    ]
    return "{ ...F0 } " + " ".join(inner) + f" fragment F{levels} on Query {{ viewer {{ name }} }}"


def _wide(levels: int, size: int) -> str:
    """Fragments of which each is spread several times below fields of one name: what validation has to merge multiplies at each level."""
    inner = [f"fragment F{n} on Account {{ " + f"agentLogin {{ consent {{ id }} }} ...F{n + 1} " * size + "}" for n in range(levels)]
    return "{ account(id: 1) { ...F0 ...F1 } } " + " ".join(inner) + f" fragment F{levels} on Account {{ id }}"


def _circle(length: int) -> str:
    """A fragment that reaches itself."""
    inner = [f"fragment F{n} on Query {{ viewer {{ id }} a: viewer {{ name }} ...F{(n + 1) % length} }}" for n in range(length)]
    return "{ ...F0 } " + " ".join(inner)


_PARCEL = """id status carrier version orderNumber trackingNumber note items { description quantity sku hsCode value { amount currency } }
  documents { kind url } events { status occurredAt location message } recipient { country name email phone street houseNumber city }
  claims { id kind status description investigation { at by kind note } } decisions { action allowed reason }"""
_TYPE = "kind name ofType { kind name }"


def _named() -> Iterator[tuple[str, dict[str, Any]]]:
    # Too large to be worth parsing.
    yield "a-long-text", {"query": f'{{ account(id: "{"x" * 500_000}") {{ id }} }}'}
    yield "a-long-block-text", {"query": f'{{ account(id: """{"x" * 500_000}""") {{ id }} }}'}
    yield "a-long-comment", {"query": f"#{'x' * 500_000}\n{{ viewer {{ id }} }}"}
    yield "a-long-number", {"query": f"{{ accounts(first: {'1' * 500_000}) {{ totalCount }} }}"}
    yield "a-long-name", {"query": f"{{ {'x' * 500_000} }}"}
    yield "lines", {"query": "\n" * 500_000 + "{ viewer { id } }"}
    yield "lines-and-unknown-fields", {"query": "\n" * 15_000 + "{ viewer { " + " ".join(f"x{n}" for n in range(900)) + " } }"}
    yield "many-values", {"query": "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", "variables": {"ids": ["x"] * 100_000}}
    yield "many-unused-values", {"query": "{ viewer { id } }", "variables": {"unused": [[1]] * 100_000}}
    yield "many-keys", {"query": "{ viewer { id } }", "variables": {f"v{n}": n for n in range(50_000)}}
    # Too many tokens.
    yield "tokens", {"query": "{ viewer { " + "id " * 5_000 + "} }"}
    yield "nested-fields", {"query": "{ viewer " * 2_000}
    yield "nested-lists", {"query": "{ account(id: " + "[" * 9_000 + "]" * 9_000 + ") { id } }"}
    yield "nested-objects", {"query": "{ account(id: " + "{a:" * 4_000 + "1" + "}" * 4_000 + ") { id } }"}
    yield "nested-inline-fragments", {"query": "{ " + "... { " * 500 + "viewer { id }" + " }" * 500 + " }"}
    # Too large to be worth validating.
    yield "depth", {"query": _nested(14)}
    yield "one-name-again-and-again", {"query": "{ viewer { " + "id " * 900 + "} }"}
    yield "one-name-with-long-arguments", {"query": "{ " + f'account(id: "{"x" * 400}") {{ id }} ' * 40 + "}"}
    yield "one-name-below-one-name", {"query": "{ " + ("account(id: 1) { " + "agentLogin { " + "state " * 5 + "} " * 1 + "} ") * 60 + "}"}
    yield "aliases", {"query": "{ " + " ".join(f"a{n}: viewer {{ id }}" for n in range(300)) + " }"}
    yield "directives", {"query": "{ viewer { id " + "@include(if: true) " * 250 + "} }"}
    yield "unknown-directives", {"query": "{ viewer { id " + " ".join(f"@x{n}" for n in range(700)) + " } }"}
    yield "operations", {"query": " ".join(f"query Q{n} {{ viewer {{ id }} }}" for n in range(200)), "operationName": "Q0"}
    yield "fragments", {"query": "{ " + " ".join(f"...F{n}" for n in range(150)) + " } " + _apart(150)}
    yield "fragments-that-double", {"query": _doubling(24)}
    yield "fragments-that-multiply", {"query": _wide(8, 6)}
    yield "fragments-in-a-long-circle", {"query": _circle(60)}
    # Too much to answer.
    yield (
        "pages-in-pages",
        {"query": "{ accounts(first: 100) { nodes { parcels(first: 100) { nodes { account { parcels(first: 100) { nodes { id } } } } } } } }"},
    )
    yield (
        "pages-in-variables",
        {
            "query": "query ($n: Int!) { accounts(first: $n) { nodes { parcels(first: $n) { nodes { account { parcels(first: $n) { nodes { id } }"
            " } } } } } }",
            "variables": {"n": 100},
        },
    )
    yield "whole-pages-by-alias", {"query": "{ " + " ".join(f"p{n}: parcels(first: 500) {{ nodes {{ {_PARCEL} }} }}" for n in range(8)) + " }"}
    yield "a-cycle-of-lists", {"query": _nested(7)}
    yield "introspection-in-a-loop", {"query": f"{{ __schema {{ types {{ {'fields { type { ' * 6} name {'} } ' * 6} }} }} }}"}
    inside = f"fragment F on __Schema {{ types {{ fields {{ args {{ type {{ {_TYPE} }} }} }} }} }}"
    yield "introspection-by-alias", {"query": "{ " + " ".join(f"s{n}: __schema {{ ...F }}" for n in range(100)) + " } " + inside}


def _apart(count: int) -> str:
    return " ".join(f"fragment F{n} on Query {{ viewer {{ id }} }}" for n in range(count))


HOSTILE = dict(_named())

#: Also too large, but an error of its own says what is wrong: with whatever code, it is short and comes soon.
WRONG: dict[str, dict[str, Any]] = {
    "long-unknown-names": {"query": "{ " + " ".join(f"{'x' * 900}{n}" for n in range(20)) + " }"},
    "unknown-fields": {"query": "\n" * 900 + "{ viewer { " + " ".join(f"x{n}" for n in range(900)) + " } }"},
    "conflicts": {
        "query": "{ a: viewer { "
        + " ".join(f"x{n}: id" for n in range(100))
        + " } a: viewer { "
        + " ".join(f"x{n}: name" for n in range(100))
        + " } }"
    },
    "a-circle": {"query": "{ ...F } fragment F on Query { a: viewer { id } ...G ...F } fragment G on Query { ...F ...G }"},
    "unknown-fragments": {"query": "{ " + " ".join(f"...F{n}" for n in range(600)) + " }"},
    "unknown-variables": {"query": "{ " + " ".join(f"account(id: $v{n}) {{ id }}" for n in range(60)) + " }"},
    "unused-variables": {"query": "query (" + " ".join(f"$v{n}: Int" for n in range(400)) + ") { viewer { id } }"},
    "wrong-values": {"query": "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", "variables": {"ids": [None] * 4_000}},
    "one-name-with-nested-arguments": {"query": "{ " + f"node(id: {'[' * 20}{']' * 20}) {{ id }} " * 40 + "}"},
    "only-brackets": {"query": "{" * 15_000},
    "not-the-language": {"query": "}" * 19_000},
}
