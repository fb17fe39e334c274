"""Fetching one document of a parcel: decided, recorded, and only then read. What is not kept here is fetched from the carrier for the caller.

The carrier's link opens the document to whoever has it: it is in no header, no message and no log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NoReturn
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from exchange.answers import NO_STORE, GateFor, Unanswerable
from exchange.carriers import Carriers, CarrierSilent, File
from models import database
from models.enums import DocumentKind
from policy.decision import Decision
from policy.vocabulary import Action
from resolvers import documents
from resolvers import facts as facts_of
from resolvers.errors import NotFound, Refused
from resolvers.facts import CLAIM_OPENS
from resolvers.gate import Disclosure, Gate

_FIELDS: Final = frozenset({"Parcel.documents"})
_ENDINGS: Final = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "application/zpl": "zpl", "text/plain": "txt"}


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A parcel whose documents were decided to be shown, and on what."""

    parcel_id: UUID
    decision: Decision
    own: UUID | None

    def params(self) -> dict[str, Any]:
        return {"parcel": self.parcel_id, "consent": self.decision.consent_id, "claim": self.decision.claim_id, "own": self.own}


@dataclass(frozen=True, slots=True)
class _Document:
    kind: DocumentKind
    carrier_url: str | None = field(repr=False)
    file_id: UUID | None


# The very consent or claim that was recorded has to stand in the statement that reads.
_STILL = f"""
FROM parcels p JOIN accounts a ON a.id = p.account_id AND a.deleted_at IS NULL {{join}}
WHERE p.id = :parcel AND p.deleted_at IS NULL AND (
    p.account_id = :own
    OR EXISTS (SELECT 1 FROM consents c WHERE c.id = :consent AND c.live_for = p.account_id AND c.expires_at > {{{{now}}}})
    OR EXISTS (SELECT 1 FROM claims k WHERE k.id = :claim AND k.parcel_id = p.id AND {CLAIM_OPENS}))"""
_LIST = f"SELECT d.documents {_STILL.format(join='JOIN parcel_personal_data d ON d.parcel_id = p.id')}"
_CONTENT = f"SELECT f.media_type, f.content {_STILL.format(join='JOIN parcel_files f ON f.parcel_id = p.id AND f.id = :file')}"
_AGAIN = f"SELECT 1 AS one {_STILL.format(join='')}"


async def fetch(request: Request, gate_for: GateFor, carriers: Carriers) -> Response:
    """`GET /documents/{token}`. Raises Refused, NotFound, Unanswerable (the carrier gave nothing that can be passed on)."""
    gate = await gate_for(request)
    parcel_id, place = documents.opened(request.path_params["token"], gate.require_viewer())
    admitted = await _admit(gate, parcel_id)
    document = await _listed(gate, admitted, place)
    file = await _stored(gate, admitted, document.file_id) if document.file_id else await _fetched(gate, admitted, document, carriers)
    return _answer(document.kind, file)


async def _admit(gate: Gate, parcel_id: UUID) -> _Admitted:
    """Decide and record, before anything is read."""
    known = gate.require_sight(await facts_of.of_parcel(parcel_id), "document")
    decision = gate.require(Action.VIEW_PERSONAL_DATA, known)
    [recorded] = await gate.record([Disclosure(known.account_id, parcel_id, decision, _FIELDS)])
    if recorded.allowed is not True:
        raise Refused(recorded)
    viewer = gate.require_viewer()
    return _Admitted(parcel_id, recorded, None if viewer.is_agent else viewer.account_id)


async def _listed(gate: Gate, admitted: _Admitted, place: int) -> _Document:
    rows = await database.fetch(_LIST, **admitted.params())
    if not rows:
        await _refuse(gate, admitted)
    listed = database.json(rows[0]["documents"])
    if place >= len(listed):
        raise NotFound("document")
    stored = listed[place]
    return _Document(DocumentKind(stored["kind"]), stored.get("carrier_url"), database.optional_uuid(stored.get("file_id")))


async def _stored(gate: Gate, admitted: _Admitted, file_id: UUID) -> File:
    rows = await database.fetch(_CONTENT, **admitted.params(), file=file_id)
    if not rows:
        await _refuse(gate, admitted)
    return File(rows[0]["media_type"], bytes(rows[0]["content"]))


async def _fetched(gate: Gate, admitted: _Admitted, document: _Document, carriers: Carriers) -> File:
    """From the carrier. That can take a while: whether it may still be shown is asked once more."""
    try:
        file = await carriers.fetch(document.carrier_url or "")
    except CarrierSilent:
        raise Unanswerable(502, "INTERNAL", "The carrier did not give the document") from None
    if not await database.fetch(_AGAIN, **admitted.params()):
        await _refuse(gate, admitted)
    return file


async def _refuse(gate: Gate, admitted: _Admitted) -> NoReturn:
    """What was allowed a moment ago is not any more, or the document is gone. Raises Refused with the reason of now, or NotFound."""
    gate.require(Action.VIEW_PERSONAL_DATA, gate.require_sight(await facts_of.of_parcel(admitted.parcel_id), "document"))
    raise NotFound("document")


def _answer(kind: DocumentKind, file: File) -> Response:
    ending = _ENDINGS.get(file.media_type)
    headers = {
        **NO_STORE,
        "Content-Disposition": f'attachment; filename="{kind.lower().replace("_", "-")}.{ending or "bin"}"',
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return Response(file.content, media_type=file.media_type if ending else "application/octet-stream", headers=headers)
