"""The web apps, in a real browser, on a real server and its database."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from models.database import close_database, open_database
from resolvers import documents
from tests.serving import Server, serving
from tests.web.browsing import a_browser, chromium_or_skip


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as found:
        yield found


@pytest.fixture(scope="session")
async def shared_house(migrated: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    chromium_or_skip()
    folder = tmp_path_factory.mktemp("web")
    copy = shutil.copyfile(migrated["sqlite"].removeprefix("sqlite://"), folder / "latchkey.sqlite3")
    server = Server(
        f"sqlite://{copy}",
        folder,
        terms_url="https://example.com/terms",
        privacy_url="https://example.com/privacy",
        support_url="mailto:support@example.com",
    )
    async with serving(server):
        yield server


@pytest.fixture
async def house(shared_house: Server) -> AsyncIterator[Server]:
    """A server, with its database open here too. All tests share it: make your own merchants and agents."""
    await open_database(shared_house.database_url)
    await documents.prepare()
    yield shared_house
    await close_database()
