"""Clients that are gone before they were answered: nobody's fault, so nothing that whoever watches the server is told to look at."""

from __future__ import annotations

import asyncio

import pytest

from tests.builders import a_merchant
from tests.serving import PROTOCOL, Deployment, token_of

HANDSHAKE = f"""GET /graphql HTTP/1.1\r
Host: latchkey\r
Connection: Upgrade\r
Upgrade: websocket\r
Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
Sec-WebSocket-Protocol: {PROTOCOL}\r
"""
HALF = """POST /graphql HTTP/1.1\r
Host: latchkey\r
Content-Type: application/json\r
Content-Length: 1000\r
"""


@pytest.mark.parametrize(
    ("head", "body", "told"),
    [pytest.param(HANDSHAKE, "", "socket ended", id="in-the-handshake"), pytest.param(HALF, '{"query":', "status=400", id="in-the-body")],
)
async def test_who_is_gone_is_no_error_of_ours(deployment: Deployment, head: str, body: str, told: str) -> None:
    token = await token_of((await a_merchant()).owner)
    server = deployment.server
    server.news()
    written = ""
    async with asyncio.timeout(60):
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(f"{head}Authorization: Bearer {token}\r\n\r\n{body}".encode())
            await writer.drain()
            writer.transport.abort()
        while written.count(told) < 20:
            written += server.news()
            await asyncio.sleep(0.01)
    assert "error" not in written
