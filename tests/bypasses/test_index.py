"""The list of how others leaked is whole, and every test it names is there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.bypasses.index import BYPASSES

TESTS = Path(__file__).parent.parent


@cache
def named_in(path: Path) -> dict[str, str]:
    """The tests of a file, with what they say of themselves."""
    functions = [each for each in ast.parse(path.read_text()).body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {each.name: ast.get_docstring(each) or "" for each in functions if each.name.startswith("test_")}


def test_each_of_the_ways_others_leaked_is_tried_here_or_says_why_it_can_not_be() -> None:
    assert len(BYPASSES) == 62
    assert [way.what for way in BYPASSES if not way.tests and not way.not_here] == []
    assert len({way.what for way in BYPASSES}) == 62
    sources = [source for way in BYPASSES for source in way.sources]
    assert len(sources) == len(set(sources))


def test_every_test_that_is_named_is_there() -> None:
    missing = []
    for way in BYPASSES:
        for named in way.tests:
            file, name = named.split("::")
            if not (TESTS / file).is_file() or name not in named_in(TESTS / file):
                missing.append(named)
    assert missing == []


def test_every_test_beside_this_one_is_on_the_list_and_says_where_it_was_told() -> None:
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for name, said in {} if path.name == "test_index.py" else named_in(path).items():
            tried = [way for way in BYPASSES if f"bypasses/{path.name}::{name}" in way.tests]
            assert tried, name
            assert all(any(source in said for source in way.sources) for way in tried), name
