"""A CSV link works once, for who made it, while they may; agents never export; no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx2
import pytest

import models
from exchange import csv_export
from exchange.csv_export import HEADER, ExportEnded, harmless
from models.database import clock
from models.enums import ParcelDirection, ParcelStatus
from policy.vocabulary import ConsentState, Viewer
from resolvers import exports
from resolvers.gate import Gate
from resolvers.ledger import Request
from resolvers.parcels import ParcelFilter
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.exchange.doors import Caller, knocking, refusal

NO_FILTER = ParcelFilter()


async def a_link(merchant: Merchant, viewer: Viewer | None = None, wanted: ParcelFilter = NO_FILTER) -> str:
    return (await exports.create(Gate(viewer or merchant.owner, Request("1")), merchant.id, wanted)).url


async def fetched(viewer: Viewer | Caller | None, url: str) -> httpx2.Response:
    async with knocking(viewer) as client:
        return await client.get(url)


def rows_of(answer: httpx2.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


async def test_the_columns_are_those_of_the_platforms_report(database: str) -> None:
    merchant = await a_merchant()
    made = await a_parcel(merchant, platform_id="77", status=ParcelStatus.DELIVERED, city="'s-Gravenhage, Zuid", tracking_number='3S"1"')
    answer = await fetched(merchant.owner, await a_link(merchant))
    announced_at = (await models.Parcel.get(id=made.id)).announced_at
    assert announced_at is not None
    assert rows_of(answer) == [
        {
            "parcel_id": "77",
            "direction": "outgoing",
            "carrier_code": "postnl",
            "from_address_company_name": "Bakker Bikes",
            "from_address_city": "",
            "from_address_postal_code": "",
            "from_address_country_code": "",
            "from_address_country_name": "",
            "to_address_city": "'s-Gravenhage, Zuid",
            "to_address_postal_code": "5611 AB",
            "to_address_country_code": "NL",
            "to_address_country_name": "Netherlands",
            "order_number": "ORD-1001",
            "tracking_number": '3S"1"',
            "announced_at": announced_at.isoformat().replace("+00:00", "Z"),
            "shipping_option_code": "PostNL Standard",
            "status": "DELIVERED",
            "weight": "1.200",
        }
    ]


async def test_on_a_return_the_person_is_the_sender(database: str) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, direction=ParcelDirection.RETURN, company_name=None)
    [row] = rows_of(await fetched(merchant.owner, await a_link(merchant)))
    assert (row["direction"], row["from_address_city"], row["to_address_city"]) == ("return", "Eindhoven", "")
    assert (row["from_address_company_name"], row["from_address_country_name"]) == ("", "Netherlands")


async def test_a_parcel_of_no_platform_has_our_id(database: str) -> None:
    from schema.ids import global_id

    merchant = await a_merchant()
    made = await a_parcel(merchant, platform_id=None)
    [row] = rows_of(await fetched(merchant.owner, await a_link(merchant)))
    assert row["parcel_id"] == global_id("Parcel", made.id)


async def test_the_file_is_kept_by_nobody_and_is_no_page(database: str) -> None:
    merchant = await a_merchant()
    answer = await fetched(merchant.owner, await a_link(merchant))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    today = (await clock()).date().isoformat()
    assert answer.headers["content-disposition"] == f'attachment; filename="parcels-{today}.csv"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == ",".join(HEADER).encode() + b"\r\n"


Arrange = Callable[[Merchant], Awaitable[None]]


async def nothing(merchant: Merchant) -> None:
    await a_parcel(merchant)


async def an_open_claim(merchant: Merchant) -> None:
    await a_claim(await a_parcel(merchant))


async def a_live_consent(merchant: Merchant) -> None:
    await a_parcel(merchant)
    await a_consent(merchant, ConsentState.ACTIVE)


NEVER = (403, "FORBIDDEN", "NEVER_FOR_AGENTS")


@pytest.mark.parametrize(
    ("who", "arrange", "expected"),
    [
        pytest.param("anonymous", nothing, (401, "UNAUTHENTICATED", "NOT_SIGNED_IN"), id="anonymous"),
        pytest.param("other", nothing, (404, "NOT_FOUND", None), id="other-merchant"),
        pytest.param("member", nothing, (404, "NOT_FOUND", None), id="member-by-the-owners-link"),
        pytest.param("admin", nothing, (404, "NOT_FOUND", None), id="admin-by-the-owners-link"),
        pytest.param("agent", nothing, NEVER, id="agent-with-nothing"),
        pytest.param("agent", an_open_claim, NEVER, id="agent-with-a-claim"),
        pytest.param("agent", a_live_consent, NEVER, id="agent-with-a-live-consent"),
    ],
)
async def test_a_link_is_for_who_made_it_and_refusals_do_not_use_it_up(
    database: str, who: str, arrange: Arrange, expected: tuple[int, str, str | None]
) -> None:
    merchant = await a_merchant()
    await arrange(merchant)
    url = await a_link(merchant)
    callers = {"anonymous": None, "other": (await a_merchant("Other")).owner, "agent": await an_agent()}
    viewer = callers[who] if who in callers else getattr(merchant, who)
    answer = await fetched(viewer, url)
    assert refusal(answer) == expected
    assert "Eindhoven" not in answer.text
    assert len(rows_of(await fetched(merchant.owner, url))) == 1


async def test_an_admin_may_and_a_member_who_no_longer_may_is_refused(database: str) -> None:
    merchant = await a_merchant()
    assert rows_of(await fetched(merchant.admin, await a_link(merchant, merchant.admin))) == []
    url = await a_link(merchant, merchant.admin)
    demoted = Viewer(merchant.admin.id, merchant.admin.kind, "", "en", merchant.id, merchant.member.roles)
    assert refusal(await fetched(demoted, url)) == (403, "FORBIDDEN", "MERCHANT_ROLE")


async def test_a_link_works_once_and_not_for_ever(database: str) -> None:
    merchant = await a_merchant()
    url = await a_link(merchant)
    assert (await fetched(merchant.owner, url)).status_code == 200
    assert refusal(await fetched(merchant.owner, url)) == (404, "NOT_FOUND", None)
    late = await a_link(merchant)
    await models.ExportLink.all().update(expires_at=await clock() - timedelta(seconds=1))
    assert refusal(await fetched(merchant.owner, late)) == (404, "NOT_FOUND", None)
    for unknown in ("/exports/unknown.csv", "/exports/%00.csv", "/exports/é.csv"):
        assert refusal(await fetched(merchant.owner, unknown)) == (404, "NOT_FOUND", None)


async def test_a_head_uses_nothing_up(database: str) -> None:
    merchant = await a_merchant()
    url = await a_link(merchant)
    async with knocking(merchant.owner) as client:
        assert (await client.head(url)).status_code == 405
        assert (await client.get(url)).status_code == 200


async def test_the_links_filter_holds(database: str) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, platform_id="1", order_number="A-1", status=ParcelStatus.DELIVERED)
    await a_parcel(merchant, platform_id="2", order_number="B-2", country="DE")
    for wanted, expected in (
        (ParcelFilter(status=[ParcelStatus.DELIVERED]), ["1"]),
        (ParcelFilter(country=["DE"]), ["2"]),
        (ParcelFilter(order_number="B-2"), ["2"]),
        (ParcelFilter(created_before=await clock() - timedelta(days=1)), []),
    ):
        rows = rows_of(await fetched(merchant.owner, await a_link(merchant, wanted=wanted)))
        assert [row["parcel_id"] for row in rows] == expected


async def test_only_the_accounts_own_live_parcels_are_in_it(database: str) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, platform_id="1")
    await a_parcel(merchant, platform_id="2", deleted_at=await clock())
    await a_parcel(await a_merchant("Other"), platform_id="3")
    assert [row["parcel_id"] for row in rows_of(await fetched(merchant.owner, await a_link(merchant)))] == ["1"]


async def test_every_page_is_in_it_once(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_export, "PAGE", 3)
    merchant = await a_merchant()
    for number in range(10):
        await a_parcel(merchant, platform_id=str(number), events=False)
    caller = Caller(merchant.owner)
    rows = rows_of(await fetched(caller, await a_link(merchant)))
    assert [row["parcel_id"] for row in rows] == [str(number) for number in reversed(range(10))]
    assert caller.asked == 4


async def test_the_rest_is_kept_from_who_may_not_have_it_any_more(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_export, "PAGE", 3)
    merchant = await a_merchant()
    for number in range(7):
        await a_parcel(merchant, platform_id=str(number), events=False)
    with pytest.raises(ExportEnded):
        await fetched(Caller(merchant.owner, ends_after=2), await a_link(merchant))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        pytest.param("=1+1", "'=1+1", id="equals"),
        pytest.param("+31612345678", "'+31612345678", id="plus"),
        pytest.param("-2+3", "'-2+3", id="minus"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("\t=1", "'\t'=1", id="tab"),
        pytest.param("\rx", "'\rx", id="return"),
        pytest.param("\nx", "'\nx", id="newline"),
        pytest.param("  =1", "  '=1", id="after-spaces"),
        pytest.param("\u00a0=1", "\u00a0'=1", id="after-a-hard-space"),
        pytest.param("\u200b\ufeff=1", "\u200b\ufeff'=1", id="after-nothing-visible"),
        pytest.param("\uff1d1", "'\uff1d1", id="full-width-equals"),
        pytest.param("\uff0b1", "'\uff0b1", id="full-width-plus"),
        pytest.param("\uff0d1", "'\uff0d1", id="full-width-minus"),
        pytest.param("\uff20x", "'\uff20x", id="full-width-at"),
        pytest.param("Utrecht;=1+1", "Utrecht;'=1+1", id="after-another-countrys-separator"),
        pytest.param("Utrecht\n=1+1", "Utrecht\n'=1+1", id="on-the-next-line"),
        pytest.param("'=1", "'=1", id="quoted-already"),
        pytest.param("a=1", "a=1", id="inside"),
        pytest.param("Baden-Baden", "Baden-Baden", id="a-hyphen"),
        pytest.param("1.200", "1.200", id="a-number"),
        pytest.param(None, "", id="none"),
    ],
)
def test_no_cell_is_a_formula(cell: str | None, expected: str) -> None:
    assert harmless(cell) == expected


async def test_no_cell_of_the_file_is_a_formula(database: str) -> None:
    merchant = await a_merchant("=HYPERLINK(0)")
    evil = '=cmd|" /C calc"!A0'
    await a_parcel(merchant, platform_id="=1", city=evil, postal_code="@1", order_number="\t+1", tracking_number="-1", shipping_method="\uff1d1")
    [row] = rows_of(await fetched(merchant.owner, await a_link(merchant)))
    assert row["to_address_city"] == f"'{evil}"
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d")) for cell in row.values())
