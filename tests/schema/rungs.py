"""The ladder of callers, climbed inside one database, and what of a database can be compared before and after."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models import database
from policy.classification import COLUMNS
from policy.vocabulary import ClaimChannel, ClaimStatus, ConsentState, Viewer
from tests.builders import Merchant, ParcelMade, a_claim, a_consent, a_merchant, a_parcel, an_agent


class Rung(StrEnum):
    """Who calls; for an agent, what is open to them."""

    NOBODY = "anonymous"
    OTHER = "other merchant"
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"
    NOTHING = "agent, nothing"
    CLAIM_ELSEWHERE = "agent, claim elsewhere"
    CLOSED_CLAIM = "agent, closed claim"
    RECORDED_CLAIM = "agent, claim they recorded themselves"
    CLAIM = "agent, claim"
    EXPIRED = "agent, expired consent"
    REVOKED = "agent, revoked consent"
    REPLACED = "agent, replaced consent"
    CONSENT = "agent, live consent"
    BOTH = "agent, live consent and claim"


AGENTS = tuple(Rung)[tuple(Rung).index(Rung.NOTHING) :]
LIVE = frozenset({Rung.CONSENT, Rung.BOTH})


@dataclass(frozen=True)
class Ladder:
    """A merchant with a parcel, and everybody who may ask about it."""

    merchant: Merchant
    other: Merchant
    agent: Viewer
    parcel: ParcelMade
    elsewhere: ParcelMade

    async def climb(self, rungs: Iterable[Rung] = Rung) -> AsyncIterator[tuple[Rung, Viewer | None]]:
        """Each rung with its caller; before an agent's the database is brought into that state."""
        for rung in rungs:
            yield rung, await self.stand_on(rung)

    async def stand_on(self, rung: Rung) -> Viewer | None:
        """Nothing is open but what the rung says; who calls."""
        await shut(self.merchant)
        match rung:
            case Rung.CLAIM_ELSEWHERE:
                await a_claim(self.elsewhere)
            case Rung.CLOSED_CLAIM:
                await a_claim(self.parcel, status=ClaimStatus.RESOLVED)
            case Rung.RECORDED_CLAIM:
                await a_claim(self.parcel, channel=ClaimChannel.PHONE)
            case Rung.CLAIM | Rung.BOTH:
                await a_claim(self.parcel)
            case Rung.EXPIRED:
                await a_consent(self.merchant, ConsentState.EXPIRED)
            case Rung.REVOKED:
                await a_consent(self.merchant, ConsentState.REVOKED)
            case Rung.REPLACED:
                await a_consent(self.merchant, ConsentState.REPLACED)
        if rung in LIVE:
            await a_consent(self.merchant)
        merchant = self.merchant
        callers = {
            Rung.NOBODY: None,
            Rung.OTHER: self.other.owner,
            Rung.MEMBER: merchant.member,
            Rung.ADMIN: merchant.admin,
            Rung.OWNER: merchant.owner,
        }
        return callers.get(rung, self.agent)


async def shut(merchant: Merchant) -> None:
    """End every consent and claim of this merchant."""
    await database.execute("UPDATE claims SET status = 'RESOLVED', closed_at = {now} WHERE account_id = :id AND closed_at IS NULL", id=merchant.id)
    await database.execute("UPDATE consents SET live_for = NULL, ended_at = {now}, ended_as = 'REVOKED' WHERE live_for = :id", id=merchant.id)


async def a_ladder(**parcel: Any) -> Ladder:
    """A ladder in an empty database; `parcel` is what the parcel asked about shall be."""
    merchant = await a_merchant()
    return Ladder(merchant, await a_merchant("Other Outdoors"), await an_agent(), await a_parcel(merchant, **parcel), await a_parcel(merchant))


async def contents(*but: str) -> dict[str, list[str]]:
    """Every row of every table but these, as text."""
    found = {}
    for table in sorted(set(COLUMNS) - set(but)):
        found[table] = sorted(repr(sorted(row.items())) for row in await database.fetch(f"SELECT * FROM {table}"))
    return found
