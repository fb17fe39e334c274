"""Whoever is nobody any more, or somebody else, is that at once: in what runs live, in every process, and at every other door."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from identity.tokens import end_token
from identity.users import change_role, deactivate
from models import database as db
from policy.vocabulary import MerchantRole, Viewer
from schema.build import Schema
from tests.asking import account_id, context_of, parcel_id
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.live.watching import announced
from tests.serving import Deployment, Socket, session_of, token_of

LOGIN = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state account { parcels(first: 1) { nodes { note } } } } }"
CLAIMS = "subscription ($id: ID!) { claimChanged(accountId: $id) { id description } }"
EVERY_LOGIN = "subscription { agentLoginChanged { state } }"
EVERY_CLAIM = "subscription { claimChanged { id description } }"
WHO = "{ viewer { name } }"
#: "At once": the price of a notification and two statements, on a machine that does something else too.
AT_ONCE_SECONDS = 5.0


@pytest.fixture
async def merchant(deployment: Deployment) -> Merchant:
    return await a_merchant()


def codes(message: dict[str, Any]) -> list[str]:
    errors = message["payload"] if message["type"] == "error" else message["payload"].get("errors", [])
    return [error["extensions"]["code"] for error in errors]


async def listening(socket: Socket, merchant: Merchant, who: str) -> set[str]:
    """Start every subscription there is for this caller. They listen when this returns."""
    running = {"login": LOGIN, "claims": CLAIMS, "every claim": EVERY_CLAIM} | ({"every login": EVERY_LOGIN} if who == "agent" else {})
    for key, document in running.items():
        await socket.subscribe(key, document, {"id": account_id(merchant.id)} if "$id" in document else None)
    assert (await socket.next())["id"] == "login"
    await socket.send({"type": "ping"})
    while (await socket.next())["type"] != "pong":
        pass
    return set(running)


async def all_end(socket: Socket, running: set[str], code: str) -> None:
    """Each is told why and is over; nothing is told of anybody."""
    told: dict[str, list[str]] = {}
    over: set[str] = set()
    while over != running:
        message = await socket.next(AT_ONCE_SECONDS)
        if message["type"] == "complete":
            over.add(message["id"])
        else:
            assert message["type"] in {"next", "error"}
            assert message["type"] == "error" or message["payload"]["data"] is None, message
            told[message["id"]] = codes(message)
            over |= {message["id"]} if message["type"] == "error" else set()
    assert told == {key: [code] for key in running}


Ending = Callable[[Deployment, Merchant, Viewer, dict[str, str]], Awaitable[None]]


async def _sign_out(deployment: Deployment, merchant: Merchant, viewer: Viewer, headers: dict[str, str]) -> None:
    async with deployment.other.client(headers=headers) as browser:
        assert (await browser.post("/auth/sign-out")).status_code == 204


async def _end_token(deployment: Deployment, merchant: Merchant, viewer: Viewer, headers: dict[str, str]) -> None:
    await end_token(headers["Authorization"].removeprefix("Bearer "))


async def _deactivate(deployment: Deployment, merchant: Merchant, viewer: Viewer, headers: dict[str, str]) -> None:
    await deactivate(viewer.id)


async def _lower(deployment: Deployment, merchant: Merchant, viewer: Viewer, headers: dict[str, str]) -> None:
    await change_role(viewer.id, MerchantRole.MEMBER)


async def _delete_account(deployment: Deployment, merchant: Merchant, viewer: Viewer, headers: dict[str, str]) -> None:
    delete = f'mutation {{ deleteAccount(input: {{accountId: "{account_id(merchant.id)}", companyName: "Bakker Bikes"}}) {{ deletedId }} }}'
    assert "errors" not in await deployment.other.ask(delete, token=await token_of(merchant.owner))


ENDINGS = [
    pytest.param("owner", "session", _sign_out, "UNAUTHENTICATED", id="owner-signed-out"),
    pytest.param("agent", "session", _sign_out, "UNAUTHENTICATED", id="agent-signed-out"),
    pytest.param("owner", "token", _end_token, "UNAUTHENTICATED", id="owner-s-token-ended"),
    pytest.param("agent", "token", _end_token, "UNAUTHENTICATED", id="agent-s-token-ended"),
    pytest.param("member", "session", _deactivate, "UNAUTHENTICATED", id="member-deactivated"),
    pytest.param("agent", "token", _deactivate, "UNAUTHENTICATED", id="agent-deactivated"),
    pytest.param("owner", "session", _lower, "FORBIDDEN", id="owner-lowered"),
    pytest.param("admin", "token", _lower, "FORBIDDEN", id="admin-lowered"),
    pytest.param("member", "session", _delete_account, "UNAUTHENTICATED", id="account-deleted"),
]


@pytest.mark.parametrize(("who", "by", "ending", "code"), ENDINGS)
async def test_what_runs_ends_at_once_in_every_process_and_another_s_goes_on(
    deployment: Deployment, merchant: Merchant, who: str, by: str, ending: Ending, code: str
) -> None:
    await a_parcel(merchant)
    await a_consent(merchant)
    agent = await an_agent()
    viewer = agent if who == "agent" else getattr(merchant, who)
    headers = await session_of(viewer) if by == "session" else {"Authorization": f"Bearer {await token_of(viewer)}"}
    another = await a_merchant("Other Outdoors")
    async with AsyncExitStack() as opened:
        sockets = [await opened.enter_async_context(each.socket(headers=headers)) for each in (deployment.server, deployment.other)]
        going_on = await opened.enter_async_context(deployment.server.socket(await token_of(another.owner)))
        await going_on.subscribe("theirs", LOGIN, {"id": account_id(another.id)})
        assert (await going_on.next())["payload"]["data"]["agentLoginChanged"]["state"] == "OFF"
        running = [await listening(socket, merchant, who) for socket in sockets]
        await ending(deployment, merchant, viewer, headers)
        for socket, keys in zip(sockets, running, strict=True):
            await all_end(socket, keys, code)
        # Nothing that happens now is told to who is gone, and the other is told of theirs.
        async with db.transaction():
            await db.lock_account(another.id)
            await a_consent(another)
        await announced("consent", another.id, another.id)
        assert (await going_on.next(AT_ONCE_SECONDS))["payload"]["data"]["agentLoginChanged"]["state"] == "ACTIVE"
        for socket in sockets:
            answer = (await socket.run(WHO))[0]["payload"]["data"]["viewer"]
            assert answer == ({"name": viewer.name} if code == "FORBIDDEN" else None)


async def test_a_session_that_ran_out_hears_nothing_more(deployment: Deployment, merchant: Merchant) -> None:
    """Nobody announces that a time has come: the next event is refused in its place."""
    agent = await an_agent()
    headers = await session_of(agent)
    async with deployment.server.socket(headers=headers) as socket:
        running = await listening(socket, merchant, "agent")
        await db.execute("UPDATE sessions SET expires_at = {now} WHERE user_id = :id", id=agent.id)
        await a_consent(merchant)
        await announced("consent", merchant.id, merchant.id)
        claim = await a_claim(await a_parcel(merchant))
        await announced("claim", merchant.id, claim)
        await all_end(socket, running, "UNAUTHENTICATED")


ALL = pytest.mark.parametrize("document", [LOGIN, EVERY_LOGIN, CLAIMS, EVERY_CLAIM], ids=["login", "every-login", "claims", "every-claim"])


@ALL
async def test_a_silent_stream_is_over_when_its_session_is(database: str, schema: Schema, document: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though nothing happens, and it is not yet time to look again."""
    monkeypatch.setattr("schema.subscription.RECHECK_SECONDS", 3600.0)
    merchant, agent, now = await a_merchant(), await an_agent(), asyncio.get_running_loop().time
    context, ends_at = context_of(agent), now() + 1

    async def again() -> Viewer | None:
        return agent if now() < ends_at else None

    context.again, context.session_ends_at = again, ends_at
    given = {"id": account_id(merchant.id)} if "$id" in document else None
    async with asyncio.timeout(60):
        events = [event async for event in await schema.stream(document, context_value=context, variable_values=given)]
    assert [error.extensions["code"] for error in events[-1].errors] == ["UNAUTHENTICATED"]


async def test_a_server_knows_when_a_session_is_over(deployment: Deployment, merchant: Merchant) -> None:
    agent = await an_agent()
    headers = await session_of(agent)
    await db.execute("UPDATE sessions SET expires_at = :at WHERE user_id = :id", at=await db.clock() + timedelta(seconds=5), id=agent.id)
    async with deployment.server.socket(headers=headers) as socket:
        await socket.subscribe("login", LOGIN, {"id": account_id(merchant.id)})
        assert "errors" not in (await socket.next())["payload"]
        assert codes(await socket.next()) == ["UNAUTHENTICATED"]


@ALL
async def test_one_that_ended_before_anybody_listened_begins_nothing(database: str, schema: Schema, document: str) -> None:
    """Between finding out who is calling and listening for changes there is time to sign out in: it is found out once more."""
    merchant, agent = await a_merchant(), await an_agent()
    for viewer in (agent, merchant.owner) if "$id" in document else (agent,):
        answers: list[Viewer | None] = [viewer]

        async def again(answers: list[Viewer | None] = answers) -> Viewer | None:
            return answers.pop() if answers else None

        context = context_of(viewer)
        context.again = again
        given = {"id": account_id(merchant.id)} if "$id" in document else None
        events = await schema.stream(document, context_value=context, variable_values=given)
        event = await asyncio.wait_for(anext(events), AT_ONCE_SECONDS)
        assert [error.extensions["code"] for error in event.errors] == ["UNAUTHENTICATED"]
        await events.aclose()


# The other doors, after the end.


async def test_after_sign_out_the_cookie_opens_no_door(deployment: Deployment, merchant: Merchant) -> None:
    parcel = await a_parcel(merchant)
    headers = await session_of(merchant.owner)
    ask = {
        "query": """query ($p: ID!) { viewer { name } parcel(id: $p) { note documents { url } } }""",
        "variables": {"p": parcel_id(parcel.id)},
    }
    export = {"query": f'mutation {{ exportParcels(input: {{accountId: "{account_id(merchant.id)}"}}) {{ url }} }}'}
    async with deployment.server.client(headers=headers) as browser, deployment.other.client(headers=headers) as elsewhere:
        document = (await browser.post("/graphql", json=ask)).json()["data"]["parcel"]["documents"][0]["url"]
        links = [(await browser.post("/graphql", json=export)).json()["data"]["exportParcels"]["url"], document]
        assert (await browser.post("/auth/sign-out")).status_code == 204
        for client in (browser, elsewhere):
            answer = await client.post("/graphql", json=ask, headers=headers)
            assert answer.json()["data"] == {"viewer": None, "parcel": None}
            for link in links:
                refused = await client.get(link, headers=headers)
                assert refused.status_code == 401
                assert "Bakker" not in refused.text
            async with (deployment.server if client is browser else deployment.other).socket(headers=headers) as socket:
                assert (await socket.run(WHO))[0]["payload"]["data"] == {"viewer": None}
        # Signing out again, with what is over, is no error and begins nothing.
        assert (await elsewhere.post("/auth/sign-out", headers=headers)).status_code == 204
        assert (await db.fetch("SELECT count(*) AS n FROM sessions WHERE user_id = :id AND ended_at IS NULL", id=merchant.owner.id))[0]["n"] == 0
