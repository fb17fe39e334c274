"""What one caller may ask in a minute, over the wire: four real processes on one database never run more together."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator

import httpx2
import pytest

from models import database
from models.database import close_database, open_database
from policy.vocabulary import Viewer
from tests.builders import a_merchant
from tests.databases import Postgres
from tests.serving import Deployment, Server, serving, session_of, token_of

OPERATIONS = 80
COST = 600_000
WHO = {"query": "{ viewer { id } }"}
#: 147,049 fields.
DEAR = {"query": "{ " + " ".join(f"a{n}: parcels(first: 500) {{ nodes {{ id status carrier direction createdAt }} }}" for n in range(49)) + " }"}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def servers(
    request: pytest.FixtureRequest, postgres: Postgres, migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[Server]]:
    folder = tmp_path_factory.mktemp("limited")
    url = await postgres.create_database(template=migrated["postgres"])
    if request.param == "sqlite":
        url = f"sqlite://{shutil.copyfile(migrated['sqlite'].removeprefix('sqlite://'), folder / 'limited.sqlite3')}"
    started = [Server(url, folder, operations_per_minute=str(OPERATIONS), cost_per_minute=str(COST)) for _ in range(4)]
    async with serving(*started):
        await open_database(url)
        yield started
        await close_database()


@pytest.fixture
async def owner(servers: list[Server]) -> Viewer:
    return (await a_merchant()).owner


async def minute() -> int:
    return int((await database.clock()).timestamp() // 60)


async def ask_until_refused(server: Server, headers: dict[str, str], body: dict[str, str] = WHO) -> list[httpx2.Response]:
    """The answers, of which the last is the first refusal."""
    answers: list[httpx2.Response] = []
    async with server.client(headers=headers) as client:
        while not answers or answers[-1].status_code == 200:
            answers.append(await client.post("/graphql", json=body))
            assert len(answers) < 20 * OPERATIONS
    return answers


def items(field: str) -> dict[str, dict[str, str]]:
    """A field's items and their parameters (RFC 9651)."""
    found = {}
    for item in field.split(", "):
        name, *parameters = item.split(";")
        assert re.fullmatch(r'"[a-z]+"', name)
        found[name.strip('"')] = dict(each.split("=", 1) for each in parameters)
    return found


@pytest.mark.parametrize("by", ["token", "session"])
async def test_four_processes_together_run_what_the_budget_says(servers: list[Server], owner: Viewer, by: str) -> None:
    headers = {"Authorization": f"Bearer {await token_of(owner)}"} if by == "token" else await session_of(owner)
    before = await minute()
    answers = await asyncio.gather(*(ask_until_refused(server, headers) for server in servers for _ in range(3)))
    minutes = await minute() - before + 1
    statuses = Counter(answer.status_code for each in answers for answer in each)
    assert set(statuses) == {200, 429}
    assert statuses[200] <= OPERATIONS * minutes
    assert minutes > 1 or statuses[200] == OPERATIONS  # each process was asked until it had nothing left


async def test_what_operations_could_cost_is_limited_too(servers: list[Server], owner: Viewer) -> None:
    headers, before = {"Authorization": f"Bearer {await token_of(owner)}"}, await minute()
    answers = await asyncio.gather(*(ask_until_refused(server, headers, DEAR) for server in servers))
    minutes = await minute() - before + 1
    assert sum(answer.status_code == 200 for each in answers for answer in each) <= COST // 147_049 * minutes
    refused = answers[0][-1]
    assert refused.json()["errors"][0]["extensions"] == {"code": "RATE_LIMITED"}
    assert refused.json()["errors"][0]["message"].startswith("Too many fields in a minute: again in ")
    async with servers[0].client(headers=headers) as client:
        # What costs little may still run: what was left is not enough for what costs much, but it is there.
        assert (await client.post("/graphql", json=WHO)).status_code == 200


async def test_a_refusal_says_when_to_ask_again(servers: list[Server], owner: Viewer) -> None:
    headers = {"Authorization": f"Bearer {await token_of(owner)}", "Accept": "application/graphql-response+json"}
    first, *_, refused = await ask_until_refused(servers[0], headers)
    assert first.headers["ratelimit-policy"] == f'"operations";q={OPERATIONS};w=60, "cost";q={COST};w=60;qu="fields"'
    assert refused.headers["ratelimit-policy"] == first.headers["ratelimit-policy"]
    left = items(first.headers["ratelimit"])
    assert int(left["operations"]["r"]) == OPERATIONS - 1
    assert int(left["cost"]["r"]) == COST - 2
    assert (refused.status_code, set(refused.json())) == (429, {"errors"})
    assert refused.json()["errors"][0]["extensions"] == {"code": "RATE_LIMITED"}
    wait = refused.headers["retry-after"]
    assert 1 <= int(wait) <= 60
    assert refused.json()["errors"][0]["message"] == f"Too many operations in a minute: again in {wait} s"
    assert items(refused.headers["ratelimit"])["operations"]["r"] == "0"


async def test_a_token_a_session_and_an_address_have_budgets_of_their_own(servers: list[Server], owner: Viewer) -> None:
    one, another = [{"Authorization": f"Bearer {await token_of(owner)}"} for _ in range(2)]
    await ask_until_refused(servers[1], one)
    for headers in (another, await session_of(owner), {}):
        async with servers[1].client(headers=headers) as client:
            answer = await client.post("/graphql", json=WHO)
            assert (answer.status_code, int(items(answer.headers["ratelimit"])["operations"]["r"]) > 0) == (200, True)


async def test_an_operation_on_a_socket_counts_and_is_refused_by_an_error(servers: list[Server], owner: Viewer) -> None:
    for document, words in ((WHO["query"], "Too many operations"), (DEAR["query"], "Too many fields")):
        async with servers[2].socket(await token_of(owner)) as socket:
            asked = 0
            while (message := (await socket.run(document))[-1])["type"] == "next":
                assert "errors" not in message["payload"]
                asked += 1
                assert asked < 20 * OPERATIONS
            assert message["payload"][0]["extensions"] == {"code": "RATE_LIMITED"}
            assert message["payload"][0]["message"].startswith(words)


async def test_a_subscription_counts_once(servers: list[Server], owner: Viewer) -> None:
    token, document = await token_of(owner), "subscription { agentLoginChanged { state } }"
    async with servers[2].socket(token) as socket, servers[2].client(token) as client:
        await socket.subscribe("1", document)
        assert (await socket.next())["type"] == "next"
        answer = await client.post("/graphql", json=WHO)
        assert int(items(answer.headers["ratelimit"])["operations"]["r"]) in {OPERATIONS - 1, OPERATIONS - 2}  # or it is the next minute


async def test_what_is_no_operation_counts(servers: list[Server], owner: Viewer) -> None:
    """To find that out is work all the same."""
    headers = {"Authorization": f"Bearer {await token_of(owner)}"}
    assert (await ask_until_refused(servers[3], headers, {"query": "{ nothing }"}))[-1].status_code == 429


async def test_without_a_limit_nothing_is_told(deployed: Deployment) -> None:
    async with deployed.server.client() as client:
        answer = await client.post("/graphql", json=WHO)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("ratelimit")]
