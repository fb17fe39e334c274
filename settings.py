"""What the server is told from outside, checked once at start: environment variables named LATCHKEY_…"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

HERE = Path(__file__).resolve().parent


class Environment(StrEnum):
    """Development has GraphiQL and demo data; production has neither, and wants TLS."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def _listed(text: str) -> str:
    return ",".join(part.strip() for part in text.split(",") if part.strip())


CommaSeparated = Annotated[str, NoDecode, AfterValidator(_listed)]


def _linkable(text: str) -> str:
    if text and not text.startswith(("https://", "http://", "mailto:", "/")):
        raise ValueError("must be an https:, http: or mailto: address, or begin with /")
    return text


def _collector(text: str | None) -> str | None:
    if text and not text.startswith(("https://", "http://")):
        raise ValueError("must be an https: or http: address")
    return text or None


Address = Annotated[str, AfterValidator(_linkable)]


class Settings(BaseSettings):
    """The settings. Each is described in docs/settings.md; a test holds the two together."""

    model_config = SettingsConfigDict(env_prefix="LATCHKEY_", extra="forbid")

    environment: Environment = Field(default=Environment.DEVELOPMENT, description="`development` or `production`.")
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on.")
    database_url: str = Field(
        default=f"sqlite://{HERE / 'var' / 'latchkey.db'}", repr=False, description="`sqlite://PATH` or `postgres://USER:PASSWORD@HOST:PORT/NAME`."
    )
    database_seconds: float = Field(
        default=3, gt=0, le=60, description="How long an answer may wait for the database, in all; after that it is an error."
    )
    secure: bool | None = Field(
        default=None, description="Are we reached by TLS? Cookies are then `__Host-` and Secure. By default yes in production, no in development."
    )
    allowed_hosts: CommaSeparated = Field(
        default="*", description="The Host names we answer to, separated by commas; `*` for any (development only)."
    )
    forwarded_allow_ips: str = Field(default="127.0.0.1", description="The proxies whose X-Forwarded-For and -Proto are believed.")
    document_hosts: CommaSeparated = Field(
        default="panel.sendcloud.sc", description="The hosts documents may be fetched from, separated by commas; https only."
    )
    trusted_documents: Path | None = Field(
        default=None, description="A folder of `.graphql` files, or a JSON object of `sha256:<hex>` to document text."
    )
    disclosures_per_hour: int = Field(default=500, ge=1, description="How many different parcels of an account an agent may see in an hour.")
    operation_seconds: float = Field(default=10, gt=0, description="How long an operation, or an event of a subscription, may take, in seconds.")
    engine: bool = Field(default=True, description="Complete answers by generated functions. Off, everything is the same, and slower.")
    operations_at_once: int = Field(default=20, ge=1, description="How many queries and mutations of one caller run at once, in one process.")
    subscriptions_at_once: int = Field(default=300, ge=1, description="How many operations of one caller run on sockets at once, in one process.")
    session_hours: float = Field(default=12, gt=0, le=24 * 30, description="How long a session lasts, in hours.")
    terms_url: Address = Field(default="", description="Where the panel's link to the terms leads; none by default.")
    privacy_url: Address = Field(default="", description="Where its link to the privacy policy leads.")
    support_url: Address = Field(default="", description="Where its link to support leads; `mailto:` is fine.")
    metrics_token: str | None = Field(
        default=None, repr=False, description="The bearer token `/metrics` takes. Without one it answers in development only."
    )
    metrics_host: str = Field(default="127.0.0.1", description="Where the metrics are served without a token, if `metrics_port` is set.")
    metrics_port: int = Field(default=0, ge=0, le=65535, description="The port for it; 0, the default, for none.")
    traces_url: Annotated[str | None, AfterValidator(_collector)] = Field(
        default=None,
        repr=False,
        description="The OpenTelemetry collector (OTLP over HTTP) that is told traces, like `http://127.0.0.1:4318/v1/traces`.",
    )
    traces_share: float = Field(default=1, ge=0, le=1, description="The share of the requests that are traced.")
    traces_follow: bool = Field(
        default=False, description="Are we part of the trace that a request's `traceparent` names? Only behind a proxy of ours."
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(str.upper)] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR. The database's parameters are never logged."
    )

    @property
    def development(self) -> bool:
        """Are we in development?"""
        return self.environment is Environment.DEVELOPMENT

    @property
    def is_secure(self) -> bool:
        """Are we reached by TLS?"""
        return not self.development if self.secure is None else self.secure

    def hosts(self) -> list[str]:
        """`allowed_hosts` as a list. Raises ValueError for `*`, or none, in production."""
        named = self.allowed_hosts.split(",")
        if not self.development and not set(named).isdisjoint({"*", ""}):
            raise ValueError("LATCHKEY_ALLOWED_HOSTS must name our hosts in production")
        return named


def problems(error: ValidationError) -> str:
    """What to set, without what was set."""
    return "; ".join(f"LATCHKEY_{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors())


@lru_cache
def settings() -> Settings:
    """The settings of this process. Raises pydantic.ValidationError, which says what to set."""
    return Settings()
