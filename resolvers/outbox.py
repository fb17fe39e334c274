"""The outbox: what merchants are told is written in the transaction that does it, and brought to them afterwards by the room `outbox`.

Off, which it is until a server says otherwise, nothing is written.
"""

from __future__ import annotations

import time
from datetime import datetime
from uuid import UUID

from models import database
from models.enums import Happening
from models.fields import new_id

_AGAIN_SECONDS = 600
_on = False


def switch(*, on: bool) -> None:
    """Are merchants told? Said once, by the server."""
    global _on  # noqa: PLW0603 (of the process, as the database is)
    _on = on


def is_on() -> bool:
    """Are merchants told?"""
    return _on


async def add(
    kind: Happening, account_id: UUID, subject_id: UUID, *, detail: str | None = None, at: datetime | None = None, once: bool = False
) -> None:
    """Tell the merchant, when this transaction commits. Call it inside the transaction that makes the change.

    With `once` it is told of this consent or claim only if nothing of its sort (its grant, its first use, its end) was; without, the same of the same
    claim is told once in ten minutes, for an agent may do it as often as they like. A grant is followed until its end.
    """
    if not _on:
        return
    await database.execute(
        f"""INSERT INTO outbox_events (id, account_id, kind, subject_id, detail, at, once, follows)
        VALUES (:id, :account, :kind, :subject, :detail, {":at" if at else "{now}"}, :once, :follows) ON CONFLICT (once) DO NOTHING""",
        id=new_id(),
        account=account_id,
        kind=kind,
        subject=subject_id,
        detail=detail,
        # A server's own clock will do here: it decides on nothing but a second message.
        once=f"{_SORTS[kind]}:{subject_id}" if once else f"{detail or kind}:{subject_id}:{int(time.time()) // _AGAIN_SECONDS}",
        follows=subject_id if kind is Happening.CONSENT_GRANTED else None,
        **({"at": at} if at else {}),
    )


_SORTS = {
    Happening.CONSENT_GRANTED: "granted",
    Happening.CONSENT_USED: "used",
    Happening.CONSENT_REVOKED: "ended",
    Happening.CONSENT_REPLACED: "ended",
    Happening.CONSENT_EXPIRED: "ended",
    Happening.CLAIM_CLOSED: "closed",
}
