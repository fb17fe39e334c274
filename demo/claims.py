"""The claims and questions of the demo data, and what support did about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from demo.merchants import Office
from demo.parcels import Parcel
from demo.people import filled
from demo.rows import Ids, Rows
from models.enums import ClaimKind, ClaimType, InvestigationKind, ParcelStatus
from policy.vocabulary import OPEN_CLAIM_STATUSES, ClaimChannel, ClaimStatus, MerchantRole

_NOTE, _SENT, _HEARD = InvestigationKind.NOTE, InvestigationKind.SENT_TO_CARRIER, InvestigationKind.CARRIER_ANSWERED
_ASKED, _TOLD = InvestigationKind.ASKED_MERCHANT, InvestigationKind.MERCHANT_ANSWERED

_AN_HOUR: Final = timedelta(hours=1)

#: What was done about a claim of the Support section with this status, oldest first.
_DONE: Final = {
    ClaimStatus.SUBMITTED: (),
    ClaimStatus.INVESTIGATING: (_NOTE,),
    ClaimStatus.AWAITING_MERCHANT: (_NOTE, _ASKED),
    ClaimStatus.WITH_CARRIER: (_ASKED, _TOLD, _SENT),
    ClaimStatus.RESOLVED: (_SENT, _HEARD, _NOTE),
    ClaimStatus.REJECTED: (_SENT, _HEARD, _ASKED, _TOLD),
    ClaimStatus.WITHDRAWN: (_NOTE,),
}
_QUESTIONS: Final = frozenset({ClaimType.DELAYED, ClaimType.ADDRESS_CHANGE, ClaimType.OTHER})
_ARRIVED: Final = frozenset({ParcelStatus.DELIVERED})
_MOVING: Final = frozenset({ParcelStatus.SHIPMENT_ON_ROUTE, ParcelStatus.DRIVER_ON_ROUTE, ParcelStatus.DELAYED, ParcelStatus.AT_SORTING_CENTRE})
_ABOUT: Final = {
    ClaimType.DAMAGED: _ARRIVED,
    ClaimType.DELIVERED_NOT_RECEIVED: _ARRIVED,
    ClaimType.LOST: _MOVING,
    ClaimType.DELAYED: _MOVING,
    ClaimType.UNJUST_RETURN: frozenset({ParcelStatus.RETURNED_TO_SENDER, ParcelStatus.UNDELIVERABLE, ParcelStatus.REFUSED_BY_RECIPIENT}),
    ClaimType.ADDRESS_CHANGE: _MOVING | {ParcelStatus.ANNOUNCED},
    ClaimType.OTHER: _ARRIVED | _MOVING,
}
_DESCRIPTIONS: Final = {
    "nl": {
        ClaimType.DAMAGED: "{name} uit {city} kreeg de doos nat en ingedeukt aan. De inhoud is kapot, foto's volgen.",
        ClaimType.LOST: "Pakket {tracking} staat al dagen stil. {name} belt ons elke ochtend.",
        ClaimType.DELAYED: "Waar blijft bestelling {order} voor {name}? Het zou gisteren in {city} zijn.",
        ClaimType.DELIVERED_NOT_RECEIVED: "Volgens de vervoerder bezorgd, maar {name} heeft niets gekregen en de buren ook niet.",
        ClaimType.UNJUST_RETURN: "Zonder bericht teruggestuurd, terwijl {name} gewoon op {street} woont.",
        ClaimType.ADDRESS_CHANGE: "{name} is verhuisd. Kan het naar {street} 4 in {city}? Bereikbaar op {phone}.",
        ClaimType.OTHER: "{name} vraagt waarom er twee keer is aangebeld voor bestelling {order}.",
    },
    "de": {
        ClaimType.DAMAGED: "Bei {name} in {city} kam der Karton durchnässt an. Inhalt beschädigt, Fotos folgen.",
        ClaimType.LOST: "Sendung {tracking} bewegt sich seit Tagen nicht. {name} fragt täglich nach.",
        ClaimType.DELAYED: "Wo bleibt Bestellung {order} für {name}? Sie sollte gestern in {city} sein.",
        ClaimType.DELIVERED_NOT_RECEIVED: "Laut Zusteller zugestellt, aber {name} hat nichts erhalten, die Nachbarn auch nicht.",
        ClaimType.UNJUST_RETURN: "Ohne Nachricht zurückgeschickt, obwohl {name} in der {street} wohnt.",
        ClaimType.ADDRESS_CHANGE: "{name} ist umgezogen. Geht es noch an {street} 4, {city}? Erreichbar unter {phone}.",
        ClaimType.OTHER: "{name} fragt, warum für Bestellung {order} zweimal geklingelt wurde.",
    },
    "fr": {
        ClaimType.DAMAGED: "Chez {name} à {city}, le carton est arrivé trempé. Le contenu est abîmé, photos à suivre.",
        ClaimType.LOST: "Le colis {tracking} ne bouge plus depuis des jours. {name} nous appelle chaque matin.",
        ClaimType.DELAYED: "Où en est la commande {order} de {name} ? Elle devait être à {city} hier.",
        ClaimType.DELIVERED_NOT_RECEIVED: "Livré selon le transporteur, mais {name} n'a rien reçu, les voisins non plus.",
        ClaimType.UNJUST_RETURN: "Renvoyé sans avis, alors que {name} habite bien {street}.",
        ClaimType.ADDRESS_CHANGE: "{name} a déménagé. Peut-on livrer au 4, {street}, {city} ? Joignable au {phone}.",
        ClaimType.OTHER: "{name} demande pourquoi on a sonné deux fois pour la commande {order}.",
    },
    "es": {
        ClaimType.DAMAGED: "A {name}, en {city}, la caja le llegó mojada. El contenido está roto, enviaremos fotos.",
        ClaimType.LOST: "El envío {tracking} lleva días sin moverse. {name} nos llama cada mañana.",
        ClaimType.DELAYED: "¿Dónde está el pedido {order} de {name}? Tenía que estar ayer en {city}.",
        ClaimType.DELIVERED_NOT_RECEIVED: "Según el transportista, entregado, pero {name} no ha recibido nada y los vecinos tampoco.",
        ClaimType.UNJUST_RETURN: "Devuelto sin aviso, aunque {name} vive en {street}.",
        ClaimType.ADDRESS_CHANGE: "{name} se ha mudado. ¿Puede ir a {street} 4, {city}? Su teléfono es {phone}.",
        ClaimType.OTHER: "{name} pregunta por qué llamaron dos veces a la puerta por el pedido {order}.",
    },
}
_NOTES: Final = {
    _NOTE: "Checked the scans: last seen near {city}. Nothing said to {name} yet.",
    _SENT: "Asked the carrier to look for {tracking}.",
    _HEARD: "The driver remembers {street}. Their answer is in the case.",
    _ASKED: "Could you send a photo of the box, and ask {name} when somebody was home?",
    _TOLD: "{name} was home all day. Photo sent by e-mail from {email}.",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody wrote down in an investigation."""

    at: datetime
    by: UUID
    kind: InvestigationKind


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that is in the rows now. `entries` are oldest first."""

    id: UUID
    parcel: Parcel
    channel: ClaimChannel
    status: ClaimStatus
    filed_by: UUID | None
    handled_by: UUID | None
    opened_at: datetime
    closed_at: datetime | None
    entries: tuple[Entry, ...]


class Desk:
    """Files a merchant's claims, and has the agents work on them."""

    def __init__(self, rows: Rows, ids: Ids, rng: Random, agents: Sequence[UUID], now: datetime) -> None:
        self._rows, self._ids, self._rng, self._agents, self._now = rows, ids, rng, agents, now
        self._types = list(ClaimType)
        self._outside = [ClaimStatus.SUBMITTED, ClaimStatus.RESOLVED, ClaimStatus.REJECTED, ClaimStatus.WITHDRAWN]

    def fill(self, office: Office, parcels: Sequence[Parcel], *, support_open: bool) -> list[Claim]:
        """A claim of the Support section in every status (only the closed ones unless `support_open`), and one from every other channel."""
        free = list(parcels)
        statuses = [status for status in ClaimStatus if support_open or status not in OPEN_CLAIM_STATUSES]
        claims = [self._claim(office, free, ClaimChannel.SUPPORT_SECTION, status) for status in statuses]
        for channel in ClaimChannel:
            if channel is not ClaimChannel.SUPPORT_SECTION:
                claims.append(self._claim(office, free, channel, self._outside[0]))
                self._outside.append(self._outside.pop(0))
        self._outside.append(self._outside.pop(0))  # so that the next merchant's channels have other statuses
        return claims

    def _claim(self, office: Office, free: list[Parcel], channel: ClaimChannel, status: ClaimStatus) -> Claim:
        in_support = channel is ClaimChannel.SUPPORT_SECTION
        type_, parcel = self._next(free, siblings=in_support and status in OPEN_CLAIM_STATUSES)
        free[:] = [other for other in free if other.shipment.person is not parcel.shipment.person]
        since = parcel.changed_at
        left = self._now - since
        opened_at = since + left * self._rng.uniform(0.1, 0.3)
        closed_at = None if status in OPEN_CLAIM_STATUSES else since + left * self._rng.uniform(0.8, 0.95)
        agent = self._rng.choice(self._agents)
        by_whom = {ClaimChannel.SUPPORT_SECTION: office.users[self._rng.choice(list(MerchantRole))], ClaimChannel.INTEGRATION: None}
        claim = Claim(
            id=self._ids.at(opened_at),
            parcel=parcel,
            channel=channel,
            status=status,
            filed_by=by_whom.get(channel, agent),
            handled_by=agent if _was_handled(status, in_support=in_support) else None,
            opened_at=opened_at,
            closed_at=closed_at,
            entries=self._entries(office, agent, status, opened_at, closed_at or self._now) if in_support else (),
        )
        self._add(office, claim, type_)
        return claim

    def _next(self, free: Sequence[Parcel], *, siblings: bool) -> tuple[ClaimType, Parcel]:
        """The next type, of those that one of these parcels can have; and which parcel: if `siblings`, best one with colli that must stay shut."""
        while True:
            type_ = self._types.pop(0)
            self._types.append(type_)
            fitting = [parcel for parcel in free if parcel.status in _ABOUT[type_] and self._now - parcel.changed_at > _AN_HOUR]
            telling = [parcel for parcel in fitting if parcel.shipment_group] if siblings else []
            if fitting:
                return type_, self._rng.choice(telling or fitting)

    def _entries(self, office: Office, agent: UUID, status: ClaimStatus, since: datetime, until: datetime) -> tuple[Entry, ...]:
        kinds = _DONE[status]
        step = (until - since) / (len(kinds) + 1)
        return tuple(
            Entry(since + step * (number + 1), office.users[MerchantRole.MEMBER] if kind is _TOLD else agent, kind)
            for number, kind in enumerate(kinds)
        )

    def _add(self, office: Office, claim: Claim, type_: ClaimType) -> None:
        account_id = office.account_id
        self._rows.add(
            "claims",
            id=claim.id,
            account_id=account_id,
            parcel_id=claim.parcel.id,
            kind=ClaimKind.STATUS_QUESTION if type_ in _QUESTIONS else ClaimKind.CLAIM,
            type=type_,
            channel=claim.channel,
            status=claim.status,
            handled_by_id=claim.handled_by,
            filed_by_id=claim.filed_by,
            opened_at=claim.opened_at,
            closed_at=claim.closed_at,
        )
        words = _words(claim.parcel)
        self._rows.add(
            "claim_personal_data",
            claim_id=claim.id,
            account_id=account_id,
            description=_DESCRIPTIONS[office.merchant.language][type_].format(**words),
        )
        for entry in claim.entries:
            key = self._ids.at(entry.at)
            self._rows.add("investigation_entries", id=key, account_id=account_id, claim_id=claim.id, at=entry.at, by_id=entry.by, kind=entry.kind)
            self._rows.add(
                "investigation_personal_data",
                entry_id=key,
                account_id=account_id,
                carrier_reference=filled("CASE-########", self._rng) if entry.kind in {_SENT, _HEARD} else None,
                note=_NOTES[entry.kind].format(**words),
            )


def _was_handled(status: ClaimStatus, *, in_support: bool) -> bool:
    """Did an agent take it? What came another way is only ever closed by one."""
    return status is not ClaimStatus.SUBMITTED if in_support else status in {ClaimStatus.RESOLVED, ClaimStatus.REJECTED}


def _words(parcel: Parcel) -> dict[str, str]:
    shipment, person = parcel.shipment, parcel.shipment.person
    return {
        "name": person.name,
        "city": person.city,
        "street": person.street,
        "phone": person.phone,
        "email": person.email,
        "order": shipment.order_number,
        "tracking": parcel.tracking_number or "",
    }
