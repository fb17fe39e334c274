"""The keys of a provider: rotated, gone, down; and how often it is asked for them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from identity.jwts import BadToken, Keys, Unavailable, require_time, usable, verified

NOW = 1_800_000_000.0


def a_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid})


def signed(key: Key, kid: str) -> str:
    return jws.serialize_compact({"alg": "ES256", "kid": kid}, b"{}", key, ["ES256"])


class Published:
    """What an issuer publishes, and how often it was asked."""

    def __init__(self, *keys: Key) -> None:
        self.keys = list(keys)
        self.down = False
        self.asked = 0

    async def __call__(self) -> Any:
        self.asked += 1
        if self.down:
            raise Unavailable
        return {"keys": [key.as_dict(private=False) for key in self.keys]}


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, to be set."""
    at = [1000.0]
    monkeypatch.setattr("identity.jwts.time.monotonic", lambda: at[0])
    return at


async def test_a_new_key_is_found_and_an_unknown_one_asks_once_a_minute(time: list[float]) -> None:
    old, new = a_key("old"), a_key("new")
    published = Published(old)
    keys = Keys(published)
    await verified(signed(old, "old"), keys)
    published.keys = [new]
    for _ in range(50):
        with pytest.raises(BadToken):
            await verified(signed(new, "new"), keys)
    assert published.asked == 1
    time[0] += 61
    await verified(signed(new, "new"), keys)
    with pytest.raises(BadToken):
        await verified(signed(old, "old"), keys)
    assert published.asked == 2


async def test_while_the_provider_is_down_the_keys_there_are_count(time: list[float]) -> None:
    key = a_key("key")
    published = Published(key)
    keys = Keys(published)
    await verified(signed(key, "key"), keys)
    published.down = True
    for _ in range(5):
        time[0] += 3600
        await verified(signed(key, "key"), keys)
    published.keys, published.down = [a_key("another")], False
    time[0] += 3600
    with pytest.raises(BadToken):
        await verified(signed(key, "key"), keys)


async def test_while_one_waits_for_a_provider_that_hangs_nobody_else_does(time: list[float]) -> None:
    key, hangs, asked = a_key("key"), asyncio.Event(), asyncio.Event()
    published = Published(key)

    async def fetch() -> Any:
        answer = await published()
        if published.asked > 1:
            asked.set()
            await hangs.wait()
        return answer

    keys = Keys(fetch)
    await verified(signed(key, "key"), keys)
    time[0] += 3600
    waits = asyncio.create_task(verified(signed(key, "key"), keys))
    try:
        async with asyncio.timeout(10):
            await asked.wait()
            for _ in range(5):
                await verified(signed(key, "key"), keys)
        assert not waits.done()
    finally:
        hangs.set()
        await waits
    assert published.asked == 2


async def test_without_keys_nothing_is_good_and_the_provider_is_not_pressed(time: list[float]) -> None:
    key = a_key("key")
    published = Published(key)
    published.down = True
    keys = Keys(published)
    for _ in range(20):
        with pytest.raises(Unavailable):
            await verified(signed(key, "key"), keys)
    assert published.asked == 1
    published.down = False
    time[0] += 3
    await verified(signed(key, "key"), keys)


def test_keys_that_are_weak_secret_or_for_something_else_are_left_out() -> None:
    given = [
        OctKey.generate_key(256, {"kid": "secret"}).as_dict(),
        {"kty": "RSA", "kid": "weak", "e": "AQAB", "n": "_" * 171},
        RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"}).as_dict(private=False),
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "no point"},
        {"kty": "AKP", "kid": "of a kind to come"},
        "no key",
        a_key("good").as_dict(private=False),
    ]
    assert [key.kid for key in usable({"keys": given})] == ["good"]
    nothing: list[Any] = [None, [], {"keys": {}}, {}]
    for none in nothing:
        with pytest.raises(Unavailable):
            usable(none)


@pytest.mark.parametrize("claims", [{"exp": NOW - 30}, {"exp": NOW + 60, "nbf": NOW + 31}, {"exp": NOW + 60, "iat": NOW + 31}, {}, {"exp": -1}])
def test_out_of_its_time_it_is_no_token(claims: dict[str, Any]) -> None:
    with pytest.raises(BadToken):
        require_time(claims, NOW)


def test_clocks_may_differ_by_half_a_minute() -> None:
    require_time({"exp": NOW - 29, "nbf": NOW + 29, "iat": NOW + 29}, NOW)
