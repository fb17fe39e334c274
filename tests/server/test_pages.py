"""The pages of the web apps: where they are, what a browser may do in them, and how long it may keep them."""

from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from service.pages import ADDRESSES, Links, page_routes

BUILT = {"index.html": "<html><head></head><body>panel</body></html>", "console.html": "<html><head></head><body>console</body></html>"}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "app-1a2b.js").write_text("export const long = 1;\n" * 100)
    for name, text in BUILT.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def client(folder: Path, links: Links | None = None) -> httpx2.AsyncClient:
    app = Starlette(routes=page_routes(folder, links or Links()))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://latchkey.example.com")


@pytest.mark.parametrize(("name", "address"), [(name, address) for name, addresses in ADDRESSES.items() for address in addresses])
async def test_each_address_of_an_app_is_its_page(built: Path, name: str, address: str) -> None:
    async with client(built) as browser:
        for below in ("", "" if address == "/" else "/below/it"):
            answer = await browser.get(address + below)
            assert (answer.status_code, Path(name).stem in answer.text or "panel" in answer.text) == (200, True)
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "require-trusted-types-for 'script'" in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-cache"


async def test_a_page_that_did_not_change_is_not_sent_again(built: Path) -> None:
    async with client(built) as browser:
        first = await browser.get("/")
        again = await browser.get("/", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_a_file_named_by_its_hash_is_kept_for_ever_and_sent_compressed(built: Path) -> None:
    async with client(built) as browser:
        answer = await browser.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip"})
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"
        assert (await browser.get("/assets/none.js")).status_code == 404


async def test_links_are_told_to_the_page_and_cannot_break_out_of_it(built: Path) -> None:
    async with client(built, Links(terms='https://example.com/"><script>')) as browser:
        text = (await browser.get("/")).text
        assert "<script>" not in text
        assert "https://example.com/" in text


async def test_without_a_build_the_answer_is_the_command_to_run(tmp_path: Path) -> None:
    async with client(tmp_path) as browser:
        for address in ("/", "/console", "/parcels/x"):
            answer = await browser.get(address)
            assert (answer.status_code, "make web" in answer.text) == (503, True)
        assert (await browser.get("/assets/app.js")).status_code == 404


async def test_other_addresses_are_not_there(built: Path) -> None:
    async with client(built) as browser:
        assert (await browser.get("/nothing")).status_code == 404
