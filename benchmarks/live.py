"""How long from Revoke in the panel to the value gone from the console? From a grant to the value there? And to the first page with data?

    python benchmarks/live.py [--trials 30]

Both apps in two browsers side by side, on a real server and its SQLite database. The click, and the first frame in which the console's document
no longer holds the value, are timed by the pages themselves: `Date.now()` and `performance.now()` of one machine. Prints one table.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.async_api import Browser, Page, expect  # noqa: E402 (the path comes first)

import models  # noqa: E402
from models import database  # noqa: E402
from models.database import close_database, migrate, open_database  # noqa: E402
from policy.vocabulary import ConsentState  # noqa: E402
from resolvers import documents  # noqa: E402
from tests.asking import account_id  # noqa: E402
from tests.builders import Merchant, a_consent, a_merchant, a_parcel, an_agent  # noqa: E402
from tests.serving import Server, serving  # noqa: E402
from tests.web.browsing import a_browser, visit  # noqa: E402

NAME = "Aaltje Zonneveld-Quist"
ROWS = 100

# Each change of the document is looked at before it is painted.
_WATCH = """(name) => {
    globalThis.shown = document.body.textContent.includes(name);
    new MutationObserver(() => {
        const now = document.body.textContent.includes(name);
        if (now !== globalThis.shown) { globalThis.shown = now; globalThis.turned = performance.timeOrigin + performance.now(); }
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
_CLICKED = "() => addEventListener('click', () => { globalThis.clicked = performance.timeOrigin + performance.now(); }, true)"
_FIRST = """(name) => {
    const look = () => {
        if (document.body?.textContent.includes(name)) requestAnimationFrame(() => { globalThis.first = performance.now(); });
        else requestAnimationFrame(look);
    };
    look();
}"""
_LONG = """() => {
    globalThis.long = [];
    new PerformanceObserver((list) => globalThis.long.push(...list.getEntries().map(({duration}) => duration))).observe({type: "longtask"});
}"""
_SCROLL = """async () => {
    for (let y = 0; y < document.documentElement.scrollHeight; y += 120) {
        scrollTo(0, y);
        await new Promise(requestAnimationFrame);
    }
}"""


@dataclass
class Measured:
    """Milliseconds of one question, and what they should be at most."""

    what: str
    goal: float
    took: list[float] = field(default_factory=list)

    def line(self) -> str:
        """As the table prints it."""
        middle, slowest = statistics.median(self.took), max(self.took)
        return f"{self.what:<46} {middle:>8.0f} {slowest:>8.0f} {self.goal:>6.0f} {len(self.took):>6}"


async def _turned(page: Page, *, shown: bool) -> float:
    await page.wait_for_function("(shown) => globalThis.shown === shown && globalThis.turned", arg=shown)
    turned: float = await page.evaluate("() => { const turned = globalThis.turned; globalThis.turned = undefined; return turned; }")
    return turned


async def _side_by_side(browser: Browser, server: Server, trials: int) -> list[Measured]:
    merchant, agent = await a_merchant(), await an_agent()
    await a_parcel(merchant, name=NAME)
    revoked, granted = Measured("Revoke click -> value gone", 100), Measured("Grant click -> value there", 200)
    async with visit(browser, server, agent) as agents, visit(browser, server, merchant.owner) as owner:
        console, panel = await agents.goto(f"/console/accounts/{account_id(merchant.id)}"), await owner.goto("/settings/account#agent-login")
        await expect(console.locator("tbody .chip").first).to_be_visible()
        await console.evaluate(_WATCH, NAME)
        await panel.evaluate(_CLICKED)
        for _ in range(trials):
            for measured, button, shown in ((granted, "Grant permission", True), (revoked, "Revoke permission", False)):
                await panel.get_by_role("button", name=button).click()
                measured.took.append(await _turned(console, shown=shown) - await panel.evaluate("() => globalThis.clicked"))
                await expect(panel.get_by_role("button", name="Revoke permission")).to_have_count(1 if shown else 0)
    return [revoked, granted]


async def _expiry(browser: Browser, server: Server, trials: int) -> Measured:
    merchant, agent = await a_merchant(), await an_agent()
    await a_parcel(merchant, name=NAME)
    measured = Measured("expiresAt -> value gone", 100)
    for _ in range(trials):
        consent = await models.Consent.get(id=await a_consent(merchant, lasts=timedelta(seconds=6)))
        async with visit(browser, server, agent) as agents:
            console = await agents.goto(f"/console/accounts/{account_id(merchant.id)}")
            await expect(console.get_by_text(NAME)).to_be_visible()
            await console.evaluate(_WATCH, NAME)
            measured.took.append(await _turned(console, shown=False) - consent.expires_at.timestamp() * 1000)
        await _close(merchant)
    return measured


async def _close(merchant: Merchant) -> None:
    await database.execute(
        "UPDATE consents SET live_for = NULL, ended_at = expires_at, ended_as = :state WHERE live_for = :id",
        state=ConsentState.EXPIRED,
        id=merchant.id,
    )


async def _first_rows(browser: Browser, server: Server, trials: int) -> list[Measured]:
    merchant, agent = await a_merchant(), await an_agent()
    for number in range(ROWS - 1):
        await a_parcel(merchant, name=f"Klant {number}", events=False)
    await a_parcel(merchant, name=NAME)
    await a_consent(merchant)
    found: list[Measured] = []
    long = Measured(f"long tasks while scrolling {ROWS} rows (count)", 0)
    pages = (("panel", merchant.owner, "/parcels"), ("console", agent, f"/console/accounts/{account_id(merchant.id)}"))
    for app, viewer, address in pages:
        cold, warm = Measured(f"{app}: navigation -> first row, cold cache", 300), Measured(f"{app}: navigation -> first row, warm cache", 300)
        for _ in range(trials):
            async with visit(browser, server, viewer) as visitor:
                page = visitor.page
                await page.add_init_script(f"({_FIRST})('{NAME}')")
                for measured in (cold, warm):
                    await page.goto(server.url + address)
                    await page.wait_for_function("() => globalThis.first")
                    measured.took.append(await page.evaluate("() => globalThis.first"))
        found += [cold, warm]
        async with visit(browser, server, viewer) as visitor:
            page = await visitor.goto(address)
            await expect(page.get_by_text(NAME)).to_be_visible()
            await page.evaluate(_LONG)
            await page.evaluate(_SCROLL)
            long.took.append(await page.evaluate("() => globalThis.long.length"))
    return [*found, long]


async def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--trials", type=int, default=30)
    trials: int = options.parse_args().trials
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite://{folder}/live.sqlite3"
        await migrate(url)
        await open_database(url)
        await documents.prepare()
        server = Server(url, Path(folder), disclosures_per_hour="100000")
        async with serving(server), a_browser() as browser:
            print(f"{'ms':<46} {'median':>8} {'slowest':>8} {'goal':>6} {'trials':>6}")
            for each in await _side_by_side(browser, server, trials):
                print(each.line(), flush=True)
            for each in await _first_rows(browser, server, max(3, trials // 3)):
                print(each.line(), flush=True)
            print((await _expiry(browser, server, max(3, trials // 3))).line())
        await close_database()


if __name__ == "__main__":
    asyncio.run(main())
