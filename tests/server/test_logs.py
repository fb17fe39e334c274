"""What the server writes down: a line a request, with its route and our id for it. Nothing anybody sent, and no key to anything."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from models import database
from tests.asking import account_id, parcel_id
from tests.builders import Merchant, ParcelMade, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import HERE, PASSWORD, TRUSTED, Deployment, token_of, until, with_password

MARK = "Kenmerk7QZ3"
EVERYTHING = """query Q($id: ID!) {
  parcel(id: $id) {
    orderNumber trackingNumber trackingUrl note items { description } documents { url } events { location message }
    recipient { name companyName email phone street postalCode city }
  }
}"""


async def written(deployment: Deployment) -> list[str]:
    """The lines since this was last asked. The line of a request is written before its answer is whole."""
    return (deployment.server.news() + deployment.other.news()).splitlines()


@pytest.fixture
async def merchant(deployment: Deployment) -> Merchant:
    """One with a live consent."""
    merchant = await a_merchant()
    await a_consent(merchant)
    return merchant


@pytest.fixture
async def parcel(merchant: Merchant) -> ParcelMade:
    """Theirs, with a mark on it."""
    return await a_parcel(merchant, name=f"{MARK} Bakker", email=f"{MARK}@example.com", order_number=MARK)


async def test_a_line_says_which_route_with_what_status(deployment: Deployment) -> None:
    await written(deployment)
    async with deployment.server.client() as client:
        answer = await client.get("/healthz")
    (line,) = await written(deployment)
    assert re.search(r"answered .*method=GET ms=[\d.]+ request_id=" + answer.headers["x-request-id"] + " route=/healthz status=200", line)


async def test_a_line_says_who_asked_what_and_how_it_ended(deployment: Deployment, merchant: Merchant, parcel: ParcelMade) -> None:
    """By ids and words of ours: the name of an operation only if it is a trusted document's, and positions whether or not there is a value."""
    agent = await an_agent()
    token, server, variables = await token_of(agent), deployment.server, {"id": parcel_id(parcel.id)}
    await written(deployment)
    async with server.client(token) as client:
        await client.post("/graphql", json={"documentId": deployment.documents["Recipients"], "variables": variables})
        await client.post("/graphql", json={"query": f"query {MARK} {{ viewer {{ {MARK} }} }}"})
    async with server.client() as client:
        await client.post("/graphql", json={"documentId": deployment.documents["Recipients"], "variables": variables})
    named, invalid, nobodys = [dict(re.findall(r"(\w+)=(\S+)", line)) for line in await written(deployment)]
    who = {"user": str(agent.id), "kind": "agent"}
    assert named.items() >= {**who, "type": "query", "operation": "Recipients", "codes": "[]", "shown": "1", "withheld": "0"}.items()
    assert int(named["cost"]) > 1
    assert invalid.items() >= {**who, "type": "unknown", "operation": "other", "codes": "['BAD_USER_INPUT']", "cost": "0"}.items()
    assert nobodys.items() >= {"user": "nobody", "kind": "nobody", "operation": "Recipients", "codes": "['UNAUTHENTICATED']"}.items()


async def test_an_operation_of_a_socket_has_lines_of_its_own(deployment: Deployment, merchant: Merchant, parcel: ParcelMade) -> None:
    agent = await an_agent()
    token = await token_of(agent)
    await written(deployment)
    async with deployment.server.socket(token) as socket:
        await socket.run(TRUSTED["Recipients"], {"id": parcel_id(parcel.id)})
        await socket.subscribe("1", TRUSTED["Login"], {"id": account_id(merchant.id)})
        await socket.next()
    lines: list[str] = []

    def all_written() -> bool:
        lines.extend((deployment.server.news()).splitlines())
        return "socket ended" in "\n".join(lines)

    await until(all_written)
    told = [dict(re.findall(r"(\w+)=(\S+)", line)) | {"event": line.split("] ")[1].split("  ")[0].strip()} for line in lines]
    assert [(each["event"], each.get("operation"), each.get("type")) for each in told] == [
        ("operation began", "Recipients", None),
        ("operation ended", "Recipients", "query"),
        ("operation began", "Login", None),
        ("operation ended", "Login", "subscription"),
        ("socket ended", None, None),
    ]
    assert {each["socket_id"] for each in told} == {told[0]["socket_id"]}
    assert {each["user"] for each in told[:4]} == {str(agent.id)}
    assert len({each["request_id"] for each in told[:4]}) == 2
    assert told[1]["shown"] == "1"


def test_a_library_s_line_is_told_without_what_was_put_into_it() -> None:
    """As JSON, like ours. asyncio and drivers put exceptions, and so values, into theirs."""
    script = f"""
import logging
from service.logs import configure_logging
configure_logging("DEBUG", readable=False)
try:
    raise ValueError("{MARK}")
except ValueError as error:
    logging.getLogger("asyncio").error("Task exception was never retrieved\\nfuture: <Task {MARK}>", exc_info=error)
    logging.getLogger("some.driver").warning("no answer to %s", "{MARK}", exc_info=True)
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\\n", exc_info=error)
logging.getLogger("some.driver").warning("%d", "{MARK}")
logging.getLogger("asyncpg").info("{MARK}")
logging.getLogger("uvicorn.error").error("Traceback (most recent call last):\\n  x\\nbuiltins.OSError: {MARK}")
logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)
"""
    ended = subprocess.run([sys.executable, "-c", script], cwd=HERE, capture_output=True, text=True, timeout=60, check=True)
    assert MARK not in ended.stderr + ended.stdout
    told = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [(each["event"], each["logger"], each.get("error")) for each in told] == [
        ("Task exception was never retrieved", "asyncio", "ValueError"),
        ("no answer to %s", "some.driver", "ValueError"),
        ("Exception in ASGI application", "uvicorn.error", "ValueError"),
        ("%d", "some.driver", None),
        ("did not start", "uvicorn.error", "builtins.OSError"),
        ("Started server process [7]", "uvicorn.error", None),
    ]


async def test_no_value_of_an_answer_or_a_question_is_written(deployment: Deployment, parcel: ParcelMade) -> None:
    await written(deployment)
    agent = await token_of(await an_agent())
    async with deployment.server.client(agent, headers={"user-agent": MARK, "referer": f"https://{MARK}.example", "x-forwarded-for": MARK}) as client:
        variables = {"id": parcel_id(parcel.id), MARK: MARK}
        answer = await client.post(f"/graphql?{MARK}={MARK}", json={"query": EVERYTHING, "variables": variables, "operationName": "Q"})
        assert f"{MARK} Bakker" in answer.text
        search = f'{{ parcels(accountId: "{account_id(parcel.account_id)}", filter: {{search: "{MARK}"}}) {{ nodes {{ orderNumber }} }} }}'
        assert MARK in (await client.post("/graphql", json={"query": search})).text
        await client.get(f"/{MARK}")
    async with deployment.server.socket(agent) as socket:
        assert MARK in str(await socket.run(EVERYTHING, {"id": parcel_id(parcel.id)}))
    lines = await written(deployment)
    assert len(lines) >= 3
    assert [line for line in lines if MARK in line or "Bakker" in line or str(parcel.id) in line or parcel_id(parcel.id) in line] == []


async def test_no_secret_and_no_address_with_one_in_it_is_written(deployment: Deployment, merchant: Merchant, parcel: ParcelMade) -> None:
    await written(deployment)
    email = await with_password(merchant.owner)
    secrets = [PASSWORD, email]
    async with deployment.server.signed_in(email) as browser:
        secrets.append(browser.cookies["latchkey"])
        export = f'mutation {{ exportParcels(input: {{accountId: "{account_id(parcel.account_id)}"}}) {{ url }} }}'
        link = (await browser.post("/graphql", json={"query": export})).json()["data"]["exportParcels"]["url"]
        documents = f'{{ parcel(id: "{parcel_id(parcel.id)}") {{ documents {{ url }} }} }}'
        (document,) = (await browser.post("/graphql", json={"query": documents})).json()["data"]["parcel"]["documents"]
        for path in (link, document["url"], link):
            await browser.get(path)
            secrets.append(path.rsplit("/", 1)[1].removesuffix(".csv"))
            await browser.get("/nowhere" + path)
        for path in (link, document["url"], f"/graphql?token={MARK}"):
            with pytest.raises(InvalidStatus):
                async with connect(deployment.server.url.replace("http", "ws") + path, origin="https://evil.example", proxy=None):  # type: ignore[arg-type] # a text
                    pass
        await browser.post("/webhooks/sendcloud/" + MARK, content=MARK, headers={"sendcloud-signature": MARK})
        await browser.post("/auth/sign-in", json={"email": f"{MARK}@example.com", "password": MARK})
        await browser.post("/auth/sign-out")
    lines = await written(deployment)
    assert len(lines) >= 10
    assert [line for line in lines if any(secret in line for secret in (*secrets, MARK, "label/1"))] == []
    await database.execute("DELETE FROM sign_in_attempts")


async def test_a_database_that_fails_is_told_by_type_and_place(deployment: Deployment, merchant: Merchant, parcel: ParcelMade) -> None:
    """What a driver says may hold the values of a statement."""
    await written(deployment)
    token = await token_of(merchant.owner)
    await database.execute("ALTER TABLE claim_personal_data RENAME TO claim_personal_data_away")
    try:
        async with deployment.server.client(token) as client:
            query = "mutation ($p: ID!, $d: String!) { fileClaim(input: {parcelId: $p, kind: CLAIM, type: LOST, description: $d}) { claim { id } } }"
            answer = await client.post("/graphql", json={"query": query, "variables": {"p": parcel_id(parcel.id), "d": f"{MARK} never came"}})
    finally:
        await database.execute("ALTER TABLE claim_personal_data_away RENAME TO claim_personal_data")
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["message"], error["extensions"]["code"]) == (200, "Something went wrong on our side", "INTERNAL")
    assert MARK not in answer.text
    lines = await written(deployment)
    (told,) = [line for line in lines if "unexpected error" in line]
    assert error["extensions"]["requestId"] in told
    assert re.search(r"error=\w+Error .*where=\w+/\w+\.py:\d+", told)
    assert [line for line in lines if MARK in line or "INSERT" in line or "Traceback" in line] == []
    assert (await database.fetch("SELECT count(*) AS n FROM claims WHERE parcel_id = :id", id=parcel.id))[0]["n"] == 0
