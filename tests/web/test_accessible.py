"""Every page and state, as axe-core judges it: light and dark, wide and narrow. Its picture lands in screenshots/."""

import pytest
from playwright.async_api import Browser, Page

from tests.serving import HERE, Server
from tests.web.browsing import NARROW, WIDE, Scheme, Visit, visit
from tests.web.states import EVERY, State, a_world, open_state

AXE = HERE / "web" / "node_modules" / "axe-core" / "axe.min.js"
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SIZES = {"wide": WIDE, "narrow": NARROW}

_JUDGE = """() => axe.run(document, {resultTypes: ["violations"]}).then(({violations}) =>
    violations.flatMap(({id, nodes}) => nodes.map(({target, failureSummary}) => `${id}: ${target.join(" ")}: ${failureSummary}`)))"""


async def violations(page: Page) -> list[str]:
    """What axe finds. It is injected past the page's policy, which concerns the page alone."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(AXE.read_text())
    found: list[str] = await page.evaluate(_JUDGE)
    return found


@pytest.mark.parametrize("state", [pytest.param(state, id=name) for name, state in EVERY])
async def test_axe_finds_nothing(browser: Browser, house: Server, state: State) -> None:
    world = await a_world(lent=state.lent, claimed=state.claimed)
    async with visit(browser, house, world.viewer(state.who), language="en", complaining=state.complaining) as visitor:
        await open_state(state, world, visitor)
        assert await judged(visitor, f"{state.app}-{state.name}") == {}


async def judged(visitor: Visit, name: str) -> dict[str, list[str]]:
    """What axe finds on a page in each size and scheme, where it finds something. Its pictures have this name."""
    found: dict[str, list[str]] = {}
    for width, (across, down) in SIZES.items():
        await visitor.page.set_viewport_size({"width": across, "height": down})
        for scheme in SCHEMES:
            await visitor.page.emulate_media(color_scheme=scheme)
            await visitor.screenshot(f"{name}-{width}-{scheme}")
            found[f"{width} {scheme}"] = await violations(visitor.page)
    return {where: what for where, what in found.items() if what}


async def test_axe_would_find_something(browser: Browser, house: Server) -> None:
    async with visit(browser, house) as guest:
        page = await guest.goto("/")
        await page.evaluate("document.querySelector('label').remove(); document.documentElement.style.color = '#ccc'")
        assert any(each.startswith("label:") for each in await violations(page))
