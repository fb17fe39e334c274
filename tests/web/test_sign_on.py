"""Single sign-on in a real browser, at a certified provider on another port: to it, back from it, in both apps."""

import pytest
from playwright.async_api import Browser, Page, expect

from identity.external import link
from models.fields import new_id
from tests.builders import a_merchant, a_parcel, an_agent
from tests.identity.providing import SigningOn
from tests.web.browsing import visit
from tests.web.test_accessible import judged

LANGUAGES = {
    "en": "Sign in with Shop Login",
    "nl": "Inloggen met Shop Login",
    "de": "Anmelden mit Shop Login",
    "es": "Iniciar sesión con Shop Login",
    "fr": "Se connecter avec Shop Login",
    "it": "Accedi con Shop Login",
}


async def signs_in_there(page: Page, subject: str) -> None:
    """The provider's own forms: who it is, and whether we may know."""
    await page.locator("input[name=login]").fill(subject)
    await page.locator("input[name=password]").fill("any")
    await page.locator("button[type=submit]").click()
    await page.locator("button[type=submit]", has_text="Continue").click()


async def test_an_agent_signs_in_and_is_where_they_began(browser: Browser, sign_on: SigningOn) -> None:
    agent = await an_agent()
    await link(agent.id, sign_on.provider.issuer, sign_on.provider.knows(f"agent-{agent.id}", groups=["support"]))
    async with visit(browser, sign_on.server, complaining=True) as agents:  # of the provider's own pages
        page = await agents.goto("/console/accounts")
        await expect(page.get_by_label("Password")).to_have_count(0)
        await page.get_by_role("link", name="Sign in with Example Login").click()
        await signs_in_there(page, f"agent-{agent.id}")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Merchants")
        await page.wait_for_url(f"{sign_on.server.url}/console/accounts")
        cookies = {cookie["name"]: cookie for cookie in await agents.context.cookies(sign_on.server.url)}
        assert cookies["latchkey"]["sameSite"] == "Strict"
        assert cookies["latchkey"]["httpOnly"]
        assert "latchkey-sign-on-agents" not in cookies
        await page.reload()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Merchants")


async def test_a_merchant_signs_in_and_out(browser: Browser, sign_on: SigningOn) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, name="Aaltje Zonneveld")
    subject = sign_on.provider.knows(f"owner-{merchant.id}", account=str(merchant.id), role="boss")
    await link(merchant.owner.id, sign_on.provider.issuer, subject)
    async with visit(browser, sign_on.server, complaining=True) as merchants:
        page = await merchants.goto("/")
        await page.get_by_role("link", name="Sign in with Shop Login").click()
        await signs_in_there(page, subject)
        await expect(page.get_by_text("Aaltje Zonneveld")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        await expect(page.get_by_text("Aaltje Zonneveld")).to_have_count(0)


async def test_whoever_is_nobody_here_reads_why(browser: Browser, sign_on: SigningOn) -> None:
    subject = sign_on.provider.knows(f"stranger-{new_id()}", groups=["support"])
    async with visit(browser, sign_on.server, complaining=True) as strangers:
        page = await strangers.goto("/console")
        await page.get_by_role("link", name="Sign in with Example Login").click()
        await signs_in_there(page, subject)
        await expect(page.get_by_role("alert")).to_contain_text("nobody here is linked to you")
        await expect(page.get_by_role("link", name="Sign in with Example Login")).to_be_visible()


@pytest.mark.parametrize(("language", "button"), LANGUAGES.items(), ids=LANGUAGES.keys())
async def test_the_button_speaks_each_language(browser: Browser, sign_on: SigningOn, language: str, button: str) -> None:
    async with visit(browser, sign_on.server, language=language) as guest:
        page = await guest.goto("/?sign-on=cancelled")
        await expect(page.get_by_role("link", name=button)).to_be_visible()
        await expect(page.get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize(("app", "address"), [("panel", "/"), ("console", "/console")])
async def test_axe_finds_nothing(browser: Browser, sign_on: SigningOn, app: str, address: str) -> None:
    async with visit(browser, sign_on.server, language="de") as guest:
        await guest.goto(f"{address}?sign-on=unavailable")
        await expect(guest.page.get_by_role("alert")).to_be_visible()
        assert await judged(guest, f"{app}-sign-on") == {}


async def test_too_many_attempts_are_told_as_by_password(browser: Browser, sign_on: SigningOn) -> None:
    async with visit(browser, sign_on.server) as guest:
        page = await guest.goto("/console?sign-on=limited")
        await expect(page.get_by_role("alert")).to_contain_text("Too many attempts")


async def test_a_reason_nobody_wrote_is_not_shown(browser: Browser, sign_on: SigningOn) -> None:
    async with visit(browser, sign_on.server) as guest:
        page = await guest.goto("/?sign-on=constructor")
        await expect(page.get_by_role("alert")).to_have_count(0)
