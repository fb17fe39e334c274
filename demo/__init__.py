"""Demo data: merchants, users, parcels and claims to try Latchkey with, and large databases to measure it on.

For development only: the password is known to everybody. Refusing it elsewhere is the caller's duty.
Nobody in it exists. Addresses of e-mail and links are at example.com and example.org (RFC 2606), bank codes at banks there are none of.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from random import Random
from typing import Any, Final
from uuid import UUID

from demo import measured_accounts, measuring
from demo.access import Ledger
from demo.claims import Desk
from demo.consents import add_consents
from demo.merchants import EMAILS, MERCHANTS, add_agents, add_merchant
from demo.parcels import Warehouse
from demo.people import People
from demo.rows import Ids, Rows
from models import database
from models.enums import ParcelStatus
from policy.vocabulary import ViewerKind

#: Of every demo user. Known to everybody.
PASSWORD: Final = "demo-latchkey"  # noqa: S105

HashPassword = Callable[[str], Awaitable[str]]


class DatabaseNotEmpty(Exception):
    """There are accounts already: demo data goes into an empty database only."""

    def __init__(self) -> None:
        super().__init__("the database has accounts already: demo data goes into an empty one only")


async def is_empty() -> bool:
    """Is there no account yet?"""
    return not await database.fetch("SELECT 1 AS one FROM accounts LIMIT 1")


async def is_here() -> bool:
    """Does anybody of the demo's stand in the database, even one who was deactivated?"""
    return bool(await database.fetch("SELECT 1 AS one FROM users WHERE email IN :emails LIMIT 1", emails=[*EMAILS, *measured_accounts.AGENTS]))


async def fill(hash_password: HashPassword, now: datetime | None = None, seed: int = 20) -> None:
    """Put the demo data into the open, migrated, empty database: all of it or nothing.

    The same for the same seed and `now` (the database's clock, unless given), but for the salt of the password hashes.
    `hash_password` is `identity.passwords.hash_new`. Raises DatabaseNotEmpty.
    """
    if not await is_empty():
        raise DatabaseNotEmpty
    moment = now or await database.clock()
    rows = _rows(moment, seed, await hash_password(PASSWORD))
    async with database.transaction():
        await rows.store()


def _rows(now: datetime, seed: int, password_hash: str) -> Rows:
    rng = Random(seed)  # noqa: S311 -- to be the same every time
    rows, ids, people = Rows(), Ids(rng), People(rng)
    agents = add_agents(rows, ids, now, password_hash)
    warehouse, desk = Warehouse(rows, ids, people, rng, now), Desk(rows, ids, rng, agents, now)
    statuses = list(ParcelStatus) * 2
    for number, merchant in enumerate(MERCHANTS):
        office = add_merchant(rows, ids, merchant, now, password_hash)
        consents = add_consents(rows, ids, office, now)
        parcels = warehouse.fill(office, statuses[number :: len(MERCHANTS)])
        claims = desk.fill(office, parcels, support_open=merchant.country != "FR")
        ledger = Ledger(rows, ids, rng, office, consents)
        for consent in consents:
            ledger.write_consent(consent, rng.choice(agents), parcels, now)
        for claim in claims:
            ledger.write_claim(claim, now)
    return rows


async def fill_for_measuring(parcels: int, accounts: int, hash_password: HashPassword, seed: int = 20) -> None:
    """Put so many parcels, spread over so many accounts and two years, into the open, migrated, empty database.

    Each has its personal row, its search keys and about two events; one in a hundred a claim. Each account has an owner, and there are
    two agents; `listing` says who. Nothing is granted. Shows its progress on a terminal. What is interrupted is left half full: start
    again with a new database. Raises DatabaseNotEmpty, ValueError.
    """
    if parcels < 1 or accounts < 1:
        raise ValueError("there must be at least one parcel and one account")
    if not await is_empty():
        raise DatabaseNotEmpty
    await measuring.fill(parcels, accounts, await hash_password(PASSWORD), seed)


async def listing() -> dict[str, list[dict[str, Any]]]:
    """Who can sign in to a demo database, with their passwords. Only users that `fill` or `fill_for_measuring` makes are named.

    `{"accounts": [{"id", "companyName", "users": [{"email", "password", "role"}]}], "agents": [{"email", "password"}]}`;
    `id` is the account's key as the commands take it.
    """
    users = await database.fetch(
        """SELECT u.account_id, a.company_name, u.email, u.role, u.kind FROM users u LEFT JOIN accounts a ON a.id = u.account_id
        WHERE u.deactivated_at IS NULL AND u.password_hash IS NOT NULL AND a.deleted_at IS NULL ORDER BY a.created_at, a.id, u.created_at, u.id"""
    )
    accounts: dict[UUID, dict[str, Any]] = {}
    agents: list[dict[str, Any]] = []
    for user in users:
        if not _is_of_the_demo(user["email"]):
            continue
        who = {"email": user["email"], "password": PASSWORD}
        if user["kind"] == ViewerKind.AGENT:
            agents.append(who)
        else:
            account_id = database.uuid(user["account_id"])
            account = {"id": str(account_id), "companyName": user["company_name"], "users": []}
            accounts.setdefault(account_id, account)["users"].append({**who, "role": user["role"]})
    return {"accounts": list(accounts.values()), "agents": agents}


def _is_of_the_demo(email: str) -> bool:
    return email in EMAILS or measured_accounts.EMAIL.fullmatch(email) is not None
