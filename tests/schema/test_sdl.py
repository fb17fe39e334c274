"""The committed schema is the one that is built, and holds every member of the contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from graphql import build_schema, parse, print_ast
from graphql.language import FieldDefinitionNode, NonNullTypeNode, ObjectTypeDefinitionNode

from policy.classification import FIELDS, Guarded, Personal
from schema.build import Schema, build

ROOT = Path(__file__).parent.parent.parent
SDL = ROOT / "schema" / "schema.graphql"
CONTRACT = ROOT.parent / "shared" / "contract_check.py"


def test_the_committed_schema_is_the_one_that_is_built(schema: Schema) -> None:
    assert SDL.read_text() == schema.as_str() + "\n", "it is stale: make sdl"
    assert build().as_str() == schema.as_str(), "built twice it is the same"


def test_it_is_a_schema_to_others_too() -> None:
    assert build_schema(SDL.read_text()).query_type is not None


def test_what_is_classified_prints_its_directive_and_what_is_personal_is_nullable() -> None:
    fields: dict[tuple[str, str], FieldDefinitionNode] = {}
    for node in parse(SDL.read_text()).definitions:
        if isinstance(node, ObjectTypeDefinitionNode):
            fields |= {(node.name.value, field.name.value): field for field in node.fields or ()}
    for (type_name, name), field in fields.items():
        printed = {print_ast(directive) for directive in field.directives or ()}
        what = FIELDS[type_name][name]
        expected = set()
        if isinstance(what, Personal):
            expected = {f"@pii(category: {what.category}, subject: {what.subject})"}
            assert not isinstance(field.type, NonNullTypeNode), f"{type_name}.{name}"
        if isinstance(what, Guarded):
            expected = {f"@requires(action: {what.action})"}
        assert printed == expected, f"{type_name}.{name}"


@pytest.mark.skipif(not CONTRACT.exists(), reason="the contract does not travel with the project")
def test_every_member_of_the_contract_holds() -> None:
    checked = subprocess.run([sys.executable, str(CONTRACT), str(SDL)], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
