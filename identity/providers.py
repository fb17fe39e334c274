"""Which providers of sign-ins are trusted, and for what: the TOML file of LATCHKEY_SIGN_ON. What it does not say is refused."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from policy.vocabulary import MerchantRole, ViewerKind

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _trustworthy(address: str) -> str:
    """TLS, or this machine itself."""
    parts = urlsplit(address)
    if (parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in _LOOPBACK)) or parts.username is not None:
        raise ValueError("must be an https: address")
    if "?" in address or "#" in address:
        raise ValueError("must be without a query")
    return address


Issuer = Annotated[str, Field(max_length=255), AfterValidator(_trustworthy)]
Text = Annotated[str, Field(min_length=1, max_length=255)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Provider(_Strict):
    """An OpenID provider for one kind of user. Without a secret we are a public client: PKCE protects the code either way."""

    name: Text
    issuer: Issuer
    client_id: Text
    client_secret_file: Path | None = None
    scope: Text = "openid email profile"
    groups_claim: Text = "groups"
    groups: tuple[Text, ...] = ()
    account_claim: Text | None = None
    role_claim: Text | None = None
    roles: dict[str, MerchantRole] = Field(default_factory=dict)
    link_by_email: bool = False
    create: bool = False
    session_hours: float | None = Field(default=None, gt=0, le=24 * 30)

    def secret(self) -> SecretStr | None:
        """Our secret at the provider, read anew: it may be rotated."""
        return SecretStr(self.client_secret_file.read_text().strip()) if self.client_secret_file else None

    def lifetime(self, others: timedelta) -> timedelta:
        """How long its sessions last: never longer than others'."""
        return min(others, timedelta(hours=self.session_hours)) if self.session_hours else others

    def wanted(self) -> frozenset[str]:
        """The claims that are looked at, beyond who it is."""
        named = {self.groups_claim if self.groups else None, self.account_claim, self.role_claim}
        email = {"email", "email_verified"} if self.link_by_email or self.create else set()
        return frozenset(email | ({"name"} if self.create else set()) | {name for name in named if name})


class AccessTokens(_Strict):
    """JWT access tokens of API clients (RFC 9068): of this issuer, for this audience, and got by one of these clients."""

    issuer: Issuer
    audience: Text
    clients: Annotated[tuple[Text, ...], Field(min_length=1)]
    subject_claim: Text = "sub"
    require_type: bool = True


class SignOn(_Strict):
    """The whole file."""

    address: Issuer | None = None
    agents: Provider | None = None
    merchants: Provider | None = None
    access_tokens: AccessTokens | None = None

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        if (self.agents or self.merchants) and self.address is None:
            raise ValueError("address: say where browsers reach us")
        if self.agents and self.agents.create and not self.agents.groups:
            raise ValueError("agents.create: say in which groups agents are")
        if self.agents and (self.agents.account_claim or self.agents.role_claim or self.agents.roles):
            raise ValueError("agents: an agent has no account and no role")
        if self.merchants and self.merchants.create and not (self.merchants.account_claim and self.merchants.role_claim and self.merchants.roles):
            raise ValueError("merchants.create: say account_claim, role_claim and roles")
        if self.merchants and bool(self.merchants.role_claim) != bool(self.merchants.roles):
            raise ValueError("merchants: role_claim and roles go together")
        return self

    @property
    def adds_people(self) -> bool:
        """Does a sign-in link somebody, make them a user, or say what they are?"""
        return any(each.link_by_email or each.create or each.role_claim for each in self.providers().values())

    def providers(self) -> dict[ViewerKind, Provider]:
        """Those there are, by whom they are for."""
        both = {ViewerKind.AGENT: self.agents, ViewerKind.MERCHANT: self.merchants}
        return {kind: each for kind, each in both.items() if each}


NOTHING = SignOn()


def read(file: Path | None) -> SignOn:
    """What the file says; nothing without one. Raises ValueError, which names what is wrong and no value."""
    if file is None:
        return NOTHING
    try:
        given = SignOn.model_validate(tomllib.loads(file.read_text()))
        for provider in given.providers().values():
            provider.secret()
    except OSError:
        raise ValueError("LATCHKEY_SIGN_ON: the file, or a secret it names, can't be read") from None
    except tomllib.TOMLDecodeError:
        raise ValueError("LATCHKEY_SIGN_ON: the file is not TOML") from None
    except ValidationError as wrong:
        said = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}".removeprefix(": ") for each in wrong.errors())
        raise ValueError(f"LATCHKEY_SIGN_ON: {said}") from None
    return given
