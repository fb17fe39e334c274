"""The access log of the demo data: what the agents saw and changed, when a consent or a claim let them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from demo.claims import Claim
from demo.consents import Granted
from demo.merchants import Office
from demo.parcels import Parcel
from demo.rows import Ids, Rows
from models.database import Json
from policy.classification import FIELDS, INPUTS, Personal, Searches
from policy.vocabulary import Action, Basis, ClaimChannel, ClaimStatus, PiiCategory

#: What the agent console asks for: a page of parcels, one parcel, one claim.
_LOOKS: Final = (
    ("Recipient.name", "Recipient.postalCode", "Recipient.city", "Parcel.orderNumber"),
    (
        "Recipient.name",
        "Recipient.email",
        "Recipient.phone",
        "Recipient.street",
        "Recipient.houseNumber",
        "Recipient.postalCode",
        "Recipient.city",
        "Parcel.orderNumber",
        "Parcel.trackingNumber",
        "Parcel.items",
        "Parcel.events",
        "TrackingEvent.location",
        "TrackingEvent.message",
    ),
    ("Claim.description", "Recipient.name", "Parcel.trackingNumber", "InvestigationEntry.note", "InvestigationEntry.carrierReference"),
)
_CHANGES: Final = (
    (Action.CHANGE_PARCEL, ("Recipient.houseNumber", "Recipient.postalCode")),
    (Action.CHANGE_SETTINGS, ("AccountSettings.labelFormat",)),
)
_FILED: Final = ("Claim.channel", "Claim.description", "Claim.kind", "Claim.type")


class Ledger:
    """Writes the log of one merchant."""

    def __init__(self, rows: Rows, ids: Ids, rng: Random, office: Office, consents: Sequence[Granted]) -> None:
        self._rows, self._ids, self._rng, self._office, self._consents = rows, ids, rng, office, consents

    def write_consent(self, consent: Granted, agent: UUID, parcels: Sequence[Parcel], now: datetime) -> None:
        """An agent looked around while it was live, searched, and mended a parcel and a setting."""
        until = min(consent.until, now)
        there = [parcel for parcel in parcels if parcel.tracking_number and parcel.changed_at < consent.since]
        moments = iter(sorted(consent.since + (until - consent.since) * self._rng.uniform(0.05, 0.95) for _ in range(9)))
        self._add(next(moments), agent, Action.SEARCH_PERSONAL_DATA, None, consent, None, fields=("ParcelFilter.search",))
        for parcel in self._rng.sample(there, min(6, len(there))):
            self._add(next(moments), agent, Action.VIEW_PERSONAL_DATA, parcel.id, consent, None, fields=self._rng.choice(_LOOKS[:2]))
        for action, changed in _CHANGES:
            parcel_id = there[0].id if action is Action.CHANGE_PARCEL else None
            self._add(next(moments), agent, action, parcel_id, consent, None, changed=changed)

    def write_claim(self, claim: Claim, now: datetime) -> None:
        """The agents who worked on a claim saw its parcel, and what they did is written down too."""
        if claim.channel is not ClaimChannel.SUPPORT_SECTION:
            self._write_outside(claim)
            return
        until = claim.closed_at or now
        for entry in claim.entries:
            if entry.by == claim.handled_by:
                self._look(entry.at - (entry.at - claim.opened_at) / 10, claim, entry.by, _LOOKS[1])
                self._change(entry.at, claim, entry.by, Action.INVESTIGATE_CLAIM, ("Claim.investigation", "Claim.status"))
        if claim.handled_by and claim.entries:
            last = claim.entries[-1].at
            self._look(last + (until - last) / 2, claim, claim.handled_by, _LOOKS[2])
        if claim.handled_by and claim.closed_at and claim.status is not ClaimStatus.WITHDRAWN:
            self._change(claim.closed_at, claim, claim.handled_by, Action.CLOSE_CLAIM, ("Claim.status",))

    def _write_outside(self, claim: Claim) -> None:
        """An agent wrote it down, another way than a claim of the Support section is no way to see anything."""
        if claim.filed_by:
            self._change(claim.opened_at, claim, claim.filed_by, Action.RECORD_CLAIM, _FILED)
        if claim.handled_by and claim.closed_at:
            self._change(claim.closed_at, claim, claim.handled_by, Action.CLOSE_CLAIM, ("Claim.status",))

    def _look(self, at: datetime, claim: Claim, agent: UUID, fields: Iterable[str]) -> None:
        consent = self._live(at)
        self._add(at, agent, Action.VIEW_PERSONAL_DATA, claim.parcel.id, consent, None if consent else claim.id, fields=fields)

    def _change(self, at: datetime, claim: Claim, agent: UUID, action: Action, changed: Iterable[str]) -> None:
        consent = self._live(at)
        known = None if action is Action.RECORD_CLAIM else claim.id
        self._add(at, agent, action, claim.parcel.id, consent, None if consent else known, changed=changed)

    def _live(self, at: datetime) -> Granted | None:
        """A consent is the ground before a claim is."""
        return next((consent for consent in self._consents if consent.since <= at < consent.until), None)

    def _add(
        self,
        at: datetime,
        agent: UUID,
        action: Action,
        parcel_id: UUID | None,
        consent: Granted | None,
        claim_id: UUID | None,
        *,
        fields: Iterable[str] = (),
        changed: Iterable[str] = (),
    ) -> None:
        self._rows.add(
            "access_log",
            id=self._ids.at(at),
            at=at,
            agent_id=agent,
            account_id=self._office.account_id,
            parcel_id=parcel_id,
            action=action,
            changed=Json.of(sorted(changed)),
            categories=Json.of(sorted({_category(coordinate) for coordinate in fields})),
            fields=Json.of(sorted(fields)),
            basis=Basis.CONSENT if consent else Basis.CLAIM,
            consent_id=consent.id if consent else None,
            claim_id=claim_id,
            operation=None,
            request_id=str(self._ids.at(at - timedelta(milliseconds=3))),
        )


def _category(coordinate: str) -> PiiCategory:
    type_name, field_name = coordinate.split(".")
    what = {**FIELDS, **INPUTS}[type_name][field_name]
    assert isinstance(what, Personal | Searches), coordinate
    return what.category
