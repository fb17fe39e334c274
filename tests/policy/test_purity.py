"""The policy needs the standard library only, and does nothing but think: no await, no clock, no file, no network."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

MODULES = sorted((Path(__file__).parents[2] / "policy").glob("**/*.py"))
# Of the standard library, what a table and a function over it can need.
NEEDED = {"__future__", "collections", "dataclasses", "datetime", "enum", "uuid"}
CLOCKS_AND_DOORS = {"now", "utcnow", "today", "time", "open", "print", "input", "eval", "exec", "compile", "__import__", "uuid1", "uuid4"}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield str(node.module).partition(".")[0]


def called(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_a_module_of_the_policy_is_pure(module: Path) -> None:
    tree = ast.parse(module.read_text())
    names = set(imported(tree)) - {"policy"}
    assert names <= sys.stdlib_module_names
    assert names <= NEEDED
    assert set(called(tree)) & CLOCKS_AND_DOORS == set()
    assert [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.Global | ast.Nonlocal)] == []


def test_there_is_a_policy_to_look_at() -> None:
    assert {"decision", "vocabulary", "classification"} <= {module.stem for module in MODULES}
