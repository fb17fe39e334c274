"""After a database was brought back from a backup: what was ended since the backup must not come back to life.

Nobody can tell what that was, so everything that opens anything is ended; whoever still wants it says so again.
"""

from __future__ import annotations

from uuid import UUID

from models import database
from models.database import fetch
from policy.vocabulary import ClaimStatus, ConsentState
from resolvers import live
from resolvers.facts import CLAIM_OPENS

# No person ended them: ended_by stays empty.
_END_CONSENTS = (
    "UPDATE consents SET live_for = NULL, ended_at = expires_at, ended_as = :expired WHERE live_for IS NOT NULL AND expires_at <= {now}",
    "UPDATE consents SET live_for = NULL, ended_at = {now}, ended_as = :revoked WHERE live_for IS NOT NULL RETURNING account_id",
)
_END_CREDENTIALS = "UPDATE {kept} SET ended_at = {{now}} WHERE ended_at IS NULL AND expires_at > {{now}} RETURNING id"
_WITHDRAW = f"UPDATE claims AS k SET status = :withdrawn, closed_at = {{now}} WHERE {CLAIM_OPENS} RETURNING id, account_id"


async def end_everything(*, keep_claims: bool = False) -> dict[str, int]:
    """End every open consent (REVOKED), session, token and CSV link, and withdraw every claim that opens a parcel; how many of each.

    In one transaction, and announced: servers that run all the same hear of it. `keep_claims` leaves claims as the backup has them.
    """
    async with database.transaction():
        await database.execute(_END_CONSENTS[0], expired=ConsentState.EXPIRED)
        revoked = await fetch(_END_CONSENTS[1], revoked=ConsentState.REVOKED)
        for row in revoked:
            await live.announce("consent", database.uuid(row["account_id"]))
        sessions, tokens = await _end_credentials("sessions"), await _end_credentials("tokens")
        links = await database.execute("DELETE FROM export_links")
        withdrawn = [] if keep_claims else await fetch(_WITHDRAW, withdrawn=ClaimStatus.WITHDRAWN)
        for row in withdrawn:
            await live.announce("claim", database.uuid(row["account_id"]), database.uuid(row["id"]))
    return {"consents": len(revoked), "sessions": sessions, "tokens": tokens, "export_links": links, "claims": len(withdrawn)}


async def _end_credentials(kept: str) -> int:
    ended: list[UUID] = [database.uuid(row["id"]) for row in await fetch(_END_CREDENTIALS.format(kept=kept))]
    for key in ended:
        await live.announce("session", subject_id=key)
    return len(ended)
