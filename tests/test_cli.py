"""The commands: each ends with 0, or with 1 and one line on stderr that says what is wrong."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

import cli
import models
from exchange import integrations
from identity.bearers import holder
from identity.credentials import identity_hash
from identity.sessions import SignInRefused, sign_in
from identity.tokens import viewer_of_token
from identity.users import find_user
from models import database
from models.database import close_database, open_database
from policy.vocabulary import ClaimStatus
from settings import settings
from tests.asking import account_id, claim_id, parcel_id
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.databases import Postgres
from tests.serving import HERE, environment, token_of

Run = Callable[..., Awaitable[Result]]
FIXTURES = Path(__file__).parent / "exchange" / "fixtures"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[None]:
    await open_database(url)
    try:
        yield
    finally:
        await close_database()


def a_runner(url: str) -> Run:
    """Runs a command on this database: `await run("token", email)`."""

    async def run(*arguments: str, typed: str | None = None, **given: str) -> Result:
        settings.cache_clear()
        names = {name: None for name in os.environ if name.startswith("LATCHKEY_")}
        variables = names | {f"LATCHKEY_{name.upper()}": value for name, value in {"database_url": url, **given}.items()}
        try:
            return await asyncio.to_thread(CliRunner().invoke, cli.app, list(arguments), input=typed, env=variables)
        finally:
            settings.cache_clear()

    return run


@pytest.fixture
def run(database_url: str, quick_passwords: None) -> Run:
    return a_runner(database_url)


def assert_failed(result: Result, line: str, *, code: int = 1) -> None:
    """It ended with 1 and this one line, and printed nothing else."""
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    assert result.stderr == f"✗ {line}\n"
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    "command",
    [
        *("", "migrate", "demo", "import", "token", "user", "user add", "user link", "user unlink", "user deactivate"),
        *("integration", "integration add", "integration end", "rotate-keys", "explain", "sdl"),
        *("roles", "retention", "backup", "after-restore"),
        *("outbox", "webhook-secret"),
    ],
)
async def test_each_command_says_how_it_is_used(tmp_path: Path, command: str) -> None:
    result = await a_runner(f"sqlite://{tmp_path}/none")(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout
    assert result.stderr == ""
    assert not (tmp_path / "none").exists()


def test_no_command_is_left_out() -> None:
    found = {str(command.name or command.callback.__name__) for command in cli.app.registered_commands if command.callback}
    groups = {group.name for group in cli.app.registered_groups}
    assert (found, groups) == (
        {
            *("migrate", "demo", "import", "token", "rotate-keys", "explain", "sdl"),
            *("roles", "retention", "backup", "after_restore", "outbox", "webhook-secret"),
        },
        {"user", "integration"},
    )


# Where nothing can be done.

COMMANDS = [
    pytest.param(["token", "a@example.com"], id="token"),
    pytest.param(["user", "deactivate", "a@example.com"], id="user-deactivate"),
    pytest.param(["user", "add", "a@example.com", "--name", "Ana", "--password", "correct horse"], id="user-add"),
    pytest.param(["integration", "add", "a@example.com"], id="integration-add"),
    pytest.param(["explain", "a@example.com", "VIEW_SETTINGS", "QWNjb3VudDoxMjM="], id="explain"),
    pytest.param(["import", str(FIXTURES / "v2_parcels.json"), "--account", "a@example.com"], id="import"),
    pytest.param(["outbox"], id="outbox"),
    pytest.param(["webhook-secret", "a@example.com"], id="webhook-secret"),
    pytest.param(["demo"], id="demo"),
    pytest.param(["demo", "--list"], id="demo-list"),
    pytest.param(["roles", "--server", "somebody"], id="roles"),
    pytest.param(["retention"], id="retention"),
    pytest.param(["after-restore"], id="after-restore"),
]


@pytest.mark.parametrize("arguments", COMMANDS)
async def test_an_unmigrated_database_is_told_of(tmp_path: Path, arguments: list[str]) -> None:
    result = await a_runner(f"sqlite://{tmp_path}/empty.sqlite3")(*arguments)
    assert_failed(result, "the database is not migrated: run `python cli.py migrate`")


@pytest.mark.parametrize("arguments", [*COMMANDS, pytest.param(["migrate"], id="migrate")])
async def test_an_unreachable_database_is_told_of(arguments: list[str]) -> None:
    result = await a_runner("postgres://postgres:geheim@127.0.0.1:1/nowhere")(*arguments)
    assert_failed(result, "the database does not answer (ConnectionRefusedError): check LATCHKEY_DATABASE_URL")


@pytest.mark.parametrize(
    ("url", "line"),
    [
        pytest.param("mysql://root:geheim@127.0.0.1/x", r"the database URL must start with sqlite:// or postgres://", id="another-database"),
        pytest.param("", r"the database URL must start with sqlite:// or postgres://", id="nothing"),
        pytest.param("sqlite://{folder}", r"the database does not answer \(OperationalError\): check LATCHKEY_DATABASE_URL", id="a-folder"),
        pytest.param("sqlite://{folder}/text", r"the database does not answer \(DatabaseError\): check LATCHKEY_DATABASE_URL", id="no-database"),
        pytest.param("sqlite:///dev/null/x", r"the database does not answer \(\w+Error\): check LATCHKEY_DATABASE_URL", id="below-no-folder"),
    ],
)
async def test_a_database_that_is_none_is_told_of(tmp_path: Path, url: str, line: str) -> None:
    """And the process ends: no thread of a driver is left behind, which would keep it."""
    (tmp_path / "text").write_text("Dear diary, " * 1000)
    for arguments in (["token", "a@example.com"], ["migrate"]):
        result = await a_runner(url.format(folder=tmp_path))(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert re.fullmatch(f"✗ {line}\n", result.stderr)
        assert [thread.name for thread in threading.enumerate() if "connection_worker" in thread.name] == []


async def test_a_role_that_may_not_is_told_of(postgres: Postgres) -> None:
    url = (await postgres.create_database()).replace("postgres@", "nobody@")
    for arguments in (["token", "a@example.com"], ["migrate"]):
        result = await a_runner(url)(*arguments)
        assert_failed(result, "the database does not answer (InvalidAuthorizationSpecificationError): check LATCHKEY_DATABASE_URL")


@pytest.mark.parametrize(
    ("given", "line"),
    [
        pytest.param({"port": "geheim"}, "LATCHKEY_PORT: Input should be a valid integer, unable to parse string as an integer", id="port"),
        pytest.param({"environment": "geheim"}, "LATCHKEY_ENVIRONMENT: Input should be 'development' or 'production'", id="environment"),
        pytest.param({"log_level": "geheim"}, "LATCHKEY_LOG_LEVEL: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'", id="log-level"),
    ],
)
async def test_a_setting_that_is_none_is_told_of_without_its_value(tmp_path: Path, given: dict[str, str], line: str) -> None:
    assert_failed(await a_runner(f"sqlite://{tmp_path}/x")("token", "a@example.com", **given), line)


# As processes of their own: what is printed where.


def in_a_process(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "cli.py", *arguments]
    return subprocess.run(command, cwd=HERE, env=environment(url), capture_output=True, text=True, timeout=60, check=False)


async def test_a_process_prints_a_token_and_nothing_else(migrated: dict[str, str], tmp_path: Path) -> None:
    url = f"sqlite://{shutil.copyfile(migrated['sqlite'].removeprefix('sqlite://'), tmp_path / 'latchkey.sqlite3')}"
    async with opened(url):
        agent = await an_agent()
        email = (await database.fetch("SELECT email FROM users"))[0]["email"]
    ended = await asyncio.to_thread(in_a_process, url, "token", email.upper())
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.fullmatch(r"lk_[\w-]{43}\n", ended.stdout)
    async with opened(url):
        assert await viewer_of_token(ended.stdout.strip()) == agent


# Each command, on both databases.


async def test_migrate(run: Run, database_url: str) -> None:
    result = await run("migrate")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "✓ migrated\n")
    async with opened(database_url):
        assert await database.is_current()
    assert (await run("migrate", "__first__")).exit_code == 0
    assert_failed(await run("token", "a@example.com"), "the database is not migrated: run `python cli.py migrate`")
    result = await run("migrate", "9999_nowhere")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "9999_nowhere" in result.stderr


async def test_sdl_is_the_committed_schema(run: Run) -> None:
    result = await run("sdl")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (HERE / "schema" / "schema.graphql").read_text()


async def test_token_of_nobody(run: Run, database_url: str) -> None:
    async with opened(database_url):
        agent = await an_agent()
        email = (await database.fetch("SELECT email FROM users"))[0]["email"]
    for nobody in ("nobody@example.com", "nonsense", "a\x00@example.com", "", str(agent.id)):
        assert_failed(await run("token", nobody), "there is no such user")
    assert (await run("user", "deactivate", email)).exit_code == 0
    assert_failed(await run("token", email), "there is no such user")


async def test_a_user_is_added_and_signs_in(run: Run, database_url: str) -> None:
    async with opened(database_url):
        merchant = await a_merchant()
        owner = (await database.fetch("SELECT email FROM users WHERE role = 'OWNER'"))[0]["email"]
    added = {
        "agent@example.com": ["--name", "Ana Smit", "--locale", "es"],
        "member@example.com": ["--name", "Jan", "--account", str(merchant.id)],
        "admin@example.com": ["--name", "Piet", "--account", account_id(merchant.id), "--role", "ADMIN"],
        "owner@example.com": ["--name", "Truus", "--account", owner, "--role", "OWNER"],
    }
    for email, options in added.items():
        result = await run("user", "add", email, *options, new_password="correct horse")
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        assert re.fullmatch(r"[0-9a-f-]{36}\n", result.stdout)
    async with opened(database_url):
        found = {email: (await sign_in(email, "correct horse", "192.0.2.1")).viewer for email in added}
    assert found["agent@example.com"].is_agent
    assert [sorted(viewer.roles) for viewer in found.values()] == [[], ["MEMBER"], ["ADMIN"], ["OWNER"]]
    assert {viewer.account_id for email, viewer in found.items() if email != "agent@example.com"} == {merchant.id}


async def test_a_password_is_asked_for_twice_and_never_shown(run: Run) -> None:
    result = await run("user", "add", "ana@example.com", "--name", "Ana", typed="correct horse\ncorrect horse\n")
    assert result.exit_code == 0
    assert "correct horse" not in result.output
    assert (await run("user", "add", "bea@example.com", "--name", "Bea", typed="correct horse\nanother one\n\n")).exit_code == 1


NO_USERS = [
    pytest.param(["nonsense", "--name", "Ana"], "email is not valid", id="email"),
    pytest.param(["a@example.com", "--name", " "], "name is not valid", id="name"),
    pytest.param(["a@example.com", "--name", "Ana", "--locale", "Dutch, please"], "locale is not valid", id="locale"),
    pytest.param(
        ["a@example.com", "--name", "Ana", "--account", "nowhere"],
        "there is no such account: give its id, or the e-mail of one of its users",
        id="account",
    ),
    pytest.param(["taken@example.com", "--name", "Ana"], "somebody has that e-mail already", id="taken"),
    pytest.param(["TAKEN@example.com", "--name", "Ana"], "somebody has that e-mail already", id="taken-in-capitals"),
]


@pytest.mark.parametrize(("arguments", "line"), NO_USERS)
async def test_a_user_who_can_t_be_is_not_added(run: Run, arguments: list[str], line: str) -> None:
    assert (await run("user", "add", "taken@example.com", "--name", "Ana", new_password="correct horse")).exit_code == 0
    assert_failed(await run("user", "add", *arguments, new_password="correct horse"), line)


async def test_a_password_too_short_is_refused(run: Run) -> None:
    assert_failed(await run("user", "add", "a@example.com", "--name", "Ana", new_password="x"), "a password has 8 to 1024 characters")


async def test_a_deactivated_user_is_signed_out_everywhere(run: Run, database_url: str) -> None:
    await run("user", "add", "ana@example.com", "--name", "Ana", new_password="correct horse")
    async with opened(database_url):
        session = await sign_in("ana@example.com", "correct horse", "192.0.2.1")
        token = await token_of(session.viewer)
    result = await run("user", "deactivate", "Ana@example.com")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "✓ deactivated\n")
    async with opened(database_url):
        assert await viewer_of_token(token) is None
        assert (await database.fetch("SELECT count(*) AS n FROM sessions WHERE ended_at IS NULL"))[0]["n"] == 0
        with pytest.raises(SignInRefused):
            await sign_in("ana@example.com", "correct horse", "192.0.2.1")
    assert_failed(await run("user", "deactivate", "ana@example.com"), "there is no such user")


async def test_a_user_without_a_password_is_linked_to_who_they_are_elsewhere(run: Run, database_url: str) -> None:
    for email in ("ana@example.com", "bea@example.com"):
        assert (await run("user", "add", email, "--name", "Ana", "--no-password")).exit_code == 0
    there = ["--issuer", "https://login.example.com", "--subject", "ana"]
    result = await run("user", "link", "Ana@example.com", *there)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "✓ linked\n")
    assert_failed(await run("user", "link", "bea@example.com", *there), "another user is linked to this person already")
    assert_failed(await run("user", "link", "nobody@example.com", *there), "there is no such user")
    async with opened(database_url):
        found = await holder(identity_hash("https://login.example.com", "ana"))
        assert found is not None
        assert found.viewer == await find_user("ana@example.com")
        with pytest.raises(SignInRefused):
            await sign_in("ana@example.com", "", "192.0.2.1")
    result = await run("user", "unlink", "ana@example.com")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "✓ unlinked\n")
    assert (await run("user", "link", "bea@example.com", *there)).exit_code == 0


async def test_a_role_is_changed_and_no_session_ended(run: Run, database_url: str) -> None:
    async with opened(database_url):
        merchant = await a_merchant()
        agent = (await models.User.get(id=(await an_agent()).id)).email
        email, token = (await models.User.get(id=merchant.owner.id)).email, await token_of(merchant.owner)
    result = await run("user", "role", email.upper(), "MEMBER")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "✓ changed\n")
    async with opened(database_url):
        found = await viewer_of_token(token)
        assert found is not None
        assert found.roles == {"MEMBER"}
    for nobody in (agent, "nobody@example.com"):
        assert_failed(await run("user", "role", nobody, "OWNER"), "there is no such user of a merchant")


async def test_an_integration_is_replaced_by_another_with_both_believed_in_between(run: Run, database_url: str) -> None:
    async with opened(database_url):
        merchant = await a_merchant()
    keys = []
    for _ in range(2):
        result = await run("integration", "add", str(merchant.id))
        keys.append(UUID(result.stdout.splitlines()[0].rsplit("/", 1)[-1]))

    async def believed() -> list[bool]:
        async with opened(database_url):
            return [await integrations.live(key) is not None for key in keys]

    assert await believed() == [True, True]
    assert (await run("integration", "end", str(keys[0]))).exit_code == 0
    assert await believed() == [False, True]
    assert_failed(await run("integration", "end", str(keys[0])), "there is no such integration, or it has ended")
    assert_failed(await run("integration", "end", "nonsense"), "there is no such integration, or it has ended")


async def test_an_integration_is_added_and_its_secret_shown_once(run: Run, database_url: str) -> None:
    async with opened(database_url):
        merchant = await a_merchant()
    result = await run("integration", "add", account_id(merchant.id), "--name", "Sendcloud NL", host="127.0.0.1", port="8123")
    assert (result.exit_code, result.stderr) == (0, "")
    found = re.fullmatch(r"address: http://127\.0\.0\.1:8123/webhooks/sendcloud/([0-9a-f-]{36})\nsecret:  ([\w-]{40,})\n", result.stdout)
    assert found is not None, result.stdout
    async with opened(database_url):
        (kept,) = await models.Integration.all()
        assert (str(kept.id), kept.name) == (found[1], "Sendcloud NL")
        assert await models.Integration.filter(account_id=merchant.id).count() == 1
    assert "https://" in (await run("integration", "add", str(merchant.id), secure="true")).stdout
    behind = {"environment": "production", "allowed_hosts": "latchkey.example,other.example", "host": "unix:/run/latchkey-1/http.sock"}
    assert "address: https://latchkey.example/webhooks/" in (await run("integration", "add", str(merchant.id), **behind)).stdout
    assert_failed(await run("integration", "add", str(merchant.id), "--name", ""), "name must not be empty")
    assert_failed(await run("integration", "add", "nowhere"), "there is no such account: give its id, or the e-mail of one of its users")


async def test_import_prints_one_line_of_counts_last(run: Run, database_url: str, tmp_path: Path) -> None:
    async with opened(database_url):
        merchant = await a_merchant()
        owner = (await database.fetch("SELECT email FROM users WHERE role = 'OWNER'"))[0]["email"]
    file = tmp_path / "parcels.json"
    file.write_bytes((FIXTURES / "v2_parcels.json").read_bytes())
    counts = []
    for account in (owner, account_id(merchant.id)):
        result = await run("import", str(file), "--account", account)
        assert result.exit_code == 0, result.output
        assert len(result.stdout.splitlines()) == 1
        counts.append(json.loads(result.stdout))
    first, second = counts
    assert first["imported"] > 0
    assert first["updated"] == second["imported"] == 0
    async with opened(database_url):
        assert await models.Parcel.all().count() == first["imported"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        pytest.param(None, "there is no such file to read", id="no-file"),
        pytest.param(b"\x1f\x8b\x08broken", None, id="broken-gzip"),
        pytest.param(b"\xff\xfe\x00", None, id="no-text"),
    ],
)
async def test_a_file_that_can_t_be_read_is_told_of(run: Run, database_url: str, tmp_path: Path, content: bytes | None, line: str | None) -> None:
    async with opened(database_url):
        merchant = await a_merchant()
    file = tmp_path / ("parcels.json.gz" if content and content.startswith(b"\x1f") else "parcels.json")
    if content is not None:
        file.write_bytes(content)
    for path in (file, tmp_path) if content is None else (file,):
        result = await run("import", str(path), "--account", str(merchant.id))
        assert result.exit_code == 1
        assert len(result.stderr.splitlines()) == 1
        assert result.stderr == f"✗ {line}\n" if line else result.stderr.startswith("✗ ")


async def test_import_into_no_account(run: Run) -> None:
    result = await run("import", str(FIXTURES / "v2_parcels.json"), "--account", "nobody@example.com")
    assert_failed(result, "there is no such account: give its id, or the e-mail of one of its users")


# explain


@pytest.fixture
async def merchant(database_url: str) -> Merchant:
    async with opened(database_url):
        return await a_merchant()


async def email_of(database_url: str, key: object) -> str:
    async with opened(database_url):
        email: str = (await database.fetch("SELECT email FROM users WHERE id = :id", id=key))[0]["email"]
        return email


async def test_explain_names_the_consent_the_claim_or_the_rule(run: Run, database_url: str, merchant: Merchant) -> None:
    async with opened(database_url):
        agent, parcel = await an_agent(), await a_parcel(merchant)
    email = await email_of(database_url, agent.id)
    named = parcel_id(parcel.id)

    refused = await run("explain", email, "VIEW_PERSONAL_DATA", named)
    assert (refused.exit_code, refused.stderr) == (2, "")
    assert refused.stdout.startswith("VIEW_PERSONAL_DATA: refused\n  reason: NO_LIVE_CONSENT\n")
    assert "policy/decision.py" in refused.stdout

    async with opened(database_url):
        claim = await a_claim(parcel, status=ClaimStatus.SUBMITTED)
    by_claim = await run("explain", email, "VIEW_PERSONAL_DATA", named)
    assert by_claim.exit_code == 0
    assert f"  basis: CLAIM\n  claim: {claim}\n" in by_claim.stdout
    changing = await run("explain", email, "CHANGE_PARCEL", named)
    assert (changing.exit_code, "reason: CLAIM_IS_READ_ONLY" in changing.stdout) == (2, True)
    assert (await run("explain", email, "CLOSE_CLAIM", claim_id(claim))).exit_code == 0

    async with opened(database_url):
        consent = await a_consent(merchant)
    by_consent = await run("explain", email, "CHANGE_PARCEL", named)
    assert by_consent.exit_code == 0
    assert by_consent.stdout.startswith("CHANGE_PARCEL: allowed\n")
    assert f"  consent: {consent}\n" in by_consent.stdout
    never = await run("explain", email, "EXPORT_PARCELS", account_id(merchant.id))
    assert (never.exit_code, "reason: NEVER_FOR_AGENTS" in never.stdout) == (2, True)
    own = await run("explain", await email_of(database_url, merchant.owner.id), "VIEW_PERSONAL_DATA", named)
    assert (own.exit_code, "basis: OWN_DATA" in own.stdout) == (0, True)


async def test_explain_writes_nothing_down(run: Run, database_url: str, merchant: Merchant) -> None:
    async with opened(database_url):
        agent, _ = await an_agent(), await a_consent(merchant)
    assert (await run("explain", await email_of(database_url, agent.id), "VIEW_PERSONAL_DATA", account_id(merchant.id))).exit_code == 0
    async with opened(database_url):
        assert await models.AccessEvent.all().count() == 0


async def test_explain_of_what_is_not_there(run: Run, database_url: str, merchant: Merchant) -> None:
    owner = await email_of(database_url, merchant.owner.id)
    async with opened(database_url):
        another = await a_merchant("De Groot Fietsen")
    for named in (account_id(another.id), parcel_id(another.id), claim_id(another.id)):
        result = await run("explain", owner, "VIEW_SETTINGS", named)
        assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (1, "", 1)
    for named in ("nonsense", "", "VmlldzoxMjM=", "Q29uc2VudDowMThmMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA="):
        result = await run("explain", owner, "VIEW_SETTINGS", named)
        assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (1, "", 1)
    assert_failed(await run("explain", "nobody@example.com", "VIEW_SETTINGS", account_id(merchant.id)), "there is no such user")


# demo


async def test_demo_is_for_development(run: Run) -> None:
    for arguments in (["demo"], ["demo", "--list"], ["demo", "--if-empty"], ["demo", "--parcels", "10"]):
        result = await run(*arguments, environment="production", allowed_hosts="latchkey.example")
        assert_failed(result, "demo data is for development: LATCHKEY_ENVIRONMENT is production")


async def test_demo_fills_an_empty_database_and_lists_who_can_sign_in(migrated: dict[str, str], tmp_path: Path, quick_passwords: None) -> None:
    database_url = f"sqlite://{shutil.copyfile(migrated['sqlite'].removeprefix('sqlite://'), tmp_path / 'demo.sqlite3')}"
    run = a_runner(database_url)
    result = await run("demo")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "✓ filled with demo data\n")
    listed = json.loads((await run("demo", "--list", "--json")).stdout)
    assert set(listed) == {"accounts", "agents"}
    assert all(set(account) == {"id", "companyName", "users"} for account in listed["accounts"])
    users = [user for account in listed["accounts"] for user in account["users"]]
    assert {user["role"] for user in users} == {"OWNER", "ADMIN", "MEMBER"}
    assert all(set(user) == {"email", "password", "role"} for user in users)
    assert all(set(agent) == {"email", "password"} for agent in listed["agents"])
    for_people = (await run("demo", "--list")).stdout
    assert all(one["email"] in for_people for one in listed["agents"])
    async with opened(database_url):
        for one in (users[0], listed["agents"][0]):
            assert (await sign_in(one["email"], one["password"], "192.0.2.1")).token
    known = await run("explain", users[0]["email"], "VIEW_SETTINGS", listed["accounts"][0]["id"])
    assert (known.exit_code, known.stderr) == (0, "")
    assert_failed(await run("demo"), "the database has accounts already: demo data goes into an empty one only")
    again = await run("demo", "--if-empty")
    assert (again.exit_code, again.output) == (0, "")


async def test_demo_for_measuring(run: Run, database_url: str) -> None:
    result = await run("demo", "--parcels", "50", "--accounts", "2")
    assert result.exit_code == 0, result.output
    async with opened(database_url):
        assert await models.Parcel.all().count() == 50
    assert (await run("demo", "--parcels", "0")).exit_code == 2
