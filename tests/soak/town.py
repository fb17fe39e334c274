"""Who lives in the database of a soak: merchants in each state that matters, their parcels, and who asks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from exchange.integrations import add_integration
from policy.vocabulary import Viewer
from tests.asking import parcel_id
from tests.builders import Merchant, ParcelMade, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import token_of, with_password

#: Of the merchants whose pages are asked for. An agent may see so many of an account, and does.
PARCELS = 60


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody, with a token."""

    viewer: Viewer
    token: str = field(repr=False)


async def a_caller(viewer: Viewer) -> Caller:
    """With a new token."""
    return Caller(viewer, await token_of(viewer))


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant, its owner, and its parcels."""

    merchant: Merchant
    owner: Caller
    parcels: list[ParcelMade]


@dataclass(frozen=True, slots=True)
class Platform:
    """A shipping platform that posts to us."""

    key: UUID
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Town:
    """All of them. `names` is what the recipient of each parcel is called, by the parcel's global id: each has another."""

    lent: Shop  # the consent stays
    closed: Shop  # nothing was ever opened
    consented: Shop  # the consent comes and goes
    claimed: Shop  # a claim comes and goes
    busy: Shop  # parcels come in, and are told of
    platform: Platform
    names: dict[str, str] = field(repr=False)
    agents: Iterator[Caller] = field(repr=False)
    watchers: Iterator[Caller] = field(repr=False)  # agents who ask by sockets: what they were shown is counted
    browsers: list[tuple[str, Viewer]] = field(repr=False)  # e-mails that a password belongs to

    def name_of(self, parcel: ParcelMade) -> str:
        """What its recipient is called."""
        return self.names[parcel_id(parcel.id)]


async def a_town(agents: int, watchers: int) -> Town:
    """Made in the open database. The access log of an agent is looked through at every answer: the more agents there are, the longer they last."""
    names: dict[str, str] = {}

    async def a_shop(name: str, parcels: int) -> Shop:
        merchant = await a_merchant(name)
        made = [await a_parcel(merchant, name=f"Recipient {number} of {name}") for number in range(parcels)]
        names.update({parcel_id(each.id): each.personal["name"] for each in made})
        return Shop(merchant, await a_caller(merchant.owner), made)

    lent, closed = await a_shop("Lent Lamps", PARCELS), await a_shop("Closed Clocks", PARCELS)
    consented, claimed = await a_shop("Toing Toys", 1), await a_shop("Claimed Cups", 1)
    busy = await a_shop("Busy Bikes", PARCELS)
    await a_consent(lent.merchant, lasts=timedelta(days=7))
    browsers = [(await with_password(each), each) for each in (lent.merchant.admin, lent.merchant.member, closed.merchant.admin, await an_agent())]
    return Town(
        lent,
        closed,
        consented,
        claimed,
        busy,
        Platform(*await add_integration(busy.merchant.id, "Sendcloud")),
        names,
        itertools.cycle([await a_caller(await an_agent()) for _ in range(agents)]),
        iter([await a_caller(await an_agent()) for _ in range(watchers)]),
        browsers,
    )
