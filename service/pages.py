"""The pages browsers load: the merchant's panel and the agent's console, as `web/` was built.

A page is the same for everybody and holds nothing of anybody: what it shows, it asks of the API.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

import orjson
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_NOT_BUILT = "The web apps are not built: run `make web`.\n"

#: The addresses of each app; below each but the first may stand more.
ADDRESSES = {
    "index.html": ("/", "/parcels", "/support", "/access-log", "/settings"),
    "console.html": ("/console",),
}


@dataclass(frozen=True, slots=True)
class Links:
    """Where the panel's links to what is not ours lead, and how one signs in: by password, or at a provider so named. Empty: not shown."""

    terms: str = ""
    privacy: str = ""
    support: str = ""
    passwords: bool = True
    agents: str = ""
    merchants: str = ""


def page_routes(built: Path, links: Links) -> list[BaseRoute]:
    """Both apps' addresses, and the files they load. `built` is Vite's output folder; without it, a page says how to make it."""
    routes: list[BaseRoute] = []
    if (built / "assets").is_dir():
        routes.append(Mount("/assets", _Assets(directory=built / "assets"), middleware=[Middleware(GZipMiddleware)]))
    for name, addresses in ADDRESSES.items():
        page = _page(built / name, links)
        for address in addresses:
            routes.append(Route(address, page))
            if address != "/":
                routes.append(Route(address + "/{rest:path}", page))
    return routes


class _Assets(StaticFiles):
    """Files whose names hold a hash of what is in them: what was loaded once is good for ever."""

    def file_response(self, *args: object, **options: object) -> Response:
        answer = super().file_response(*args, **options)  # type: ignore[arg-type] # passed on as they are
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def _page(file: Path, links: Links) -> Callable[[Request], Response]:
    meta = f'<meta name="latchkey-links" content="{escape(orjson.dumps(asdict(links)).decode())}" />'

    def answer(request: Request) -> Response:  # not async: it reads a file, in a thread of Starlette's
        try:
            text = file.read_text()
        except FileNotFoundError:
            return PlainTextResponse(_NOT_BUILT, 503, {"Cache-Control": "no-store"})
        body = text.replace("</head>", f"  {meta}\n  </head>", 1).encode()
        headers = {"Cache-Control": "no-cache", "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "Content-Security-Policy": _POLICY}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="text/html", headers=headers)

    return answer
