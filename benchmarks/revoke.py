"""From the click on Revoke permission in the panel to the value gone from the console's page: how long?

    python benchmarks/revoke.py [--trials 30] [--parcels 100]

Both apps as built, in two browsers of one Chromium, on one server and a SQLite database of its own. Prints the median and the slowest.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.async_api import expect  # noqa: E402 (the path comes first)

from models import database  # noqa: E402
from models.database import close_database, open_database  # noqa: E402
from resolvers import documents  # noqa: E402
from tests.asking import account_id  # noqa: E402
from tests.builders import a_merchant, a_parcel, an_agent  # noqa: E402
from tests.serving import Server, serving, token_of  # noqa: E402
from tests.web.browsing import a_browser, visit  # noqa: E402

NAME = "Aaltje Zonneveld"
GRANT = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { id } } }"
_CLICKED = """() => addEventListener("click", () => { window.clicked = performance.timeOrigin + performance.now() }, { capture: true })"""
_GONE = """(name) => {
    window.gone = new Promise((resolve) => {
        new MutationObserver((_, observer) => {
            if (!document.body.textContent.includes(name)) {
                resolve(performance.timeOrigin + performance.now());
                observer.disconnect();
            }
        }).observe(document.body, { childList: true, subtree: true, characterData: true });
    });
}"""


async def _measure(url: str, folder: Path, trials: int, parcels: int) -> list[float]:
    await database.migrate(url)
    await open_database(url)
    await documents.prepare()
    merchant, agent = await a_merchant(), await an_agent()
    for number in range(parcels):
        await a_parcel(merchant, name=f"{NAME} {number}", events=False)
    token, found = await token_of(merchant.owner), list[float]()
    server = Server(url, folder)
    async with serving(server), a_browser() as browser, visit(browser, server, agent) as agents, visit(browser, server, merchant.owner) as merchants:
        console = await agents.goto(f"/console/accounts/{account_id(merchant.id)}")
        panel = await merchants.goto("/settings/account")
        await panel.evaluate(_CLICKED)
        for _ in range(trials):
            await server.ask(GRANT, {"id": account_id(merchant.id)}, token=token)
            await expect(console.get_by_text(f"{NAME} 0", exact=True)).to_be_visible()
            await console.evaluate(_GONE, NAME)
            await panel.get_by_role("button", name="Revoke permission").click()
            found.append(await console.evaluate("window.gone") - await panel.evaluate("window.clicked"))
    await close_database()
    return found


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--trials", type=int, default=30)
    options.add_argument("--parcels", type=int, default=100)
    given = options.parse_args()
    with TemporaryDirectory() as folder:
        url = f"sqlite://{folder}/revoke.sqlite3"
        found = asyncio.run(_measure(url, Path(folder), given.trials, given.parcels))
    print(f"{len(found)} trials, {given.parcels} rows: median {statistics.median(found):.0f} ms, slowest {max(found):.0f} ms")


if __name__ == "__main__":
    main()
