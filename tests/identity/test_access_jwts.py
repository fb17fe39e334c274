"""JWT access tokens: whose are taken, and every way to forge one that is known. Each token but the first few is a forgery, and is nobody."""

from __future__ import annotations

import asyncio
import base64
import hmac
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from identity.external import link, unlink
from identity.users import deactivate
from models import database as db
from policy.vocabulary import Viewer
from tests.asking import account_id
from tests.builders import a_consent, a_merchant, an_agent
from tests.identity.providing import ANOTHER_CLIENT, AUDIENCE, CLIENT, SECRET, Provider, SigningOn
from tests.live.watching import announced

#: Sooner than a stream that hears of nothing looks again.
AT_ONCE_SECONDS = 10.0
LOGIN = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state } }"
WHO = {"query": "{ viewer { name } }"}


def segment(value: object) -> str:
    raw = value if isinstance(value, bytes) else orjson.dumps(value)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def by(key: Any, algorithm: str, claims: dict[str, Any], **header: Any) -> str:
    """A token signed otherwise than the provider does."""
    return jws.serialize_compact({"typ": "at+jwt", "alg": algorithm, **header}, orjson.dumps(claims), key, [algorithm], ANY_HEADER)


class _AnyHeader(jws.JWSRegistry):
    """For forging: whatever header."""

    def check_header(self, header: Any) -> None:
        return


ANY_HEADER = _AnyHeader(algorithms=["RS256", "ES256", "HS256", "none"], strict_check_header=False)


@pytest.fixture
async def agent(sign_on: SigningOn) -> Viewer:
    found = await an_agent()
    await link(found.id, sign_on.provider.issuer, f"robot-{found.id}")
    return found


def claims_of(sign_on: SigningOn, agent: Viewer, **given: Any) -> dict[str, Any]:
    return sign_on.provider.access_claims(f"robot-{agent.id}", **given)


async def answered(sign_on: SigningOn, token: str) -> tuple[int, str | None]:
    async with sign_on.server.client(headers={"Authorization": f"Bearer {token}"}) as client:
        answer = await client.post("/graphql", json=WHO)
    if answer.status_code == 200:
        return 200, answer.json()["data"]["viewer"]["name"]
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert all(part not in answer.text for part in token.split(".") if len(part) > 8)
    return 401, None


async def test_a_token_the_provider_gave_is_its_client(sign_on: SigningOn) -> None:
    agent = await an_agent()
    await link(agent.id, sign_on.provider.issuer, CLIENT)
    assert await answered(sign_on, await sign_on.provider.access_token()) == (200, agent.name)
    assert await answered(sign_on, await sign_on.provider.access_token(ANOTHER_CLIENT)) == (401, None)
    await unlink(agent.id)
    assert await answered(sign_on, await sign_on.provider.access_token()) == (401, None)


async def test_one_signed_with_either_of_its_keys_is_good(sign_on: SigningOn, agent: Viewer) -> None:
    claims = claims_of(sign_on, agent, aud=[AUDIENCE, "https://other.example.com"])
    assert await answered(sign_on, sign_on.provider.signed(claims, typ="application/at+jwt")) == (200, agent.name)
    assert await answered(sign_on, by(sign_on.provider.curve, "ES256", claims, kid="curve")) == (200, agent.name)


async def test_what_it_claims_gives_nobody_more(sign_on: SigningOn) -> None:
    """A role, a kind or an account in a token counts for nothing: an agent stays one."""
    agent, merchant = await an_agent(), await a_merchant()
    await link(agent.id, sign_on.provider.issuer, f"robot-{agent.id}")
    claims = claims_of(sign_on, agent, role="boss", roles=["OWNER"], kind="MERCHANT", account=str(merchant.id), scope="admin")
    token = sign_on.provider.signed(claims, typ="at+jwt")
    document = "query ($id: ID!) { viewer { kind } account(id: $id) { directDebit { status } } }"
    answer = await sign_on.server.ask(document, {"id": account_id(merchant.id)}, token=token)
    assert answer["data"]["viewer"]["kind"] == "AGENT"
    assert not (answer["data"]["account"] or {}).get("directDebit")


#: Signed by the provider's own key: what it says makes it another's, or of another kind.
CLAIMS: dict[str, dict[str, Any]] = {
    "for another audience": {"aud": "https://other.example.com"},
    "for no audience": {"aud": None},
    "for an audience that begins like ours": {"aud": f"{AUDIENCE}.example.com"},
    "for ours among what is no list": {"aud": {AUDIENCE: True}},
    "of another issuer": {"iss": "https://login.example.com"},
    "of no issuer": {"iss": None},
    "that is over": {"exp": 1_000_000_000},
    "that never ends": {"exp": None},
    "whose end is a text": {"exp": "9999999999"},
    "whose end is true": {"exp": True},
    "whose end is beyond numbers": {"exp": 10**300},
    "that is not valid yet": {"nbf": 4_000_000_000},
    "that is of the future": {"iat": 4_000_000_000},
    "of another client": {"client_id": "another"},
    "of no client": {"client_id": None},
    "of a client who is a list": {"client_id": [CLIENT]},
    "of nobody": {"sub": None},
    "of a subject who is a list": {"sub": ["robot"]},
    "of a subject nobody is linked to": {"sub": "stranger"},
    "of a subject that is SQL": {"sub": "' OR 1=1 --"},
    "that is an ID token": {"nonce": "n"},
    "that is an ID token with its hash": {"at_hash": "h"},
    "that is a logout token": {"events": {}},
}


@pytest.mark.parametrize("given", CLAIMS.values(), ids=CLAIMS.keys())
async def test_a_token_of_another_meaning_is_nobody_s(sign_on: SigningOn, agent: Viewer, given: dict[str, Any]) -> None:
    claims = {name: value for name, value in {**claims_of(sign_on, agent), **given}.items() if value is not None}
    raw = orjson.dumps(claims) if given.get("exp") != 10**300 else orjson.dumps({**claims, "exp": 0}).replace(b'"exp":0', b'"exp":1e300')
    token = jws.serialize_compact({"alg": "RS256", "kid": "rsa", "typ": "at+jwt"}, raw, sign_on.provider.key, ["RS256"])
    assert await answered(sign_on, token) == (401, None)


Forge = Callable[[Provider, dict[str, Any]], str]


def _confused(provider: Provider, claims: dict[str, Any]) -> str:
    """By hand: the library would not."""
    signing = f"{segment({'alg': 'HS256', 'kid': 'rsa', 'typ': 'at+jwt'})}.{segment(claims)}"
    return f"{signing}.{segment(hmac.new(provider.key.as_pem(private=False), signing.encode(), 'sha256').digest())}"


def _resigned(**header: Any) -> Forge:
    return lambda provider, claims: by(provider.key, "RS256", claims, **{"kid": "rsa", **header})


def _raw(provider: Provider, header: bytes, payload: bytes) -> str:
    """A good signature over these very bytes."""
    signing = f"{segment(header)}.{segment(payload)}"
    signature = jws.JWSRegistry.algorithms["RS256"].sign(signing.encode(), provider.key)
    return f"{signing}.{segment(signature)}"


def _own_key(provider: Provider, claims: dict[str, Any], where: str) -> str:
    mine = RSAKey.generate_key(2048)
    given: dict[str, Any] = {
        "jwk": mine.as_dict(private=False),
        "jku": "https://evil.example.com/keys",
        "x5u": "https://evil.example.com/chain",
        "x5c": [segment(b"certificate")],
    }
    return by(mine, "RS256", claims, kid="rsa", **{where: given[where]})


def _curve_zero(provider: Provider, claims: dict[str, Any]) -> str:
    return f"{segment({'alg': 'ES256', 'kid': 'curve', 'typ': 'at+jwt'})}.{segment(claims)}.{segment(bytes(64))}"


def _doubled(provider: Provider, claims: dict[str, Any]) -> str:
    payload = orjson.dumps(claims)[:-1] + b',"sub":' + orjson.dumps(claims["sub"]) + b"}"
    return _raw(provider, b'{"alg":"RS256","kid":"rsa","typ":"at+jwt"}', payload)


def _encrypted(provider: Provider, claims: dict[str, Any]) -> str:
    inner = by(provider.key, "RS256", claims, kid="rsa")
    header = {"alg": "RSA-OAEP", "enc": "A128GCM", "cty": "JWT", "typ": "at+jwt"}
    return jwe.encrypt_compact(header, inner, RSAKey.import_key(provider.key.as_pem(private=False)), ["RSA-OAEP", "A128GCM"])


HEADER = {"alg": "RS256", "kid": "rsa", "typ": "at+jwt"}
FORGERIES: dict[str, Forge] = {
    "alg none": lambda _, claims: f"{segment({'alg': 'none', 'typ': 'at+jwt'})}.{segment(claims)}.",
    "alg None, oddly written": lambda _, claims: f"{segment({'alg': 'nOnE', 'typ': 'at+jwt'})}.{segment(claims)}.{segment(b'x')}",
    "no alg": lambda _, claims: f"{segment({'typ': 'at+jwt', 'kid': 'rsa'})}.{segment(claims)}.{segment(b'x')}",
    "HS256 with the public key as its secret": _confused,
    "HS256 with the client's secret": lambda _, claims: by(OctKey.import_key(SECRET), "HS256", claims),
    "ES256 by the name of the RSA key": lambda provider, claims: by(provider.curve, "ES256", claims, kid="rsa"),
    "RS256 by the name of the curve": lambda provider, claims: by(provider.key, "RS256", claims, kid="curve"),
    "another algorithm than the key is for": lambda provider, claims: _raw(provider, orjson.dumps({**HEADER, "alg": "RS384"}), orjson.dumps(claims)),
    "another's key": lambda _, claims: by(RSAKey.generate_key(2048), "RS256", claims, kid="rsa"),
    "another's curve": lambda _, claims: by(ECKey.generate_key("P-256"), "ES256", claims, kid="curve"),
    "a psychic signature: r = s = 0": _curve_zero,
    "no kid, where there are two keys": lambda provider, claims: by(provider.key, "RS256", claims),
    "kid unknown": _resigned(kid="unknown"),
    "kid a path": _resigned(kid="../../../../dev/null"),
    "kid SQL": _resigned(kid="x' UNION SELECT 'rsa"),
    "kid a list": _resigned(kid=["rsa"]),
    "kid empty": _resigned(kid=""),
    "a key embedded: jwk": lambda provider, claims: _own_key(provider, claims, "jwk"),
    "a key elsewhere: jku": lambda provider, claims: _own_key(provider, claims, "jku"),
    "a chain elsewhere: x5u": lambda provider, claims: _own_key(provider, claims, "x5u"),
    "a chain embedded: x5c": lambda provider, claims: _own_key(provider, claims, "x5c"),
    "well signed, with jku beside": _resigned(jku="https://evil.example.com/keys"),
    "crit unknown": lambda provider, claims: _raw(provider, orjson.dumps({**HEADER, "crit": ["exp2"], "exp2": 1}), orjson.dumps(claims)),
    "crit empty": lambda provider, claims: _raw(provider, orjson.dumps({**HEADER, "crit": []}), orjson.dumps(claims)),
    "b64 false": lambda provider, claims: _raw(provider, orjson.dumps({**HEADER, "b64": False}), orjson.dumps(claims)),
    "a token in a token": _resigned(cty="JWT"),
    "encrypted": _encrypted,
    "typ JWT": _resigned(typ="JWT"),
    "no typ": _resigned(typ=""),
    "typ of a logout token": _resigned(typ="logout+jwt"),
    "a claim twice": _doubled,
    "alg twice": lambda provider, claims: _raw(provider, b'{"alg":"none","alg":"RS256","kid":"rsa","typ":"at+jwt"}', orjson.dumps(claims)),
    "claims that are a list": lambda provider, claims: _raw(provider, orjson.dumps(HEADER), orjson.dumps([claims])),
    "claims that are no JSON": lambda provider, _: _raw(provider, orjson.dumps(HEADER), b"{"),
    "claims that are no UTF-8": lambda provider, _: _raw(provider, orjson.dumps(HEADER), b'{"sub":"\xff"}'),
    "claims with NaN": lambda provider, claims: _raw(provider, orjson.dumps(HEADER), orjson.dumps(claims)[:-1] + b',"exp2":NaN}'),
    "claims too deep": lambda provider, _: _raw(provider, orjson.dumps(HEADER), b"[" * 3000),
    "a header that is a list": lambda provider, claims: _raw(provider, b'["RS256"]', orjson.dumps(claims)),
    "the signature stripped": lambda provider, claims: by(provider.key, "RS256", claims, kid="rsa").rpartition(".")[0] + ".",
    "no signature at all": lambda provider, claims: by(provider.key, "RS256", claims, kid="rsa").rpartition(".")[0],
    "the signature of other claims": lambda provider, claims: ".".join(
        [*by(provider.key, "RS256", claims, kid="rsa").split(".")[:2], by(provider.key, "RS256", {**claims, "jti": "2"}, kid="rsa").split(".")[2]]
    ),
    "four parts": lambda provider, claims: by(provider.key, "RS256", claims, kid="rsa") + ".x",
    "padding": lambda provider, claims: by(provider.key, "RS256", claims, kid="rsa") + "==",
    "too long": lambda provider, claims: by(provider.key, "RS256", {**claims, "more": "x" * 9000}, kid="rsa"),
    "huge": lambda provider, claims: by(provider.key, "RS256", {**claims, "more": "x" * 40_000}, kid="rsa"),
    "nothing": lambda provider, claims: "..",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
async def test_a_forged_token_is_nobody_s(sign_on: SigningOn, agent: Viewer, forge: Forge) -> None:
    assert await answered(sign_on, forge(sign_on.provider, claims_of(sign_on, agent))) == (401, None)


async def test_the_id_token_of_a_sign_in_is_no_access_token(sign_on: SigningOn, agent: Viewer) -> None:
    claims = claims_of(sign_on, agent, aud="agents", nonce="n", client_id=None)
    assert await answered(sign_on, sign_on.provider.signed(claims)) == (401, None)


async def test_two_authorization_headers_are_none(sign_on: SigningOn, agent: Viewer) -> None:
    token = sign_on.provider.signed(claims_of(sign_on, agent), typ="at+jwt")
    async with sign_on.server.client() as client:
        headers = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
        assert (await client.post("/graphql", json=WHO, headers=headers)).status_code == 401


async def test_a_subscription_ends_when_its_user_is_nobody_any_more(sign_on: SigningOn, agent: Viewer) -> None:
    merchant = await a_merchant()
    token = sign_on.provider.signed(claims_of(sign_on, agent), typ="at+jwt")
    async with sign_on.server.socket(token) as socket:
        await socket.subscribe("login", LOGIN, {"id": account_id(merchant.id)})
        assert (await socket.next())["type"] == "next"
        await deactivate(agent.id)
        assert (await socket.next(AT_ONCE_SECONDS))["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert await answered(sign_on, token) == (401, None)


async def test_a_subscription_ends_with_its_token(sign_on: SigningOn, agent: Viewer) -> None:
    """The token is over, leeway included, in a moment. What happens then is not told to its stream, which ends."""
    merchant = await a_merchant()
    token = sign_on.provider.signed(claims_of(sign_on, agent, exp=int(time.time()) - 27), typ="at+jwt")
    async with sign_on.server.socket(token) as socket:
        await socket.subscribe("login", LOGIN, {"id": account_id(merchant.id)})
        first = await socket.next()
        assert first["type"] == "next"
        while await answered(sign_on, token) != (401, None):  # noqa: ASYNC110 (time passes, and nobody tells)
            await asyncio.sleep(0.1)
        await a_consent(merchant)
        await announced("consent", merchant.id, merchant.id)
        over = await socket.next() if first["payload"].get("data") else first
        assert over["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_nothing_of_a_token_is_written_down(sign_on: SigningOn, agent: Viewer) -> None:
    token = sign_on.provider.signed(claims_of(sign_on, agent), typ="at+jwt")
    assert await answered(sign_on, token) == (200, agent.name)
    assert await answered(sign_on, f"{token}x") == (401, None)
    said = sign_on.server.said()
    assert all(part not in said for part in token.split("."))
    assert f"robot-{agent.id}" not in said
    assert (await db.fetch("SELECT count(*) AS n FROM external_identities WHERE identity_hash LIKE '%robot%'"))[0]["n"] == 0
