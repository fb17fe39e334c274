"""An id of somebody else's answers as one that never existed: the same status, the same headers, the same bytes, at every door that takes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson
import pytest

import models
from models import database as db
from models.fields import new_id
from policy.vocabulary import Action, Basis, ClaimChannel, Viewer
from schema.ids import global_id
from tests.asking import account_id, claim_id
from tests.builders import Merchant, a_claim, a_consent, a_merchant, an_agent
from tests.marks import a_marked_parcel, mark
from tests.server.inputs import PLACES, Place, World
from tests.serving import Deployment, token_of

TYPES = ("Account", "Parcel", "Claim", "Consent", "AccessEvent")
IDS = {name: place for name, place in PLACES.items() if place.kind == "ID"}


@dataclass(frozen=True)
class Others:
    """Ids of each type that are not the caller's, and such as never were; and the caller's own, for the other inputs."""

    foreign: Mapping[str, str]
    never: Mapping[str, str]
    own: World
    clients: Mapping[str, httpx2.AsyncClient]
    owner: Viewer


async def filled(merchant: Merchant, agent: Viewer, sign: str) -> dict[str, str]:
    """Something of each type, of this merchant."""
    parcel = await a_marked_parcel(merchant, sign)
    claim, consent = await a_claim(parcel, description=mark(sign, "description")), await a_consent(merchant)
    event = await models.AccessEvent.create(
        at=await db.clock(),
        agent_id=agent.id,
        account_id=merchant.id,
        parcel_id=parcel.id,
        action=Action.VIEW_PERSONAL_DATA,
        basis=Basis.CONSENT,
        consent_id=consent,
        claim_id=claim,
        request_id=str(new_id()),
    )
    keys = {"Account": merchant.id, "Parcel": parcel.id, "Claim": claim, "Consent": consent, "AccessEvent": event.id}
    return {name: global_id(name, key) for name, key in keys.items()}


@pytest.fixture
async def others(deployment: Deployment) -> Any:
    theirs, mine, agent = await a_merchant(), await a_merchant("Other Outdoors"), await an_agent()
    foreign, own = await filled(theirs, agent, "¶"), await filled(mine, agent, "§")
    never = {name: global_id(name, new_id()) for name in TYPES}
    tokens = {"owner": await token_of(mine.owner), "member": await token_of(mine.member)}
    clients = {name: deployment.server.client(token) for name, token in {**tokens, "nobody": None}.items()}
    yield Others(foreign, never, World(own["Account"], own["Parcel"], own["Claim"]), clients, theirs.owner)
    for client in clients.values():
        await client.aclose()


def told(answer: httpx2.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """All of an answer but our id for it and the time."""
    return answer.status_code, [(name, value) for name, value in answer.headers.multi_items() if name not in {"x-request-id", "date"}], answer.content


def the_operation(place: Place, own: World, key: str) -> dict[str, Any]:
    query, variables = place.with_variables(own, place.listed(key))
    return {"query": query, "variables": variables}


async def both(client: httpx2.AsyncClient, place: Place, own: World, one: str, other: str) -> list[tuple[int, list[tuple[str, str]], bytes]]:
    """What is answered with the one id in this place, and with the other."""
    return [told(await client.post("/graphql", json=the_operation(place, own, key))) for key in (one, other)]


def test_every_input_that_takes_an_id_is_tried() -> None:
    assert len(IDS) >= 25
    kinds = {name.split(".")[0] for name in IDS}
    assert {"Query", "Mutation", "Subscription", "Account"} <= kinds


OVER_HTTP = [name for name in IDS if not name.startswith("Subscription")]


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_over_http_it_is_answered_to_the_byte_as_one_that_never_was(others: Others, name: str) -> None:
    for type_name in TYPES:
        for who, client in others.clients.items():
            answers = await both(client, IDS[name], others.own, others.foreign[type_name], others.never[type_name])
            assert answers[0] == answers[1], (who, type_name)
            assert b"INTERNAL" not in answers[0][2]
            assert "¶".encode() not in answers[0][2]


async def test_every_action_on_it_is_explained_alike(others: Others) -> None:
    document = "query ($id: ID!, $action: Action!) { explain(action: $action, id: $id) { allowed reason basis until } }"
    for action in Action:
        for type_name in ("Account", "Parcel", "Claim"):
            for who in ("owner", "member"):
                answers = []
                for key in (others.foreign[type_name], others.never[type_name]):
                    body = {"query": document, "variables": {"id": key, "action": action}}
                    answers.append(told(await others.clients[who].post("/graphql", json=body)))
                assert answers[0] == answers[1], (action, type_name, who)


async def test_many_at_once_are_as_many_nothings(others: Others) -> None:
    document = {"query": "query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }"}
    for order in (TYPES, TYPES[::-1]):
        answers = []
        for keys in (others.foreign, others.never):
            answer = await others.clients["owner"].post("/graphql", json={**document, "variables": {"ids": [keys[name] for name in order]}})
            answers.append(told(answer))
        assert answers[0] == answers[1]
        assert orjson.loads(answers[0][2]) == {"data": {"nodes": [None] * len(TYPES)}}


@pytest.mark.parametrize("name", [name for name in IDS if name.startswith("Subscription")])
async def test_over_a_socket_it_is_answered_alike(deployment: Deployment, others: Others, name: str) -> None:
    token = others.clients["owner"].headers["authorization"].removeprefix("Bearer ")
    async with deployment.server.socket(token) as socket:
        for type_name in TYPES:
            answers = []
            for key in (others.foreign[type_name], others.never[type_name]):
                given = the_operation(IDS[name], others.own, key)
                answers.append(await socket.run(given["query"], given["variables"]))
            assert answers[0] == answers[1], type_name
            assert [message["type"] for message in answers[0]] == ["error"]


async def test_a_link_that_is_not_the_caller_s_is_one_that_was_never_made(deployment: Deployment, others: Others) -> None:
    token = await token_of(others.owner)
    export = f'mutation {{ exportParcels(input: {{accountId: "{others.foreign["Account"]}"}}) {{ url }} }}'
    documents = f'{{ parcel(id: "{others.foreign["Parcel"]}") {{ documents {{ url }} }} }}'
    made = (await deployment.server.ask(export, token=token))["data"]["exportParcels"]["url"]
    (document,) = (await deployment.server.ask(documents, token=token))["data"]["parcel"]["documents"]
    pairs = ((made, "/exports/" + "A" * 43 + ".csv"), (document["url"], "/documents/" + "A" * 44))
    for theirs, never in pairs:
        for who, client in others.clients.items():
            for method in ("GET", "HEAD"):
                answers = [told(await client.request(method, path)) for path in (theirs, never)]
                assert answers[0] == answers[1], (theirs.split("/")[1], who)
                assert answers[0][0] in {401, 403, 404, 405}


async def test_what_was_deleted_is_to_an_agent_what_never_was(deployment: Deployment, others: Others) -> None:
    merchant, agent = await a_merchant("Gone"), await an_agent()
    keys = await filled(merchant, agent, "©")
    phoned = claim_id(await a_claim(await a_marked_parcel(merchant, "®"), channel=ClaimChannel.PHONE))
    owner = await token_of(merchant.owner)
    delete = f'mutation {{ deleteAccount(input: {{accountId: "{keys["Account"]}", companyName: "Gone"}}) {{ deletedId }} }}'
    assert "errors" not in await deployment.server.ask(delete, token=owner)
    never = {**others.never, "Phoned": global_id("Claim", new_id())}
    gone = {**keys, "Phoned": phoned}
    async with deployment.server.client(await token_of(agent)) as client:
        own = World(account_id(others.owner.account_id or new_id()), others.foreign["Parcel"], others.foreign["Claim"])
        for name in OVER_HTTP:
            for type_name, key in gone.items():
                answers = await both(client, IDS[name], own, key, never[type_name])
                assert answers[0] == answers[1], (name, type_name)


async def test_an_event_of_the_log_is_to_an_agent_what_never_was(deployment: Deployment, others: Others) -> None:
    """They know of every account, parcel and claim; of the access log not even that it is there."""
    async with deployment.server.client(await token_of(await an_agent())) as client:
        own = World(others.foreign["Account"], others.foreign["Parcel"], others.foreign["Claim"])
        for name in OVER_HTTP:
            answers = await both(client, IDS[name], own, others.foreign["AccessEvent"], others.never["AccessEvent"])
            assert answers[0] == answers[1], name
