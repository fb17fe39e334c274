"""What does the database say? The reads and the access-log write that our own server sends, for the Python peers, by asyncpg alone.

One copy for all of them, so that they differ in what stands above it. The rule is the one of docs/privacy.md for reading: an agent sees the
personal data of a parcel under a live consent of the account, or while a claim of the Support section is open on it, by the database's clock.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from uuid_utils.compat import uuid7

from benchmarks.peers import sqlite_pool

Row = Mapping[str, Any]

MOST_PARCELS_AN_HOUR = 100_000_000
_OPEN = ("SUBMITTED", "INVESTIGATING", "AWAITING_MERCHANT", "WITH_CARRIER")
_CLAIM_OPENS = f"k.channel = 'SUPPORT_SECTION' AND k.status IN {_OPEN}"

_WHO = """
SELECT held.id AS held_id, users.id, users.kind, users.name, users.locale, users.account_id, users.role
FROM tokens AS held JOIN users ON users.id = held.user_id LEFT JOIN accounts ON accounts.id = users.account_id
WHERE held.token_hash = $1 AND held.ended_at IS NULL AND held.expires_at > statement_timestamp()
  AND users.deactivated_at IS NULL AND accounts.deleted_at IS NULL"""

_AGENT_FACTS = f"""
SELECT page.id AS parcel_id, statement_timestamp() AS now, c.id AS consent_id, c.expires_at AS consent_expires_at,
    (SELECT k.id FROM claims k WHERE k.parcel_id = page.id AND {_CLAIM_OPENS} ORDER BY k.opened_at, k.id LIMIT 1) AS claim_id
FROM page
LEFT JOIN LATERAL (SELECT * FROM consents c WHERE c.live_for = page.account_id AND c.expires_at > statement_timestamp() OFFSET 0) c ON TRUE"""
_MERCHANT_FACTS = """
SELECT page.id AS parcel_id, statement_timestamp() AS now, NULL::uuid AS consent_id, NULL::timestamptz AS consent_expires_at, NULL::uuid AS claim_id
FROM page"""
_ADMITTED = "facts.consent_id IS NOT NULL OR facts.claim_id IS NOT NULL"

_LISTED = """id, account_id, status, carrier, shipping_method, direction, collo_number, collo_count, weight_grams, created_at, updated_at"""
_LIST_PERSONAL = ("order_number", "external_reference", "tracking_number", "tracking_url", "service_point", "note")
_SINGLE_PERSONAL = ("order_number", "tracking_number", "name", "company_name", "email", "phone", "street", "house_number", "postal_code", "city")
_PAGE = f"""
SELECT p.*, ROW_NUMBER() OVER (ORDER BY p.created_at DESC, p.id DESC) AS place FROM (
    SELECT {_LISTED} FROM parcels p WHERE p.account_id = $1 AND p.deleted_at IS NULL{{after}}
    ORDER BY p.created_at DESC, p.id DESC LIMIT $2) AS p"""
_ONE = """
SELECT p.id, p.account_id, p.status, p.carrier, p.created_at, p.country, 0 AS place FROM parcels p
JOIN accounts a ON a.id = p.account_id AND a.deleted_at IS NULL WHERE p.id = $1 AND p.deleted_at IS NULL"""


def _select(page: str, personal: Sequence[str], *, agent: bool, shown: str, all_of_them: bool = False) -> str:
    admitted = "true" if all_of_them or not agent else _ADMITTED
    return f"""
WITH page AS MATERIALIZED ({page}),
facts AS MATERIALIZED ({_AGENT_FACTS if agent else _MERCHANT_FACTS})
SELECT page.*, facts.now, facts.consent_id, facts.consent_expires_at, facts.claim_id,
    k.parcel_id AS claim_parcel_id, k.channel AS claim_channel, k.status AS claim_status, {", ".join(f"d.{name}" for name in personal)}
FROM page JOIN facts ON facts.parcel_id = page.id
LEFT JOIN LATERAL (SELECT * FROM claims k WHERE k.id = facts.claim_id OFFSET 0) k ON TRUE
LEFT JOIN LATERAL (SELECT * FROM parcel_personal_data d WHERE d.parcel_id = page.id AND (page.place <= {shown} AND ({admitted})) OFFSET 0) d ON TRUE
ORDER BY page.place"""


_PAGES = {
    (agent, after): _select(_PAGE.format(after=" AND (p.created_at, p.id) < ($4, $5)" if after else ""), _LIST_PERSONAL, agent=agent, shown="$3")
    for agent in (True, False)
    for after in (True, False)
}
_UNDECIDED_PAGE = f"""
SELECT page.*, {", ".join(f"d.{name}" for name in _LIST_PERSONAL)} FROM ({_PAGE.format(after="")}) AS page
LEFT JOIN LATERAL (SELECT * FROM parcel_personal_data d WHERE d.parcel_id = page.id AND (page.place <= $3) OFFSET 0) d ON TRUE
ORDER BY page.place"""
_SINGLES = {agent: _select(_ONE, _SINGLE_PERSONAL, agent=agent, shown="0") for agent in (True, False)}
_FACTS_OF_PARCELS = f"""
WITH page AS MATERIALIZED (SELECT id, account_id FROM parcels WHERE id = ANY($1::uuid[])), facts AS MATERIALIZED ({_AGENT_FACTS})
SELECT page.id, page.account_id, facts.now, facts.consent_id, facts.consent_expires_at, facts.claim_id, k.parcel_id AS claim_parcel_id,
    k.channel AS claim_channel, k.status AS claim_status
FROM page JOIN facts ON facts.parcel_id = page.id
LEFT JOIN LATERAL (SELECT * FROM claims k WHERE k.id = facts.claim_id OFFSET 0) k ON TRUE"""

_SETTINGS = """
SELECT a.id AS account_id, statement_timestamp() AS now, c.id AS consent_id, c.expires_at AS consent_expires_at, s.locale, s.timezone,
    s.default_carrier, s.label_format, s.return_portal_enabled, s.tracking_notifications_enabled, s.version, d.sender_addresses
FROM accounts a
LEFT JOIN consents c ON c.live_for = a.id AND c.expires_at > statement_timestamp()
LEFT JOIN LATERAL (SELECT * FROM account_settings s WHERE s.account_id = a.id AND (c.id IS NOT NULL) OFFSET 0) s ON TRUE
LEFT JOIN LATERAL (SELECT * FROM account_personal_data d WHERE d.account_id = a.id AND (c.id IS NOT NULL) OFFSET 0) d ON TRUE
WHERE a.id = $1 AND a.deleted_at IS NULL"""

_AGENT_LOGIN = """
SELECT a.id AS account_id, statement_timestamp() AS now, live.id AS consent_id, live.expires_at AS consent_expires_at,
    c.id, c.duration, c.granted_at, c.expires_at, c.ended_at, c.ended_as, g.name AS granted_by
FROM accounts a
LEFT JOIN consents live ON live.live_for = a.id AND live.expires_at > statement_timestamp()
LEFT JOIN consents c ON c.id = (SELECT l.id FROM consents l WHERE l.account_id = a.id
    ORDER BY l.granted_at DESC, l.live_for IS NULL, l.ended_at DESC, l.id DESC LIMIT 1)
LEFT JOIN users g ON g.id = c.granted_by_id AND live.id IS NOT NULL
WHERE a.id = $1 AND a.deleted_at IS NULL"""

_LOCK = "UPDATE users SET deactivated_at = deactivated_at WHERE id = $1"
_WRITE = """
WITH entry AS (SELECT * FROM ROWS FROM (jsonb_to_recordset(CAST($1 AS jsonb)) AS (
    id uuid, account_id uuid, parcel_id uuid, action text,
    changed jsonb, categories jsonb, fields jsonb, basis text, consent_id uuid, claim_id uuid)) WITH ORDINALITY
    AS t (id, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id, position)),
account AS (SELECT DISTINCT account_id AS id FROM entry),
seen AS MATERIALIZED (
    SELECT DISTINCT l.parcel_id, l.account_id FROM account JOIN access_log l ON l.account_id = account.id
    WHERE l.agent_id = $2 AND l.at > (statement_timestamp() - interval '1 hour') AND l.parcel_id IS NOT NULL AND l.action = 'VIEW_PERSONAL_DATA'
),
already AS (SELECT account_id AS of_account, COUNT(*) AS parcels FROM seen GROUP BY account_id),
placed AS (
    SELECT entry.*, parcel_id IS NOT NULL AND parcel_id NOT IN (SELECT parcel_id FROM seen) AS fresh,
        MIN(position) OVER (PARTITION BY parcel_id) AS place
    FROM entry
),
numbered AS (SELECT placed.*, DENSE_RANK() OVER (PARTITION BY account_id, fresh ORDER BY place) AS number FROM placed){turn}
INSERT INTO access_log
    (id, at, agent_id, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id, operation, request_id)
SELECT id, statement_timestamp(), $2, account_id, parcel_id, action, changed, categories, fields, basis, consent_id, claim_id, NULL, $3
FROM numbered LEFT JOIN already ON already.of_account = numbered.account_id
WHERE (NOT fresh OR number + COALESCE(parcels, 0) <= $4){in_turn}
RETURNING id"""
_TURN = """,
beforehand AS MATERIALIZED (SELECT id, xmin FROM users WHERE id = $2),
turn AS (
    UPDATE users SET deactivated_at = deactivated_at FROM beforehand WHERE users.id = beforehand.id AND users.xmin = beforehand.xmin
    RETURNING users.id
)"""
_WRITE_AT_ONCE = _WRITE.format(turn=_TURN, in_turn=" AND EXISTS (SELECT 1 FROM turn)")
_WRITE_LOCKED = _WRITE.format(turn="", in_turn="")


@dataclass(frozen=True, slots=True)
class Who:
    """Who is calling."""

    id: UUID
    agent: bool
    account_id: UUID | None


@dataclass(frozen=True, slots=True)
class Basis:
    """On what ground personal data is shown."""

    name: str
    consent_id: UUID | None = None
    claim_id: UUID | None = None


OWN = Basis("OWN_DATA")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the access log says was asked for."""

    fields: tuple[str, ...]
    categories: tuple[str, ...]


LISTED = Asked(
    ("Parcel.externalReference", "Parcel.note", "Parcel.orderNumber", "Parcel.servicePoint", "Parcel.trackingNumber", "Parcel.trackingUrl"),
    ("FREE_TEXT", "LOCATION", "ORDER", "TRACKING"),
)
ONE_PARCEL = Asked(
    (
        "Parcel.orderNumber",
        "Parcel.trackingNumber",
        "Recipient.city",
        "Recipient.companyName",
        "Recipient.email",
        "Recipient.houseNumber",
        "Recipient.name",
        "Recipient.phone",
        "Recipient.postalCode",
        "Recipient.street",
    ),
    ("ADDRESS", "CONTACT", "IDENTITY", "ORDER", "TRACKING"),
)
SENDERS = Asked(("AccountSettings.senderAddresses",), ("ADDRESS",))
GRANTED_BY = Asked(("Consent.grantedBy",), ("IDENTITY",))


class NotSignedIn(Exception):
    """No good bearer token came with the request."""


def basis_of(who: Who, row: Row) -> Basis | None:
    """The decision, from the facts in a row of a parcel: on what ground it is shown; None when it is not."""
    if not who.agent:
        return OWN if row["account_id"] == who.account_id else None
    if row["consent_id"] is not None and row["now"] < row["consent_expires_at"]:
        return Basis("CONSENT", consent_id=row["consent_id"])
    if (
        row["claim_id"] is not None
        and row["claim_parcel_id"] == row["id"]
        and row["claim_channel"] == "SUPPORT_SECTION"
        and row["claim_status"] in _OPEN
    ):
        return Basis("CLAIM", claim_id=row["claim_id"])
    return None


def consent_of(who: Who, row: Row) -> Basis | None:
    """The same of an account, which no claim opens."""
    if not who.agent:
        return OWN if row["account_id"] == who.account_id else None
    if row["consent_id"] is not None and row["now"] < row["consent_expires_at"]:
        return Basis("CONSENT", consent_id=row["consent_id"])
    return None


async def _stay(_: object) -> None:
    """Leave a connection as it is."""


class Rows:
    """A pool of connections, and what is asked over it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: Any  # asyncpg's, or what does the same for SQLite

    async def open(self) -> None:
        """Connect: as many as our own server has at most, and as there without a RESET when a connection comes back."""
        if self._url.startswith("sqlite:"):
            self._pool = await sqlite_pool.Pool.open(self._url)
        else:
            self._pool = await asyncpg.create_pool(self._url, min_size=1, max_size=10, reset=_stay)

    async def close(self) -> None:
        """Let them go."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """A connection inside a transaction."""
        if isinstance(self._pool, sqlite_pool.Pool):
            async with self._pool.transaction() as connection:
                yield connection
            return
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection

    async def who(self, authorization: str) -> Who:
        """Who holds this bearer token now. Raises NotSignedIn."""
        row = await self._pool.fetchrow(_WHO, hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest())
        if row is None:
            raise NotSignedIn
        return Who(row["id"], row["kind"] == "AGENT", row["account_id"])

    async def page(self, who: Who, account_id: UUID, size: int, after: tuple[datetime, UUID] | None = None) -> list[Row]:
        """A page of parcels with facts, the personal columns of those that are admitted, and one more row that tells there is more."""
        found: list[Row] = await self._pool.fetch(_PAGES[who.agent, after is not None], account_id, size + 1, size, *(after or ()))
        return found

    async def whole_page(self, account_id: UUID, size: int) -> list[Row]:
        """A page of parcels with all their personal columns and no facts: for who decides later, field by field."""
        found: list[Row] = await self._pool.fetch(_UNDECIDED_PAGE, account_id, size + 1, size)
        return found

    async def facts(self, parcel_ids: Iterable[UUID]) -> dict[UUID, Row]:
        """The facts of these parcels."""
        return {row["id"]: row for row in await self._pool.fetch(_FACTS_OF_PARCELS, list(parcel_ids))}

    async def parcel(self, who: Who, parcel_id: UUID) -> Row | None:
        """One parcel, as `page`."""
        row: Row | None = await self._pool.fetchrow(_SINGLES[who.agent], parcel_id)
        return row

    async def settings(self, account_id: UUID) -> Row | None:
        """The settings of an account, read under a live consent only."""
        row: Row | None = await self._pool.fetchrow(_SETTINGS, account_id)
        return row

    async def agent_login(self, account_id: UUID) -> Row | None:
        """The state of Agent login."""
        row: Row | None = await self._pool.fetchrow(_AGENT_LOGIN, account_id)
        return row

    async def record(self, who: Who, asked: Asked, shown: Iterable[tuple[UUID, UUID | None, Basis]]) -> frozenset[UUID | None]:
        """Commit what an agent is about to see: account, parcel (None for the account) and ground of each. The parcels that were written.

        The statements of resolvers/ledger.py, where it says how the agent's other answers wait.
        """
        entries = {
            uuid7(): {
                "account_id": account_id,
                "parcel_id": parcel_id,
                "action": "VIEW_PERSONAL_DATA",
                "changed": (),
                "categories": asked.categories,
                "fields": asked.fields,
                "basis": basis.name,
                "consent_id": _plain(basis.consent_id),
                "claim_id": _plain(basis.claim_id),
            }
            for account_id, parcel_id, basis in ((_plain(account), _plain(parcel), basis) for account, parcel, basis in shown)
        }
        if not entries or not who.agent:
            return frozenset(entry["parcel_id"] for entry in entries.values())
        text = orjson.dumps([{"id": key, **entry} for key, entry in entries.items()]).decode()
        written = await self._write(text, who.id, str(uuid7()), MOST_PARCELS_AN_HOUR)
        return frozenset(entries[_plain(row["id"])]["parcel_id"] for row in written)

    async def _write(self, entries: str, agent_id: UUID, *given: object) -> list[Row]:
        found: list[Row]
        if isinstance(self._pool, sqlite_pool.Pool):
            async with self.transaction() as connection:
                found = await connection.fetch(sqlite_pool.WRITE, entries, agent_id, *given)
            return found
        found = await self._pool.fetch(_WRITE_AT_ONCE, entries, agent_id, *given)
        if not found:
            async with self.transaction() as connection:
                await connection.execute(_LOCK, agent_id)
                found = await connection.fetch(_WRITE_LOCKED, entries, agent_id, *given)
        return found


def _plain(key: UUID | None) -> Any:
    """asyncpg's own kind of UUID is not JSON."""
    return None if key is None else UUID(int=key.int)


def page_statement(*, after: bool) -> str:
    """The statement of an agent's page, from its beginning or after a place."""
    return _PAGES[True, after]


def global_id(type_name: str, key: UUID) -> str:
    """The opaque id the contract has."""
    return base64.b64encode(f"{type_name}:{key}".encode()).decode()


def key_of(value: str) -> UUID:
    """The key in a global id."""
    return UUID(base64.b64decode(value).decode().partition(":")[2])


def cursor(row: Row) -> str:
    """Where a parcel stands in its list."""
    at: datetime = row["created_at"]
    since = at - _EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return base64.urlsafe_b64encode(f"Parcel|{micros}|{row['id'].hex}".encode()).decode().rstrip("=")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(value: datetime) -> str:
    """An instant as the contract prints it: UTC, ending in Z."""
    precision = "seconds" if not value.microsecond else "microseconds" if value.microsecond % 1000 else "milliseconds"
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision) + "Z"
