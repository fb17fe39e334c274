"""What goes wrong is told without what it was about, wherever and however it goes wrong, and a second time too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from graphql import GraphQLError
from structlog.testing import capture_logs

import schema.build
from policy.decision import Decision
from policy.vocabulary import Action, Reason, Viewer
from resolvers import accounts, claims, consents, parcel_changes, parcels, related
from resolvers.errors import BadInput, NotFound, Refused
from schema.build import Schema
from schema.errors import UNEXPECTED, told
from server import application
from settings import Settings
from tests.asking import Answer, account_id, ask, claim_id, context_of, parcel_id
from tests.builders import Merchant, a_claim, a_merchant, a_parcel, an_agent

MARK = "Kenmerk7QZ6"


class Unsayable(Exception):
    """Even its text goes wrong."""

    def __str__(self) -> str:
        raise RuntimeError(MARK)

    __repr__ = __str__


def a_driver_s() -> Exception:
    """As a driver words it: with the values of the statement, and something it came from."""
    error = ValueError(f"duplicate key value (email)=({MARK}@example.com)")
    error.__cause__ = KeyError(MARK)
    error.add_note(MARK)
    return error


RAISED: dict[str, Callable[[], BaseException]] = {
    "a-driver-s": a_driver_s,
    "a-graphql-error": lambda: GraphQLError(MARK, extensions={"value": MARK}, original_error=ValueError(MARK)),
    "a-type-error": lambda: TypeError(f"'{MARK}' is not iterable"),
    "an-assertion": lambda: AssertionError(MARK),
    "a-system-error": lambda: OSError(5, MARK, MARK),
    "a-time-out": lambda: TimeoutError(MARK),
    "a-group": lambda: ExceptionGroup(MARK, [ValueError(MARK)]),
    "unsayable": Unsayable,
}


@pytest.fixture
async def merchant(database: str) -> Merchant:
    return await a_merchant()


@pytest.fixture
async def agent(database: str) -> Viewer:
    return await an_agent()


async def first_event(schema_: Schema, viewer: Viewer, document: str, variables: dict[str, Any]) -> Answer:
    """The first event of a subscription, or the refusal."""
    events: AsyncIterator[Any] = await schema_.stream(document, context_value=context_of(viewer), variable_values=variables)
    async for event in events:
        errors = [dict(error.formatted) for error in event.errors or []]
        return Answer(event.data, errors, event.extensions or {}, repr((event.data, errors, event.extensions)))
    raise AssertionError("no event")


@pytest.mark.parametrize("raised", RAISED.values(), ids=RAISED)
async def test_nothing_of_an_error_nobody_expected_is_told_or_logged(
    merchant: Merchant, schema: Schema, monkeypatch: pytest.MonkeyPatch, raised: Callable[[], BaseException]
) -> None:
    """CVE-2023-47639 (API Platform), CVE-2021-22249 (GitLab): the text of an exception held what it was about.

    Strawberry 0.323.0 and 0.323.2: masked in one mode, told in another (in sequence, in time, live, or validated before).
    """

    def fail(*_: Any, **__: Any) -> Any:
        raise raised()

    async def fail_later(*_: Any, **__: Any) -> Any:
        raise raised()

    parcel = await a_parcel(merchant)
    given = {"p": parcel_id(parcel.id), "a": account_id(merchant.id), "c": claim_id(await a_claim(parcel))}
    broken = (
        (parcels, "by_ids"),
        (claims, "by_ids"),
        (accounts, "page_of"),
        (consents, "agent_login"),
        (consents, "of_rows"),
        (parcel_changes, "delete"),
    )
    for module, name in broken:
        monkeypatch.setattr(module, name, fail_later)
    monkeypatch.setattr(related, "complete_claims", fail)
    with capture_logs() as logs:
        answers = [
            await ask(schema, merchant.owner, document, {name: value for name, value in given.items() if f"${name}" in document})
            for document in (
                "query ($p: ID!) { parcel(id: $p) { note } }",
                "query ($p: ID!) { parcel(id: $p) { note } }",  # and validated before
                "query ($p: ID!) { node(id: $p) { id } nodes(ids: [$p]) { id } }",
                "query ($c: ID!) { claim(id: $c) { id } }",
                "query { accounts { totalCount } claims { totalCount } }",
                "query ($a: ID!) { account(id: $a) { agentLogin { state } } }",
                "mutation ($p: ID!) { deleteParcel(input: {parcelId: $p}) { deletedId } }",
            )
        ]
        answers.append(await first_event(schema, merchant.owner, "subscription ($a: ID!) { agentLoginChanged(accountId: $a) { state } }", given))
    for answer in answers:
        assert MARK not in answer.text
        assert set(answer.codes) == {"INTERNAL"}
        assert {error["message"] for error in answer.errors} == {UNEXPECTED}
    assert len(logs) >= len(answers)
    assert MARK not in repr(logs)


async def test_an_error_told_again_says_no_more(schema: Schema) -> None:
    """CVE-2026-78693 (AshGraphql): what one handler had taken out, another put back."""
    decision = Decision(Action.DELETE_PARCEL, allowed=False, reason=Reason.NEVER_FOR_AGENTS)
    for cause in (Refused(decision), NotFound("parcel"), BadInput("first must not be negative"), ValueError(MARK), GraphQLError(MARK)):
        first = told(GraphQLError(MARK if isinstance(cause, ValueError) else str(cause), original_error=cause, path=["a", 0]), "request")
        assert first.original_error is None
        again = told(told(first, "another request"), "request")
        assert again.formatted["message"] == first.formatted["message"]
        assert (again.path, again.original_error) == (["a", 0], None)
        if isinstance(cause, ValueError):
            assert MARK not in repr(first.formatted) + repr(again.formatted)


async def test_if_telling_an_error_goes_wrong_nothing_is_told(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    """CVE-2026-77950 (AshTypescript): the handler of errors failed, and the raw error was answered."""

    def fail(*_: object) -> Any:
        raise ValueError(MARK)

    monkeypatch.setattr(schema.build, "told", fail)
    app = application(Settings(allowed_hosts="latchkey.example"))
    with capture_logs() as logs:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://latchkey.example") as client:
            answer = await client.post("/graphql", json={"query": f'{{ parcel(id: "{MARK}") {{ note }} }}'})
    assert answer.status_code == 500
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert MARK not in answer.text + repr(logs)


GUESSED = {
    "a-field": "{ parcl { id } }",
    "a-field-below": "{ viewer { nam } }",
    "an-argument": '{ parcel(idd: "x") { id } }',
    "an-input-field": "{ parcels(filter: {serch: 1}) { totalCount } }",
    "a-field-of-a-mutation": "mutation { grantConsen { id } }",
    "an-enum-value": "{ parcels(orderBy: CREATED_AS) { totalCount } }",
    "a-fragment": "{ viewer { ...Nam } } fragment Name on Viewer { name }",
    "a-type": "{ node(id: 1) { ... on Parcl { id } } }",
    "a-directive": "{ viewer { name @includ(if: true) } }",
    "a-variable": "query ($name: ParcelFiltr) { viewer { name } }",
}


@pytest.mark.parametrize("document", GUESSED.values(), ids=GUESSED)
async def test_a_guess_is_not_put_right(database: str, schema: Schema, document: str) -> None:
    """GHSA-9g8f-h8f3-hjcm, GHSA-2fgh-8j2g-w354 (Parse Server), graphql-js #2629: errors named what the caller had not."""
    answer = await ask(schema, None, document)
    assert set(answer.codes) == {"BAD_USER_INPUT"}
    assert "did you mean" not in answer.text.lower()
