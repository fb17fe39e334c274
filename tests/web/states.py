"""Every page of both apps, in every state it has: what is tested of each page is tested of these.

A new page is covered by a line in STATES; test_states.py fails for a route that has none.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from playwright.async_api import Page, expect

from models.enums import ParcelStatus
from policy.vocabulary import ClaimStatus, ConsentState, Viewer
from tests.asking import account_id, claim_id, parcel_id
from tests.builders import Merchant, ParcelMade, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import HERE, token_of
from tests.web.browsing import Visit

App = Literal["panel", "console"]
Who = Literal["guest", "owner", "member", "agent"]

#: Of one parcel: each as nobody else has it, so that it is found wherever it stands.
PERSONAL: dict[str, Any] = {
    "name": "Aaltje Zonneveld-Quist",
    "company_name": "Zonneveld Zadelmakerij",
    "email": "aaltje.quist@example.com",
    "phone": "+31687654321",
    "street": "Kwartelhofje",
    "house_number": "7391b",
    "address_line2": "Zolderkamer",
    "postal_code": "9781 ZQ",
    "city": "Appingedam",
    "region": "Ommelanden",
    "tax_number": "NL004495445B01",
    "order_number": "ORD-77341-Q",
    "external_reference": "REF-QX-58",
    "tracking_number": "3SQUIST000914",
    "tracking_url": "https://track.example.com/3SQUIST000914/9781ZQ",
    "service_point": "Buurtwinkel Quist",
    "note": "Graag twee keer kloppen",
    "total_value_amount": "4187.35",
    "items": [{"description": "Zadeldek", "quantity": 3, "weight_grams": 410, "value_amount": "62.45", "value_currency": "EUR", "sku": "ZQ-99"}],
    "documents": [{"kind": "LABEL", "carrier_url": "https://carrier.example.com/label/1?hash=quist", "file_id": None}],
}
LOOK = "query ParcelPage($id: ID!) { parcel(id: $id) { recipient { name email } } }"
DESCRIPTION = "Mevrouw Zonneveld-Quist wacht al een week"
#: What must not be found where it is withheld, and nowhere but in text where it is shown.
VALUES = frozenset(
    {value for value in PERSONAL.values() if isinstance(value, str)}
    | {"Zadeldek", "ZQ-99", "Sorting centre Tilburg", "Handed to J. Bakker", DESCRIPTION, "Sender Contact", "Senderstraat", "replies@example.com"}
    | {"archive@example.com", "https://hooks.example.com/latchkey"}
)


@dataclass(frozen=True)
class World:
    """A merchant with parcels and claims, and an agent; the ids as addresses hold them."""

    merchant: Merchant
    agent: Viewer
    made: ParcelMade
    ids: dict[str, str]

    def viewer(self, who: Who) -> Viewer | None:
        """Whose browser it is."""
        return {"guest": None, "owner": self.merchant.owner, "member": self.merchant.member, "agent": self.agent}[who]


async def a_world(*, lent: bool = False, claimed: bool = True, parcels: int = 1) -> World:
    """A merchant whose key is lent to support, or not; whose parcel has an open claim, or a closed one."""
    merchant, agent = await a_merchant("Quist & Zonen Rijwielen"), await an_agent()
    for number in range(parcels - 1):
        await a_parcel(merchant, status=list(ParcelStatus)[number % len(ParcelStatus)], events=False, name=f"Klant {number}")
    parcel = await a_parcel(merchant, **PERSONAL)
    other = await a_parcel(merchant, name="Berend Tweede")
    claim = await a_claim(
        parcel, filed_by=merchant.owner, description=DESCRIPTION, status=ClaimStatus.INVESTIGATING if claimed else ClaimStatus.REJECTED
    )
    await a_claim(other, filed_by=merchant.member, status=ClaimStatus.RESOLVED)
    await a_consent(merchant, ConsentState.REVOKED)
    if lent:
        await a_consent(merchant, lasts=timedelta(days=2, hours=3, minutes=30))
    ids = {"parcels": parcel_id(parcel.id), "claims": claim_id(claim), "support": claim_id(claim), "accounts": account_id(merchant.id)}
    return World(merchant, agent, parcel, ids)


async def _stay(_: Page) -> None:
    pass


@dataclass(frozen=True)
class State:
    """A page as somebody finds it, and what they did there."""

    name: str
    app: App
    route: str  # as the app's main.tsx has it; "" where none is meant to match
    who: Who
    lent: bool = False  # is a consent live?
    claimed: bool = True  # is there an open claim on the parcel?
    looked: bool = False  # did the agent look at the parcel?
    shows: bool = False  # is the parcel's personal data on it?
    reach: Callable[[Page], Awaitable[None]] = _stay
    address: str = ""  # where it is not the route's
    complaining: bool = False  # does Chromium say on the console that something was refused?

    def at(self, world: World) -> str:
        """The address it has in a world."""
        if self.address:
            return self.address
        return re.sub(r"(\w+)/:\w+", lambda found: f"{found[1]}/{world.ids[found[1]]}", self.route) or "/"

    @property
    def opened(self) -> bool:
        """Is it the page as it opens, with nothing done there yet?"""
        return self.reach is _stay

    @property
    def withholds(self) -> bool:
        """Is it of somebody who may see none of the parcel's personal data?"""
        return self.who == "guest" or (self.who == "agent" and not self.lent and not self.claimed)


async def open_state(state: State, world: World, visit: Visit) -> Page:
    """Go there, do what is done there, and wait until everything is."""
    if state.looked:
        answer = await visit.server.ask(LOOK, {"id": world.ids["parcels"]}, token=await token_of(world.agent))
        assert answer["data"]["parcel"]["recipient"]["name"] == PERSONAL["name"]
    page = await visit.goto(state.at(world))
    await settled(page)
    await state.reach(page)
    await settled(page)
    return page


async def settled(page: Page) -> None:
    """Nothing is on its way any more."""
    await expect(page.locator(".waiting")).to_have_count(0)
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)


def click(name: str, *, within: str = "main", first: bool = False) -> Callable[[Page], Awaitable[None]]:
    """Press the button of this name."""

    async def reach(page: Page) -> None:
        button = page.locator(within).get_by_role("button", name=name, exact=True)
        await (button.first if first else button).click()

    return reach


async def _unfold(page: Page) -> None:
    await page.locator("main summary").first.click()


async def _search_in_vain(page: Page) -> None:
    await page.get_by_role("searchbox").fill("nobody at all")
    await page.locator(".empty").wait_for()


async def _choose(page: Page) -> None:
    await page.get_by_role("link", name=PERSONAL["name"]).click()
    await page.get_by_label("What happened?").wait_for()


async def _ask(page: Page) -> None:
    await page.get_by_text("Ask the merchant for permission").click()
    await page.get_by_text("More filters").click()
    await expect(page.locator(".quote")).not_to_be_empty()


async def _wrong_password(page: Page) -> None:
    await page.get_by_label("E-mail address").fill("nobody@example.com")
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("alert").wait_for()


STATES = (
    State("sign-in", "panel", "", "guest"),
    State("sign-in-refused", "panel", "", "guest", reach=_wrong_password, complaining=True),
    State("elsewhere", "panel", "", "agent"),
    State("unknown", "panel", "", "owner", address="/parcels/x/y/z"),
    State("parcels", "panel", "/parcels", "owner", shows=True),
    State("parcels-member", "panel", "/parcels", "member", shows=True),
    State("account", "panel", "/settings/account", "owner"),
    State("account-lent", "panel", "/settings/account", "owner", lent=True),
    State("account-history", "panel", "/settings/account", "owner", reach=_unfold),
    State("account-member", "panel", "/settings/account", "member"),
    State("account-deleting", "panel", "/settings/account", "owner", reach=click("Delete account…")),
    State("account-debit", "panel", "/settings/account", "owner", reach=click("Set up direct debit")),
    State("parcels-none-found", "panel", "/parcels", "owner", reach=_search_in_vain),
    State("parcels-filters", "panel", "/parcels", "owner", shows=True, reach=_unfold),
    State("parcel", "panel", "/parcels/:id", "owner", shows=True),
    State("parcel-member", "panel", "/parcels/:id", "member", claimed=False, shows=True),
    State("parcel-correcting", "panel", "/parcels/:id", "owner", shows=True, reach=click("Correct")),
    State("parcel-cancelling", "panel", "/parcels/:id", "owner", shows=True, reach=click("Cancel parcel")),
    State("parcel-deleting", "panel", "/parcels/:id", "owner", shows=True, reach=click("Delete")),
    State("support", "panel", "/support", "owner", shows=True),
    State("filing-choosing", "panel", "/support/new", "owner", shows=True),
    State("filing", "panel", "/support/new", "owner", shows=True, reach=_choose),
    State("claim", "panel", "/support/:id", "owner", shows=True),
    State("claim-withdrawing", "panel", "/support/:id", "owner", shows=True, reach=click("Withdraw")),
    State("claim-closed", "panel", "/support/:id", "owner", claimed=False, shows=True),
    State("access-log", "panel", "/access-log", "owner", looked=True, shows=True),
    State("access-log-entries", "panel", "/access-log", "owner", looked=True, shows=True, reach=_unfold),
    State("access-log-empty", "panel", "/access-log", "owner"),
    State("access-log-member", "panel", "/access-log", "member"),
    State("preferences", "panel", "/settings/preferences", "owner"),
    State("preferences-lent", "panel", "/settings/preferences", "owner", lent=True),
    State("preferences-member", "panel", "/settings/preferences", "member"),
    State("sign-in", "console", "/console", "guest"),
    State("elsewhere", "console", "/console", "owner"),
    State("unknown", "console", "", "agent", address="/console/nothing/here"),
    State("queue", "console", "/console", "agent", lent=True),
    State("queue-nothing-lent", "console", "/console", "agent"),
    State("merchants", "console", "/console/accounts", "agent", lent=True),
    State("merchant", "console", "/console/accounts/:id", "agent", lent=True, shows=True),
    State("merchant-withheld", "console", "/console/accounts/:id", "agent", claimed=False),
    State("merchant-asking", "console", "/console/accounts/:id", "agent", claimed=False, reach=_ask),
    State("merchant-claimed", "console", "/console/accounts/:id", "agent", shows=True),
    State("merchant-settings", "console", "/console/accounts/:id/settings", "agent", lent=True),
    State("merchant-settings-withheld", "console", "/console/accounts/:id/settings", "agent", claimed=False),
    State("parcel", "console", "/console/parcels/:id", "agent", lent=True, shows=True),
    State("parcel-claimed", "console", "/console/parcels/:id", "agent", shows=True),
    State("parcel-withheld", "console", "/console/parcels/:id", "agent", claimed=False),
    State("parcel-correcting", "console", "/console/parcels/:id", "agent", lent=True, shows=True, reach=click("Correct")),
    State("parcel-cancelling", "console", "/console/parcels/:id", "agent", lent=True, shows=True, reach=click("Cancel the parcel")),
    State("parcel-recording", "console", "/console/parcels/:id", "agent", claimed=False, reach=click("Record a claim made elsewhere")),
    State("claim", "console", "/console/claims/:id", "agent", shows=True),
    State("claim-lent", "console", "/console/claims/:id", "agent", lent=True, shows=True),
    State("claim-closed", "console", "/console/claims/:id", "agent", claimed=False),
    State("claim-closing", "console", "/console/claims/:id", "agent", shows=True, reach=click("Close the claim")),
)

EVERY = [(f"{state.app}-{state.name}", state) for state in STATES]


def routes(app: App) -> list[str]:
    """The routes an app has, as its main.tsx lists them. Raises AssertionError if none is found there."""
    found = re.findall(r'^(?:  |.* = \[)\["([^"]*)", ', (HERE / "web" / "src" / app / "main.tsx").read_text(), re.MULTILINE)
    assert found
    return found
