"""What Prometheus is told."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

requests = Counter("latchkey_requests", "Requests answered.", ["route", "status"])
seconds = Histogram("latchkey_request_seconds", "Seconds to answer.", ["route"])


def metrics(tokens: Sequence[str], *, open_to_all: bool) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint. It takes each bearer token; where there is none, it answers everybody or nobody."""

    async def answer(request: Request) -> Response:
        allowed = any(_is_bearer(request, token) for token in tokens) if tokens else open_to_all
        if not allowed:
            return PlainTextResponse("Not Found\n", 404)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})

    return answer


def _is_bearer(request: Request, token: str) -> bool:
    return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())
