"""A real Chromium, as merchants and agents use it: pages signed in as somebody, whose console stays clean."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import orjson
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright

from policy.vocabulary import Viewer
from tests.serving import HERE, Server, session_of

BUILT = HERE / "web" / "dist"
SCREENSHOTS = HERE / "screenshots"
PATIENCE_MS = 15_000
WIDE = (1280, 900)
NARROW = (390, 844)
Scheme = Literal["light", "dark"]

# Root has no sandbox; what else Chromium does on its own would go to other hosts.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_or_skip() -> str:
    """Where Chromium is. Without it, or without built pages, the tests are skipped saying so; in CI they fail."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    missing = None
    if not (BUILT / "index.html").is_file():
        missing = "the web apps are not built: make web"
    elif found is None:
        missing = "there is no Chromium: apt-get install chromium"
    if missing and os.environ.get("CI"):
        pytest.fail(missing)
    if missing or found is None:
        pytest.skip(missing or "")
    return found


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """Chromium, headless."""
    executable = chromium_or_skip()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        await browser.close()


class Visit:
    """One browser of somebody: its page, and what went wrong in it that nobody meant to."""

    def __init__(self, context: BrowserContext, page: Page, server: Server) -> None:
        self.context = context
        self.page = page
        self.server = server
        self.complaints: list[str] = []
        self.requests: list[Request] = []
        self.frames: list[str | bytes] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        page.on("request", self._asked)
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: self.frames.append(frame)))  # noqa: PLW0108 (Playwright marks it)

    async def goto(self, address: str) -> Page:
        """Load an address of this server, and wait for its heading."""
        await self.page.goto(self.server.url + address)
        await self.page.get_by_role("heading", level=1).wait_for()
        return self.page

    async def screenshot(self, name: str) -> Path:
        """The whole page, in the folder to be looked at."""
        path = SCREENSHOTS / f"{name}.png"
        await self.page.screenshot(path=path, full_page=True)
        return path

    def untrusted(self) -> list[str]:
        """What was sent to the API that is no trusted document: both apps know only those."""
        posted = [orjson.loads(request.post_data or "") for request in self.requests if urlsplit(request.url).path == "/graphql"]
        framed = [orjson.loads(frame) for frame in self.frames]
        asked = posted + [each["payload"] for each in framed if each["type"] == "subscribe"]
        return [str(each) for each in asked if each.get("query") or not str(each.get("documentId")).startswith("sha256:")]

    def _asked(self, request: Request) -> None:
        self.requests.append(request)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")


@asynccontextmanager
async def visit(
    browser: Browser,
    server: Server,
    viewer: Viewer | None = None,
    *,
    size: tuple[int, int] = WIDE,
    scheme: Scheme = "light",
    locale: str = "en-GB",
    language: str | None = None,
    complaining: bool = False,
) -> AsyncIterator[Visit]:
    """A browser of its own, signed in as `viewer`; it speaks their language, unless another `language` was chosen in it.

    At the end it is checked that it sent trusted documents alone, and that nothing was said on its console, unless it is `complaining` (of a
    server that is down).
    """
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        locale=locale,
        timezone_id="Europe/Amsterdam",
        reduced_motion="reduce",
        ignore_https_errors=True,  # nobody knows who made a test's certificate
    )
    context.set_default_timeout(PATIENCE_MS)
    if viewer is not None:
        name, _, value = (await session_of(viewer))["Cookie"].partition("=")
        host = urlsplit(server.url).hostname or ""
        await context.add_cookies([{"name": name, "value": value, "domain": host, "path": "/", "httpOnly": True, "sameSite": "Strict"}])
    if language is not None:
        await context.add_init_script(f"localStorage.setItem('latchkey.language', '{language}')")
    found = Visit(context, await context.new_page(), server)
    yield found
    await context.close()
    assert not found.untrusted(), found.untrusted()
    assert complaining or not found.complaints, found.complaints
