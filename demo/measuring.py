"""Large databases to measure on: many parcels of few thousand people, written as fast as the database takes them.

Parcels are written in the order they were made, accounts mixed, as they would have come in; every search key is there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Final
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from demo import goods
from demo.journeys import COMMON, NEVER_ANNOUNCED, Step, steps
from demo.measured_accounts import Owner, add_users
from demo.people import People, Person
from demo.rows import PATIENCE_SECONDS, Ids, Rows
from models import database
from models.database import Engine, Json
from models.enums import ClaimKind, ClaimType, ParcelDirection, ParcelStatus
from policy.vocabulary import OPEN_CLAIM_STATUSES, ClaimChannel, ClaimStatus
from resolvers import search_keys

_SPAN: Final = timedelta(days=730)
_PEOPLE: Final = 20_000
_JOURNEYS: Final = 600
_BASKETS: Final = 400
_BATCH: Final = 20_000
_A_CLAIM_EVERY: Final = 100
#: Where the people live, out of a hundred.
_HOMES: Final = {"NL": 30, "DE": 22, "FR": 16, "ES": 14, "BE": 8, "IT": 4, "GB": 3, "CH": 2, "US": 1}
_ORIGINS: Final = ("NL", "ES", "DE", "FR")

_PARCEL: Final = (
    "id",
    "account_id",
    "platform_id",
    "status",
    "carrier",
    "shipping_method",
    "direction",
    "country",
    "weight_grams",
    "length_mm",
    "width_mm",
    "height_mm",
    "collo_number",
    "collo_count",
    "created_at",
    "announced_at",
    "updated_at",
    "platform_changed_at",
)
_PERSONAL: Final = (
    "parcel_id",
    "account_id",
    "version",
    "name",
    "company_name",
    "email",
    "phone",
    "street",
    "house_number",
    "address_line2",
    "postal_code",
    "city",
    "region",
    "tax_number",
    "order_number",
    "tracking_number",
    "tracking_url",
    "total_value_amount",
    "total_value_currency",
    "items",
    "documents",
    "name_key",
    "surname_key",
    "email_key",
    "postal_code_key",
    "order_key",
    "tracking_key",
)
_EVENT: Final = ("id", "account_id", "parcel_id", "status", "occurred_at", "location", "message")
_CLAIM: Final = ("id", "account_id", "parcel_id", "kind", "type", "channel", "status", "handled_by_id", "filed_by_id", "opened_at", "closed_at")
_CLAIM_PERSONAL: Final = ("claim_id", "account_id", "description")

Record = tuple[object, ...]


@dataclass(frozen=True, slots=True, repr=False)
class _Addressee:
    """Somebody parcels go to, and their columns ready to write."""

    country: str
    city: str
    columns: Record
    keys: tuple[bytes | None, ...]


@dataclass(frozen=True, slots=True)
class _Journey:
    """What has happened to a parcel: at most two reports of it, and which carrier has it."""

    status: ParcelStatus
    carrier: goods.Carrier
    announced_after: timedelta | None
    reports: tuple[Step, ...]
    took: timedelta


@dataclass(frozen=True, slots=True, repr=False)
class _Basket:
    """What is in a parcel, as its columns say it."""

    weight_grams: int
    worth: str
    items: Json


async def fill(parcels: int, accounts: int, password_hash: str, seed: int) -> None:
    """What `demo.fill_for_measuring` says, the database being empty."""
    now = await database.clock()
    rng = Random(seed)  # noqa: S311 -- to be the same every time
    rows = Rows()
    owners, agents = add_users(rows, Ids(rng), now - _SPAN - timedelta(days=1), accounts, password_hash)
    async with database.transaction():
        await rows.store()
    made = _Factory(rng, now, owners, agents).batches(parcels)
    async with _loading():
        with _progress() as progress:
            bar = progress.add_task("parcels", total=parcels)
            for batch in made:
                async with database.transaction():
                    await batch.store()
                progress.advance(bar, len(batch.parcels))


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


@asynccontextmanager
async def _loading() -> AsyncIterator[None]:
    """SQLite does not wait for the disk, and keeps the indexes it writes all over in memory. PostgreSQL learns afterwards what is there."""
    connection = database.current()
    if database.engine() is Engine.POSTGRES:
        yield
        async with connection.acquire_connection() as raw:
            await raw.execute("ANALYZE", timeout=PATIENCE_SECONDS)
        return
    before = {name: (await database.fetch(f"PRAGMA {name}"))[0][name] for name in ("synchronous", "cache_size")}
    await connection.execute_script("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144")
    try:
        yield
    finally:
        await connection.execute_script("; ".join(f"PRAGMA {name} = {value}" for name, value in before.items()))
        await connection.execute_script("PRAGMA wal_checkpoint(TRUNCATE)")


class _Batch:
    """Rows that are written together."""

    def __init__(self) -> None:
        self.parcels: list[Record] = []
        self.personal: list[Record] = []
        self.events: list[Record] = []
        self.claims: list[Record] = []
        self.claims_personal: list[Record] = []

    async def store(self) -> None:
        """Write them; inside the caller's transaction."""
        await database.insert_many("parcels", _PARCEL, self.parcels, seconds=PATIENCE_SECONDS)
        await database.insert_many("parcel_personal_data", _PERSONAL, self.personal, seconds=PATIENCE_SECONDS)
        await database.insert_many("parcel_events", _EVENT, self.events, seconds=PATIENCE_SECONDS)
        await database.insert_many("claims", _CLAIM, self.claims, seconds=PATIENCE_SECONDS)
        await database.insert_many("claim_personal_data", _CLAIM_PERSONAL, self.claims_personal, seconds=PATIENCE_SECONDS)


class _Factory:
    """Makes parcels of what it made beforehand."""

    def __init__(self, rng: Random, now: datetime, owners: list[Owner], agents: list[UUID]) -> None:
        self._rng, self._now, self._owners, self._agents = rng, now, owners, agents
        self._ids = Ids(rng)
        self._addressees: list[_Addressee] = []
        self._journeys: list[_Journey] = []
        self._baskets = [_basket(rng) for _ in range(_BASKETS)]

    def batches(self, parcels: int) -> Iterator[_Batch]:
        """So many parcels, oldest first."""
        people = People(self._rng)
        homes = self._rng.choices([*_HOMES], [*_HOMES.values()], k=min(_PEOPLE, parcels))
        self._addressees = [_addressee(people.person(country)) for country in homes]
        self._journeys = [self._journey() for _ in range(_JOURNEYS)]
        apart = _SPAN / parcels
        moments = ((number, self._now - apart * (parcels - number)) for number in range(parcels))
        while chunk := list(islice(moments, _BATCH)):
            batch = _Batch()
            for number, created_at in chunk:
                self._add(batch, number, created_at)
            yield batch

    def _journey(self) -> _Journey:
        rng = self._rng
        status = rng.choices([*COMMON], [*COMMON.values()])[0]
        origin = rng.choice(_ORIGINS)
        path = steps(status, rng, customs=False, far=False)
        announced = path[0].after if path and status not in NEVER_ANNOUNCED else None
        reports = (path[0], path[-1]) if len(path) > 1 else tuple(path)
        carrier = goods.carrier(origin, origin, rng)
        return _Journey(status, carrier, announced, reports, path[-1].after if path else timedelta(minutes=3))

    def _fitting_journey(self, created_at: datetime) -> _Journey:
        """One that can be as far as that by now: a parcel of today is not delivered yet."""
        while created_at + (journey := self._rng.choice(self._journeys)).took > self._now and journey.reports:
            pass
        return journey

    def _add(self, batch: _Batch, number: int, created_at: datetime) -> None:
        rng = self._rng
        owner, addressee, journey, basket = (
            rng.choice(self._owners),
            rng.choice(self._addressees),
            self._fitting_journey(created_at),
            rng.choice(self._baskets),
        )
        changed_at = min(created_at + journey.took, self._now)
        parcel_id = self._ids.at(created_at)
        account_id = owner.account_id
        announced_at = created_at + journey.announced_after if journey.announced_after else None
        batch.parcels.append(
            (
                parcel_id,
                account_id,
                str(100_000_000 + number),
                journey.status,
                journey.carrier.code,
                journey.carrier.method,
                ParcelDirection.RETURN if number % 14 == 13 else ParcelDirection.OUTGOING,
                addressee.country,
                basket.weight_grams,
                380,
                280,
                120,
                1,
                1,
                created_at,
                announced_at,
                changed_at,
                changed_at,
            )
        )
        batch.personal.append(self._personal(parcel_id, account_id, number, addressee, journey, basket))
        for report in journey.reports:
            at = created_at + report.after
            message = report.message and report.message.format(name=addressee.columns[0], number=addressee.columns[5])
            batch.events.append((self._ids.at(at), account_id, parcel_id, report.status, at, addressee.city, message))
        if number % _A_CLAIM_EVERY == 0:
            self._add_claim(batch, number // _A_CLAIM_EVERY, owner, parcel_id, changed_at)

    def _personal(self, parcel_id: UUID, account_id: UUID, number: int, addressee: _Addressee, journey: _Journey, basket: _Basket) -> Record:
        order = f"LK-{number:08d}"
        tracking = None
        url = None
        if journey.announced_after:
            tracking = f"3SMEAS{number:09d}"
            url = f"https://example.com/track/{journey.carrier.code}/{tracking}"
        return (
            parcel_id,
            account_id,
            1,
            *addressee.columns,
            order,
            tracking,
            url,
            basket.worth,
            "EUR",
            basket.items,
            "[]",
            *addressee.keys,
            b"lk%08d" % number,
            b"3smeas%09d" % number if tracking else None,
        )

    def _add_claim(self, batch: _Batch, number: int, owner: Owner, parcel_id: UUID, since: datetime) -> None:
        statuses, channels, types = list(ClaimStatus), list(ClaimChannel), list(ClaimType)
        status = statuses[number % len(statuses)]
        channel = channels[0] if number % 10 < 8 else channels[1 + number % (len(channels) - 1)]
        left = self._now - since
        opened_at = since + left / 5
        claim_id = self._ids.at(opened_at)
        batch.claims.append(
            (
                claim_id,
                owner.account_id,
                parcel_id,
                ClaimKind.CLAIM if number % 3 else ClaimKind.STATUS_QUESTION,
                types[number % len(types)],
                channel,
                status,
                None if status is ClaimStatus.SUBMITTED else self._agents[number % len(self._agents)],
                owner.user_id if channel is ClaimChannel.SUPPORT_SECTION else None,
                opened_at,
                None if status in OPEN_CLAIM_STATUSES else since + left / 2,
            )
        )
        batch.claims_personal.append(
            (claim_id, owner.account_id, f"The box arrived open. The customer of LK-{number * _A_CLAIM_EVERY:08d} is waiting.")
        )


def _addressee(person: Person) -> _Addressee:
    keys = search_keys.keys(name=person.name, email=person.email, postal_code=person.postal_code, order_number=None, tracking_number=None)
    ready = tuple(keys[name] for name in ("name_key", "surname_key", "email_key", "postal_code_key"))
    return _Addressee(person.country, person.city, tuple(person.columns().values()), ready)


def _basket(rng: Random) -> _Basket:
    lines = goods.basket(goods.CATALOGUES[rng.choice(_ORIGINS)], rng)
    return _Basket(goods.weight(lines), str(goods.worth(lines)), Json.of([line.item(customs=False) for line in lines]))
