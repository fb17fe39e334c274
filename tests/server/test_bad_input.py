"""Whatever is sent gets a clear answer: never a 500, never INTERNAL, and what was sent is in no answer and no line of the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import orjson
import pytest

from models import database
from models.database import close_database, open_database
from policy.vocabulary import ClaimStatus, Viewer
from schema.build import Schema
from schema.ids import global_id
from tests.asking import account_id, ask, claim_id, parcel_id
from tests.builders import a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.server.inputs import (
    _REACHED,
    FIELDS,
    OF_AGENTS,
    PLACES,
    Bare,
    Filled,
    Place,
    World,
    of_field,
    with_arguments,
    with_literals,
    with_variables,
)
from tests.serving import Deployment, token_of

MARK = "Kenmerk7QZ1"  # stands nowhere else, as text, as a name and (below) as a number
MARKED_NUMBER = 73519264801357
MEBIBYTE = 1024 * 1024
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class House:
    """A merchant with a parcel and a claim on it, an agent with a live consent, and their tokens."""

    deployed: Deployment
    world: World
    owner: Viewer
    agent: Viewer
    owners: httpx2.AsyncClient
    agents: httpx2.AsyncClient

    def client_for(self, place: Place) -> httpx2.AsyncClient:
        return self.agents if place.field_name in OF_AGENTS else self.owners

    def viewer_for(self, place: Place) -> Viewer:
        return self.agent if place.field_name in OF_AGENTS else self.owner


@pytest.fixture(scope="module")
async def house(deployed: Deployment) -> AsyncIterator[House]:
    await open_database(deployed.database_url)
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    world = World(
        account_id(merchant.id), parcel_id(parcel.id), claim_id(await a_claim(parcel, status=ClaimStatus.AWAITING_MERCHANT, filed_by=merchant.owner))
    )
    await a_consent(merchant, lasts=timedelta(days=1))
    tokens = await token_of(merchant.owner), await token_of(agent)
    await close_database()
    async with deployed.server.client(tokens[0]) as owners, deployed.server.client(tokens[1]) as agents:
        yield House(deployed, world, merchant.owner, agent, owners, agents)


async def post(client: httpx2.AsyncClient, query: str, variables: dict[str, Any] | None = None) -> httpx2.Response:
    return await client.post("/graphql", content=orjson.dumps({"query": query, "variables": variables}), headers=JSON)


def codes(answer: httpx2.Response) -> set[str]:
    return {error["extensions"]["code"] for error in answer.json().get("errors", [])}


def assert_silent(house: House, *answers: httpx2.Response) -> None:
    """Nothing of what was sent is said again, by anyone."""
    said = [house.deployed.server.news(), *(f"{answer.headers}{answer.text}" for answer in answers)]
    assert [text for text in said if MARK in text or str(MARKED_NUMBER) in text] == []


# Bodies that are no request.

BODIES = [
    pytest.param(f'{{"query": "{MARK}', id="broken-json"),
    pytest.param(b'{"query": "{ viewer { name } }", "variables": {"a": "' + MARK.encode() + b'\xff"}}', id="invalid-utf-8"),
    pytest.param(b'{"query": "' + MARK.encode() + b'\xed\xa0\x80"}', id="a-surrogate-in-utf-8"),
    pytest.param(f'{{"query": "{{ viewer {{ name }} }}", "variables": {{"a": "{MARK}\\ud800"}}}}', id="a-lone-surrogate-escaped"),
    pytest.param(f'{{"query": "{{ viewer {{ name }} }}", "variables": {{"{MARK}\\udc00": 1}}}}', id="a-lone-surrogate-in-a-name"),
    pytest.param(f'{{"query": "{{ viewer {{ name }} }} # {MARK}"}} x', id="more-after-it"),
    pytest.param(str(MARKED_NUMBER), id="a-number"),
    pytest.param(f'"{MARK}"', id="a-text"),
    pytest.param("null", id="null"),
    pytest.param("true", id="true"),
    pytest.param("", id="nothing"),
    pytest.param("\ufeff{}", id="a-byte-order-mark"),
    pytest.param(f'{{"query": "{{ viewer {{ name }} }}", "variables": {{"{MARK}": {"[" * 15_000}', id="nested-100k-deep-and-open"),
    pytest.param(f'{{"query": "{{ viewer {{ name }} }}", "variables": {{"{MARK}": {"[" * 15_000}{"]" * 15_000}}}}}', id="nested-100k-deep"),
    pytest.param('{"query": "{ viewer { name } }", "variables": ' + f'{{"{MARK}":' * 20_000, id="objects-20k-deep"),
    pytest.param(f'{{"query": "{{ viewer {{ name }} }}", "variables": {{"a": NaN, "{MARK}": 1}}}}', id="nan"),
    pytest.param(f'{{"query": "{MARK}\x00"}}', id="a-raw-nul"),
    pytest.param(f"query={MARK}", id="a-form"),
    pytest.param(f"{{ viewer {{ {MARK} }} }}", id="graphql-itself"),
]


@pytest.mark.parametrize("body", BODIES)
async def test_a_body_that_is_no_request_gets_400(house: House, body: str | bytes) -> None:
    content = body if isinstance(body, bytes) else body.encode()
    answer = await house.owners.post("/graphql", content=content, headers=JSON)
    assert answer.status_code == 400
    assert codes(answer) == {"BAD_USER_INPUT"}
    assert_silent(house, answer)


@pytest.mark.parametrize(
    "digits",
    ["1" * 1_000_000, "-" + "1" * 1_000_000, "1e1000000", "1" * 400 + ".5", "9" * 25],
    ids=["million", "negative", "exponent", "float", "25"],
)
async def test_a_number_of_any_length_in_json_is_answered(house: House, digits: str) -> None:
    """It may be no JSON to us (400), or a value that no Int can be (a request error)."""
    body = f'{{"query": "query ($n: Int) {{ accounts(first: $n) {{ totalCount }} }}", "variables": {{"n": {digits}}}}}'
    answer = await house.owners.post("/graphql", content=body.encode(), headers=JSON)
    assert answer.status_code in {200, 400}
    assert codes(answer) == {"BAD_USER_INPUT"}
    assert "data" not in answer.json()
    assert "1111111111" not in answer.text + house.deployed.server.news()


@pytest.mark.parametrize("size", [MEBIBYTE + 1, 8 * MEBIBYTE], ids=["a-byte-over", "8-MiB"])
@pytest.mark.parametrize("chunked", [False, True], ids=["content-length", "chunked"])
async def test_a_body_over_a_mebibyte_gets_413(house: House, size: int, chunked: bool) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(0, size, 65536):
            yield b" " * 65536
        yield b" "

    answer = await house.owners.post("/graphql", content=in_pieces() if chunked else b" " * size, headers=JSON)
    assert answer.status_code == 413
    assert codes(answer) == {"BAD_USER_INPUT"}


async def test_a_body_of_a_mebibyte_is_read(house: House) -> None:
    body = orjson.dumps({"query": "{ viewer { name } }"})
    answer = await house.owners.post("/graphql", content=body + b" " * (MEBIBYTE - len(body)), headers=JSON)
    assert answer.json() == {"data": {"viewer": {"name": "Owner of Bakker Bikes"}}}


@pytest.mark.parametrize("length", ["-1", "1e3", "99999999999999999999999", "0x10"])
async def test_a_content_length_that_is_none_is_refused(house: House, length: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.deployed.server.port)
    try:
        writer.write(f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode())
        status = int((await asyncio.wait_for(reader.readline(), 10)).split()[1])
    finally:
        writer.close()
        await writer.wait_closed()
    assert status in {400, 413}


# Documents that are none, or too much.

DOCUMENTS = [
    pytest.param("{", "BAD_USER_INPUT", id="open"),
    pytest.param(f"{{ viewer {{ name }} }} {MARK}", "BAD_USER_INPUT", id="more-after-it"),
    pytest.param(f'{{ node(id: "{MARK}', "BAD_USER_INPUT", id="an-open-text"),
    pytest.param(f'{{ node(id: "{MARK}\\ud800") {{ id }} }}', "BAD_USER_INPUT", id="a-lone-surrogate"),
    pytest.param(f'{{ node(id: "{MARK}\\u{{D800}}") {{ id }} }}', "BAD_USER_INPUT", id="a-lone-surrogate-in-braces"),
    pytest.param(f"\x00{MARK}", "BAD_USER_INPUT", id="a-nul"),
    pytest.param("query { ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "BAD_USER_INPUT", id="a-cycle-of-fragments"),
    pytest.param("{ viewer " * 15_000, "TOO_COMPLEX", id="nested-100k-deep-and-open"),
    pytest.param(
        "{ viewer { account { " + "agentLogin { account { " * 25_000 + "id" + " } }" * 25_000 + " } } }", "TOO_COMPLEX", id="nested-100k-deep"
    ),
    pytest.param("{ nodes(ids: " + "[" * 50_000 + "]" * 50_000 + ") { id } }", "TOO_COMPLEX", id="a-list-nested-50k-deep"),
    pytest.param("query ($n: " + "[" * 50_000 + "Int" + "]" * 50_000 + ") { viewer { id } }", "TOO_COMPLEX", id="a-type-nested-50k-deep"),
    pytest.param("{ viewer { " + "name " * 10_001 + "} }", "TOO_COMPLEX", id="10k-tokens"),
    pytest.param("{ " + " ".join(f"a{n}: viewer {{ name }}" for n in range(2_000)) + " }", "TOO_COMPLEX", id="2k-aliases"),
    pytest.param(
        "{ " + " ".join(f"a{n}: accounts(first: 100) {{ nodes {{ settings {{ locale }} }} }}" for n in range(700)) + " }",
        "TOO_COMPLEX",
        id="700-pages",
    ),
    pytest.param("{ viewer @include(if: true) " + "@include(if: true) " * 1_000 + "{ id } }", "TOO_COMPLEX", id="1k-directives"),
    pytest.param("{ accounts(first: " + "1" * 1_000_000 + ") { totalCount } }", "TOO_COMPLEX", id="a-million-digits"),
    pytest.param("{ accounts(first: " + "1" * 500_000 + "." + "1" * 500_000 + ") { totalCount } }", "TOO_COMPLEX", id="a-million-digits-float"),
    pytest.param("{ parcels(first: 500) { nodes { account { parcels(first: 500) { nodes { id } } } } } }", "TOO_COMPLEX", id="pages-in-pages"),
    pytest.param(
        "{ c: accounts(first: -2147483648) { nodes { companyName country } }"
        " parcels(first: 500) { nodes { account { parcels(first: 500) { nodes { id } } } } } }",
        "TOO_COMPLEX",
        id="a-negative-page-buys-nothing",
    ),
    pytest.param(f"{{ {MARK} }}", None, id="a-field-nobody-knows"),
]


@pytest.mark.parametrize(("document", "code"), DOCUMENTS)
async def test_a_document_that_can_t_run_is_refused(house: House, document: str, code: str | None) -> None:
    answer = await post(house.owners, document)
    assert answer.status_code == 200
    assert "data" not in answer.json()
    if code:  # names of fields are not values: who writes a query is told which is wrong
        assert codes(answer) == {code}
        assert_silent(house, answer)


async def test_what_is_nested_too_deeply_to_execute_is_told_so(house: House) -> None:
    """Not too deep to read, and cheap: where the interpreter gives up depends on how deep it stood already."""
    answer = await post(house.owners, "{ viewer { account { " + "agentLogin { account { " * 75 + "id" + " } }" * 75 + " } } }")
    assert codes(answer) <= {"TOO_COMPLEX"}
    answer = await post(house.owners, "{ viewer { account { " + "agentLogin { account { " * 100 + "id" + " } }" * 100 + " } } }")
    assert codes(answer) == {"TOO_COMPLEX"}


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_a_server_that_refused_all_of_that_still_answers(house: House, accept: str) -> None:
    answer = await house.owners.post("/graphql", json={"query": "{ viewer { kind } }"}, headers={"accept": accept})
    assert answer.json() == {"data": {"viewer": {"kind": "MERCHANT"}}}


# Every input there is, found by walking the schema.


def test_every_field_that_takes_arguments_is_reached() -> None:
    assert with_arguments() == set(_REACHED)
    assert len(PLACES) > 150


QUERIED = [name for name in FIELDS if not name.startswith("Subscription.")]


def refused(answer: dict[str, Any] | httpx2.Response) -> dict[str, str]:
    """The code of each alias's error."""
    errors = answer.json()["errors"] if isinstance(answer, httpx2.Response) else answer["errors"]
    return {next(key for key in reversed(error["path"]) if isinstance(key, str)): error["extensions"]["code"] for error in errors}


@pytest.mark.parametrize("name", QUERIED)
async def test_a_nul_is_refused_in_every_text(house: House, name: str) -> None:
    filled = [(place, place.listed(f"{MARK}\x00")) for place in of_field(name, "String", "ID")]
    for answer in await asked_both_ways(house, filled) if filled else ():
        assert refused(answer) == dict.fromkeys((f"a{number}" for number in range(len(filled))), "BAD_USER_INPUT")
    for place in of_field(name, "DateTime", "CountryCode"):  # these are refused before anything is executed
        for answer in await asked_both_ways(house, [(place, place.listed(f"{MARK}\x00"))]):
            assert (set(answer.json()), codes(answer)) == ({"errors"}, {"BAD_USER_INPUT"})


async def asked_both_ways(house: House, filled: Filled) -> list[httpx2.Response]:
    client = house.client_for(filled[0][0])
    answers = [
        await post(client, *with_variables(house.world, filled)),
        await post(client, with_literals(house.world, filled).replace("\x00", "\\u0000")),
    ]
    assert_silent(house, *answers)
    return answers


@pytest.mark.parametrize("name", QUERIED)
async def test_a_lone_surrogate_is_refused_in_every_text(deployment: Deployment, house: House, schema: Schema, name: str) -> None:
    """No JSON we read holds one (above), nor does a document; asked without HTTP, each input refuses it for itself."""
    filled: Filled = [(place, place.listed(f"{MARK}\ud800")) for place in of_field(name, "String", "ID")]
    if filled:
        answer = await ask(schema, house.viewer_for(filled[0][0]), *with_variables(house.world, filled))
        assert refused({"errors": answer.errors}) == dict.fromkeys((f"a{number}" for number in range(len(filled))), "BAD_USER_INPUT")
        assert MARK not in answer.text
    for place in of_field(name, "DateTime", "CountryCode"):
        answer = await ask(schema, house.owner, *place.with_variables(house.world, place.listed(f"{MARK}\ud800")))
        assert set(answer.codes) == {"BAD_USER_INPUT"}
        assert MARK not in answer.text


WRONG: dict[str, object] = {
    "text": MARK,
    "number": MARKED_NUMBER,
    "float": MARKED_NUMBER + 0.5,
    "lists": [[MARK]],
    "object": {"note": MARK, "other": MARKED_NUMBER},
    "name": Bare(MARK),
    "digits": Bare(str(MARKED_NUMBER) * 400),
    "block": Bare(f'"""{MARK}"""'),
}
JSON_VALUES = [value for value in WRONG.values() if not isinstance(value, Bare)]


@pytest.mark.parametrize("name", QUERIED)
async def test_a_value_of_any_kind_is_not_said_again(house: House, name: str) -> None:
    """Of the right type or not, in a variable or written into the document; with others, and (it may be executed) by itself."""
    answers: list[tuple[str, httpx2.Response]] = []
    for place in of_field(name):
        client, world = house.client_for(place), house.world
        answers.append((place.name, await post(client, *place.with_variables(world, place.listed(MARK)))))
        if house.deployed.engine == "sqlite":  # what does not get as far as a database is the same on both
            answers += [
                (place.name, await post(client, with_literals(world, [(place, value) for value in WRONG.values()]))),
                (place.name, await post(client, *with_variables(world, [(place, value) for value in JSON_VALUES]))),
            ]
    assert_silent(house, *(answer for _, answer in answers))
    assert [(place, answer.text[:300]) for place, answer in answers if answer.status_code != 200 or "INTERNAL" in codes(answer)] == []


SUBSCRIBED = [place for place in PLACES.values() if place.type_name == "Subscription"]


@pytest.mark.parametrize("place", SUBSCRIBED, ids=lambda place: place.name)
async def test_nor_is_one_sent_over_a_socket(house: House, place: Place) -> None:
    token = house.owners.headers["authorization"].removeprefix("Bearer ")
    async with house.deployed.server.socket(token) as socket:
        for value in (*WRONG.values(), f"{MARK}\x00", house.world.parcel):
            sent: list[tuple[str, Any]] = [(place.with_literals(house.world, value).replace("\x00", "\\u0000"), None)]
            if not isinstance(value, Bare):
                sent.append(place.with_variables(house.world, value))
            for document, variables in sent:
                messages = await socket.run(document, variables)
                assert [message["type"] for message in messages] == ["error"]
                assert {error["extensions"]["code"] for error in messages[0]["payload"]} == {"BAD_USER_INPUT"}
                assert MARK not in str(messages)
    assert_silent(house)


# Values that are of the right type and can't be meant.


def long(characters: int) -> str:
    return (MARK + " " + "x" * characters)[:characters]


NO_DATES = {
    "no-zone": "2024-01-31T12:00:00",
    "a-date": "2024-01-31",
    "year-0": "0000-01-01T00:00:00Z",
    "year-99999": "99999-01-01T00:00:00Z",
    "leap-second": "2016-12-31T23:59:60Z",
    "february-30": "2024-02-30T00:00:00Z",
    "before-time": "0001-01-01T00:00:00+14:00",
    "after-time": "9999-12-31T23:59:59-14:00",
    "a-week-date": "2024-W05-3T12:00:00Z",
    "basic-format": "20240131T120000Z",
    "an-offset-of-a-day": "2024-01-31T12:00:00+24:00",
    "other-digits": "٢٠٢٤-01-31T12:00:00Z",
    "words": f"yesterday {MARK}",
    "empty": "",
}
SETTINGS, PARCEL, DEBIT = "Mutation.updateSettings(input.%s)", "Mutation.updateParcel(input.%s)", "Mutation.setDirectDebit(input.%s)"
_VALUES: dict[str, dict[str, object]] = {
    "Query.parcels(filter.createdFrom)": dict(NO_DATES),
    "Account.accessLog(filter.before)": dict(NO_DATES),
    "Query.parcels(first)": {"negative": -1, "501": 501, "over-31-bits": 2**31, "over-53-bits": 2**53 + 1, "1.5": 1.5, "a-text": "5", "true": True},
    "Query.parcels(last)": {"negative": -1, "501": 501, "over-31-bits": 2**31, "huge": 1e300},
    "Query.accounts(first)": {"negative": -1, "101": 101, "least": -(2**31)},
    "Query.parcels(after)": {
        "empty": "",
        "words": MARK,
        "no-base64": "%%%%",
        "of-accounts": "QWNjb3VudHwxNzAwMDAwMDAwMDAwMDAwfDAxOGYwMDAwMDAwMDcwMDA4MDAwMDAwMDAwMDAwMDAw",
        "no-time": "UGFyY2VsfHh8MDE4ZjAwMDAwMDAwNzAwMDgwMDAwMDAwMDAwMDAwMDA",
        "a-time-after-time": "UGFyY2VsfDk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5fDAxOGYwMDAwMDAwMDcwMDA4MDAwMDAwMDAwMDAwMDAw",
        "no-key": "UGFyY2VsfDE3MDAwMDAwMDAwMDAwMDB8eA",
        "not-ascii": "ÿ" * 20,
        "long": "A" * 15_000,
    },
    "Query.node(id)": {"words": MARK, "empty": "", "no-uuid": "UGFyY2VsOng=", "no-type": "Og==", "not-utf-8": "/////w==", "long": "A" * 15_000},
    "Query.parcel(id)": {"an-account-s": "ACCOUNT", "a-claim-s": "CLAIM", "a-plain-uuid": "018f0000-0000-7000-8000-000000000000"},
    "Query.account(id)": {"a-parcel-s": "PARCEL"},
    "Query.nodes(ids)": {"101": ["x"] * 101, "one-bad": ["ACCOUNT", MARK]},
    "Query.claims(accountId)": {"a-parcel-s": "PARCEL", "words": MARK},
    "Query.parcels(filter.status)": {"unknown": ["NOWHERE"], "another-enum-s": ["SUBMITTED"], "lower-case": ["delivered"]},
    "Query.parcels(filter.country)": {"unknown": ["XX"], "three": ["NLD"], "empty": [""], "not-ascii": ["ﬁ"], "many": ["XX"] * 1_000},
    "Query.parcels(filter.carrier)": {"long": [long(65)], "many": [f"{MARK}{n}" for n in range(700)]},
    "Query.parcels(filter.search)": {"long": long(256)},
    "Query.parcels(filter.orderNumber)": {"long": long(256)},
    "Query.accounts(filter.search)": {"long": long(256)},
    "Account.accessLog(filter.agent)": {"long": long(256)},
    "Account.accessLog(filter.parcelId)": {"a-claim-s": "CLAIM", "words": MARK},
    "Mutation.grantConsent(input.duration)": {"for-ever": "FOR_EVER", "a-number": 5},
    "Mutation.fileClaim(input.description)": {"empty": "", "blank": " \n\t", "long": long(15_000)},
    "Mutation.answerClaim(input.message)": {"empty": "", "blank": " ", "long": long(15_000)},
    "Mutation.recordClaim(input.description)": {"empty": "", "long": long(15_000)},
    "Mutation.recordClaim(input.channel)": {"the-support-section": "SUPPORT_SECTION", "integration": "INTEGRATION"},
    "Mutation.logInvestigation(input.carrierReference)": {"long": long(15_000)},
    "Mutation.logInvestigation(input.note)": {"long": long(15_000)},
    "Mutation.closeClaim(input.note)": {"long": long(15_000)},
    "Mutation.closeClaim(input.outcome)": {"withdrawn": "WITHDRAWN", "open": "SUBMITTED"},
    SETTINGS % "locale": {"words": MARK, "empty": "", "underscore": "nl_NL", "case": "NL-nl", "a-line": "nl-NL\n", "null": None, "long": long(1_000)},
    SETTINGS % "timezone": {"words": MARK, "empty": "", "an-offset": "+01:00", "a-path": "../../etc/passwd", "null": None},
    SETTINGS % "defaultCarrier": {"empty": "", "long": long(65)},
    SETTINGS % "labelFormat": {"unknown": "A5", "null": None},
    SETTINGS % "returnPortalEnabled": {"null": None, "a-text": "true", "one": 1},
    SETTINGS % "notificationReplyTo": {
        "words": MARK,
        "empty": "",
        "two": f"{MARK}@example.com, b@example.com",
        "a-header": f"a@example.com\r\nBcc: {MARK}@example.com",
        "long": long(250) + "@example.com",
    },
    SETTINGS % "notificationBcc": {"no-domain": f"{MARK}@", "a-name": f"{MARK} <a@example.com>", "an-address": f"{MARK}@[127.0.0.1]"},
    SETTINGS % "webhookUrl": {
        "http": f"http://{MARK}.example/",
        "ftp": f"ftp://{MARK}.example",
        "a-password": f"https://u:{MARK}@example.com/",
        "empty": "",
        "words": MARK,
        "javascript": f"javascript:{MARK}",
        "spaces": f"https://example.com/ {MARK}",
        "long": "https://example.com/" + long(3_000).replace(" ", ""),
        "no-host": "https://",
        "a-line": f"https://example.com/\n{MARK}",
    },
    SETTINGS % "senderAddresses": {"null-in-it": [None], "51": [{"city": MARK}] * 51, "a-text": MARK},
    SETTINGS % "senderAddresses.country": {"unknown": "XX", "long": "Netherlands"},
    SETTINGS % "senderAddresses.email": {"words": MARK},
    SETTINGS % "senderAddresses.phone": {"words": MARK, "long": "+31" + "6" * 30},
    SETTINGS % "senderAddresses.street": {"long": long(256)},
    SETTINGS % "version": {"null": None, "a-fraction": 1.5, "over-31-bits": 2**31},
    PARCEL % "recipient": {"null": None, "a-text": MARK},
    PARCEL % "recipient.name": {"empty": "", "blank": "  ", "long": long(256)},
    PARCEL % "recipient.email": {"words": MARK, "empty": "", "two-ats": f"{MARK}@@example.com", "long": long(300)},
    PARCEL % "recipient.phone": {"words": MARK, "empty": "", "short": "+311", "long": "+31" + "6" * 61, "no-country": "0612345678"},
    PARCEL % "recipient.country": {"null": None, "unknown": "ZZ", "empty": "", "a-number": 31},
    PARCEL % "recipient.postalCode": {"empty": "", "long": long(33)},
    PARCEL % "orderNumber": {"empty": "", "long": long(256)},
    PARCEL % "note": {"blank": "\t", "long": long(15_000)},
    PARCEL % "weightGrams": {"negative": -1, "zero": 0, "tons": 2**31 - 1, "over-31-bits": 2**31, "a-text": "1 kg"},
    DEBIT % "iban": {
        "check-digits": "NL91ABNA0417164301",
        "length": "NL91ABNA041716430",
        "country": "XX91ABNA0417164300",
        "empty": "",
        "words": MARK,
        "long": "NL91ABNA0417164300" + " " * 60 + MARK,
        "other-digits": "NL٩١ABNA0417164300",
    },
    DEBIT % "bic": {"words": f"no {MARK}", "length": "ABNANL2AX", "country": "ABNAXX2A", "long": "ABNANL2A" + " " * 20 + MARK},
    DEBIT % "accountHolder": {"empty": "", "blank": " ", "long": long(256)},
    "Mutation.deleteAccount(input.companyName)": {"another": MARK, "empty": "", "long": long(15_000)},
    "Mutation.exportParcels(input.filter.search)": {"long": long(256)},
    "Mutation.exportParcels(input.filter.createdFrom)": {"no-zone": "2024-01-31T12:00:00"},
    "Query.explain(id)": {"a-consent-s": "Q29uc2VudDowMThmMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA="},
    "Account.decisions(actions)": {"unknown": ["OPEN_THE_DOOR"], "null-in-it": [None]},
}  # fmt: skip
VALUES = [pytest.param(name, value, id=f"{name}-{what}") for name, values in _VALUES.items() for what, value in values.items()]


@pytest.mark.parametrize(("name", "value"), VALUES)
async def test_a_value_that_can_t_be_meant_is_refused(house: House, name: str, value: object) -> None:
    place, world = PLACES[name], house.world
    ids = {"ACCOUNT": world.account, "PARCEL": world.parcel, "CLAIM": world.claim}
    meant = [ids.get(each, each) for each in value] if isinstance(value, list) and isinstance(value[0], str) else value
    meant = ids.get(meant, meant) if isinstance(meant, str) else meant
    client = house.client_for(place)
    for answer in (await post(client, *place.with_variables(world, meant)), await post(client, place.with_literals(world, meant))):
        assert (answer.status_code, codes(answer)) == (200, {"BAD_USER_INPUT"}), answer.text
        assert_silent(house, answer)


async def test_both_first_and_last_is_refused(house: House) -> None:
    answer = await post(house.owners, "{ parcels(first: 1, last: 1) { totalCount } }")
    assert codes(answer) == {"BAD_USER_INPUT"}


@pytest.mark.parametrize("type_name", ["Account", "Parcel", "Claim"])
async def test_what_does_not_exist_is_not_found(house: House, type_name: str) -> None:
    unknown = global_id(type_name, house.owner.id)
    answer = await post(house.owners, f'{{ {type_name.lower()}(id: "{unknown}") {{ id }} node(id: "{unknown}") {{ id }} }}')
    assert answer.json()["data"] == {type_name.lower(): None, "node": None}
    assert codes(answer) == {"NOT_FOUND"}


async def test_the_largest_version_is_only_a_conflict(house: House) -> None:
    for document in (
        f'mutation {{ updateSettings(input: {{accountId: "{house.world.account}", version: 2147483647, locale: "nl-NL"}}) {{ account {{ id }} }} }}',
        f'mutation {{ updateParcel(input: {{parcelId: "{house.world.parcel}", version: 2147483647, note: "x"}}) {{ parcel {{ id }} }} }}',
    ):
        assert codes(await post(house.owners, document)) == {"CONFLICT"}


async def test_as_many_values_as_fit_are_looked_for_once(house: House) -> None:
    """A list of the same four thousand times is no more SQL than of one."""
    for document, value in (
        ("query ($v: [ParcelStatus!]) { parcels(filter: {status: $v}) { totalCount } }", "DELIVERED"),
        ("query ($v: [String!]) { parcels(filter: {carrier: $v}) { totalCount } }", "dpd"),
        ("query ($v: [ClaimStatus!]) { claims(filter: {status: $v}) { totalCount } }", "WITHDRAWN"),
        ("query ($v: [Basis!]) { accounts(filter: {access: $v}) { totalCount } }", "CLAIM"),
    ):
        answer = await post(house.owners, document, {"v": [value] * 4_000})
        assert "errors" not in answer.json()


async def test_nothing_of_it_was_kept(deployment: Deployment, house: House) -> None:
    """The requests above were answered with errors, and what is refused changes nothing: the parcel is where it was."""
    answer = await post(house.owners, f'{{ parcel(id: "{house.world.parcel}") {{ id }} account(id: "{house.world.account}") {{ companyName }} }}')
    assert answer.json()["data"] == {"parcel": {"id": house.world.parcel}, "account": {"companyName": "Bakker Bikes"}}
    rows = await database.fetch("SELECT company_name FROM accounts WHERE company_name LIKE :mark", mark=f"%{MARK}%")
    assert rows == []
