"""The parcels of the demo data, merchant by merchant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from demo import goods, journeys
from demo.goods import Carrier, Line
from demo.journeys import AT_A_SERVICE_POINT, NEVER_ANNOUNCED, SETTLED, Step
from demo.merchants import Merchant, Office
from demo.people import People, Person
from demo.places import COUNTRIES
from demo.rows import Ids, Rows
from models.database import Json
from models.enums import DocumentKind, ParcelDirection, ParcelStatus
from resolvers import search_keys

_HISTORY_DAYS: Final = 85
_A_NEW_CUSTOMER: Final = 0.75
#: To have come, and to have gone back, wherever it went.
_LONG_ENOUGH_AGO: Final = timedelta(days=16)
_RETURNED: Final = (ParcelStatus.ANNOUNCED, ParcelStatus.SHIPMENT_ON_ROUTE, ParcelStatus.DELIVERED, ParcelStatus.DELIVERED)
_NOTES: Final = {
    "nl": ("Graag bij de buren op nummer 9 als ik er niet ben", "Cadeautje: graag geen factuur erbij", "Bel is stuk, even kloppen"),
    "de": ("Bitte beim Hausmeister abgeben", "Geschenk, bitte ohne Rechnung", "Klingel im Hinterhaus"),
    "fr": ("Laisser chez la gardienne, s'il vous plaît", "C'est un cadeau, sans facture merci", "Digicode 4517B"),
    "es": ("Entregar al portero si no estoy", "Es un regalo, sin factura por favor", "Llamar antes de las tres"),
    "it": ("Lasciare al portiere", "È un regalo, senza fattura per favore"),
    "en": ("Leave it in the porch please", "It's a gift, no invoice please", "Gate code 2290"),
}


@dataclass(frozen=True, slots=True, repr=False)
class Shipment:
    """What one person is sent, or sends back, at once: a parcel or several colli."""

    status: ParcelStatus
    person: Person
    direction: ParcelDirection
    carrier: Carrier
    at_service_point: bool
    colli: int
    created_at: datetime
    steps: tuple[Step, ...]
    order_number: str = ""
    external_reference: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Parcel:
    """A parcel that is in the rows now, as claims and the access log need it."""

    id: UUID
    office: Office
    shipment: Shipment
    tracking_number: str | None
    shipment_group: str | None
    changed_at: datetime

    @property
    def status(self) -> ParcelStatus:
        """Where it is."""
        return self.shipment.status


class Warehouse:
    """Makes a merchant's parcels and puts them into the rows."""

    def __init__(self, rows: Rows, ids: Ids, people: People, rng: Random, now: datetime) -> None:
        self._rows, self._ids, self._people, self._rng, self._now = rows, ids, people, rng, now

    def fill(self, office: Office, required: Sequence[ParcelStatus]) -> list[Parcel]:
        """As many parcels as the merchant has; among them every required status."""
        merchant = office.merchant
        returns = merchant.parcels // 14
        shipments = self._shipments(merchant, merchant.parcels - returns, required)
        shipments.sort(key=lambda shipment: shipment.created_at)
        numbered = [
            replace(shipment, order_number=merchant.order_number.format(merchant.first_order + number)) for number, shipment in enumerate(shipments)
        ]
        delivered = [shipment for shipment in numbered if shipment.status is ParcelStatus.DELIVERED and self._age(shipment) > _LONG_ENOUGH_AGO]
        sent_back = [self._return(merchant, shipment) for shipment in self._rng.sample(delivered, returns)]
        every = sorted([*numbered, *sent_back], key=lambda shipment: shipment.created_at)
        platform_id = self._rng.randint(200_000_000, 300_000_000)
        parcels = []
        for shipment in every:
            platform_id += self._rng.randint(20, 4000)
            parcels += self._packed(office, shipment, platform_id)
        return parcels

    def _age(self, shipment: Shipment) -> timedelta:
        return self._now - shipment.created_at

    def _shipments(self, merchant: Merchant, parcels: int, required: Sequence[ParcelStatus]) -> list[Shipment]:
        customers = {country: [self._people.person(country)] for country in merchant.destinations}
        statuses = list(required)
        found: list[Shipment] = []
        while (left := parcels - sum(shipment.colli for shipment in found)) > 0:
            status = statuses.pop() if statuses else self._rng.choices([*journeys.COMMON], [*journeys.COMMON.values()])[0]
            country = self._destination(merchant, status)
            person = self._rng.choice(customers[country][-6:])
            if self._rng.random() < _A_NEW_CUSTOMER:
                person = self._people.person(country)
                customers[country].append(person)
            colli = min(left, self._rng.choice((2, 2, 3, 4))) if self._rng.random() < 0.06 else 1
            found.append(self._outgoing(merchant, status, person, colli))
        return found

    def _destination(self, merchant: Merchant, status: ParcelStatus) -> str:
        to = dict(merchant.destinations)
        if status is ParcelStatus.AT_CUSTOMS:
            to = {country: weight for country, weight in to.items() if not COUNTRIES[country].in_the_customs_union}
        elif status in AT_A_SERVICE_POINT:
            to = {merchant.country: 1}
        return self._rng.choices([*to], [*to.values()])[0]

    def _outgoing(self, merchant: Merchant, status: ParcelStatus, person: Person, colli: int) -> Shipment:
        rng = self._rng
        carrier = goods.carrier(merchant.country, person.country, rng)
        while status in AT_A_SERVICE_POINT and carrier.point is None:
            carrier = goods.carrier(merchant.country, person.country, rng)
        steps = self._steps(status, merchant, person)
        needed = steps[-1].after if steps else timedelta(minutes=5)
        waiting = rng.uniform(0.1, _HISTORY_DAYS * 24) if status in SETTLED else rng.uniform(0.1, 30)
        return Shipment(
            status=status,
            person=person,
            direction=ParcelDirection.OUTGOING,
            carrier=carrier,
            at_service_point=status in AT_A_SERVICE_POINT
            or (person.country == merchant.country and carrier.point is not None and rng.random() < 0.06),
            colli=colli,
            created_at=self._now - needed - timedelta(seconds=round(waiting * 3600)),
            steps=steps,
            external_reference=f"shop-{rng.getrandbits(40):010x}" if rng.random() < 0.4 else None,
            note=rng.choice(_NOTES[COUNTRIES[person.country].language]) if rng.random() < 0.12 else None,
        )

    def _steps(self, status: ParcelStatus, merchant: Merchant, person: Person) -> tuple[Step, ...]:
        customs = not COUNTRIES[person.country].in_the_customs_union
        return tuple(journeys.steps(status, self._rng, customs=customs, far=person.country != merchant.country))

    def _return(self, merchant: Merchant, sent: Shipment) -> Shipment:
        """The person sends it back some days after it came."""
        status = self._rng.choice(_RETURNED)
        steps = self._steps(status, merchant, sent.person)
        earliest = sent.created_at + sent.steps[-1].after + timedelta(hours=20)
        latest = self._now - steps[-1].after - timedelta(minutes=10)
        if status not in SETTLED:
            earliest = max(earliest, latest - timedelta(hours=30))
        return Shipment(
            status=status,
            person=sent.person,
            direction=ParcelDirection.RETURN,
            carrier=sent.carrier,
            at_service_point=False,
            colli=1,
            created_at=earliest + (latest - earliest) * self._rng.uniform(0.05, 0.6),
            steps=steps,
            order_number=sent.order_number,
            external_reference=f"return-{sent.order_number.strip('#')}",
        )

    def _packed(self, office: Office, shipment: Shipment, platform_id: int) -> list[Parcel]:
        """The colli of a shipment."""
        group = f"{self._rng.getrandbits(64):016x}" if shipment.colli > 1 else None
        return [self._parcel(office, shipment, f"{platform_id + number}", number + 1, group) for number in range(shipment.colli)]

    def _parcel(self, office: Office, shipment: Shipment, platform_id: str, number: int, group: str | None) -> Parcel:
        announced = shipment.status not in NEVER_ANNOUNCED
        created_at = shipment.created_at
        changed_at = created_at + (shipment.steps[-1].after if shipment.steps else timedelta(minutes=3))
        parcel = Parcel(
            id=self._ids.at(created_at),
            office=office,
            shipment=shipment,
            tracking_number=shipment.carrier.tracking_number(self._rng) if announced else None,
            shipment_group=group,
            changed_at=changed_at,
        )
        lines = goods.basket(office.merchant.catalogue, self._rng)
        length = self._rng.choice((250, 300, 380, 400))
        self._rows.add(
            "parcels",
            id=parcel.id,
            account_id=office.account_id,
            platform_id=platform_id,
            status=shipment.status,
            carrier=None if shipment.status is ParcelStatus.NO_LABEL else shipment.carrier.code,
            shipping_method=self._method(shipment),
            direction=shipment.direction,
            country=shipment.person.country,
            weight_grams=goods.weight(lines),
            length_mm=length,
            width_mm=length - 100,
            height_mm=self._rng.choice((60, 100, 150, 220)),
            collo_number=number,
            collo_count=shipment.colli,
            shipment_group=group,
            created_at=created_at,
            announced_at=created_at + shipment.steps[0].after if announced else None,
            updated_at=changed_at,
            platform_changed_at=changed_at,
            deleted_at=None,
        )
        self._add_personal(parcel, lines, f"{number}/{shipment.colli}")
        self._add_events(parcel)
        return parcel

    def _method(self, shipment: Shipment) -> str | None:
        if shipment.status is ParcelStatus.NO_LABEL:
            return None
        return shipment.carrier.point if shipment.at_service_point else shipment.carrier.method

    def _add_personal(self, parcel: Parcel, lines: list[Line], collo: str) -> None:
        shipment = parcel.shipment
        person = shipment.person
        customs = not COUNTRIES[person.country].in_the_customs_union
        documents = self._documents(parcel, lines, collo, customs=customs) if parcel.tracking_number else []
        self._rows.add(
            "parcel_personal_data",
            parcel_id=parcel.id,
            account_id=parcel.office.account_id,
            version=2 if parcel.tracking_number else 1,
            **person.columns(),
            order_number=shipment.order_number,
            external_reference=shipment.external_reference,
            tracking_number=parcel.tracking_number,
            tracking_url=_tracking_url(parcel),
            service_point=self._service_point(shipment) if shipment.at_service_point else None,
            note=shipment.note,
            total_value_amount=str(goods.worth(lines)),
            total_value_currency="EUR",
            items=Json.of([line.item(customs=customs) for line in lines]),
            documents=Json.of(documents),
            **search_keys.keys(
                name=person.name,
                email=person.email,
                postal_code=person.postal_code,
                order_number=shipment.order_number,
                tracking_number=parcel.tracking_number,
            ),
        )

    def _service_point(self, shipment: Shipment) -> str:
        person = shipment.person
        country = COUNTRIES[person.country]
        street = f"{self._rng.choice(country.streets)} {self._rng.randint(1, 60)}"
        return f"{goods.service_point(country.code, self._rng)}, {street}, {person.postal_code} {person.city}"

    def _documents(self, parcel: Parcel, lines: list[Line], collo: str, *, customs: bool) -> list[dict[str, object]]:
        from demo import labels  # reportlab takes a third of a second that the other commands need not wait

        shipment, merchant = parcel.shipment, parcel.office.merchant
        assert parcel.tracking_number is not None
        here, there = merchant.senders[0].lines(), shipment.person.lines()
        sender, addressee = (here, there) if shipment.direction is ParcelDirection.OUTGOING else (there, here)
        papers = {DocumentKind.LABEL: labels.label(shipment.carrier, parcel.tracking_number, sender, addressee, collo)}
        if customs:
            papers[DocumentKind.CUSTOMS_DECLARATION] = labels.customs_paper("CN 23 customs declaration", sender, addressee, lines)
            papers[DocumentKind.COMMERCIAL_INVOICE] = labels.customs_paper("Commercial invoice", sender, addressee, lines)
        return [self._document(parcel, kind, content) for kind, content in papers.items()]

    def _document(self, parcel: Parcel, kind: DocumentKind, content: bytes) -> dict[str, object]:
        file_id = self._ids.at(parcel.shipment.created_at)
        self._rows.add(
            "parcel_files",
            id=file_id,
            account_id=parcel.office.account_id,
            parcel_id=parcel.id,
            media_type="application/pdf",
            content=content,
        )
        return {"kind": kind, "carrier_url": None, "file_id": str(file_id)}

    def _add_events(self, parcel: Parcel) -> None:
        shipment, sender = parcel.shipment, parcel.office.merchant.senders[0]
        person = shipment.person
        here, there, who, number = sender.city, person.city, person.name, person.house_number
        if shipment.direction is ParcelDirection.RETURN:
            here, there, who, number = person.city, sender.city, sender.company_name, sender.house_number
        for step in shipment.steps:
            at = shipment.created_at + step.after
            self._rows.add(
                "parcel_events",
                id=self._ids.at(at),
                account_id=parcel.office.account_id,
                parcel_id=parcel.id,
                status=step.status,
                occurred_at=at,
                location=there if step.at_home else here,
                message=step.message.format(name=who, number=number) if step.message else None,
            )


def _tracking_url(parcel: Parcel) -> str | None:
    """Like the real ones it carries the postal code."""
    if parcel.tracking_number is None:
        return None
    person = parcel.shipment.person
    code = person.postal_code.replace(" ", "")
    return f"https://example.com/track/{parcel.shipment.carrier.code}/{parcel.tracking_number}?country={person.country}&postal_code={code}"
