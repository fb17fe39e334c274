"""What a real collector is told of real servers: which request, operation, statement and log write took how long. No value of any of them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from models import spans
from models.spans import kind_of
from service import tracing
from tests.asking import account_id, parcel_id
from tests.builders import Merchant, ParcelMade, a_consent, a_merchant, a_parcel, an_agent
from tests.server.collecting import Collector, attributes_of, collecting
from tests.serving import Server, free_port, serving, token_of, with_password

MARK = "Kenmerk7QZ6"
EVERYTHING = """query Kenmerk7QZ6($id: ID!, $account: ID!, $search: String!) {
  parcel(id: $id) {
    orderNumber trackingNumber trackingUrl note items { description } documents { url } events { location message }
    recipient { name companyName email phone street postalCode city }
  }
  parcels(accountId: $account, filter: {search: $search}) { nodes { orderNumber recipient { email } } }
}"""
CHANGE = """mutation ($account: ID!, $to: String!) {
  updateSettings(input: {accountId: $account, version: 1, notificationReplyTo: $to}) { __typename }
}"""
_TRACE = "0af7651916cd43dd8448eb211c80319c"
_PARENT = f"00-{_TRACE}-b7ad6b7169203331-01"
OUTERMOST = "POST /graphql"


@dataclass(frozen=True)
class Told:
    """What the collector has when everything was asked and the server has stopped."""

    collector: Collector
    said: str
    merchant: Merchant
    parcel: ParcelMade
    secrets: tuple[str, ...]
    engine: str


@pytest.fixture
async def told(database: str, database_url: str, tmp_path: Path) -> AsyncIterator[Told]:
    merchant = await a_merchant()
    await a_consent(merchant)
    parcel = await a_parcel(merchant, name=f"{MARK} Bakker", email=f"{MARK}@example.com", order_number=MARK, note=MARK)
    token, own = await token_of(await an_agent(MARK)), await token_of(merchant.owner)
    email = await with_password(merchant.owner)
    with collecting() as collector:
        server = Server(database_url, tmp_path, traces_url=collector.url)
        async with serving(server):
            variables = {"id": parcel_id(parcel.id), "account": account_id(merchant.id), "search": MARK}
            async with server.client(token, headers={"traceparent": _PARENT, "user-agent": MARK, "referer": MARK}) as client:
                answer = await client.post(f"/graphql?{MARK}", json={"query": EVERYTHING, "variables": variables, "operationName": MARK})
                assert answer.json()["data"]["parcels"]["nodes"][0]["orderNumber"] == MARK
                await client.get(f"/{MARK}")
            changed = await server.ask(CHANGE, {"account": account_id(merchant.id), "to": f"{MARK}@example.com"}, token=own)
            assert "errors" not in changed
            async with server.socket(token) as opened:
                assert MARK in str(await opened.run(EVERYTHING, variables))
            async with server.signed_in(email) as browser:
                await browser.post("/auth/sign-in", json={"email": f"{MARK}@example.com", "password": MARK})
        await asyncio.to_thread(server.process.wait, 20)  # what was not delivered yet is delivered when it stops
        secrets = (MARK, token, own, email, str(parcel.id), parcel_id(parcel.id), str(merchant.id), account_id(merchant.id))
        yield Told(collector, server.said(), merchant, parcel, secrets, database)


async def test_a_collector_is_told_what_took_how_long_and_no_value(told: Told) -> None:
    """One run, looked at from all sides: a server takes its time to start."""
    text = told.collector.text()
    assert [secret for secret in told.secrets if secret.casefold() in text.casefold()] == []
    assert "Bakker" not in text
    assert socket.gethostname() not in text
    for span in told.collector.spans():
        assert set(attributes_of(span)) <= tracing.TOLD
        assert (len(span.events), len(span.links)) == (0, 0)  # an event would be an exception, with its text
    (requested,) = [each for each in told.collector.named(OUTERMOST) if "access log" in {span.name for span in told.collector.trace_of(each)}]
    assert attributes_of(requested) == {"http.request.method": "POST", "http.route": "/graphql", "http.response.status_code": 200}
    assert requested.trace_id.hex() != _TRACE  # whoever calls does not say what is traced, unless we are told to follow
    assert requested.parent_span_id == b""
    assert f"trace_id={requested.trace_id.hex()}" in told.said
    (operation,) = [each for each in told.collector.below(requested) if each.name == "operation"]
    assert attributes_of(operation) == {"graphql.operation.type": "query", "graphql.operation.name": "other"}
    names = {each.name for each in told.collector.trace_of(requested)}
    assert {"decide", "access log", "INSERT access_log"} <= names
    (written, *_) = [each for each in told.collector.trace_of(requested) if each.name == "access log"]
    in_a_transaction = ["COMMIT"] if told.engine == "sqlite" else []  # PostgreSQL commits a statement by itself
    assert [each.name for each in told.collector.below(written)] == ["INSERT access_log", *in_a_transaction]
    assert all(each.start_time_unix_nano <= each.end_time_unix_nano for each in told.collector.spans())
    assert [attributes_of(each)["graphql.operation.type"] for each in told.collector.named("operation")].count("mutation") == 1
    (resource,) = {str(each.resource) for request in told.collector.received for each in request.resource_spans}
    assert "latchkey" in resource


@pytest.mark.parametrize("follow", [True, False])
async def test_a_trace_goes_on_where_that_is_wanted(migrated: dict[str, str], tmp_path: Path, follow: bool) -> None:
    with collecting() as collector:
        server = Server(migrated["sqlite"], tmp_path, traces_url=collector.url, traces_follow=str(follow))
        async with serving(server):
            async with server.client(headers={"traceparent": _PARENT}) as client:
                await client.post("/graphql", json={"query": "{ viewer { name } }"})
            async with server.client(headers={"traceparent": MARK}) as client:
                await client.post("/graphql", json={"query": "{ viewer { name } }"})
    first, second = collector.named(OUTERMOST)
    assert (first.trace_id.hex() == _TRACE) is follow
    assert second.trace_id.hex() != _TRACE
    assert second.parent_span_id == b""


async def test_a_collector_that_does_not_answer_hinders_nobody_and_is_not_named(migrated: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    server = Server(migrated["sqlite"], tmp_path, traces_url=f"http://127.0.0.1:{port}/v1/traces")
    async with serving(server):
        assert (await server.ask("{ viewer { name } }"))["data"] == {"viewer": None}
    assert "spans lost" in server.said()
    assert str(port) not in server.said()
    assert "Traceback" not in server.said()


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT id FROM parcels WHERE id = :id", ("SELECT", "parcels")),
        ("WITH page AS (SELECT * FROM parcels p) SELECT * FROM page", ("SELECT", "parcels")),
        ("WITH e AS (SELECT key FROM json_each(:entries)) INSERT INTO access_log (id) SELECT 1 FROM e RETURNING id", ("INSERT", "access_log")),
        ("UPDATE accounts SET deleted_at = deleted_at WHERE id = :id", ("UPDATE", "accounts")),
        ("INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 1", ("INSERT", "t")),
        ("DELETE FROM sign_in_attempts WHERE subject = :subject", ("DELETE", "sign_in_attempts")),
        ("SELECT {now} AS now", ("SELECT", "")),
        ("PRAGMA data_version", ("OTHER", "")),
        ("SELECT updated_at, 'DELETE_PARCEL' FROM parcels", ("SELECT", "parcels")),
    ],
)
def test_a_statement_is_told_by_what_it_does_to_which_table(sql: str, kind: tuple[str, str]) -> None:
    assert kind_of(sql) == kind


def test_off_nothing_is_made() -> None:
    assert spans.span("decide") is spans.span("access log")
