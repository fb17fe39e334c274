"""The tests of the schema ask the same documents again and again: each is parsed and validated once, which is four fifths of what asking takes."""

import pytest
from strawberry.extensions import ParserCache, ValidationCache

from schema.build import Schema, build


@pytest.fixture(scope="session")
def schema() -> Schema:
    quick = build()
    quick.extensions = (*quick.extensions, lambda: ParserCache(1000), lambda: ValidationCache(1000))
    return quick
