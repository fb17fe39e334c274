"""What the apps send and what a page may do: trusted documents by their hash, and scripts of ours alone."""

import pytest
from playwright.async_api import Browser, Response, expect

from tests.builders import a_merchant, an_agent
from tests.serving import Server, until
from tests.web.browsing import visit


@pytest.mark.parametrize("app", ["panel", "console"])
async def test_every_document_is_sent_by_its_hash(browser: Browser, house: Server, app: str) -> None:
    viewer = (await a_merchant()).owner if app == "panel" else await an_agent()
    async with visit(browser, house, viewer) as visitor:
        await visitor.goto("/parcels" if app == "panel" else "/console")
        await expect(visitor.page.locator(".waiting")).to_have_count(0)
        assert [request for request in visitor.requests if request.url.endswith("/graphql")]
        assert [frame for frame in visitor.frames if '"subscribe"' in str(frame)]
        assert visitor.untrusted() == []


async def test_a_document_sent_as_text_would_be_noticed(browser: Browser, house: Server) -> None:
    with pytest.raises(AssertionError, match="__typename"):  # noqa: PT012 (the end of the visit raises)
        async with visit(browser, house) as guest:
            await guest.goto("/")
            body = '{"query": "{ __typename }"}'
            await guest.page.evaluate(
                "(body) => fetch('/graphql', {method: 'POST', headers: {'content-type': 'application/json'}, body}).then(() => 0)", body
            )


_TRY = """(code) => new Promise((tell) => setTimeout(() => {
    try { new Map(Object.entries({
        markup: () => { document.body.innerHTML = "<b>x</b>"; },
        written: () => document.write("x"),
        script: () => { document.createElement("script").text = "x"; },
        code: () => eval("1"),
    })).get(code)(); tell("done"); } catch (error) { tell(error.name); }
}))"""


@pytest.mark.parametrize("address", ["/", "/console"])
async def test_text_never_becomes_markup_or_code(browser: Browser, house: Server, address: str) -> None:
    async with visit(browser, house, complaining=True) as guest:  # Chromium tells each on the console
        page = await guest.goto(address)
        refused = {code: await page.evaluate(_TRY, code) for code in ("markup", "written", "script", "code")}
        assert refused == {"markup": "TypeError", "written": "TypeError", "script": "TypeError", "code": "EvalError"}
        await page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://elsewhere.example.com/x.png'}))")
        await until(lambda: any("elsewhere.example.com" in each and "policy" in each.lower() for each in guest.complaints))


async def test_pages_are_asked_for_anew_and_their_files_kept_for_ever(browser: Browser, house: Server) -> None:
    async with visit(browser, house) as guest:
        answers: list[Response] = []
        guest.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 (Playwright marks it)
        await guest.goto("/console")
        kept = {answer.url.removeprefix(house.url): answer.headers.get("cache-control", "") for answer in answers}
        assert kept.pop("/console") == "no-cache"
        files = [how for address, how in kept.items() if address.startswith("/assets/")]
        assert files
        assert all("immutable" in how for how in files)
        assert kept["/graphql"] == "no-store"


async def test_nothing_is_asked_of_another_host(browser: Browser, house: Server) -> None:
    async with visit(browser, house, await an_agent()) as agents:
        await agents.goto("/console")
        assert {request.url for request in agents.requests if not request.url.startswith(house.url)} == set()
