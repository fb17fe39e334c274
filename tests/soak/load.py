"""The clients of a soak. Each goes on until it is told to stop, and knows what it should be answered."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import orjson
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from exchange.webhooks import signature
from tests.asking import account_id, claim_id, parcel_id
from tests.exchange.test_webhooks import FIXTURE
from tests.faults.promises import id_of
from tests.faults.storm import CLOSE, FILE, GRANT, REVOKE
from tests.revocation.history import History
from tests.revocation.storm import CLOCK_STEP, LIVE
from tests.serving import HERE, PASSWORD, PATIENCE_SECONDS, PROTOCOL, Socket, environment
from tests.soak.asking import NotAnswered, Soak
from tests.soak.fleet import Place
from tests.soak.judging import Trouble
from tests.soak.town import PARCELS, Caller

READ = """query ($consented: ID!, $claimed: ID!) {
  consented: parcel(id: $consented) { id recipient { name } }
  claimed: parcel(id: $claimed) { id recipient { name } }
}"""
PAGE = """query ($id: ID!, $first: Int!) { account(id: $id) { parcels(first: $first) { nodes {
  id status recipient { name street city email } orderNumber disclosure { shown reason } } } } }"""
SINGLE = (
    "query ($id: ID!) { parcel(id: $id) { id version note trackingNumber recipient { name email phone } events { message } items { description } } }"
)
CLAIMS = "query ($id: ID!) { claims(accountId: $id, first: 20) { nodes { id status description parcel { id recipient { name } } } } }"
OPEN_CLAIMS = "query ($id: ID!) { claims(accountId: $id, filter: {open: true}, first: 20) { nodes { id } } }"
LOG = "query ($id: ID!) { account(id: $id) { accessLog(first: 20) { nodes { id at agent fields requestId } } } }"
SETTINGS = "query ($id: ID!) { account(id: $id) { settings { version locale } } }"
SET = """mutation ($id: ID!, $version: Int!, $locale: String!) {
  updateSettings(input: {accountId: $id, version: $version, locale: $locale}) { account { settings { version locale } } } }"""
CORRECT = """mutation ($id: ID!, $version: Int!, $note: String!) {
  updateParcel(input: {parcelId: $id, version: $version, note: $note}) { parcel { id version note recipient { name } } } }"""
WITHDRAW = "mutation ($id: ID!) { withdrawClaim(input: {claimId: $id}) { claim { id } } }"
EXPORT = "mutation ($id: ID!) { exportParcels(input: {accountId: $id}) { url } }"
CLAIM_CHANGED = "subscription ($id: ID!) { claimChanged(accountId: $id) { id status } }"
WHO = "{ viewer { name } }"
PARCELS_FILE = HERE / "tests" / "exchange" / "fixtures" / "v2_parcels.json"
IMPORTED = 100
STATUSES = ("Driver en route", "Delivered", "Delivery attempt failed")
#: After trouble a client waits so long.
BREATH_SECONDS = 0.1
#: What is neither answered nor refused is given up by the server and by PostgreSQL so long after what an answer may wait for the database.
GIVEN_UP_SECONDS = 2.0

Step = Callable[[], Awaitable[None]]


async def again_and_again(soak: Soak, step: Step, seconds: float) -> None:
    """One client: a step, and a pause of `seconds` on average."""
    while soak.going_on:
        try:
            await step()
        except NotAnswered:
            await soak.pause(BREATH_SECONDS)
        await soak.pause(soak.random.uniform(0, 2 * seconds))


def clients(soak: Soak, owners_url: str, folder: Path) -> list[Coroutine[Any, Any, None]]:
    """All of them. `owners_url` is the database as commands reach it."""
    town = soak.town
    steps: list[tuple[Step, float]] = [
        *((lambda place=place: come_and_go(soak, place), 0.03) for place in soak.places),
        (lambda: agents_page(soak), 0.1),
        (lambda: agents_single(soak), 0.05),
        (lambda: withheld_page(soak), 0.1),
        (lambda: owners_page(soak), 0.1),
        (lambda: strangers_single(soak), 0.1),
        (lambda: claims_listed(soak), 0.2),
        (lambda: access_log(soak), 0.3),
        (Corrections(soak).step, 0.2),
        (Preferences(soak).step, 0.2),
        (lambda: export(soak), 1.0),
        (Webhooks(soak).step, 0.2),
        (Imports(soak, owners_url, folder).step, 15.0),
        (Consents(soak).step, 0.4),
        (Claims(soak).step, 0.4),
        *(((Browser(soak, email, viewer.name).step), 1.0) for email, viewer in town.browsers),
    ]
    listening = [(by_socket(soak, place, next(town.watchers))) for place in soak.places]
    return [again_and_again(soak, *each) for each in steps] + listening


# What is read.


async def come_and_go(soak: Soak, place: Place) -> None:
    """What comes and goes, of one server, judged by what was answered before."""
    agent = next(soak.town.agents)
    took(soak, await soak.ask("what comes and goes, by HTTP", agent, READ, variables(soak), place))


def variables(soak: Soak) -> dict[str, str]:
    """Of READ."""
    return {name: parcel_id(shop.parcels[0].id) for name, shop in (("consented", soak.town.consented), ("claimed", soak.town.claimed))}


def took(soak: Soak, told: Any) -> None:
    """Judge an answer to READ."""
    for name, history in (("consented", soak.consent), ("claimed", soak.claim)):
        shown = told.data[name]["recipient"]["name"] is not None
        if shown or not told.not_recorded:
            history.judge(told.began, told.over, shown=shown)


async def agents_page(soak: Soak) -> None:
    """A page under a consent that stays: all of it is shown."""
    first = soak.random.choice((5, 20, PARCELS))
    told = await soak.ask("a page under a consent", next(soak.town.agents), PAGE, {"id": account_id(soak.town.lent.merchant.id), "first": first})
    soak.require(len(told.shown) == first or told.not_recorded, "a page under a consent: not all is shown")


async def agents_single(soak: Soak) -> None:
    """One parcel, under the same consent."""
    parcel = soak.random.choice(soak.town.lent.parcels)
    told = await soak.ask("a parcel under a consent", next(soak.town.agents), SINGLE, {"id": parcel_id(parcel.id)})
    soak.require(told.shown == {parcel.id} or told.not_recorded, "a parcel under a consent: it is not shown")


async def withheld_page(soak: Soak) -> None:
    """Of a merchant who opened nothing."""
    told = await soak.ask("a page that is withheld", next(soak.town.agents), PAGE, {"id": account_id(soak.town.closed.merchant.id), "first": 20})
    nodes = told.data["account"]["parcels"]["nodes"]
    soak.require(len(nodes) == 20 and not told.shown, "a page that is withheld: something is shown")
    soak.require(all(each["disclosure"]["reason"] == "NO_LIVE_CONSENT" for each in nodes), "a page that is withheld: another reason")


async def owners_page(soak: Soak) -> None:
    """A merchant's own."""
    shop = soak.random.choice((soak.town.lent, soak.town.closed))
    told = await soak.ask("a merchant's own page", shop.owner, PAGE, {"id": account_id(shop.merchant.id), "first": PARCELS})
    soak.require(told.shown == {each.id for each in shop.parcels}, "a merchant's own page: not all of it, or more")


async def strangers_single(soak: Soak) -> None:
    """A parcel of another merchant is not there."""
    parcel = soak.random.choice(soak.town.closed.parcels)
    told = await soak.ask("a stranger's parcel", soak.town.lent.owner, SINGLE, {"id": parcel_id(parcel.id)}, code="NOT_FOUND")
    soak.require(told.data["parcel"] is None, "a stranger's parcel: it is there")


async def claims_listed(soak: Soak) -> None:
    """Of the merchant whose claims come and go."""
    await soak.ask("claims", next(soak.town.agents), CLAIMS, {"id": account_id(soak.town.claimed.merchant.id)})


async def access_log(soak: Soak) -> None:
    """Who saw what of the merchant that everybody looks at."""
    shop = soak.town.lent
    told = await soak.ask("the access log", shop.owner, LOG, {"id": account_id(shop.merchant.id)})
    times = [datetime.fromisoformat(each["at"]) for each in told.data["account"]["accessLog"]["nodes"]]
    soak.require(times == sorted(times, reverse=True), "the access log: not in order")


# What is changed.


class Comes:
    """What comes and goes: opened by one step, and ended by the next. Only one change is under way at a time."""

    def __init__(self, soak: Soak, history: History) -> None:
        self.soak = soak
        self.history = history

    async def change(self, act: Callable[[], Awaitable[None]], *, opens: bool) -> None:
        """Make one, and note when it was sent and answered. What had no answer may still happen: nothing is sent before it can't any more."""
        change = self.history.sent(time.time(), opens=opens)
        try:
            await act()
        except NotAnswered:
            await settled(self.soak)
            raise
        change.answered = time.time()


async def settled(soak: Soak) -> None:
    """Wait until nothing is under way any more that had no answer, and all is calm."""
    await soak.pause(soak.places[0].database_seconds + GIVEN_UP_SECONDS)
    await soak.calm()


class Consents(Comes):
    """Granted, sometimes granted anew, and revoked, each at any server."""

    def __init__(self, soak: Soak) -> None:
        super().__init__(soak, soak.consent)
        self.numbers = itertools.count()
        self.live: UUID | None = None

    async def step(self) -> None:
        """The next change."""
        grants = next(self.numbers) % 3 < 2
        await self.change(self.grant if grants else self.revoke, opens=grants)

    async def grant(self) -> None:
        """Whatever was live before is over."""
        told = await self._ask("grant", GRANT)
        granted = id_of(told["grantConsent"]["consent"], "Consent")
        self.soak.promises.granted[granted] = self.soak.town.consented.merchant.id
        self._over(granted)

    async def revoke(self) -> None:
        """Nothing is live."""
        await self._ask("revoke", REVOKE)
        self._over(None)

    def _over(self, live: UUID | None) -> None:
        if self.live is not None:
            self.soak.promises.ended.add(self.live)
        self.live = live

    async def _ask(self, what: str, document: str) -> dict[str, Any]:
        shop = self.soak.town.consented
        return (await self.soak.ask(what, shop.owner, document, {"id": account_id(shop.merchant.id)})).data


class Claims(Comes):
    """Filed, and withdrawn by the merchant or closed by an agent."""

    def __init__(self, soak: Soak) -> None:
        super().__init__(soak, soak.claim)
        self.numbers = itertools.count()
        self.open: UUID | None = None

    async def step(self) -> None:
        """The next change. After one without an answer nobody knows what is open: all of it is closed."""
        number = next(self.numbers)
        try:
            if number % 2 == 0:
                await self.change(self.file, opens=True)
            else:
                await self.change(self.withdraw if number % 4 == 1 else self.close, opens=False)
        except NotAnswered:
            self.open = None
            while self.soak.going_on and not await self._closed_all():
                pass
            self.numbers = itertools.count()

    async def file(self) -> None:
        """A claim on the one parcel."""
        shop = self.soak.town.claimed
        told = await self.soak.ask("file a claim", shop.owner, FILE, {"id": parcel_id(shop.parcels[0].id)})
        self.open = id_of(told.data["fileClaim"]["claim"], "Claim")
        self.soak.promises.filed.add(self.open)

    async def withdraw(self) -> None:
        """By the merchant."""
        assert self.open is not None
        await self.soak.ask("withdraw a claim", self.soak.town.claimed.owner, WITHDRAW, {"id": claim_id(self.open)})
        self.soak.promises.closed[self.open] = None

    async def close(self) -> None:
        """By an agent."""
        assert self.open is not None
        told = await self.soak.ask("close a claim", next(self.soak.town.agents), CLOSE, {"id": claim_id(self.open)})
        self.soak.promises.closed[self.open] = told.request_id

    async def _closed_all(self) -> bool:
        try:
            await self.change(self._close_all, opens=False)
        except NotAnswered:
            return False
        return True

    async def _close_all(self) -> None:
        shop = self.soak.town.claimed
        told = await self.soak.ask("open claims", shop.owner, OPEN_CLAIMS, {"id": account_id(shop.merchant.id)})
        for each in told.data["claims"]["nodes"]:
            await self.soak.ask("withdraw a claim", shop.owner, WITHDRAW, {"id": each["id"]})


class Corrections:
    """An agent corrects one parcel under the consent that stays, and what was answered is there the next time."""

    def __init__(self, soak: Soak) -> None:
        self.soak = soak
        self.id = parcel_id(soak.town.lent.parcels[0].id)
        self.numbers = itertools.count(1)
        self.note: str | None = None

    async def step(self) -> None:
        """Read, compare, correct."""
        soak, agent = self.soak, next(self.soak.town.agents)
        told = await soak.ask("a parcel before it is corrected", agent, SINGLE, {"id": self.id})
        if told.not_recorded:
            return
        parcel = told.data["parcel"]
        soak.require(self.note in {None, parcel["note"]}, "a correction that was answered is lost")
        note, self.note = f"Correction number {next(self.numbers)}", None
        try:
            await soak.ask("correct a parcel", agent, CORRECT, {"id": self.id, "version": parcel["version"], "note": note})
        except NotAnswered:
            await settled(soak)
            raise
        self.note = note


class Preferences:
    """A merchant changes a setting to and fro."""

    def __init__(self, soak: Soak) -> None:
        self.soak = soak
        self.locale: str | None = None

    async def step(self) -> None:
        """Read, compare, change."""
        soak, shop = self.soak, self.soak.town.busy
        account = account_id(shop.merchant.id)
        settings = (await soak.ask("settings", shop.owner, SETTINGS, {"id": account})).data["account"]["settings"]
        soak.require(self.locale in {None, settings["locale"]}, "a setting that was answered is lost")
        locale, self.locale = "de-DE" if settings["locale"] == "nl-NL" else "nl-NL", None
        try:
            await soak.ask("change settings", shop.owner, SET, {"id": account, "version": settings["version"], "locale": locale})
        except NotAnswered:
            await settled(soak)
            raise
        self.locale = locale


# What comes in and goes out.


async def export(soak: Soak) -> None:
    """A link, and the file behind it: a line for each parcel and one above. The link is used up by a request that is not answered too."""
    shop, place = soak.town.lent, soak.any_place()
    told = await soak.ask("ask for an export", shop.owner, EXPORT, {"id": account_id(shop.merchant.id)})
    bearer = {"Authorization": f"Bearer {shop.owner.token}"}
    answer = await soak.send("an export", place, "GET", told.data["exportParcels"]["url"], headers=bearer)
    soak.require(len(answer.text.splitlines()) == PARCELS + 1, "an export: not all of it", place)
    soak.judge.answers["an export"] += 1
    soak.exported += 1


class Webhooks:
    """A platform tells of parcels it made and moved, signed."""

    def __init__(self, soak: Soak) -> None:
        self.soak = soak
        self.at = int(time.time() * 1000)

    async def step(self) -> None:
        """One event."""
        soak, platform = self.soak, self.soak.town.platform
        self.at = max(self.at + 1, int(time.time() * 1000))
        status = {"id": 0, "message": soak.random.choice(STATUSES)}
        event = FIXTURE | {"timestamp": self.at, "parcel": FIXTURE["parcel"] | {"id": 600_000 + soak.random.randrange(50), "status": status}}
        body = orjson.dumps(event)
        signed = {"Sendcloud-Signature": signature(platform.secret, body)}
        place = soak.any_place()
        answer = await soak.send("a webhook", place, "POST", f"/webhooks/sendcloud/{platform.key}", content=body, headers=signed)
        soak.require(answer.json()["status"] in {"applied", "known"}, "a webhook: another status", place)
        soak.judge.answers["a webhook"] += 1


class Imports:
    """A file of parcels, by the command. One that was broken off is imported again, and nothing comes in twice."""

    def __init__(self, soak: Soak, url: str, folder: Path) -> None:
        self.soak = soak
        self.environment = environment(url)
        self.file = folder / "parcels.ndjson"
        self.sample = json.loads(PARCELS_FILE.read_text())["parcels"][0]
        self.next = 1_000_000

    async def step(self) -> None:
        """Import the next file, or the last once more."""
        rows = [self.sample | {"id": self.next + number} for number in range(IMPORTED)]
        self.file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
        command = ["import", str(self.file), "--account", str(self.soak.town.busy.merchant.id)]
        began = time.time()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "cli.py", *command, cwd=HERE, env=self.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        out, _ = await process.communicate()
        if process.returncode:
            self.soak.judge.note(Trouble.INTERNAL, None, began, time.time(), "an import")
            raise NotAnswered
        counts = orjson.loads(out.splitlines()[-1])
        self.soak.require(counts["rejected"] == 0 and counts["imported"] <= IMPORTED, "an import: not all of it, or more")
        self.soak.judge.answers["an import"] += 1
        self.soak.imported += IMPORTED
        self.next += IMPORTED


class Browser:
    """Somebody signs in, asks, signs out, and is nobody any more."""

    def __init__(self, soak: Soak, email: str, name: str) -> None:
        self.soak = soak
        self.email = email
        self.name = name

    async def step(self) -> None:
        """One visit, each part of it at any server."""
        soak, sessions = self.soak, self.soak.sessions
        given = {"email": self.email, "password": PASSWORD}
        try:
            answer = await self._send("sign in", "/auth/sign-in", json=given)
        except NotAnswered:
            sessions.doubtful += 1
            raise
        sessions.opened += 1
        cookie = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
        try:
            soak.require(await self._is(cookie) == self.name, "signed in, and somebody else")
            await self._send("sign out", "/auth/sign-out", good=204, headers=cookie)
        except NotAnswered:
            sessions.doubtful += 1
            raise
        sessions.ended += 1
        soak.require(await self._is(cookie) is None, "signed out, and somebody still")
        soak.judge.answers["a browser's visit"] += 1

    async def _is(self, cookie: dict[str, str]) -> str | None:
        answer = await self._send("who am I", "/graphql", json={"query": WHO}, headers=cookie)
        found = answer.json()
        if "errors" in found:
            raise self.soak.trouble(Trouble.INTERNAL, "who am I", self.place, self.began)
        viewer = found["data"]["viewer"]
        return None if viewer is None else str(viewer["name"])

    async def _send(self, what: str, path: str, **more: Any) -> httpx2.Response:
        self.place, self.began = self.soak.any_place(), time.time()
        answer = await self.soak.send(what, self.place, "POST", path, **more)
        self.place.client.cookies.clear()  # the client is everybody's
        return answer


# Sockets.


@asynccontextmanager
async def a_socket(soak: Soak, place: Place, who: Caller, what: str) -> AsyncIterator[Socket]:
    """A socket of somebody's. What ends it is noted, and raised as NotAnswered."""
    began = time.time()
    try:
        async with place.server.socket(who.token) as socket:
            yield socket
    except ConnectionClosed:
        raise soak.trouble(Trouble.CLOSED, what, place, time.time()) from None
    except TimeoutError:
        raise soak.trouble(Trouble.LATE, what, place, time.time() - PATIENCE_SECONDS) from None
    except InvalidStatus as refused:
        trouble = Trouble.INTERNAL if refused.response.status_code == 500 else Trouble.WRONG
        raise soak.trouble(trouble, f"{what} (handshake)", place, began) from None
    except (OSError, WebSocketException):
        raise soak.trouble(Trouble.REFUSED, what, place, began) from None


async def by_socket(soak: Soak, place: Place, agent: Caller) -> None:
    """What comes and goes, asked again and again by one socket."""
    what = "what comes and goes, by socket"

    async def step() -> None:
        async with a_socket(soak, place, agent, what) as socket:
            for number in itertools.count():
                if not soak.going_on:
                    return
                began = time.time()
                (message,) = await socket.run(READ, variables(soak), key=str(number))
                took(soak, soak.look_at(what, place, agent, answer_in(message), began, None))
                await soak.pause(soak.random.uniform(0, 0.1))

    await again_and_again(soak, step, 0)


def answer_in(message: dict[str, Any]) -> dict[str, Any]:
    """The answer a message holds: an `error` holds errors only."""
    payload: Any = message["payload"]
    return {"errors": payload} if message["type"] == "error" else payload


class Listener:
    """One subscription, that begins again when it is ended. `hears` tells what it heard last."""

    def __init__(self, soak: Soak, place: Place, who: Caller, document: str, account: UUID) -> None:
        self.soak = soak
        self.place = place
        self.who = who
        self.document = document
        self.account = account
        self.what = "a subscription to " + ("consents" if document == LIVE else "claims")
        self.since = 0.0
        self.heard: list[str] = []

    async def listen(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with a_socket(self.soak, self.place, self.who, self.what) as socket:
                    await socket.subscribe("live", self.document, {"id": account_id(self.account)})
                    self.since = time.time()
                    while True:
                        self._hear(orjson.loads(await socket.connection.recv()))
            except NotAnswered:
                await asyncio.sleep(BREATH_SECONDS)

    def _hear(self, message: dict[str, Any]) -> None:
        began = over = time.time()
        if message["type"] == "complete":
            raise self.soak.trouble(Trouble.CLOSED, self.what, self.place, began)
        told = self.soak.look_at(self.what, self.place, self.who, answer_in(message), began, None)
        self.soak.events += 1
        if self.document != LIVE:
            self.heard = [*self.heard[-9:], told.data["claimChanged"]["id"]]
            return
        login = told.data["agentLoginChanged"]
        self.heard = [login["state"]]
        consent = login["consent"]
        shown = consent is not None and consent["grantedBy"] is not None
        if shown:
            self.soak.looks[self.who.viewer.id] += 1
        if shown or not told.not_recorded:
            self.soak.require(shown == (login["state"] == "ACTIVE"), f"{self.what}: the state and what is shown differ", self.place)
            read_at = datetime.fromisoformat(login["now"]).timestamp() - CLOCK_STEP
            self.soak.consent.judge(read_at, over, shown=shown)


def listeners(soak: Soak) -> list[Listener]:
    """At each server one to the consents that come and go, by an agent, and one to the claims, by their merchant."""
    town = soak.town
    return [
        each
        for place in soak.places
        for each in (
            Listener(soak, place, next(town.watchers), LIVE, town.consented.merchant.id),
            Listener(soak, place, town.claimed.owner, CLAIM_CHANGED, town.claimed.merchant.id),
        )
    ]


# Those who do not wait.


async def vanish(soak: Soak, place: Place, who: Caller) -> None:
    """Ask for a page, and be gone before all of it has come; or open a socket, and be gone."""
    token = f"Authorization: Bearer {who.token}\r\n"
    if soak.random.random() < 0.3:
        upgrade = f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {PROTOCOL}\r\n"
        request = f"GET /graphql HTTP/1.1\r\nHost: latchkey\r\n{token}{upgrade}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    else:
        body = orjson.dumps({"query": PAGE, "variables": {"id": account_id(soak.town.lent.merchant.id), "first": PARCELS}})
        head = f"POST /graphql HTTP/1.1\r\nHost: latchkey\r\n{token}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        request = head.encode() + body[: len(body) // soak.random.choice((1, 1, 2))]
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    except OSError:
        return
    writer.write(request)
    try:
        async with asyncio.timeout(soak.random.uniform(0, 0.05)):
            await reader.read(100)
    except (TimeoutError, OSError):
        pass
    writer.transport.abort()
