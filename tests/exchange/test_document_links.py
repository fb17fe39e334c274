"""A document is shown to who may see the parcel's personal data now; that is recorded before it is read, and no carrier's link gets out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx2
import pytest

import models
from exchange import carriers
from models.database import execute
from models.enums import DocumentKind
from models.fields import new_id
from policy.vocabulary import ClaimChannel, ClaimStatus, ConsentState, Viewer
from resolvers import documents
from tests.builders import Merchant, ParcelMade, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.exchange.doors import HOST, Network, knocking, refusal, silent

PAPER = b"%PDF-1.7 Jan Bakker, Stationsweg 12a"
SECRET = "bbfd669ee9ebb19408b85b33"
LINK = f"https://{HOST}/api/v2/label/1?hash={SECRET}"
PDF = {"Content-Type": "application/pdf"}


def giving(*answers: httpx2.Response) -> Network:
    """A carrier that gives these, in turn."""
    waiting = list(answers)
    return lambda _: waiting.pop(0)


async def a_labelled_parcel(merchant: Merchant, carrier_url: str | None = None) -> ParcelMade:
    """A parcel whose label is kept here, or at the carrier."""
    file_id = None if carrier_url else new_id()
    listed = [{"kind": DocumentKind.LABEL, "carrier_url": carrier_url, "file_id": str(file_id) if file_id else None}]
    made = await a_parcel(merchant, documents=listed)
    if file_id:
        await models.ParcelFile.create(id=file_id, account_id=merchant.id, parcel_id=made.id, media_type="application/pdf", content=PAPER)
    return made


def link_of(viewer: Viewer, parcel_id: UUID, place: int = 0) -> str:
    listed = documents.listed(viewer, parcel_id, [{"kind": "LABEL"}] * (place + 1))
    return listed[place].url


async def fetched(viewer: Viewer | None, url: str, network: Network = silent) -> httpx2.Response:
    async with knocking(viewer, network) as client:
        return await client.get(url)


Arrange = Callable[[Merchant, ParcelMade], Awaitable[object]]


async def nothing(merchant: Merchant, parcel: ParcelMade) -> None:
    return None


async def elsewhere(merchant: Merchant, parcel: ParcelMade) -> object:
    return await a_claim(await a_parcel(merchant))


def claimed(status: ClaimStatus = ClaimStatus.SUBMITTED, channel: ClaimChannel = ClaimChannel.SUPPORT_SECTION) -> Arrange:
    return lambda _, parcel: a_claim(parcel, status=status, channel=channel)


def consented(state: ConsentState) -> Arrange:
    return lambda merchant, _: a_consent(merchant, state)


SHOWN = (200, "", None)
NO_CONSENT = (403, "FORBIDDEN", "NO_LIVE_CONSENT")
NONE = (404, "NOT_FOUND", None)


@pytest.mark.parametrize("kept", [pytest.param(True, id="kept-here"), pytest.param(False, id="at-the-carrier")])
@pytest.mark.parametrize(
    ("who", "arrange", "expected"),
    [
        pytest.param("anonymous", nothing, (401, "UNAUTHENTICATED", "NOT_SIGNED_IN"), id="anonymous"),
        pytest.param("other", nothing, NONE, id="other-merchant"),
        pytest.param("member", nothing, SHOWN, id="member"),
        pytest.param("owner", nothing, SHOWN, id="owner"),
        pytest.param("agent", nothing, NO_CONSENT, id="agent-with-nothing"),
        pytest.param("agent", elsewhere, NO_CONSENT, id="agent-with-a-claim-on-another-parcel"),
        pytest.param("agent", claimed(ClaimStatus.RESOLVED), NO_CONSENT, id="agent-with-a-closed-claim"),
        pytest.param("agent", claimed(channel=ClaimChannel.PHONE), NO_CONSENT, id="agent-with-a-claim-by-phone"),
        pytest.param("agent", claimed(), SHOWN, id="agent-with-a-claim"),
        pytest.param("agent", consented(ConsentState.EXPIRED), NO_CONSENT, id="agent-with-an-expired-consent"),
        pytest.param("agent", consented(ConsentState.REVOKED), NO_CONSENT, id="agent-with-a-revoked-consent"),
        pytest.param("agent", consented(ConsentState.REPLACED), NO_CONSENT, id="agent-with-a-replaced-consent"),
        pytest.param("agent", consented(ConsentState.ACTIVE), SHOWN, id="agent-with-a-live-consent"),
    ],
)
async def test_who_may_see_the_parcel_may_have_its_documents(
    database: str, who: str, arrange: Arrange, expected: tuple[int, str, str | None], kept: bool
) -> None:
    merchant = await a_merchant()
    parcel = await a_labelled_parcel(merchant, None if kept else LINK)
    await arrange(merchant, parcel)
    callers = {"anonymous": None, "other": (await a_merchant("Other")).owner, "agent": await an_agent()}
    viewer = callers[who] if who in callers else getattr(merchant, who)
    asked: list[httpx2.Request] = []

    def network(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, content=PAPER, headers=PDF)

    answer = await fetched(viewer, link_of(viewer or merchant.owner, parcel.id), network)
    if expected == SHOWN:
        assert (answer.status_code, answer.content) == (200, PAPER)
    else:
        assert refusal(answer) == expected
        assert b"Bakker" not in answer.content
    assert bool(asked) == (expected == SHOWN and not kept)
    recorded = await models.AccessEvent.all()
    assert [(each.parcel_id, each.fields_, each.categories) for each in recorded] == (
        [(parcel.id, ["Parcel.documents"], ["DOCUMENT"])] if expected == SHOWN and who == "agent" else []
    )


async def test_a_link_is_for_who_got_it(database: str) -> None:
    merchant = await a_merchant()
    parcel = await a_labelled_parcel(merchant)
    url = link_of(merchant.owner, parcel.id)
    for viewer in (merchant.member, (await a_merchant("Other")).owner, await an_agent()):
        assert refusal(await fetched(viewer, url)) == NONE
    for other in (
        "/documents/x",
        "/documents/%00",
        "/documents/é",
        url[:-2],
        link_of(merchant.owner, parcel.id, 1),
        link_of(merchant.owner, new_id()),
    ):
        assert refusal(await fetched(merchant.owner, other)) == NONE


async def test_what_was_deleted_is_gone(database: str) -> None:
    merchant = await a_merchant()
    parcel = await a_labelled_parcel(merchant)
    agent = await an_agent()
    await a_consent(merchant)
    await execute("UPDATE accounts SET deleted_at = {now} WHERE id = :id", id=merchant.id)
    assert refusal(await fetched(agent, link_of(agent, parcel.id))) == NONE
    await execute("UPDATE parcels SET deleted_at = {now} WHERE id = :id", id=parcel.id)
    assert refusal(await fetched(merchant.owner, link_of(merchant.owner, parcel.id))) == NONE


async def test_a_document_is_kept_by_nobody_and_is_no_page(database: str) -> None:
    merchant = await a_merchant()
    parcel = await a_labelled_parcel(merchant)
    answer = await fetched(merchant.owner, link_of(merchant.owner, parcel.id))
    headers = {name: answer.headers[name] for name in ("cache-control", "content-disposition", "content-security-policy", "x-content-type-options")}
    assert headers == {
        "cache-control": "no-store",
        "content-disposition": 'attachment; filename="label.pdf"',
        "content-security-policy": "sandbox",
        "x-content-type-options": "nosniff",
    }


async def test_a_head_records_nothing(database: str) -> None:
    merchant = await a_merchant()
    parcel = await a_labelled_parcel(merchant)
    agent = await an_agent()
    await a_consent(merchant)
    async with knocking(agent) as client:
        assert (await client.head(link_of(agent, parcel.id))).status_code == 405
    assert await models.AccessEvent.all().count() == 0


@pytest.fixture
async def seen(database: str) -> tuple[Merchant, ParcelMade, Viewer]:
    """A parcel whose label the carrier has, and an agent with a live consent."""
    merchant = await a_merchant()
    return merchant, await a_labelled_parcel(merchant, LINK), await an_agent()


async def test_it_is_recorded_before_anything_is_fetched(seen: tuple[Merchant, ParcelMade, Viewer]) -> None:
    merchant, parcel, agent = seen
    await a_consent(merchant)
    recorded: list[int] = []

    class Carrier(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            recorded.append(await models.AccessEvent.all().count())
            return httpx2.Response(200, content=PAPER, headers=PDF, request=request)

    async with knocking(agent, Carrier()) as client:
        assert (await client.get(link_of(agent, parcel.id))).status_code == 200
    assert recorded == [1]


async def test_what_ends_while_the_carrier_answers_is_not_shown(seen: tuple[Merchant, ParcelMade, Viewer]) -> None:
    merchant, parcel, agent = seen
    consent = await a_consent(merchant)

    class Slow(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            ended = "UPDATE consents SET ended_at = {now}, ended_as = 'REVOKED', live_for = NULL WHERE id = :id"
            await execute(ended, id=consent)
            return httpx2.Response(200, content=PAPER, headers=PDF, request=request)

    async with knocking(agent, Slow()) as client:
        answer = await client.get(link_of(agent, parcel.id))
    assert refusal(answer) == NO_CONSENT
    assert b"Bakker" not in answer.content


async def test_what_cant_be_recorded_is_not_fetched(seen: tuple[Merchant, ParcelMade, Viewer]) -> None:
    merchant, parcel, agent = seen
    await a_consent(merchant)
    await execute("ALTER TABLE access_log RENAME TO access_log_gone")
    answer = await fetched(agent, link_of(agent, parcel.id), giving())
    assert refusal(answer) == (403, "FORBIDDEN", "NOT_RECORDED")


EXE = {"Content-Type": "text/html"}
TOO_MUCH = b"x" * (carriers.MOST_BYTES + 1)


@pytest.mark.parametrize(
    ("link", "answers"),
    [
        pytest.param("https://evil.example/label.pdf", [], id="unknown-host"),
        pytest.param(f"https://{HOST}.evil.example/label.pdf", [], id="host-that-starts-alike"),
        pytest.param(f"https://{HOST}@evil.example/label.pdf", [], id="host-as-a-user"),
        pytest.param(f"https://user:word@{HOST}/label.pdf", [], id="with-a-password"),
        pytest.param(f"https://{HOST}:8443/label.pdf", [], id="another-port"),
        pytest.param(f"http://{HOST}/label.pdf", [], id="without-tls"),
        pytest.param("file:///etc/passwd", [], id="a-file"),
        pytest.param("https://127.0.0.1/metrics", [], id="ourselves"),
        pytest.param("https://[", [], id="no-address"),
        pytest.param(LINK, [httpx2.Response(404, content=PAPER, headers=PDF)], id="not-found-there"),
        pytest.param(LINK, [httpx2.Response(200, content=PAPER, headers=EXE)], id="not-a-document"),
        pytest.param(LINK, [httpx2.Response(200, content=PAPER)], id="of-no-kind"),
        pytest.param(LINK, [httpx2.Response(200, content=TOO_MUCH, headers=PDF)], id="too-large"),
        pytest.param(LINK, [httpx2.Response(200, headers=PDF | {"Content-Encoding": "gzip"}, stream=httpx2.ByteStream(b"x"))], id="packed"),
        pytest.param(LINK, [httpx2.Response(302, headers={"Location": "https://evil.example/"})], id="led-elsewhere"),
        pytest.param(LINK, [httpx2.Response(302, headers={"Location": "http://169.254.169.254/"})], id="led-inside"),
        pytest.param(LINK, [httpx2.Response(302, headers={"Location": "/again"})] * 9, id="led-in-circles"),
    ],
)
async def test_what_the_carrier_should_not_give_is_not_passed_on(database: str, link: str, answers: list[httpx2.Response]) -> None:
    merchant = await a_merchant()
    parcel = await a_labelled_parcel(merchant, link)
    answer = await fetched(merchant.owner, link_of(merchant.owner, parcel.id), giving(*answers))
    assert refusal(answer) == (502, "INTERNAL", None)
    assert answer.json()["errors"][0]["message"] == "The carrier did not give the document"


async def test_a_carrier_may_lead_to_where_we_know_it(database: str) -> None:
    merchant = await a_merchant()
    parcel = await a_labelled_parcel(merchant, LINK)
    network = giving(httpx2.Response(302, headers={"Location": "/other"}), httpx2.Response(200, content=PAPER, headers=PDF))
    assert (await fetched(merchant.owner, link_of(merchant.owner, parcel.id), network)).content == PAPER


async def test_a_carrier_that_never_answers_is_not_waited_for(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carriers, "SECONDS", 0.05)
    merchant = await a_merchant()
    parcel = await a_labelled_parcel(merchant, LINK)

    class Hanging(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            await asyncio.Event().wait()
            raise AssertionError

    async with knocking(merchant.owner, Hanging()) as client:
        assert (await client.get(link_of(merchant.owner, parcel.id))).status_code == 502


async def test_the_carriers_link_is_in_no_header_and_no_log(seen: tuple[Merchant, ParcelMade, Viewer], caplog: pytest.LogCaptureFixture) -> None:
    merchant, parcel, agent = seen
    await a_consent(merchant)
    found = []
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("tortoise").setLevel(logging.WARNING)  # as the server has it
        logging.getLogger("aiosqlite").setLevel(logging.WARNING)
        for network in (silent, giving(httpx2.Response(200, content=PAPER, headers=PDF)), giving(httpx2.Response(500, text=LINK))):
            answer = await fetched(agent, link_of(agent, parcel.id), network)
            found.append(answer.status_code)
            assert SECRET not in f"{answer.headers} {answer.text}"
    assert found == [502, 200, 502]
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("tortoise", "aiosqlite"))]
    assert not any(SECRET in message or HOST in message for message in ours)
