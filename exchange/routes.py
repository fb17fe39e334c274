"""The addresses of this room. The server says who is calling, and from which hosts documents may be fetched."""

from __future__ import annotations

from collections.abc import Collection

import httpx2
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exchange import csv_export, documents, webhooks
from exchange.answers import Endpoint, GateFor, answering
from exchange.carriers import Carriers


def exchange_routes(gate_for: GateFor, document_hosts: Collection[str], transport: httpx2.AsyncBaseTransport | None = None) -> list[Route]:
    """CSV links, documents and webhooks. What `gate_for` raises (identity's refusals) is left to the server's handlers.

    `gate_for` is asked anew for each page of a long export. `transport` stands in for the network to the carriers.
    """
    carriers = Carriers(document_hosts, transport)

    async def export(request: Request) -> Response:
        return await csv_export.export(request, gate_for)

    async def document(request: Request) -> Response:
        return await documents.fetch(request, gate_for, carriers)

    return [
        _get("/exports/{token}.csv", export),
        _get("/documents/{token}", document),
        Route("/webhooks/sendcloud/{integration}", answering(webhooks.receive), methods=["POST"]),
    ]


def _get(path: str, endpoint: Endpoint) -> Route:
    """Without the HEAD that comes with GET: it would use up a link, or write down that something was seen, and show nothing."""
    route = Route(path, answering(endpoint), methods=["GET"])
    route.methods = {"GET"}
    return route
