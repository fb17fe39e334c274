"""Webhooks, by a real HTTPS receiver that checks them with the library its authors would use; and that they go nowhere but to the public internet."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from models import database as db
from models.fields import new_id
from outbox import deliveries
from outbox.delivering import Deliverer
from outbox.webhooks import Webhooks, is_public, new_secret, signed
from policy.vocabulary import ConsentDuration
from resolvers import consents
from resolvers.errors import NotFound
from tests.builders import Merchant, a_merchant
from tests.outbox.receiving import HEAD, Hook, found_here, gate_of, trusting

pytestmark = pytest.mark.usefixtures("told")


def by(webhooks: Webhooks) -> Deliverer:
    return Deliverer(None, HEAD, webhooks)


async def a_hooked_merchant(url: str) -> tuple[Merchant, str]:
    """One whose webhook is there, who granted; and the secret."""
    merchant = await a_merchant()
    await db.execute("UPDATE account_personal_data SET webhook_url = :url WHERE account_id = :id", url=url, id=merchant.id)
    secret = await new_secret(merchant.id)
    await consents.grant(gate_of(merchant.owner), merchant.id, ConsentDuration.ONE_HOUR)
    return merchant, secret


async def problems() -> set[tuple[str, str | None]]:
    return {(each.state, each.problem) for each in await deliveries.troubled()}


async def test_it_is_signed_and_says_what_happened(database: str, hook: Hook) -> None:
    _, secret = await a_hooked_merchant(hook.url)
    assert await by(hook.webhooks()).run_once() == 1
    [(headers, body)] = hook.requests
    given: dict[str, Any] = Webhook(secret).verify(body, headers)
    assert given["type"] == "consent.granted"
    assert set(given["data"]) == {"accountId", "consentId", "grantedAt", "expiresAt"}
    assert headers["webhook-id"].startswith("msg_")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)
    assert (await deliveries.counts())["DELIVERED"] == 1


async def test_after_a_new_secret_both_hold_for_a_while(database: str, hook: Hook) -> None:
    merchant, old = await a_hooked_merchant(hook.url)
    new = await new_secret(merchant.id)
    await by(hook.webhooks()).run_once()
    [(headers, body)] = hook.requests
    for secret in (old, new):
        Webhook(secret).verify(body, headers)
    await db.execute("UPDATE webhook_secrets SET ends_at = {now} WHERE ends_at IS NOT NULL")
    await consents.revoke(gate_of(merchant.owner), merchant.id)
    await by(hook.webhooks()).run_once()
    headers, body = hook.requests[-1]
    Webhook(new).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers)
    with pytest.raises(NotFound):
        await new_secret(new_id())


async def test_without_a_secret_or_an_address_nothing_is_sent(database: str, hook: Hook) -> None:
    merchant, _ = await a_hooked_merchant(hook.url)
    await deliveries.spread(by(hook.webhooks()).channels)
    await db.execute("DELETE FROM webhook_secrets")
    await by(hook.webhooks()).run_once()
    assert (await deliveries.counts())["DROPPED"] == 1
    await consents.revoke(gate_of(merchant.owner), merchant.id)
    assert await by(hook.webhooks()).run_once() == 0
    assert hook.requests == []


async def test_it_is_the_same_message_when_it_is_tried_again(database: str, hook: Hook) -> None:
    await a_hooked_merchant(hook.url)
    hook.status = "503 Service Unavailable"
    await by(hook.webhooks()).run_once()
    assert await problems() == {("WAITING", "HTTP 503")}
    hook.status = "200 OK"
    await db.execute("UPDATE outbox_deliveries SET due_at = {now}")
    await by(hook.webhooks()).run_once()
    assert len({headers["webhook-id"] for headers, _ in hook.requests}) == 1
    assert len({body for _, body in hook.requests}) == 1
    assert len(hook.requests) == 2


async def test_one_that_is_gone_is_parked_one_that_hangs_is_given_up_and_nobody_is_followed(database: str, hook: Hook) -> None:
    await a_hooked_merchant(hook.url)
    hook.status, hook.headers = "307 Temporary Redirect", f"Location: {hook.url}/elsewhere\r\n"
    await by(hook.webhooks()).run_once()
    assert len(hook.requests) == 1
    assert await problems() == {("WAITING", "HTTP 307")}
    hook.held = asyncio.Event()
    await db.execute("UPDATE outbox_deliveries SET due_at = {now}")
    await by(hook.webhooks(seconds=0.5)).run_once()
    assert await problems() == {("WAITING", "TimeoutError")}
    hook.held, hook.status = None, "410 Gone"
    await db.execute("UPDATE outbox_deliveries SET due_at = {now}")
    await by(hook.webhooks()).run_once()
    assert await problems() == {("PARKED", "HTTP 410")}


async def test_a_certificate_of_nobody_we_know_is_refused(database: str, hook: Hook) -> None:
    await a_hooked_merchant(hook.url)
    await by(Webhooks(allowed=lambda _: True, looked_up=found_here)).run_once()
    assert hook.requests == []
    assert await problems() == {("WAITING", "ConnectError")}


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com:{port}/",
        "https://127.0.0.1:{port}/",
        "https://[::1]:{port}/",
        "https://localhost:{port}/",
        "http://127.0.0.1:{port}/",
    ],
)
async def test_as_it_is_served_nothing_goes_to_this_machine(database: str, hook: Hook, url: str) -> None:
    """Only the certificates are the test's: the guard is the server's own. The name is one that leads here."""
    await a_hooked_merchant(url.format(port=hook.port))
    webhooks = Webhooks(trust=trusting, looked_up=found_here) if "example" in url else Webhooks(trust=trusting)
    await by(webhooks).run_once()
    assert hook.requests == []
    assert await problems() == {("WAITING", "NotHttps" if url.startswith("http:") else "NotPublic")}


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),  # noqa: S104 (to be refused)
        *("255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:1:2:3:4:5:6"),
        *("::7f00:1", "::a9fe:a9fe", "::ffff:0:7f00:1", "64:ff9b:1::7f00:1", "4000::1", "5f00::1"),
    ],
)
def test_it_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_it_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


async def test_one_private_address_among_public_ones_is_enough_to_refuse(database: str, hook: Hook) -> None:
    async def both(host: str, port: int) -> list[str]:
        return ["8.8.8.8", "127.0.0.1"]

    await a_hooked_merchant(hook.url)
    await by(Webhooks(trust=trusting, looked_up=both)).run_once()
    assert await problems() == {("WAITING", "NotPublic")}


def test_the_signature_is_that_of_the_specification() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    assert signed("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, [secret]) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
