"""Six languages: each of every page and state, where it is narrowest; whose locale it follows, and what a choice changes."""

import pytest
from playwright.async_api import Browser, Page, expect

from models import database
from policy.vocabulary import Viewer
from tests.builders import a_merchant, an_agent
from tests.serving import Server
from tests.web.browsing import NARROW, visit
from tests.web.states import EVERY, State, a_world, open_state

LANGUAGES = ("en", "nl", "es", "de", "fr", "it")

# Text that lies outside of the window or of a box that cuts, and the choice that stands in a closed menu.
_CUT = """() => {
    const found = [];
    const told = (element) => `${element.tagName.toLowerCase()}.${element.className}: ${(element.innerText ?? element.value).slice(0, 60)}`;
    const across = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > across) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    const pen = document.createElement("canvas").getContext("2d");
    for (const element of document.querySelectorAll("body *")) {
        const style = getComputedStyle(element);
        if (element.closest(".for-listeners, .skip, thead") || !element.checkVisibility()) continue;
        const cuts = style.overflowX !== "visible" && style.display !== "inline";
        if (cuts && element.scrollWidth > element.clientWidth + 1) found.push(`cut: ${told(element)}`);
        if (element.tagName === "SELECT" && element.selectedOptions[0] && !element.closest(".languages")) { // that one is as wide as its widest
            pen.font = style.font;
            const room = element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 20;
            const text = element.selectedOptions[0].text;
            if (pen.measureText(text).width > room) found.push(`cut in a menu: ${text}`);
        }
        for (const child of element.childNodes) {
            if (child.nodeType !== Node.TEXT_NODE || !child.data.trim()) continue;
            const range = document.createRange();
            range.selectNodeContents(child);
            for (const box of range.getClientRects()) {
                if (box.width && (box.right > across + 1 || box.left < -1)) { found.push(`outside: ${told(element)}`); break; }
            }
        }
    }
    return found;
}"""

# Chosen as the menu in the header does it, also below a dialog; done when what is shown no longer changes.
_SPEAK = """async (language) => {
    const menu = document.querySelector(".languages select");
    menu.value = language;
    menu.dispatchEvent(new Event("change", {bubbles: true}));
    const frame = () => new Promise(requestAnimationFrame);
    for (let last, same = 0; document.documentElement.lang !== language || same < 6; last = document.body.innerText) {
        await frame();
        same = last === document.body.innerText ? same + 1 : 0;
    }
}"""


async def speaks(viewer: Viewer, locale: str) -> None:
    """Set the locale of a user."""
    await database.execute("UPDATE users SET locale = :locale WHERE id = :id", locale=locale, id=viewer.id)


async def cut(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(_CUT)
    return found


@pytest.mark.parametrize("state", [pytest.param(state, id=name) for name, state in EVERY])
async def test_no_text_is_cut_at_390_pixels_in_any_language(browser: Browser, house: Server, state: State) -> None:
    world = await a_world(lent=state.lent, claimed=state.claimed)
    found: dict[str, list[str]] = {}
    async with visit(browser, house, world.viewer(state.who), size=NARROW, complaining=state.complaining) as visitor:
        page = await open_state(state, world, visitor)
        for language in LANGUAGES:
            await page.evaluate(_SPEAK, language)
            found[language] = await cut(page)
            if language == "de":
                await visitor.screenshot(f"{state.app}-{state.name}-narrow-de")
    assert {language: what for language, what in found.items() if what} == {}


async def test_text_that_is_cut_would_be_found(browser: Browser, house: Server) -> None:
    async with visit(browser, house, size=NARROW) as guest:
        page = await guest.goto("/")
        assert await cut(page) == []
        await page.evaluate("() => { document.querySelector('h1').textContent = 'Empfangsbestätigung'.repeat(9); }")
        assert await cut(page) == []  # it is broken into lines
        await page.evaluate("() => { document.querySelector('h1').style.whiteSpace = 'nowrap'; }")
        assert any(each.startswith("outside: h1") for each in await cut(page))
        await page.evaluate("() => { Object.assign(document.querySelector('h1').style, {overflow: 'hidden', maxWidth: '9rem'}); }")
        assert any(each.startswith("cut: h1") for each in await cut(page))


@pytest.mark.parametrize("app", ["panel", "console"])
@pytest.mark.parametrize(
    ("locale", "leave"), [("nl-NL", "Uitloggen"), ("es-ES", "Cerrar sesión"), ("de-AT", "Abmelden"), ("fr-BE", "Se déconnecter"), ("it-IT", "Esci")]
)
async def test_an_app_speaks_its_users_language_and_loads_no_other(browser: Browser, house: Server, app: str, locale: str, leave: str) -> None:
    viewer = (await a_merchant()).owner if app == "panel" else await an_agent()
    await speaks(viewer, locale)
    async with visit(browser, house, viewer, locale=locale) as visitor:
        page = await visitor.goto("/settings/account" if app == "panel" else "/console")
        await expect(page.get_by_role("button", name=leave)).to_be_visible()
        await expect(page.locator("html")).to_have_attribute("lang", locale[:2])
        loaded = {request.url.rsplit("/", 1)[1][:3] for request in visitor.requests if "/assets/" in request.url}
        assert {f"{language}-" for language in LANGUAGES} & loaded == {f"{locale[:2]}-"}


@pytest.mark.parametrize("app", ["panel", "console"])
async def test_a_language_chosen_is_spoken_at_once_and_kept(browser: Browser, house: Server, app: str) -> None:
    viewer = (await a_merchant()).owner if app == "panel" else await an_agent()
    async with visit(browser, house, viewer) as visitor:
        page = await visitor.goto("/parcels" if app == "panel" else "/console")
        await page.get_by_label("Language").select_option("nl")
        await expect(page.get_by_role("button", name="Uitloggen")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("button", name="Uitloggen")).to_be_visible()
        await expect(page.locator("html")).to_have_attribute("lang", "nl")


@pytest.mark.parametrize(
    ("locale", "pattern"), [("de-DE", r"^\d\d\.\d\d\.20\d\d$"), ("nl-NL", r"^\d{1,2} \w+\.? 20\d\d$"), ("fr-FR", r"^\d{1,2} \S+ 20\d\d$")]
)
async def test_dates_are_written_as_where_the_user_is(browser: Browser, house: Server, locale: str, pattern: str) -> None:
    world = await a_world()
    await speaks(world.agent, locale)
    async with visit(browser, house, world.agent, locale=locale) as agents:
        page = await agents.goto(f"/console/accounts/{world.ids['accounts']}")
        date = (await page.locator("tbody th a").first.inner_text()).removesuffix(" postnl")
        assert await page.evaluate("([date, pattern]) => new RegExp(pattern, 'u').test(date)", [date, pattern]), date
