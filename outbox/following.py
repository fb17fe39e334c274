"""What nobody's change tells: that a granted consent was used for the first time, and that it ran out.

Found by looking at the consents whose grant was told and whose end was not: the access log's own transaction has nothing more to do.
"""

from __future__ import annotations

from datetime import timedelta

from models import database
from models.enums import Happening
from resolvers import outbox

#: An access log row of a consent may be committed a little after its end: so long the consent is followed yet.
LINGERS = timedelta(minutes=1)

# By the index, in its order: PostgreSQL would else look through all of a log that few consents fill.
_USED = """
SELECT c.id, c.account_id, (SELECT l.at FROM access_log l WHERE l.consent_id = c.id ORDER BY l.consent_id, l.at LIMIT 1) AS used_at
FROM outbox_events g JOIN consents c ON c.id = g.follows
WHERE g.follows IS NOT NULL AND NOT EXISTS (SELECT 1 FROM outbox_events u WHERE u.once = 'used:' || CAST(c.id AS VARCHAR(36)))"""
_RAN_OUT = """
SELECT c.id, c.account_id, c.expires_at FROM outbox_events g JOIN consents c ON c.id = g.follows
WHERE g.follows IS NOT NULL AND c.expires_at <= {now} AND (c.ended_as IS NULL OR c.ended_as = 'EXPIRED')
  AND NOT EXISTS (SELECT 1 FROM outbox_events e WHERE e.once = 'ended:' || CAST(c.id AS VARCHAR(36)))"""
_SOME_OVER = """
SELECT c.id FROM outbox_events o JOIN consents c ON c.id = o.follows
WHERE o.follows IS NOT NULL AND COALESCE(c.ended_at, c.expires_at) <= :since"""


async def follow() -> None:
    """Write down first uses and ends that nobody wrote down yet. Any number of processes may, at once."""
    for row in await database.fetch(_USED):
        if row["used_at"] is not None:
            used_at = database.moment(row["used_at"])
            await outbox.add(Happening.CONSENT_USED, database.uuid(row["account_id"]), database.uuid(row["id"]), at=used_at, once=True)
    for row in await database.fetch(_RAN_OUT):
        expires_at = database.moment(row["expires_at"])
        await outbox.add(Happening.CONSENT_EXPIRED, database.uuid(row["account_id"]), database.uuid(row["id"]), at=expires_at, once=True)
    since = await database.clock() - LINGERS
    if await database.fetch(_SOME_OVER, since=since):  # a write that changes nothing would still wait for SQLite's other writers
        await database.execute(f"UPDATE outbox_events SET follows = NULL WHERE follows IN ({_SOME_OVER})", since=since)
