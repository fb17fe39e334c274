"""Through nginx as deploy/ has it: TLS, sockets, exports, webhooks; nothing secret in its log, and no word believed of who calls."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Response
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from exchange.integrations import add_integration
from exchange.webhooks import signature
from identity.attempts import LIMITS
from models import database
from models.database import close_database, open_database
from resolvers import documents
from settings import OPERATIONS_PER_MINUTE
from tests.asking import account_id
from tests.builders import a_merchant, a_parcel, an_agent
from tests.deploying.load import Load
from tests.deploying.proxied import Site, proxied
from tests.serving import PASSWORD, PROTOCOL, Server, Socket, token_of, with_password
from tests.web.browsing import a_browser, visit

EXPORT = "mutation Export($id: ID!) { exportParcels(input: {accountId: $id}) { url } }"
LOGIN = "subscription Login($id: ID!) { agentLoginChanged(accountId: $id) { state } }"


@pytest.fixture(scope="module")
async def behind(migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("nginx")
    copy = shutil.copyfile(migrated["sqlite"].removeprefix("sqlite://"), folder / "latchkey.sqlite3")
    async with proxied(f"sqlite://{copy}", folder, (EXPORT, LOGIN)) as site:
        yield site


@pytest.fixture
async def site(behind: Site) -> AsyncIterator[Site]:
    """The same, with the database open here too."""
    await open_database(behind.database_url)
    await documents.prepare()
    yield behind
    await close_database()


async def test_a_browser_signs_in_asks_listens_and_exports(site: Site) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant)
    account = {"id": account_id(merchant.id)}
    server = site.servers[0]
    async with server.signed_in(await with_password(merchant.owner)) as browser:
        (cookie,) = browser.cookies.jar
        assert (cookie.name, cookie.secure) == ("__Host-latchkey", True)
        answer = await browser.post("/graphql", json={"query": "{ viewer { name } }"}, headers={"origin": "https://elsewhere.example"})
        assert answer.status_code == 403
        answer = await browser.post("/graphql", json={"query": EXPORT, "variables": account})
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert "nginx/" not in answer.headers["server"]
        url = answer.json()["data"]["exportParcels"]["url"]
        export = await browser.get(url)
        assert (export.status_code, len(export.text.splitlines())) == (200, 2)
        headers = {"Cookie": f"{cookie.name}={cookie.value}"}
        async with connect(
            site.url.replace("https", "wss") + "/graphql",
            subprotocols=[Subprotocol(PROTOCOL)],
            additional_headers=headers,
            ssl=server.trusted,
            proxy=None,
        ) as connection:
            opened = Socket(connection)
            await opened.send({"type": "connection_init"})
            assert (await opened.next())["type"] == "connection_ack"
            await opened.subscribe("1", LOGIN, account)
            assert (await opened.next())["payload"]["data"]["agentLoginChanged"] == {"state": "OFF"}
        secret = url.removeprefix("/exports/").removesuffix(".csv")
        await browser.get(f"/documents/{secret}?why={secret}")
        await browser.get(f"/healthz?token={secret}", headers={"referer": f"https://{secret}.example/", "user-agent": secret})
        await browser.get(f"/%65xports/{secret}.csv")
        assert secret not in site.logged()
        assert "/exports/... 200" in site.logged()
        assert str(cookie.value) not in site.logged()


async def test_both_web_apps_work_in_production(site: Site) -> None:
    """In a real browser, from signing in to each page of the menu: everything that is asked is answered.

    A page takes at most four operations. So who opens one each second, all minute long, uses a fifth of the budget.
    """
    assert OPERATIONS_PER_MINUTE > 4 * 60 * 4
    await a_parcel(merchant := await a_merchant(), name="Aaltje Zonneveld")
    owner, agent = await with_password(merchant.owner), await with_password(await an_agent())
    async with a_browser() as browser:
        await use(browser, site.servers[0], owner, "/", "Parcels")
        await use(browser, site.servers[0], agent, "/console", "Work queue")


async def use(browser: Browser, server: Server, email: str, address: str, heading: str) -> None:
    """Sign in, and open each page of the menu."""
    answers: list[Response] = []
    async with visit(browser, server) as visitor:
        visitor.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 (Playwright marks it)
        page = await visitor.goto(address)
        await page.get_by_label("E-mail address").fill(email)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("heading", level=1, name=heading).wait_for()
        links = await page.get_by_role("navigation").get_by_role("link").all()
        for link in links:
            await link.click()
            await page.wait_for_load_state("networkidle")
            await page.get_by_role("heading", level=1).wait_for()
        statuses = [answer.status for answer in answers if answer.url.endswith("/graphql")]
        operations = len(statuses) + sum('"subscribe"' in str(frame) for frame in visitor.frames)
    assert set(statuses) == {200}
    assert len(links) < operations <= 4 * (len(links) + 1)


async def test_a_webhook_comes_in(site: Site) -> None:
    merchant = await a_merchant()
    key, secret = await add_integration(merchant.id, "Sendcloud")
    body = json.dumps({"action": "integration_connected", "timestamp": 1}).encode()
    async with site.servers[0].client() as client:
        for signed, status in ((signature(secret, body), 200), ("0" * 64, 401)):
            answer = await client.post(f"/webhooks/sendcloud/{key}", content=body, headers={"sendcloud-signature": signed})
            assert answer.status_code == status
        large = await client.post(f"/webhooks/sendcloud/{key}", content=b"x" * (1024 * 1024 + 1))
        assert large.status_code == 413
    assert str(key) not in site.logged()


async def test_who_calls_is_what_nginx_saw(site: Site) -> None:
    """Another address in each request would be another's count of failed sign-ins."""
    await database.execute("DELETE FROM sign_in_attempts")
    async with site.servers[0].client() as client:
        statuses = []
        for number in range(LIMITS.per_user_and_address + 1):
            forged = {"x-forwarded-for": f"192.0.2.{number}", "forwarded": f"for=192.0.2.{number}", "x-forwarded-proto": "http"}
            answer = await client.post("/auth/sign-in", json={"email": "nobody@example.com", "password": "wrong horse"}, headers=forged)
            statuses.append(answer.status_code)
        assert statuses == [*[401] * LIMITS.per_user_and_address, 429]
        assert (await client.get("/healthz", headers={"x-forwarded-host": "evil.example"})).status_code == 200
        assert (await client.get("/healthz", headers={"host": "evil.example"})).status_code == 400
    await database.execute("DELETE FROM sign_in_attempts")


async def test_plain_http_leads_to_tls_and_http_2_is_spoken(site: Site) -> None:
    async with site.servers[0].client() as client:
        answer = await client.get(f"{site.plain_url}/support")
        assert (answer.status_code, answer.headers["location"]) == (308, "https://localhost/support")
    context = ssl.create_default_context(cafile=site.folder / "fullchain.pem")
    context.set_alpn_protocols(["h2", "http/1.1"])
    assert await asyncio.to_thread(_spoken, site.url, context) == "h2"


def _spoken(url: str, context: ssl.SSLContext) -> str | None:
    at = urlsplit(url)
    with socket.create_connection((at.hostname, at.port)) as plain, context.wrap_socket(plain, server_hostname=at.hostname) as secure:
        return secure.selected_alpn_protocol()


async def test_one_after_the_other_is_restarted_and_no_request_fails(site: Site) -> None:
    load = Load(site.servers[0], await token_of((await a_merchant()).owner))
    async with load.going():
        for number in range(2):
            await asyncio.to_thread(site.servers[number].stop)
            assert site.servers[number].process.returncode == 0
            await site.another(number).ready()
    assert (load.failed, load.refused) == ([], 0)
    assert load.answered > 10
