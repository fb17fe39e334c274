"""Every member of the schema says what it means, and the printed schema is the one that is served."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from schema.build import Schema

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT.parent / "shared" / "contract_check.py"
BUILT_IN = {"include", "skip", "deprecated", "specifiedBy", "oneOf", "experimental_disableErrorPropagation"}


def _undescribed(schema: Schema) -> Iterator[str]:
    printed = schema._schema
    for name, named in printed.type_map.items():
        if name.startswith("__"):
            continue
        if not named.description:
            yield name
        if isinstance(named, GraphQLEnumType):
            yield from (f"{name}.{value}" for value, what in named.values.items() if not what.description)
        if isinstance(named, GraphQLInputObjectType):
            yield from (f"{name}.{field}" for field, what in named.fields.items() if not what.description)
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            for field, what in named.fields.items():
                if not what.description:
                    yield f"{name}.{field}"
                yield from (f"{name}.{field}({argument}:)" for argument, given in what.args.items() if not given.description)
    yield from (f"@{directive.name}" for directive in printed.directives if directive.name not in BUILT_IN and not directive.description)


def test_every_member_is_described(schema: Schema) -> None:
    assert list(_undescribed(schema)) == []


def test_the_printed_schema_is_not_stale(schema: Schema) -> None:
    assert (ROOT / "schema/schema.graphql").read_text() == schema.as_str() + "\n", "run `make sdl`"


def test_the_contract_holds(capsys: pytest.CaptureFixture[str]) -> None:
    if not CONTRACT.exists():
        pytest.skip("the contract is not beside the project")
    spec = importlib.util.spec_from_file_location("contract_check", CONTRACT)
    assert spec is not None
    assert spec.loader is not None
    check = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(check)
    assert check.main(str(ROOT / "schema/schema.graphql")) == 0, capsys.readouterr().out
