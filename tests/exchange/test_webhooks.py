"""A webhook is believed when it is signed, and changes what it should, whenever and however often it comes."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import orjson
import pytest

import models
from exchange.integrations import add_integration
from exchange.webhooks import LONGEST_BODY, signature
from models import database
from models.enums import ParcelStatus
from models.fields import new_id
from resolvers.errors import BadInput, NotFound
from tests.builders import Merchant, a_merchant, a_parcel
from tests.exchange.doors import knocking, refusal
from tests.exchange.tables import everything

FIXTURE: dict[str, Any] = json.loads(Path(__file__).with_name("fixtures").joinpath("webhook.json").read_text())
SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "webhooks"
FIRST = 1774000000250
VALUES = ("Sanne", "Oudegracht", "3511", "sanne.dewit", "3SLATCH", "W-2026")


class Platform:
    """A shipping platform that knows its secret."""

    def __init__(self, client: httpx2.AsyncClient, merchant: Merchant, key: UUID, secret: str) -> None:
        self.client, self.merchant, self.key, self.secret = client, merchant, key, secret

    async def posts(self, body: bytes, *, to: object = None, secret: str | None = None, **headers: str) -> httpx2.Response:
        signed = {"Sendcloud-Signature": signature(secret or self.secret, body)} | headers
        return await self.client.post(f"/webhooks/sendcloud/{to or self.key}", content=body, headers=signed)

    async def tells(self, status: str, at: int = FIRST, parcel_id: str | int = 510001) -> str:
        event = copy.deepcopy(FIXTURE) | {"timestamp": at}
        event["parcel"] |= {"id": parcel_id, "status": {"id": 0, "message": status}}
        answer = await self.posts(orjson.dumps(event))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["status"])


@pytest.fixture
async def platform(database: str) -> AsyncIterator[Platform]:
    merchant = await a_merchant()
    key, secret = await add_integration(merchant.id, "Sendcloud")
    async with knocking(None) as client:
        yield Platform(client, merchant, key, secret)


async def the_parcel() -> models.Parcel:
    return await models.Parcel.get(platform_id="510001")


async def the_version() -> int:
    return (await models.ParcelPersonalData.get(parcel_id=(await the_parcel()).id)).version


async def the_events() -> list[str]:
    return [str(event.status) for event in await models.ParcelEvent.filter(parcel_id=(await the_parcel()).id).order_by("occurred_at")]


async def test_an_unknown_parcel_is_made(platform: Platform) -> None:
    assert await platform.tells("Driver en route") == "applied"
    parcel = await the_parcel()
    assert (parcel.status, parcel.country, parcel.weight_grams) == ("DRIVER_ON_ROUTE", "NL", 1250)
    assert await models.Parcel.filter(account_id=platform.merchant.id).count() == 1
    personal = await models.ParcelPersonalData.get(parcel_id=parcel.id)
    assert (personal.name, personal.city, personal.version) == ("Sanne de Wit", "Utrecht", 1)
    assert personal.name_key == b"sanne de wit"
    assert await the_events() == ["DRIVER_ON_ROUTE"]


async def test_of_a_known_parcel_only_the_status_is_news(platform: Platform) -> None:
    made = await a_parcel(platform.merchant, platform_id="510001", events=False)
    before = await models.Parcel.get(id=made.id)
    assert await platform.tells("Delivered") == "applied"
    parcel = await the_parcel()
    assert (parcel.id, parcel.status, parcel.carrier, parcel.weight_grams) == (made.id, "DELIVERED", "postnl", 1200)
    assert parcel.updated_at > before.updated_at
    personal = await models.ParcelPersonalData.get(parcel_id=parcel.id)
    assert (personal.name, personal.version) == ("Jan Bakker", 2)
    assert await the_events() == ["DELIVERED"]


async def test_a_replay_changes_nothing(platform: Platform) -> None:
    await platform.tells("Driver en route")
    before = await everything()
    assert await platform.tells("Driver en route") == "known"
    assert await everything() == before


async def test_what_comes_out_of_order_becomes_history_only(platform: Platform) -> None:
    await platform.tells("Delivered", FIRST + 2000)
    before = await the_parcel()
    assert await platform.tells("Driver en route", FIRST) == "applied"
    after = await the_parcel()
    assert (after.status, after.updated_at, after.platform_changed_at) == ("DELIVERED", before.updated_at, before.platform_changed_at)
    assert await the_events() == ["DRIVER_ON_ROUTE", "DELIVERED"]
    assert await the_version() == 1


async def test_of_two_changes_at_one_time_the_first_told_stays(platform: Platform) -> None:
    await platform.tells("Delivered")
    assert await platform.tells("Delivery attempt failed") == "applied"
    assert (await the_parcel()).status == "DELIVERED"


async def test_the_same_status_later_moves_no_outline(platform: Platform) -> None:
    await platform.tells("Delivered")
    before = await the_parcel()
    assert await platform.tells("Delivered", FIRST + 5000) == "applied"
    after = await the_parcel()
    assert after.updated_at == before.updated_at
    assert after.platform_changed_at > before.platform_changed_at  # type: ignore[operator] # both were told
    assert await the_version() == 1


async def test_a_deleted_parcel_stays_deleted(platform: Platform) -> None:
    await a_parcel(platform.merchant, platform_id="510001", events=False, deleted_at=await database.clock())
    assert await platform.tells("Delivered") == "known"
    assert (await the_parcel()).status == "ANNOUNCED"
    assert await the_events() == []


async def test_being_announced_is_news_too(platform: Platform) -> None:
    await a_parcel(platform.merchant, announced=False, platform_id="510001", status=ParcelStatus.READY_TO_SEND)
    await platform.tells("Announced")
    assert (await the_parcel()).announced_at is not None


async def test_another_accounts_parcel_of_that_id_is_not_touched(platform: Platform) -> None:
    other = await a_parcel(await a_merchant("Fietsen SL", "ES"), platform_id="510001")
    await platform.tells("Delivered")
    assert (await models.Parcel.get(id=other.id)).status == "ANNOUNCED"
    assert await models.Parcel.filter(platform_id="510001").count() == 2


async def test_four_deliveries_at_once_are_one(platform: Platform) -> None:
    told = await asyncio.gather(*(platform.tells("Driver en route") for _ in range(4)))
    assert sorted(told) == ["applied", "known", "known", "known"]
    assert await models.Parcel.all().count() == 1
    assert await the_events() == ["DRIVER_ON_ROUTE"]


async def test_changes_at_once_end_with_the_newest(platform: Platform) -> None:
    stages = ["Announced", "Being sorted", "Driver en route", "Delivered"]
    await asyncio.gather(*(platform.tells(stage, FIRST + place) for place, stage in reversed(list(enumerate(stages)))))
    assert (await the_parcel()).status == "DELIVERED"
    assert len(await the_events()) == 4


def test_a_signature_is_the_hex_hmac_of_the_raw_body() -> None:
    assert signature("geheim", b'{"action":"x"}') == "e548583bfcd2421fd9747443dbb0c1c5c49338d0c594918d4aeb5bcb82cc2395"


def test_sendclouds_own_signature() -> None:
    vector = SAMPLES / "signature_test_vector.json"
    if not vector.exists():
        pytest.skip("Sendcloud's samples are not here")
    given = json.loads(vector.read_text())
    assert signature(given["secret"], given["raw_body"].encode()) == given["signature"]


async def test_sendclouds_own_webhooks(platform: Platform) -> None:
    if not SAMPLES.exists():
        pytest.skip("Sendcloud's samples are not here")
    for sample in sorted(SAMPLES.glob("v*.json")):
        answer = await platform.posts(sample.read_bytes())
        assert answer.status_code == 200, sample.name
    assert await models.Parcel.filter(platform_id="1").count() == 1


BODY = orjson.dumps(FIXTURE)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"Sendcloud-Signature": ""}, id="empty"),
        pytest.param({"Sendcloud-Signature": "0" * 64}, id="wrong"),
        pytest.param({"Sendcloud-Signature": "kein-hex-é".encode()}, id="no-hex"),
        pytest.param({"Sendcloud-Signature": signature("another", BODY)}, id="another-secret"),
        pytest.param({"X-Sendcloud-Signature": signature("another", BODY)}, id="another-header"),
    ],
)
async def test_a_wrong_signature_is_refused(platform: Platform, headers: dict[str, str | bytes]) -> None:
    given = [(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in headers.items()]
    answer = await platform.client.post(f"/webhooks/sendcloud/{platform.key}", content=BODY, headers=given)
    assert refusal(answer) == (401, "UNAUTHENTICATED", None)
    assert await models.Parcel.all().count() == 0


async def test_two_signatures_are_none(platform: Platform) -> None:
    right = signature(platform.secret, BODY)
    headers = [("Sendcloud-Signature", right), ("Sendcloud-Signature", right)]
    answer = await platform.client.post(f"/webhooks/sendcloud/{platform.key}", content=BODY, headers=headers)
    assert answer.status_code == 401


async def test_a_changed_body_is_refused(platform: Platform) -> None:
    answer = await platform.posts(BODY + b" ", **{"Sendcloud-Signature": signature(platform.secret, BODY)})
    assert answer.status_code == 401


async def test_whether_an_integration_exists_cant_be_told(platform: Platform) -> None:
    ended, secret = await add_integration(platform.merchant.id, "Old")
    await database.execute("UPDATE integrations SET ended_at = {now} WHERE id = :id", id=ended)
    gone = await a_merchant("Gone")
    of_gone, secret_of_gone = await add_integration(gone.id, "Sendcloud")
    await database.execute("UPDATE accounts SET deleted_at = {now} WHERE id = :id", id=gone.id)
    answers = [
        await platform.posts(BODY, secret="wrong"),
        await platform.posts(BODY, to=new_id()),
        await platform.posts(BODY, to="no-id"),
        await platform.posts(BODY, to=UUID(int=0), secret="0" * 43),
        await platform.posts(BODY, to=ended, secret=secret),
        await platform.posts(BODY, to=of_gone, secret=secret_of_gone),
    ]
    assert {(answer.status_code, answer.content, tuple(sorted(answer.headers.items()))) for answer in answers} == {
        (401, answers[0].content, tuple(sorted(answers[0].headers.items())))
    }


def changed(**parcel: object) -> bytes:
    return orjson.dumps(FIXTURE | {"parcel": FIXTURE["parcel"] | parcel})


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"action": "parcel_', id="broken"),
        pytest.param(b'{"action": "\xff"}', id="not-utf-8"),
        pytest.param(b"[]", id="no-object"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"a":' * 5_000 + b"1" + b"}" * 5_000, id="deep-objects"),
        pytest.param(b'{"action": "parcel_status_changed", "timestamp": ' + b"9" * 100_000 + b"}", id="a-long-number"),
        pytest.param(orjson.dumps({"action": "parcel_status_changed"}), id="no-timestamp"),
        pytest.param(orjson.dumps(FIXTURE | {"timestamp": 4_102_444_800}), id="in-the-future"),
        pytest.param(orjson.dumps(FIXTURE | {"parcel": []}), id="no-parcel"),
        pytest.param(changed(name="Sanne\x00de Wit"), id="a-nul"),
        pytest.param(changed(name="Sanne" * 1000), id="too-long"),
        pytest.param(changed(country="Oudegracht"), id="no-country"),
        pytest.param(changed(status=None), id="no-status"),
    ],
)
async def test_a_bad_body_gets_a_clear_answer_without_its_values(platform: Platform, body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answer = await platform.posts(body)
    assert refusal(answer) == (400, "BAD_USER_INPUT", None)
    assert not any(value in answer.text + caplog.text for value in VALUES)
    assert await models.Parcel.all().count() == 0


async def test_a_body_over_the_limit_is_not_read(platform: Platform) -> None:
    assert (await platform.posts(b" " * (LONGEST_BODY + 1))).status_code == 413
    assert (await platform.posts(b" " * LONGEST_BODY)).status_code == 400


@pytest.mark.parametrize("action", ["integration_connected", "return_created", "order_made", None, 7, {}])
async def test_what_is_not_about_a_parcel_is_ignored(platform: Platform, action: object) -> None:
    answer = await platform.posts(orjson.dumps({"action": action, "data": {"name": "Sanne"}}))
    assert (answer.status_code, answer.json()) == (200, {"status": "ignored"})


async def test_only_post_is_answered(platform: Platform) -> None:
    assert (await platform.client.get(f"/webhooks/sendcloud/{platform.key}")).status_code == 405


async def test_an_integration_is_of_an_account_and_has_a_name(database: str) -> None:
    merchant = await a_merchant()
    with pytest.raises(NotFound):
        await add_integration(new_id(), "Sendcloud")
    with pytest.raises(BadInput):
        await add_integration(merchant.id, " ")
    secrets = {(await add_integration(merchant.id, "Sendcloud"))[1] for _ in range(3)}
    assert len(secrets) == 3
    assert all(len(secret) == 43 for secret in secrets)
