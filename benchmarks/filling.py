"""What is asked about? Accounts of as many parcels each, of the three kinds there are for an agent: nothing open, a few claims, a live consent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from identity import tokens
from models import database
from policy.vocabulary import ConsentState, Viewer
from schema.ids import global_id
from tests.builders import Merchant, ParcelMade, a_claim, a_consent, a_merchant, a_parcel, an_agent

PARCELS = 1_000
AGENTS = 32  # a client each: one agent's answers wait for each other when they are written down
OPEN_CLAIMS = 5
_FOREVER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Account:
    """An account, by the ids of the contract."""

    id: str
    parcel: str
    owner: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Filled:
    """The database and who asks it. `agents` are bearer tokens."""

    url: str
    agents: tuple[str, ...] = field(repr=False)
    nothing: Account
    claims: Account
    consent: Account


async def fill(url: str, parcels: int = PARCELS, agents: int = AGENTS) -> Filled:
    """Migrate and fill the database at `url`, and close it again."""
    await database.migrate(url)
    await database.open_database(url)
    nothing, claims, consent = [await _account(name, parcels) for name in ("Nothing Open", "Few Claims", "Live Consent")]
    newest = claims[1]
    for parcel in newest[:: max(1, min(100, parcels) // OPEN_CLAIMS)][:OPEN_CLAIMS]:  # on the first page
        await a_claim(parcel)
    await a_consent(nothing[0], ConsentState.REVOKED)
    await a_consent(consent[0], lasts=_FOREVER)
    signed_in = [await _token(await an_agent(f"Agent {number}")) for number in range(agents)]
    if database.engine() is database.Engine.POSTGRES:
        await database.execute("ANALYZE")
    found = Filled(url, tuple(signed_in), *[await _named(*each) for each in (nothing, claims, consent)])
    await database.close_database()
    return found


async def _account(name: str, parcels: int) -> tuple[Merchant, list[ParcelMade]]:
    """A merchant with parcels, the newest first. Their instants are whole seconds."""
    merchant = await a_merchant(name)
    newest = (await database.clock()).replace(microsecond=0)
    async with database.transaction():
        await database.lock_account(merchant.id)
        return merchant, [await _parcel(merchant, number, newest) for number in range(parcels)]


async def _parcel(merchant: Merchant, number: int, newest: datetime) -> ParcelMade:
    at = newest - timedelta(minutes=number)
    return await a_parcel(
        merchant,
        events=False,
        created_at=at,
        updated_at=at,
        name=f"Ontvanger {number}",
        email=f"ontvanger.{number}@example.com",
        order_number=f"ORD-{number:05}",
        external_reference=f"REF-{number:05}",
        tracking_number=f"3SABC{number:08}",
        tracking_url=f"https://track.example.com/3SABC{number:08}/5611AB",
        note=None if number % 3 else "Bel twee keer",
    )


async def _named(merchant: Merchant, parcels: list[ParcelMade]) -> Account:
    return Account(global_id("Account", merchant.id), global_id("Parcel", parcels[0].id), await _token(merchant.owner))


async def _token(viewer: Viewer) -> str:
    return await tokens.create_token(viewer.id)
