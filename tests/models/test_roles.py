"""Least privilege on PostgreSQL: a server does all it is for as a role that may do nothing else; each forbidden statement the database refuses."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

import models
from exchange.imports import import_file
from exchange.integrations import add_integration
from exchange.webhooks import signature
from identity import attempts, external
from identity.sessions import sign_in
from models import database, roles
from models.classified import declared_columns
from models.database import close_database, migrate, open_database
from models.roles import May, Purpose, UnfitRole
from outbox import deliveries
from policy.vocabulary import ConsentState
from resolvers import budgets, exports, live, retention
from tests.asking import account_id, claim_id, parcel_id
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.databases import Postgres
from tests.serving import PASSWORD, DidNotStart, Server, serving, token_of, with_password
from tests.test_cli import a_runner, assert_failed

FIXTURES = Path(__file__).parents[1] / "exchange" / "fixtures"
WEBHOOK: dict[str, Any] = json.loads((FIXTURES / "webhook.json").read_text())
GIVEN = {Purpose.SERVER: "lk_server", Purpose.RETENTION: "lk_retention"}


@dataclass(frozen=True)
class Urls:
    """One database, as each role reaches it. The owner is no superuser."""

    owner: str
    server: str
    retention: str
    superuser: str


@pytest.fixture(scope="session")
async def urls(postgres: Postgres) -> Urls:
    """Migrated and granted by its owner."""
    superuser = await postgres.create_database()
    connection = await asyncpg.connect(superuser)
    for role in ("lk_owner", *GIVEN.values(), "lk_stranger"):
        await connection.execute(f"CREATE ROLE {role} LOGIN")
    await connection.execute(f'ALTER DATABASE "{superuser.rsplit("/", 1)[1]}" OWNER TO lk_owner')
    await connection.execute("CREATE SCHEMA elsewhere CREATE TABLE secrets (value text)")
    await connection.close()
    owner, server, keeper = (superuser.replace("postgres@", f"{role}@") for role in ("lk_owner", *GIVEN.values()))
    given = Urls(owner, server, keeper, superuser)
    await migrate(given.owner)
    await open_database(given.owner)
    await roles.apply(GIVEN)
    await close_database()
    return given


@pytest.fixture
async def owned(urls: Urls) -> AsyncIterator[Urls]:
    """The same, open as the owner."""
    await open_database(urls.owner)
    yield urls
    await close_database()


async def opened_as(url: str) -> None:
    """Open the database as another role."""
    await close_database()
    await open_database(url)


def text(value: object) -> str:
    return orjson.dumps(value).decode()


# What a server does.


async def a_story(server: Server, merchant: Merchant, secret: tuple[UUID, str]) -> None:
    """Everything a server can be asked that writes, in the order of a merchant's life. Each answer is without errors."""
    agent, owner = await token_of(await an_agent()), await token_of(merchant.owner)
    parcels = [await a_parcel(merchant) for _ in range(3)]
    given: dict[str, Any] = {
        "a": account_id(merchant.id),
        "p": parcel_id(parcels[0].id),
        "q": parcel_id(parcels[1].id),
        "r": parcel_id(parcels[2].id),
    }

    async def said(token: str, mutation: str) -> dict[str, Any]:
        for name, value in given.items():
            mutation = mutation.replace(f"${name}", text(value))
        answer = await server.ask(mutation if mutation.startswith("{") else f"mutation {{ {mutation} }}", token=token)
        assert "errors" not in answer, (mutation, answer)
        found: dict[str, Any] = answer["data"]
        return found

    granted = "grantConsent(input: {accountId: $a, duration: ONE_HOUR}) { consent { id grantedBy } }"
    for token, mutation in (
        (owner, granted),
        (owner, granted),
        (agent, "{ parcel(id: $p) { version recipient { name email } events { message } documents { url } } }"),
        (agent, 'updateParcel(input: {parcelId: $p, version: 1, note: "Ring", weightGrams: 900, recipient: {city: "Tilburg"}}) { parcel { id } }'),
        (agent, "cancelParcel(input: {parcelId: $q}) { parcel { id } }"),
        (agent, 'updateSettings(input: {accountId: $a, version: 1, locale: "nl-NL", senderAddresses: []}) { account { id } }'),
        (owner, "revokeConsent(input: {accountId: $a}) { account { id } }"),
        (owner, 'setDirectDebit(input: {accountId: $a, accountHolder: "A", iban: "NL91ABNA0417164300"}) { account { directDebit { status } } }'),
        (owner, "removeDirectDebit(input: {accountId: $a}) { account { directDebit { status } } }"),
    ):
        await said(token, mutation)
    filed = await said(owner, 'fileClaim(input: {parcelId: $p, kind: CLAIM, type: LOST, description: "Lost"}) { claim { id } }')
    given["c"] = filed["fileClaim"]["claim"]["id"]
    for token, mutation in (
        (agent, "takeClaim(input: {claimId: $c}) { claim { id } }"),
        (agent, 'logInvestigation(input: {claimId: $c, kind: SENT_TO_CARRIER, carrierReference: "C1", note: "N"}) { claim { id } }'),
        (owner, 'answerClaim(input: {claimId: $c, message: "Blue"}) { claim { id } }'),
        (agent, "closeClaim(input: {claimId: $c, outcome: RESOLVED}) { claim { id } }"),
        (agent, 'recordClaim(input: {parcelId: $r, kind: CLAIM, type: LOST, channel: PHONE, description: "Lost"}) { claim { id } }'),
        (owner, "deleteParcel(input: {parcelId: $r}) { deletedId }"),
    ):
        await said(token, mutation)
    email = await with_password(merchant.admin)
    async with server.signed_in(email) as browser:
        made = await browser.post("/graphql", json={"query": f"mutation {{ exportParcels(input: {{accountId: {text(given['a'])}}}) {{ url }} }}"})
        link = json.loads(made.text)["data"]["exportParcels"]["url"]
        assert (await browser.get(link)).status_code == 200
        assert (await browser.post("/auth/sign-out")).status_code < 300
    await _posts(server, *secret)
    await said(owner, f"deleteAccount(input: {{accountId: $a, companyName: {text(merchant.company_name)}}}) {{ deletedId }}")


async def _posts(server: Server, key: UUID, secret: str) -> None:
    """The shipping platform tells of a new parcel, and then that it was delivered."""
    async with server.client() as client:
        for at, status in ((1774000000250, "Ready to send"), (1774000900250, "Delivered")):
            event = copy.deepcopy(WEBHOOK) | {"timestamp": at}
            event["parcel"] |= {"status": {"id": 0, "message": status}}
            body = orjson.dumps(event)
            answer = await client.post(f"/webhooks/sendcloud/{key}", content=body, headers={"Sendcloud-Signature": signature(secret, body)})
            assert answer.status_code == 200, answer.text


async def test_a_server_does_all_it_is_for(owned: Urls, tmp_path: Path) -> None:
    merchant = await a_merchant("Beperkt BV")
    secret = await add_integration(merchant.id, "Sendcloud")
    server = Server(owned.server, tmp_path, messages="true")
    async with serving(server):
        await a_story(server, merchant, secret)
    assert "ermission" not in server.said()
    assert {consent.ended_as for consent in await models.Consent.filter(account_id=merchant.id)} == {ConsentState.REPLACED, ConsentState.REVOKED}
    assert await models.AccessEvent.filter(account_id=merchant.id).exists()


async def test_so_do_tidying_signing_in_and_importing(owned: Urls, tmp_path: Path) -> None:
    merchant = await a_merchant()
    email = await with_password(merchant.owner)
    await opened_as(owned.server)
    await sign_in(email, PASSWORD, "192.0.2.7")
    assert (await import_file(FIXTURES / "v2_parcels.json", merchant.id, rejects_path=tmp_path / "rejects")).imported
    assert (await import_file(FIXTURES / "v3_shipments.json", merchant.id, rejects_path=tmp_path / "rejects")).imported
    await attempts.forget_old()
    await live.forget_old_changes()
    await exports.forget_old_links()
    await external.forget_spent()
    await budgets.forget_old()
    await deliveries.forget_old()


async def test_a_claim_that_is_withdrawn_and_a_parcel_with_claims_that_is_deleted(owned: Urls, tmp_path: Path) -> None:
    merchant = await a_merchant()
    parcel = await a_parcel(merchant)
    first, _ = await a_claim(parcel), await a_claim(parcel)
    server = Server(owned.server, tmp_path)
    async with serving(server):
        token = await token_of(merchant.owner)
        for mutation in (
            f'withdrawClaim(input: {{claimId: "{claim_id(first)}"}}) {{ claim {{ id }} }}',
            f'deleteParcel(input: {{parcelId: "{parcel_id(parcel.id)}"}}) {{ deletedId }}',
        ):
            assert "errors" not in await server.ask(f"mutation {{ {mutation} }}", token=token)


# What it may not.

FORBIDDEN = [
    pytest.param("UPDATE access_log SET at = now()", id="rewrite-the-log"),
    pytest.param("UPDATE access_log SET agent_id = account_id", id="blame-another"),
    pytest.param("DELETE FROM access_log", id="forget-the-log"),
    pytest.param("TRUNCATE access_log", id="truncate-the-log"),
    pytest.param("DELETE FROM consents", id="forget-consents"),
    pytest.param("UPDATE consents SET expires_at = now() + interval '1 year'", id="prolong-a-consent"),
    pytest.param("UPDATE consents SET granted_by_id = id", id="another-granted"),
    pytest.param("UPDATE consents SET granted_at = now()", id="granted-at-another-time"),
    pytest.param("UPDATE consents SET account_id = id", id="another-account's"),
    pytest.param("UPDATE consents SET live_for = account_id, ended_at = NULL, ended_as = NULL WHERE ended_at IS NOT NULL", id="revive-a-consent"),
    pytest.param("UPDATE consents SET ended_at = now() WHERE ended_at IS NOT NULL", id="ended-at-another-time"),
    pytest.param("UPDATE consents SET ended_by_id = NULL WHERE ended_at IS NOT NULL", id="ended-by-nobody"),
    pytest.param("UPDATE claims SET channel = 'SUPPORT_SECTION'", id="as-if-filed-in-support"),
    pytest.param("UPDATE claims SET parcel_id = id", id="a-claim-on-another-parcel"),
    pytest.param("UPDATE parcels SET account_id = id", id="give-a-parcel-away"),
    pytest.param("UPDATE users SET role = 'OWNER'", id="another-role"),
    pytest.param("UPDATE users SET kind = 'AGENT'", id="another-kind"),
    pytest.param("UPDATE users SET email = 'x@example.com'", id="another-e-mail"),
    pytest.param(
        "INSERT INTO users (id, kind, email, name, locale, created_at) VALUES (gen_random_uuid(), 'AGENT', 'x', 'x', 'en', now())", id="a-user"
    ),
    pytest.param("INSERT INTO tokens (id, user_id, token_hash, created_at, expires_at) SELECT id, id, 'x', now(), now() FROM users", id="a-token"),
    pytest.param("UPDATE tokens SET expires_at = now() + interval '1 year'", id="prolong-a-token"),
    pytest.param("UPDATE sessions SET user_id = id", id="another's-session"),
    pytest.param("UPDATE integrations SET secret = 'x'", id="another-secret"),
    pytest.param("UPDATE server_secrets SET value = ''", id="another-key"),
    pytest.param("DELETE FROM accounts", id="delete-accounts"),
    pytest.param("DELETE FROM parcels", id="delete-outlines"),
    pytest.param("UPDATE accounts SET company_name = 'x'", id="rename"),
    pytest.param("UPDATE tortoise_migrations SET name = 'x'", id="say-it-is-migrated"),
    pytest.param("CREATE TABLE mine (id int)", id="create-a-table"),
    pytest.param("CREATE TEMPORARY TABLE mine (id int)", id="create-a-temporary-table"),
    pytest.param("CREATE SCHEMA mine", id="create-a-schema"),
    pytest.param("ALTER TABLE access_log DROP COLUMN at", id="alter"),
    pytest.param("ALTER TABLE consents DISABLE TRIGGER ALL", id="disable-triggers"),
    pytest.param("DROP TRIGGER latchkey_history_stays ON consents", id="drop-the-trigger"),
    pytest.param("SET session_replication_role = replica", id="silence-triggers"),
    pytest.param("DROP TABLE access_log", id="drop"),
    pytest.param("SELECT * FROM elsewhere.secrets", id="another-schema"),
    pytest.param("SELECT * FROM pg_authid", id="password-hashes"),
    pytest.param("COPY users TO PROGRAM 'true'", id="run-a-program"),
    pytest.param("SELECT pg_read_file('/etc/hostname')", id="read-a-file"),
    pytest.param("SET ROLE lk_owner", id="become-the-owner"),
]


@pytest.fixture(scope="session")
async def filled(urls: Urls) -> Urls:
    """With rows, so that what goes by rows has some: an ended consent, a live one."""
    await open_database(urls.owner)
    merchant = await a_merchant()
    await a_consent(merchant, ConsentState.REVOKED)
    await a_consent(merchant)
    await a_claim(await a_parcel(merchant))
    await close_database()
    return urls


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_database_refuses_a_server_the_rest(filled: Urls, statement: str) -> None:
    connection = await asyncpg.connect(filled.server)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_what_has_ended_stays_for_the_owner_too(filled: Urls) -> None:
    """Only the trigger tells an ended consent from an open one: the columns are the same."""
    connection = await asyncpg.connect(filled.owner)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="what has ended is history, and is not changed"):
            await connection.execute("UPDATE consents SET ended_by_id = NULL WHERE ended_at IS NOT NULL")
    finally:
        await connection.close()


@pytest.mark.parametrize("table", ["parcel_personal_data", "direct_debits", "claim_personal_data", "account_personal_data", "server_secrets"])
async def test_retention_reads_nothing_personal(filled: Urls, table: str) -> None:
    connection = await asyncpg.connect(filled.retention)
    try:
        for statement in (f"SELECT * FROM {table}", f"DELETE FROM {table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        for statement in ("SELECT fields FROM access_log", "SELECT password_hash FROM users", "UPDATE access_log SET at = now()"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_retention_does_all_it_is_for(filled: Urls) -> None:
    await open_database(filled.retention)
    try:
        assert await retention.forget(retention.Keeping(1, 1, 1)) == dict.fromkeys(await retention.due(retention.Keeping(1, 1, 1)), 0)
    finally:
        await close_database()


# The declaration.


async def test_every_table_is_declared(database: str) -> None:
    roles.check_declared()
    assert roles.SERVER.keys() == declared_columns().keys() | {"tortoise_migrations"}


async def test_a_table_nobody_declared_is_named(owned: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it would be for a table that is added later: nothing is granted until somebody says what."""
    monkeypatch.setattr(roles, "SERVER", {table: may for table, may in roles.SERVER.items() if table != "consents"})
    with pytest.raises(TypeError, match="consents: what may a server do with it"):
        await roles.apply(GIVEN)


async def test_a_column_that_is_not_there_is_named(owned: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "DECLARED", {Purpose.SERVER: {**roles.SERVER, "tokens": May(change="forgotten")}})
    with pytest.raises(TypeError, match=r"tokens has no forgotten: SERVER in models/roles\.py"):
        roles.check_declared()


HELD = """SELECT table_name || ' ' || privilege_type FROM information_schema.role_table_grants WHERE grantee = $1
UNION SELECT table_name || '.' || column_name || ' ' || privilege_type FROM information_schema.role_column_grants WHERE grantee = $1"""


async def test_whatever_a_role_had_it_has_what_is_declared(owned: Urls) -> None:
    connection = await asyncpg.connect(owned.owner)
    try:
        before = {row[0] for row in await connection.fetch(HELD, GIVEN[Purpose.SERVER])}
        assert {"access_log INSERT", "access_log SELECT", "consents.ended_at UPDATE"} <= before
        await connection.execute("GRANT ALL ON access_log, users TO lk_server; GRANT UPDATE (expires_at) ON consents TO lk_server, PUBLIC")
        await roles.apply(GIVEN)
        await roles.apply(GIVEN)
        assert {row[0] for row in await connection.fetch(HELD, GIVEN[Purpose.SERVER])} == before
        assert await connection.fetch(HELD, "PUBLIC") == []
    finally:
        await connection.close()


async def test_what_a_role_lacks_is_told(owned: Urls) -> None:
    await database.execute("REVOKE INSERT ON access_log FROM lk_server")
    await database.execute("REVOKE UPDATE ON accounts FROM lk_server")
    await opened_as(owned.server)
    assert await roles.lacking() == ["access_log", "accounts"]
    await opened_as(owned.owner)
    assert await roles.lacking() == []
    await roles.apply(GIVEN)
    await opened_as(owned.server)
    assert await roles.lacking() == []


UNFIT = [
    pytest.param("SELECT 1", "there is no role lk_nobody", id="none"),
    pytest.param("CREATE ROLE lk_nobody LOGIN SUPERUSER", "may more than any grant says", id="superuser"),
    pytest.param("CREATE ROLE lk_nobody LOGIN BYPASSRLS", "may more than any grant says", id="past-policies"),
    pytest.param("CREATE ROLE lk_nobody LOGIN; GRANT lk_owner TO lk_nobody", "is a member of another role", id="member"),
    pytest.param("CREATE ROLE lk_nobody LOGIN; CREATE TABLE theirs (id int); ALTER TABLE theirs OWNER TO lk_nobody", "owns tables", id="owner"),
]


@pytest.mark.parametrize(("made", "line"), UNFIT)
async def test_a_role_that_no_grant_holds_back_is_refused(owned: Urls, made: str, line: str) -> None:
    connection = await asyncpg.connect(owned.superuser)
    try:
        await connection.execute(made)
        with pytest.raises(UnfitRole, match=line):
            await roles.apply({Purpose.SERVER: "lk_nobody"})
    finally:
        await connection.execute("DROP TABLE IF EXISTS theirs; DROP ROLE IF EXISTS lk_nobody")
        await connection.close()


# The command.


async def test_the_command_prints_what_it_would_run_and_runs_it(urls: Urls) -> None:
    run = a_runner(urls.owner)
    shown = await run("roles", "--server", "lk_server", "--sql")
    assert shown.exit_code == 0
    assert 'GRANT UPDATE ("deleted_at") ON TABLE public.accounts TO "lk_server";' in shown.stdout
    assert "lk_retention" not in shown.stdout
    connection = await asyncpg.connect(urls.owner)
    await connection.execute(shown.stdout)  # it is SQL
    await connection.close()
    result = await run("roles", "--server", "lk_server", "--retention", "lk_retention")
    assert (result.exit_code, result.stdout) == (0, "")


async def test_only_the_owner_can(urls: Urls) -> None:
    result = await a_runner(urls.server)("roles", "--server", "lk_server")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "lk_server" not in result.stderr


async def test_a_server_that_lacks_something_does_not_start(owned: Urls, tmp_path: Path) -> None:
    await opened_as(owned.superuser)
    await database.execute("REVOKE INSERT ON access_log FROM lk_server")
    server = Server(owned.server, tmp_path)
    try:
        assert server.process.wait(60) == 1
        assert "the database role may not do all that a server does (access_log): run `python cli.py roles` as the owner" in server.said()
    finally:
        server.stop()
        await opened_as(owned.owner)
        await roles.apply(GIVEN)


async def test_sqlite_has_no_roles(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path / 'x.sqlite3'}"
    await migrate(url)
    assert_failed(await a_runner(url)("roles", "--server", "somebody"), "SQLite has no roles: the file's owner may do everything")


async def test_a_server_that_adds_people_says_so_when_it_may_not(urls: Urls, tmp_path: Path) -> None:
    """Else it would serve, and each sign-in by single sign-on would fail."""
    sign_on = tmp_path / "sign-on.toml"
    provider = 'name = "Login"\nissuer = "https://login.example.com"\nclient_id = "us"\n'
    sign_on.write_text(f'address = "https://latchkey.example.com"\n[agents]\n{provider}link_by_email = true\n')
    server = Server(urls.server, tmp_path, sign_on=str(sign_on))
    with pytest.raises(DidNotStart, match=r"\(external_identities, users\): run `python cli\.py roles` as the owner, with --adds-people"):
        await server.ready()
    await open_database(urls.owner)
    try:
        await roles.apply(GIVEN, adds_people=True)
        async with serving(Server(urls.server, tmp_path, sign_on=str(sign_on))):
            pass
    finally:
        await roles.apply(GIVEN)
        await close_database()
