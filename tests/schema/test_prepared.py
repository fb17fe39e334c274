"""A document is parsed and validated once, whoever sends it; one that holds a text of its own is not remembered."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry.schema.schema as executing
from graphql import parse

from schema import extensions
from schema.build import Schema, build
from schema.prepared import Prepared
from tests.asking import ask, context_of
from tests.builders import a_merchant

VIEWER = "query ($with: Boolean! = true) { viewer { id name @include(if: $with) } }"


@pytest.fixture
def own_schema() -> Schema:
    return build()


@pytest.fixture
def worked_on(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was parsed and validated since."""
    done: list[str] = []
    validate, parsed = vars(extensions)["validate"], vars(executing)["parse"]

    def validating(*args: Any, **options: Any) -> Any:
        done.append("validated")
        return validate(*args, **options)

    def parsing(*args: Any, **options: Any) -> Any:
        done.append("parsed")
        return parsed(*args, **options)

    monkeypatch.setattr(extensions, "validate", validating)
    monkeypatch.setitem(vars(executing), "parse", parsing)
    return done


async def test_a_document_is_looked_at_once_and_answered_for_each_caller(database: str, own_schema: Schema, worked_on: list[str]) -> None:
    for viewer in (merchant := await a_merchant()).owner, merchant.member, (await a_merchant()).owner:
        for shown in (True, False):
            answer = await ask(own_schema, viewer, VIEWER, {"with": shown})
            assert answer.errors == []
            assert answer.data["viewer"].get("name") == (viewer.name if shown else None)
    assert worked_on == ["parsed", "validated"]


@pytest.mark.parametrize(
    "document",
    ['{ node(id: "cGFyY2VsOjE=") { id } }', '{ node(id: """cGFyY2VsOjE=""") { id } }', "{ viewer { id nothing } }", "{ viewer { id "],
    ids=["text", "block", "invalid", "cut"],
)
async def test_what_holds_a_text_or_is_wrong_is_looked_at_each_time(database: str, own_schema: Schema, worked_on: list[str], document: str) -> None:
    viewer = (await a_merchant()).owner
    await ask(own_schema, viewer, document)
    once = list(worked_on)
    await ask(own_schema, viewer, document)
    assert worked_on == once * 2
    assert once


async def test_a_document_of_several_operations_needs_a_name_each_time(database: str, own_schema: Schema) -> None:
    viewer = (await a_merchant()).owner
    both = "query A { viewer { id } } query B { viewer { name } }"
    for name, failed in (("A", False), (None, True), ("B", False), (None, True)):
        answer = await own_schema.execute(both, operation_name=name, context_value=context_of(viewer))
        assert bool(answer.errors) is failed


def test_the_longest_unused_is_forgotten_when_there_is_too_much() -> None:
    texts = [f"{{ viewer {{ id }} }} # {number}" for number in range(4)]
    prepared = Prepared(most_characters=3 * len(texts[0]))
    for text in texts[:3]:
        prepared.keep(text, parse(text))
    assert prepared.find(texts[0]) is not None
    prepared.keep(texts[3], parse(texts[3]))
    assert [prepared.find(text) is not None for text in texts] == [True, False, True, True]
    assert "viewer" not in repr(prepared)


def test_trusted_documents_are_kept_whatever_they_hold_and_however_many_come_after() -> None:
    trusted = '{ node(id: "cGFyY2VsOjE=") { id } }'
    prepared = Prepared(most_characters=40)
    prepared.keep_always({trusted: (document := parse(trusted))})
    for number in range(5):
        text = f"{{ viewer {{ id }} }} # {number}"
        prepared.keep(text, parse(text))
    kept = prepared.find(trusted)
    assert kept is not None
    assert kept.document is document
    assert prepared.of(document) is kept
