"""agentLoginChanged: the state at once, at every change whoever makes it, and at the moment the consent runs out. Never anything else."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest

from models import database
from resolvers.live import announce
from tests.asking import account_id, recorded
from tests.builders import Merchant, a_consent, a_merchant, a_parcel, an_agent
from tests.live.watching import Watch, watching
from tests.serving import Deployment, token_of

STATE = "state now account { id } consent { state expiresAt endedAt }"
ONE = f"subscription ($id: ID!) {{ agentLoginChanged(accountId: $id) {{ {STATE} }} }}"
ALL = f"subscription {{ agentLoginChanged {{ {STATE} }} }}"
GRANT = "mutation ($id: ID!, $for: ConsentDuration!) { grantConsent(input: {accountId: $id, duration: $for}) { consent { id } } }"
REVOKE = "mutation ($id: ID!) { revokeConsent(input: {accountId: $id}) { consent { state } } }"


class Elsewhere:
    """Granting and revoking by the merchant, at the other process."""

    def __init__(self, deployment: Deployment, merchant: Merchant, token: str) -> None:
        self.server = deployment.other
        self.variables = {"id": account_id(merchant.id)}
        self.token = token

    async def grant(self, duration: str = "ONE_HOUR") -> None:
        assert "errors" not in await self.server.ask(GRANT, {**self.variables, "for": duration}, token=self.token)

    async def revoke(self) -> None:
        assert "errors" not in await self.server.ask(REVOKE, self.variables, token=self.token)


@pytest.fixture
async def merchant(deployment: Deployment) -> Merchant:
    return await a_merchant()


@pytest.fixture
async def elsewhere(deployment: Deployment, merchant: Merchant) -> Elsewhere:
    return Elsewhere(deployment, merchant, await token_of(merchant.owner))


async def test_grant_replace_and_revoke_of_another_process_are_told(deployment: Deployment, merchant: Merchant, elsewhere: Elsewhere) -> None:
    agent = await an_agent()
    async with AsyncExitStack() as opened:
        watchers = [
            await opened.enter_async_context(watching(server, viewer, ONE, merchant))
            for server, viewer in ((deployment.server, agent), (deployment.server, merchant.member), (deployment.other, merchant.owner))
        ]
        for watcher in watchers:
            assert (await watcher.login())["state"] == "OFF"
        for change, state in (
            (elsewhere.grant("ONE_HOUR"), ("ACTIVE", "ACTIVE")),
            (elsewhere.grant("ONE_DAY"), ("ACTIVE", "ACTIVE")),
            (elsewhere.revoke(), ("OFF", "REVOKED")),
            (elsewhere.grant("ONE_WEEK"), ("ACTIVE", "ACTIVE")),
        ):
            await change
            logins = [await watcher.login() for watcher in watchers]
            assert {(login["state"], login["consent"]["state"]) for login in logins} == {state}
            assert len({login["consent"]["expiresAt"] for login in logins}) == 1
        await elsewhere.grant("ONE_MONTH")
        login = await watchers[0].login()
        assert (instant(login["consent"]["expiresAt"]) - instant(login["now"])).days in {29, 30}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_the_state_is_told_at_once(deployment: Deployment, merchant: Merchant) -> None:
    await a_consent(merchant)
    for viewer, document in ((await an_agent(), ONE), (merchant.owner, ONE), (merchant.member, ALL)):
        async with watching(deployment.server, viewer, document, merchant) as watch:
            login = await watch.login()
            assert (login["state"], login["account"]["id"]) == ("ACTIVE", account_id(merchant.id))


async def test_the_end_is_told_at_its_very_moment_and_never_before(deployment: Deployment, merchant: Merchant) -> None:
    """Two accounts whose consents run out at the same instant; nothing happens anywhere at that instant."""
    other = await a_merchant("De Groot Fietsen")
    agent = await an_agent()
    consents = [await a_consent(each) for each in (merchant, other)]
    ends = await database.clock() + timedelta(seconds=1.2)
    for consent in consents:
        await database.execute("UPDATE consents SET expires_at = :at WHERE id = :id", at=ends, id=consent)
    async with AsyncExitStack() as opened:
        one = await opened.enter_async_context(watching(deployment.server, agent, ONE, merchant))
        elsewhere = await opened.enter_async_context(watching(deployment.other, merchant.owner, ALL, merchant))
        everyone, everyone_too = [await opened.enter_async_context(watching(deployment.other, agent, ALL, each)) for each in (merchant, other)]
        for watch in (one, elsewhere):
            assert (await watch.login())["state"] == "ACTIVE"

        told = await asyncio.gather(*(ending(watch) for watch in (one, elsewhere, everyone, everyone_too)))
    for login, heard_at in told:
        assert (login["state"], login["consent"]["state"]) == ("OFF", "EXPIRED")
        assert login["consent"]["endedAt"] == login["consent"]["expiresAt"]
        assert instant(login["now"]) >= ends
        assert (heard_at - ends).total_seconds() < 0.5
    assert {login["account"]["id"] for login, _ in told} == {account_id(merchant.id), account_id(other.id)}


async def ending(watch: Watch) -> tuple[dict[str, Any], datetime]:
    """The next event, and when it was heard."""
    return await watch.login(), await database.clock()


async def test_nothing_is_told_when_nothing_changed(deployment: Deployment, merchant: Merchant, elsewhere: Elsewhere) -> None:
    """Neither a revoke of nothing, nor another account's grant, nor a claim, nor word of a change that is none."""
    other = await a_merchant("De Groot Fietsen")
    async with watching(deployment.server, await an_agent(), ONE, merchant) as watch:
        assert (await watch.login())["state"] == "OFF"
        await elsewhere.revoke()
        await a_parcel(merchant)
        await Elsewhere(deployment, other, await token_of(other.owner)).grant()
        async with database.transaction():
            await database.lock_account(merchant.id)
            await announce("consent", merchant.id)
            await announce("claim", merchant.id)
        await elsewhere.grant()
        assert (await watch.login())["state"] == "ACTIVE"  # the next there is


async def test_agents_hear_of_all_accounts_and_of_none_at_once(deployment: Deployment, merchant: Merchant, elsewhere: Elsewhere) -> None:
    other = await a_merchant("De Groot Fietsen")
    await a_consent(other)
    async with (
        watching(deployment.server, await an_agent(), ALL, merchant) as of_one,
        watching(deployment.server, await an_agent(), ALL, other) as of_other,
        watching(deployment.server, merchant.owner, ALL, merchant) as own,
    ):
        assert (await own.login())["state"] == "OFF"
        await elsewhere.grant()
        await Elsewhere(deployment, other, await token_of(other.owner)).revoke()
        await elsewhere.revoke()
        assert [(await of_one.login())["state"] for _ in range(2)] == ["ACTIVE", "OFF"]
        assert (await of_other.login())["state"] == "OFF"
        assert [(await own.login())["state"] for _ in range(2)] == ["ACTIVE", "OFF"]


NOT_FOR_THEM = [
    pytest.param("other", "owner", "NOT_FOUND", id="another-merchant-s"),
    pytest.param("unknown", "owner", "NOT_FOUND", id="a-merchant-and-no-account"),
    pytest.param("unknown", "agent", "NOT_FOUND", id="an-agent-and-no-account"),
    pytest.param("deleted", "agent", "NOT_FOUND", id="a-deleted-account"),
    pytest.param("own", "nobody", "UNAUTHENTICATED", id="nobody"),
]


@pytest.mark.parametrize(("which", "who", "code"), NOT_FOR_THEM)
async def test_what_is_not_for_the_caller_is_refused_before_it_begins(
    deployment: Deployment, merchant: Merchant, which: str, who: str, code: str
) -> None:
    other = await a_merchant("De Groot Fietsen")
    deleted = await a_merchant("Opgeheven")
    await database.execute("UPDATE accounts SET deleted_at = {now} WHERE id = :id", id=deleted.id)
    named = {"own": merchant.id, "other": other.id, "unknown": merchant.owner.id, "deleted": deleted.id}[which]
    viewer = {"owner": merchant.owner, "agent": await an_agent(), "nobody": None}[who]
    async with deployment.server.socket(await token_of(viewer) if viewer else None) as socket:
        messages = await socket.run(ONE, {"id": account_id(named)})
    assert [message["type"] for message in messages] == ["error"]
    assert [error["extensions"]["code"] for error in messages[0]["payload"]] == [code]


async def test_it_ends_when_the_account_is_deleted(deployment: Deployment, merchant: Merchant, elsewhere: Elsewhere) -> None:
    delete = 'mutation ($id: ID!) { deleteAccount(input: {accountId: $id, companyName: "Bakker Bikes"}) { deletedId } }'
    async with watching(deployment.server, merchant.member, ONE, merchant) as watch:
        await watch.login()
        answer = await deployment.other.ask(delete, elsewhere.variables, token=elsewhere.token)
        assert answer["data"]["deleteAccount"] == {"deletedId": account_id(merchant.id)}
        ended = await watch.payload()
        assert (ended["data"], ended["errors"][0]["extensions"]["code"]) == (None, "UNAUTHENTICATED")
        assert (await watch.socket.next())["type"] == "complete"


PERSONAL = """subscription ($id: ID!) {
  agentLoginChanged(accountId: $id) {
    state
    consent { grantedBy endedBy }
    account { parcels { nodes { recipient { name } disclosure { reason } } } }
  }
}"""


async def test_each_event_is_decided_and_recorded_by_itself(deployment: Deployment, merchant: Merchant, elsewhere: Elsewhere) -> None:
    parcel = await a_parcel(merchant, name="Jan Bakker")
    agent = await an_agent()

    async def log() -> list[tuple[bool, list[str]]]:
        return [(event.parcel_id == parcel.id, event.fields_) for event in await recorded() if event.agent_id == agent.id]

    async with watching(deployment.server, agent, PERSONAL, merchant) as watch:
        closed = await watch.payload()
        assert "Jan" not in str(closed)
        assert await log() == []
        await elsewhere.grant()
        opened = await watch.payload()
        login = opened["data"]["agentLoginChanged"]
        assert login["consent"] == {"grantedBy": "Owner of Bakker Bikes", "endedBy": None}
        assert login["account"]["parcels"]["nodes"] == [{"recipient": {"name": "Jan Bakker"}, "disclosure": {"reason": None}}]
        assert "withheld" not in opened["extensions"]["privacy"]
        assert sorted(await log()) == [(False, ["Consent.endedBy", "Consent.grantedBy"]), (True, ["Recipient.name"])]
        async with database.transaction():
            await database.lock_account(merchant.id)
            await announce("consent", merchant.id)  # no change, so no event and nothing to record
        await elsewhere.revoke()
        revoked = await watch.payload()
        login = revoked["data"]["agentLoginChanged"]
        assert (login["state"], login["consent"]) == ("OFF", {"grantedBy": None, "endedBy": None})
        assert login["account"]["parcels"]["nodes"] == [{"recipient": {"name": None}, "disclosure": {"reason": "NO_LIVE_CONSENT"}}]
        assert "disclosed" not in revoked["extensions"]["privacy"]
        assert len(await log()) == 2


async def test_from_revoke_to_event(deployment: Deployment, merchant: Merchant, elsewhere: Elsewhere, request: pytest.FixtureRequest) -> None:
    """Between two processes; what it takes is in the report of the run (`--junitxml`)."""
    taken: list[float] = []
    async with watching(deployment.server, await an_agent(), ONE, merchant) as watch, deployment.other.client(elsewhere.token) as client:
        await watch.login()
        for _ in range(30):
            await elsewhere.grant()
            await watch.login()
            started = time.perf_counter()
            heard = asyncio.create_task(watch.login())
            await client.post("/graphql", json={"query": REVOKE, "variables": elsewhere.variables})
            assert (await heard)["state"] == "OFF"
            taken.append((time.perf_counter() - started) * 1000)
    request.node.user_properties.append((f"{deployment.engine}_revoke_to_event_ms", round(statistics.median(taken), 1)))
    assert statistics.median(taken) < 500
