"""What shipping platforms tell us, signed. Nothing that was sent is sent back, or logged.

Sendcloud signs the raw body with HMAC-SHA256 (hex, in `Sendcloud-Signature`), and tries again up to ten times for an answer other
than 2xx, in any order.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Final
from uuid import UUID

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from exchange import integrations
from exchange.answers import NO_STORE, Unanswerable
from exchange.fields import RejectedRecord
from exchange.imported import ParcelStatusChange
from exchange.integrations import Integration
from exchange.sendcloud import webhook_event
from exchange.stored_parcels import apply_status_change
from models import database

LONGEST_BODY: Final = 1024 * 1024
SIGNATURE: Final = "sendcloud-signature"
#: A change from further ahead would make every later one old news.
FURTHEST_AHEAD: Final = timedelta(days=1)
_NOBODY: Final = UUID(int=0)
_NOBODYS_SECRET: Final = "0" * 43


async def receive(request: Request) -> Response:
    """`POST /webhooks/sendcloud/{integration}`. Answers 200 for whatever is signed and can be read, also for what is not ours to know."""
    body = await _body(request)
    integration = await _signed(request, body)
    change = _change(body)
    if change is None:
        return JSONResponse({"status": "ignored"}, headers=NO_STORE)
    if change.occurred_at > await database.clock() + FURTHEST_AHEAD:
        raise Unanswerable(400, "BAD_USER_INPUT", "timestamp: is in the future")
    changed = await apply_status_change(integration.account_id, change)
    return JSONResponse({"status": "applied" if changed else "known"}, headers=NO_STORE)


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST_BODY:
                raise Unanswerable(413, "BAD_USER_INPUT", f"The body is over {LONGEST_BODY} bytes")
    except ClientDisconnect:
        raise Unanswerable(400, "BAD_USER_INPUT", "The body is not whole") from None
    return bytes(body)


async def _signed(request: Request, body: bytes) -> Integration:
    """Who signed this. Whether there is such an integration can't be told from the answer, nor from how long it takes."""
    integration = await integrations.live(_key(request.path_params["integration"]))
    secret = integration.secret if integration else _NOBODYS_SECRET
    signatures = request.headers.getlist(SIGNATURE)
    given = signatures[0] if len(signatures) == 1 else ""
    right = hmac.compare_digest(signature(secret, body).encode(), given.strip().lower().encode())
    if integration is None or not right:
        raise Unanswerable(401, "UNAUTHENTICATED", "The signature is not that of a live integration")
    return integration


def signature(secret: str, body: bytes) -> str:
    """What the platform signs a body with."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return _NOBODY


def _change(body: bytes) -> ParcelStatusChange | None:
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:  # its text and its `doc` are the body
        event = None
    if not isinstance(event, dict):
        raise Unanswerable(400, "BAD_USER_INPUT", "The body is not a JSON object")
    try:
        return webhook_event(event)
    except RejectedRecord as rejected:
        raise Unanswerable(400, "BAD_USER_INPUT", str(rejected)) from None
