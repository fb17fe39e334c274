"""What a server counts: what happened, by words of ours. Nothing of who or of whom, and the same whether or not there is a value."""

from __future__ import annotations

import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from models import database
from policy.vocabulary import Action, ConsentState
from resolvers import consents, ledger
from resolvers.gate import Gate
from resolvers.ledger import Request
from service import health
from tests.asking import account_id, parcel_id
from tests.builders import Merchant, a_consent, a_merchant, a_parcel, an_agent
from tests.scraping import counts, risen, until_counted
from tests.serving import Deployment, DidNotStart, Server, free_port, serving, token_of, with_password

RECIPIENT = "query ($id: ID!) { parcel(id: $id) { recipient { name email } } }"
WATCHED = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state } }"


@pytest.fixture
async def merchant(deployment: Deployment) -> Merchant:
    return await a_merchant()


async def test_what_an_agent_is_shown_and_denied_is_counted_by_basis_and_reason(deployment: Deployment, merchant: Merchant) -> None:
    parcel, token = await a_parcel(merchant), await token_of(await an_agent())
    server = deployment.server
    before = await counts(server)
    await server.ask(RECIPIENT, {"id": parcel_id(parcel.id)}, token=token)
    denied = await counts(server)
    assert risen(before, denied, "latchkey_decisions") == {'action="VIEW_PERSONAL_DATA",allowed="false",reason="NO_LIVE_CONSENT"': 1}
    assert risen(before, denied, "latchkey_disclosures") == {}
    await a_consent(merchant)
    await server.ask(RECIPIENT, {"id": parcel_id(parcel.id)}, token=token)
    shown = await counts(server)
    assert risen(denied, shown, "latchkey_decisions") == {'action="VIEW_PERSONAL_DATA",allowed="true",reason=""': 1}
    assert risen(denied, shown, "latchkey_disclosures") == {'basis="CONSENT"': 1}
    assert risen(denied, shown, "latchkey_access_log_writes") == {'outcome="written"': 1}
    assert risen(denied, shown, "latchkey_operations") == {'operation="other",outcome="OK",type="query"': 1}


async def test_counts_are_the_same_whether_or_not_there_is_a_value(deployment: Deployment) -> None:
    """Of positions, not of values: for an agent who may see them, and for one who may not."""
    rises = []
    with_nothing: dict[str, Any] = {"email": None, "order_number": None, "note": None}
    for given in ({}, with_nothing):
        merchant = await a_merchant()
        parcel, token = await a_parcel(merchant, **given), await token_of(await an_agent())
        document = "query ($id: ID!) { parcel(id: $id) { orderNumber note recipient { name email } } }"
        before = await counts(deployment.server)
        await deployment.server.ask(document, {"id": parcel_id(parcel.id)}, token=token)
        await a_consent(merchant)
        await deployment.server.ask(document, {"id": parcel_id(parcel.id)}, token=token)
        after = await counts(deployment.server)
        names = {name.removesuffix("_total") for name, _ in after if name.endswith("_total") and name.startswith("latchkey_")}
        rises.append({name: risen(before, after, name) for name in sorted(names)})
    assert rises[0] == rises[1]
    assert rises[0]["latchkey_decisions"]


async def test_an_operation_is_counted_by_the_name_of_a_trusted_document_only(deployment: Deployment, merchant: Merchant) -> None:
    token, server = await token_of(merchant.owner), deployment.server
    before = await counts(server)
    async with server.client(token) as client:
        for given in (
            {"documentId": deployment.documents["WhoAmI"]},
            {"query": "query Kenmerk7QZ5 { viewer { name } }"},
            {"query": "query Kenmerk7QZ5 { viewer { kenmerk7qz5 } }"},
            {"query": "mutation Kenmerk7QZ5($i: ID!) { revokeConsent(input: {accountId: $i}) { __typename } }", "variables": {"i": "x"}},
            {"query": "{"},
        ):
            await client.post("/graphql", json=given)
    after = await counts(server)
    assert risen(before, after, "latchkey_operations") == {
        'operation="WhoAmI",outcome="OK",type="query"': 1,
        'operation="other",outcome="OK",type="query"': 1,
        'operation="other",outcome="BAD_USER_INPUT",type="unknown"': 2,
        'operation="other",outcome="BAD_USER_INPUT",type="mutation"': 1,
    }
    assert after["latchkey_operation_cost_count", ""] - before.get(("latchkey_operation_cost_count", ""), 0) == 3
    assert not any("kenmerk" in labels.lower() for _, labels in after)


async def test_a_failing_access_log_is_counted(deployment: Deployment, merchant: Merchant) -> None:
    await a_consent(merchant)
    parcel, token, server = await a_parcel(merchant), await token_of(await an_agent()), deployment.server
    before = await counts(server)
    await database.execute("ALTER TABLE access_log RENAME TO access_log_away")
    try:
        answer = await server.ask(RECIPIENT, {"id": parcel_id(parcel.id)}, token=token)
    finally:
        await database.execute("ALTER TABLE access_log_away RENAME TO access_log")
    assert answer["data"]["parcel"]["recipient"]["name"] is None
    after = await counts(server)
    assert risen(before, after, "latchkey_access_log_writes") == {'outcome="failed"': 1}
    assert risen(before, after, "latchkey_disclosures_withheld") == {'reason="NOT_RECORDED"': 1}
    assert risen(before, after, "latchkey_disclosures") == {}


async def test_sign_ins_are_counted_by_how_they_ended(deployment: Deployment, merchant: Merchant) -> None:
    email, server = await with_password(merchant.owner), deployment.server
    before = await counts(server)
    async with server.signed_in(email) as browser:
        await browser.post("/auth/sign-in", json={"email": email, "password": "not this one"})
    after = await counts(server)
    assert risen(before, after, "latchkey_sign_ins") == {'outcome="signed_in"': 1, 'outcome="refused"': 1}
    await database.execute("DELETE FROM sign_in_attempts")


async def test_open_sockets_and_what_runs_on_them_are_counted(deployment: Deployment, merchant: Merchant) -> None:
    token, server = await token_of(merchant.owner), deployment.server
    before = await counts(server)
    sockets, running = before["latchkey_sockets", ""], before["latchkey_socket_operations", ""]
    async with server.socket(token) as socket:
        await socket.subscribe("1", WATCHED, {"id": account_id(merchant.id)})
        assert (await socket.next())["type"] == "next"
        during = await counts(server)
        assert (during["latchkey_sockets", ""], during["latchkey_socket_operations", ""]) == (sockets + 1, running + 1)
        assert during["latchkey_listening", ""] == 1
    async with server.client() as client:
        after = await until_counted(client, "latchkey_sockets", sockets)
    assert after["latchkey_socket_operations", ""] == running
    assert risen(before, after, "latchkey_operations") == {'operation="other",outcome="OK",type="subscription"': 1}


async def test_live_consents_and_the_most_an_agent_saw_are_looked_up(database: str) -> None:
    merchant, another = await a_merchant(), await a_merchant()
    await a_consent(merchant)
    await a_consent(another, ConsentState.EXPIRED)
    assert await consents.how_many_live() == 1
    assert await ledger.most_seen_in_an_hour() == 0
    agents = [await an_agent() for _ in range(2)]
    parcels = [await a_parcel(merchant) for _ in range(3)]
    for agent, seen in ((agents[0], parcels), (agents[1], parcels[:1]), (agents[0], parcels[:2])):
        for parcel in seen:
            await see(agent, parcel.account_id, parcel.id)
    assert await ledger.most_seen_in_an_hour() == 3


async def see(agent: object, account: object, parcel: object) -> None:
    """Write into the access log that an agent saw a parcel."""
    from policy.decision import Decision
    from policy.vocabulary import Basis

    decision = Decision(Action.VIEW_PERSONAL_DATA, allowed=True, basis=Basis.CONSENT)
    entry = ledger.Entry(account, parcel, Action.VIEW_PERSONAL_DATA, decision)  # type: ignore[arg-type] # as the builders made them
    await ledger.write(agent.id, Request("here"), [entry], most_parcels_an_hour=500, most_searches_an_hour=200)  # type: ignore[attr-defined] # a viewer


# Ways to read it.


@asynccontextmanager
async def a_server(migrated: dict[str, str], folder: Path, **settings: str) -> AsyncIterator[Server]:
    """A server of its own, on SQLite."""
    url = f"sqlite://{shutil.copyfile(migrated['sqlite'].removeprefix('sqlite://'), folder / 'latchkey.sqlite3')}"
    async with serving(started := Server(url, folder, **settings)):
        yield started


async def test_they_have_a_port_of_their_own_where_one_is_given(migrated: dict[str, str], tmp_path: Path) -> None:
    """With the gauges that are looked up now and then."""
    port = free_port()
    async with a_server(migrated, tmp_path, environment="production", allowed_hosts="127.0.0.1", metrics_port=str(port)) as server:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            found = await until_counted(client, "latchkey_ready", 1)
        async with server.client() as client:
            assert (await client.get("/metrics")).status_code == 404
        assert found["latchkey_most_parcels_allowed_in_an_hour", ""] == 500
        assert found["latchkey_live_consents", ""] == 0
        (build,) = [labels for name, labels in found if name == "latchkey_build_info"]
        assert 'migration="0' in build


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_port_that_is_taken_is_told_of_at_start(migrated: dict[str, str], tmp_path: Path, workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(DidNotStart) as told:
        async with a_server(migrated, tmp_path, metrics_port=str(taken.getsockname()[1]), workers=workers):
            pass
    assert str(told.value).splitlines()[-1] == "LATCHKEY_METRICS_HOST and LATCHKEY_METRICS_PORT can't be listened at: Address already in use"
    assert "Traceback" not in str(told.value)


async def test_a_server_that_stops_is_not_ready(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await health.is_ready()
    monkeypatch.setattr(health.life, "ending", True)
    assert not await health.is_ready()


def test_a_decision_is_counted_at_the_door() -> None:
    from resolvers.counted import decisions

    def asked() -> float:
        return float(decisions.labels(Action.EXPORT_PARCELS, "false", "NOT_SIGNED_IN")._value.get())

    before = asked()
    Gate(None, Request("here")).ask(Action.EXPORT_PARCELS, None)
    assert asked() == before + 1
