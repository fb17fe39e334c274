"""Is it there, is it ready, how is it doing; and starting only where it can serve."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

import server
from models.database import close_database, open_database
from server import application
from settings import Environment, Settings, settings
from tests.serving import HERE, Deployment, environment, free_port


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """Of a server in this process, in development, on whatever database is open here."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(application(Settings())), base_url="http://127.0.0.1") as client:
        yield client


async def test_healthy_and_ready(deployed: Deployment) -> None:
    for each in (deployed.server, deployed.other):
        async with each.client() as client:
            assert (await client.get("/healthz")).json() == {"status": "ok"}
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


async def test_healthy_and_not_ready_without_a_database(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/healthz")).status_code == 200
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"status": "not ready"})


@pytest.mark.parametrize("url", ["sqlite://{folder}/empty.sqlite3", "postgres://postgres@127.0.0.1:1/nowhere"], ids=["unmigrated", "unreachable"])
async def test_not_ready_on_a_database_that_is_none_for_us(client: httpx2.AsyncClient, tmp_path: Path, url: str) -> None:
    await open_database(url.format(folder=tmp_path))
    try:
        ready = await client.get("/readyz")
    finally:
        await close_database()
    assert (ready.status_code, ready.json()) == (503, {"status": "not ready"})


async def test_the_schema_is_served_as_it_is_committed(deployed: Deployment) -> None:
    async with deployed.server.client() as client:
        answer = await client.get("/schema.graphql")
    assert answer.text == (HERE / "schema" / "schema.graphql").read_text()
    assert answer.headers["content-type"].startswith("text/plain")


# Metrics.


async def test_metrics_count_without_naming_anything(deployed: Deployment) -> None:
    async with deployed.server.client() as client:
        for path in (
            "/exports/secret-token.csv",
            "/documents/secret-token",
            "/webhooks/sendcloud/secret-token",
            "/secret-token",
            "/graphql?secret-token",
        ):
            await client.get(path)
        text = (await client.get("/metrics")).text
    assert "secret-token" not in text
    routes = {line.split('route="')[1].split('"')[0] for line in text.splitlines() if line.startswith("latchkey_requests_total")}
    assert {"/exports/…", "/documents/…", "/webhooks/…", "/graphql", "other"} <= routes
    assert len(routes) < 15


@pytest.mark.parametrize(
    ("given", "authorization", "status"),
    [
        pytest.param({}, None, 200, id="development"),
        pytest.param({"environment": Environment.PRODUCTION}, None, 404, id="production"),
        pytest.param({"metrics_token": "geheim"}, None, 404, id="a-token-and-none-given"),
        pytest.param({"metrics_token": "geheim"}, "Bearer gehei", 404, id="another-token"),
        pytest.param({"metrics_token": "geheim"}, "Bearer geheïm", 404, id="a-token-not-ascii"),
        pytest.param({"metrics_token": "geheim"}, "Bearer geheim", 200, id="the-token"),
        pytest.param({"metrics_token": "geheim,nieuw"}, "Bearer geheim", 200, id="the-old-token"),
        pytest.param({"metrics_token": "geheim,nieuw"}, "Bearer nieuw", 200, id="the-new-token"),
        pytest.param({"metrics_token": "geheim,nieuw"}, "Bearer geheim,nieuw", 404, id="both-at-once"),
        pytest.param({"metrics_token": "g" * 16, "environment": Environment.PRODUCTION}, f"Bearer {'g' * 16}", 200, id="the-token-in-production"),
    ],
)
async def test_metrics_are_for_who_may_read_them(given: dict[str, object], authorization: str | None, status: int) -> None:
    app = application(Settings(allowed_hosts="127.0.0.1", **given))  # type: ignore[arg-type] # these two
    headers = {b"authorization": authorization.encode()} if authorization else {}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as client:
        assert (await client.get("/metrics", headers=headers)).status_code == status


# Starting, and not starting.


REFUSED = [
    pytest.param("sqlite://{folder}/empty.sqlite3", {}, "the database is not migrated: run `python cli.py migrate`", id="unmigrated"),
    pytest.param(
        "postgres://postgres:geheim@127.0.0.1:1/x",
        {},
        "the database does not answer (ConnectionRefusedError): check LATCHKEY_DATABASE_URL",
        id="unreachable",
    ),
    pytest.param("mysql://root:geheim@127.0.0.1/x", {}, "the database URL must start with sqlite:// or postgres://", id="another-database"),
    pytest.param("sqlite://{folder}", {}, "the database does not answer (OperationalError): check LATCHKEY_DATABASE_URL", id="a-folder"),
    pytest.param(
        "sqlite://{folder}/x", {"environment": "production"}, "LATCHKEY_ALLOWED_HOSTS must name our hosts in production", id="any-host-in-production"
    ),
    pytest.param("sqlite://{folder}/x", {"port": "geheim"}, "LATCHKEY_PORT: Input should be a valid integer", id="a-setting-that-is-none"),
    pytest.param("sqlite://{folder}/x", {"trusted_documents": "{folder}/geheim.json"}, "No such file or directory", id="no-trusted-documents"),
]


@pytest.mark.parametrize(("url", "given", "line"), REFUSED)
async def test_it_does_not_start_and_says_in_a_line_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, given: dict[str, str], line: str
) -> None:
    for name, value in {"database_url": url, **given}.items():
        monkeypatch.setenv(f"LATCHKEY_{name.upper()}", value.format(folder=tmp_path))
    monkeypatch.setattr(server, "configure_logging", lambda *_, **__: None)  # that is for the whole process
    settings.cache_clear()
    try:
        with pytest.raises(SystemExit) as ended:
            await asyncio.to_thread(server.main)
    finally:
        settings.cache_clear()
    assert line in str(ended.value.code)  # a text: the exit code is 1, and it is what stderr says
    assert len(str(ended.value.code).splitlines()) == 1
    assert "geheim@" not in str(ended.value.code)


def test_an_unmigrated_database_ends_the_process(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "server.py"],
        cwd=HERE,
        env=environment(f"sqlite://{tmp_path}/empty.sqlite3", port=str(free_port())),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "the database is not migrated: run `python cli.py migrate`\n")
