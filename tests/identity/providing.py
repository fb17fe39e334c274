"""A real, certified OpenID provider (the npm package `oidc-provider`) on this machine, and a server of ours that trusts it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import orjson
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from tests.serving import PATIENCE_SECONDS, Server, free_port, serving, until

FOLDER = Path(__file__).parent / "provider"
AUDIENCE = "https://api.example.com"
CLIENT, ANOTHER_CLIENT = "robot", "another-robot"
SECRET = "of-no-worth-for-the-tests-only"


class Provider:
    """One process of it. Tests sign what it would never say with `key`, which is the one it publishes."""

    def __init__(self, folder: Path, redirects: dict[str, str]) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.key = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig", "alg": "RS256"})
        self.curve = ECKey.generate_key("P-256", {"kid": "curve", "use": "sig", "alg": "ES256"})
        self._file = folder / "provider.json"
        web = [
            {
                "client_id": name,
                "client_secret": SECRET,
                "redirect_uris": [f"{address}/callback"],
                "backchannel_logout_uri": f"{address}/logout",
                "backchannel_logout_session_required": True,
            }
            for name, address in redirects.items()
        ]
        robots = [
            {"client_id": name, "client_secret": SECRET, "grant_types": ["client_credentials"], "redirect_uris": [], "response_types": []}
            for name in (CLIENT, ANOTHER_CLIENT)
        ]
        keys = [each.as_dict(private=True) for each in (self.key, self.curve)]
        self._given: dict[str, Any] = {"port": self.port, "clients": web + robots, "keys": keys, "people": {}}
        self._write()
        self._log = (folder / "provider.log").open("wb")
        self.process = subprocess.Popen([FOLDER / "run.sh", self._file], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        self._said = folder / "provider.log"

    def knows(self, subject: str, **claims: Any) -> str:
        """Somebody can sign in there from now on, and this is claimed of them."""
        self._given["people"][subject] = claims
        self._write()
        return subject

    async def ready(self) -> None:
        """Wait until it answers; the first time it is installed."""
        await until(lambda: self.process.poll() is not None or "ready" in self._said.read_text(), 120)
        assert self.process.poll() is None, self._said.read_text()

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_SECONDS)
        self._log.close()

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        """A token with its signature."""
        return jws.serialize_compact({"alg": "RS256", "kid": "rsa", **header}, orjson.dumps(claims), self.key, ["RS256"])

    def access_claims(self, subject: str, **given: Any) -> dict[str, Any]:
        """The claims of a good access token."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": AUDIENCE, "sub": subject, "client_id": CLIENT, "iat": now, "exp": now + 300, "jti": "once"}
        return {name: value for name, value in {**claims, **given}.items() if value is not None}

    async def access_token(self, client_id: str = CLIENT) -> str:
        """One it gives a robot."""
        async with httpx2.AsyncClient(trust_env=False) as client:
            form = {"grant_type": "client_credentials", "resource": AUDIENCE}
            answer = await client.post(f"{self.issuer}/token", data=form, auth=(client_id, SECRET))
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    async def signs_in(self, browser: httpx2.AsyncClient, address: str, subject: str) -> str:
        """Go through its forms as this person; the address it sends the browser back to, which is not visited."""
        answer = await browser.get(address)
        for _ in range(8):
            if answer.is_redirect:
                address = urljoin(str(answer.url), answer.headers["location"])
                if not address.startswith(self.issuer):
                    return address
                answer = await browser.get(address)
                continue
            assert answer.status_code == 200, answer.text
            action = unescape(re.findall(r'action="([^"]+)"', answer.text)[0])
            prompt = re.findall(r'name="prompt" value="(\w+)"', answer.text)[0]
            form = {"prompt": prompt, **({"login": subject, "password": "any"} if prompt == "login" else {})}
            answer = await browser.post(urljoin(str(answer.url), action), data=form)
        raise AssertionError("it asks and asks")

    def _write(self) -> None:
        new = self._file.with_suffix(".new")
        new.write_bytes(orjson.dumps(self._given))
        new.replace(self._file)


@dataclass(frozen=True)
class SigningOn:
    """The provider, and a server of ours that trusts it."""

    provider: Provider
    server: Server


def node_or_skip() -> None:
    """Without Node the tests are skipped saying so; in CI they fail."""
    if "CI" not in os.environ and not (FOLDER / "node_modules").is_dir() and shutil.which("npm") is None:
        pytest.skip("the provider wants Node: ./tests/identity/provider/run.sh fetches it into the virtual environment")


@asynccontextmanager
async def signing_on(database_url: str, folder: Path) -> AsyncIterator[SigningOn]:
    """Both, ready; stopped at the end. Agents and merchants sign in at two clients of one provider."""
    node_or_skip()
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    provider = Provider(folder, {name: f"{here}/auth/sign-on/{name}" for name in ("agents", "merchants")})
    try:
        await provider.ready()
        secret, sign_on = folder / "secret", folder / "sign-on.toml"
        secret.write_text(f"{SECRET}\n")
        common = f'issuer = "{provider.issuer}"\nclient_secret_file = "{secret}"\nscope = "openid email profile rights"\n'
        sign_on.write_text(f"""
address = "{here}"
[agents]
name = "Example Login"
client_id = "agents"
groups = ["support"]
{common}
[merchants]
name = "Shop Login"
client_id = "merchants"
account_claim = "account"
role_claim = "role"
roles = {{ boss = "OWNER", hand = "MEMBER" }}
session_hours = 1
{common}
[access_tokens]
issuer = "{provider.issuer}"
audience = "{AUDIENCE}"
clients = ["{CLIENT}"]
""")
        server = Server(database_url, folder, port=str(port), sign_on=str(sign_on), passwords="false")
        async with serving(server):
            yield SigningOn(provider, server)
    finally:
        provider.stop()
