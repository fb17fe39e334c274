"""Every page of the panel in six languages, at the narrowest width: nothing is cut, and the words of the feature are the ones people know."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import Server
from tests.web.browsing import NARROW, visit
from tests.web.panel.test_access_log import look
from tests.web.panel.test_parcels import address_of, global_id

#: The feature, granting and revoking, as the platform's own pages write them where they do.
WORDS = {
    "en": ("Agent login", "Grant permission", "Revoke permission"),
    "nl": ("Medewerkers login", "Toestemming geven", "Toestemming intrekken"),
    "es": ("Inicio de sesión del agente", "Conceder permiso", "Revocar permiso"),
    "de": ("Mitarbeiter-Login", "Berechtigung erteilen", "Berechtigung widerrufen"),
    "fr": ("Accès de connexion d'un agent", "Accorder l'autorisation", "Révoquer l'autorisation"),
    "it": ("Accesso all'agente", "Concedere l'autorizzazione", "Revocare l'autorizzazione"),
}

# What is wider than the page or than its own box, but for what scrolls or is only for listeners.
CUT = """() => [...document.querySelectorAll('body *')].filter((element) => {
    const style = getComputedStyle(element);
    const heard = element.closest('.for-listeners, thead, .chip, select, input, option');
    return !heard && element.clientWidth > 0 && (element.getBoundingClientRect().right > innerWidth + 1
        || (style.overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1));
}).map((element) => element.outerHTML.slice(0, 120))"""


async def house_in_use(house: Server) -> tuple[Merchant, list[str]]:
    """A merchant with something on every page, and the addresses of all pages."""
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    claim = await a_claim(parcel, filed_by=merchant.owner)
    await a_consent(merchant)
    await look(house, agent, parcel.id)
    return merchant, [
        "/settings/account",
        "/settings/preferences",
        "/parcels",
        address_of(parcel),
        "/support",
        f"/support/{global_id('Claim', claim)}",
        "/support/new",
        f"/support/new?parcel={global_id('Parcel', parcel.id)}",
        "/access-log",
    ]


async def settled(page: Page) -> None:
    await page.get_by_role("heading", level=1).wait_for()
    await expect(page.locator(".waiting")).to_have_count(0)
    await page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("language", WORDS)
async def test_every_page_speaks_it_and_nothing_is_cut(browser: Browser, house: Server, language: str) -> None:
    merchant, addresses = await house_in_use(house)
    async with visit(browser, house, merchant.owner, size=NARROW, language=language) as owner:
        for number, address in enumerate(addresses):
            page = await owner.goto(address)
            await settled(page)
            assert await page.evaluate("document.documentElement.lang") == language
            assert await page.evaluate(CUT) == [], address
            await owner.screenshot(f"panel-{language}-{number}")


@pytest.mark.parametrize(("language", "words"), WORDS.items(), ids=WORDS)
async def test_the_feature_is_called_what_people_know_it_by(browser: Browser, house: Server, language: str, words: tuple[str, str, str]) -> None:
    merchant = await a_merchant()
    await a_consent(merchant)
    title, grant, revoke = words
    async with visit(browser, house, merchant.owner, language=language) as owner:
        page = await owner.goto("/settings/account#agent-login")
        await expect(page.get_by_role("heading", level=2).filter(has_text=title)).to_be_visible()
        await expect(page.get_by_role("button", name=grant, exact=True)).to_be_visible()
        await expect(page.get_by_role("button", name=revoke, exact=True)).to_be_visible()


async def test_a_language_is_chosen_on_the_page(browser: Browser, house: Server) -> None:
    merchant = await a_merchant()
    async with visit(browser, house, merchant.owner) as owner:
        page = await owner.goto("/settings/account")
        await expect(page.locator("#agent-login")).to_contain_text("Support can never")
        await page.get_by_role("combobox", name="Language").select_option("nl")
        await expect(page.locator("#agent-login")).to_contain_text("Support kan nooit")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Instellingen")
