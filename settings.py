"""What the server is told from outside, checked once at start: environment variables named LATCHKEY_…"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

HERE = Path(__file__).resolve().parent
PREFIX = "LATCHKEY_"
#: What the commands read besides: `cli.py user add`.
_OF_COMMANDS = frozenset({"LATCHKEY_NEW_PASSWORD"})
UNIX = "unix:"
_SHORTEST_TOKEN = 16
#: In production. Both web apps used hard by one person stay under a quarter: tests/hostile/test_our_own_operations.py
OPERATIONS_PER_MINUTE = 1_200
COST_PER_MINUTE = 3_000_000


class Environment(StrEnum):
    """Development has GraphiQL and demo data; production has neither, and wants TLS."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Documents(StrEnum):
    """Which documents a caller may run."""

    ANY = "any"
    TRUSTED = "trusted"


def _listed(text: str) -> str:
    return ",".join(part.strip() for part in text.split(",") if part.strip())


CommaSeparated = Annotated[str, NoDecode, AfterValidator(_listed)]


def _linkable(text: str) -> str:
    if text and not text.startswith(("https://", "http://", "mailto:", "/")):
        raise ValueError("must be an https:, http: or mailto: address, or begin with /")
    return text


def _email(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized if text else ""
    except EmailNotValidError:
        raise ValueError("must be an e-mail address, without a name") from None


EmailAddress = Annotated[str, AfterValidator(_email)]


def _web(text: str) -> str:
    if text and not text.startswith(("https://", "http://")):
        raise ValueError("must be an https: or http: address")
    return text


def _collector(text: str | None) -> str | None:
    return _web(text or "") or None


Address = Annotated[str, AfterValidator(_linkable)]
WebAddress = Annotated[str, AfterValidator(_web)]


class Settings(BaseSettings):
    """The settings. Each is described in docs/settings.md; a test holds the two together."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid")

    environment: Environment = Field(default=Environment.DEVELOPMENT, description="`development` or `production`.")
    host: str = Field(default="127.0.0.1", description="The address to listen on; or `unix:PATH`, a socket for a proxy on this machine.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on.")
    workers: int = Field(default=1, ge=1, le=64, description="How many processes answer on this port.")
    drain_seconds: float = Field(
        default=0, ge=0, le=60, description="How long a server that is told to stop still takes requests, while `/readyz` says 503."
    )
    database_url: str = Field(
        default=f"sqlite://{HERE / 'var' / 'latchkey.db'}",
        repr=False,
        description="`sqlite://PATH` or `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME`.",
    )
    listen_url: str | None = Field(
        default=None, repr=False, description="PostgreSQL without a pooler in between, to hear of changes. By default the database URL."
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
    bearer_documents: Documents = Field(
        default=Documents.ANY,
        description="Which documents bearer tokens may run: `any` or `trusted`. Without one, production runs trusted ones only.",
    )
    operations_per_minute: int | None = Field(default=None, ge=0, description="How many operations one caller may run in a minute; 0 for any.")
    cost_per_minute: int | None = Field(
        default=None, ge=0, description="How many fields the operations of one caller could have to answer in a minute; 0 for any."
    )
    disclosures_per_hour: int = Field(default=500, ge=1, description="How many different parcels of an account an agent may see in an hour.")
    searches_per_hour: int = Field(default=200, ge=1, description="How often an agent may search the personal data of an account in an hour.")
    operation_seconds: float = Field(default=10, gt=0, description="How long an operation, or an event of a subscription, may take, in seconds.")
    engine: bool = Field(default=True, description="Complete answers by generated functions. Off, everything is the same, and slower.")
    operations_at_once: int = Field(default=20, ge=1, description="How many queries and mutations of one caller run at once, in one process.")
    subscriptions_at_once: int = Field(default=300, ge=1, description="How many operations of one caller run on sockets at once, in one process.")
    session_hours: float = Field(default=12, gt=0, le=24 * 30, description="How long a session lasts, in hours.")
    keep_access_log_days: int = Field(
        default=730, ge=1, description="How many days the access log is kept; `cli.py retention` forgets what is older."
    )
    keep_history_days: int = Field(
        default=730, ge=1, description="How many days ended consents and what is left of deleted accounts are kept; at least as long as the log."
    )
    keep_sessions_days: int = Field(default=30, ge=1, description="How many days ended sessions and tokens are kept.")
    passwords: bool = Field(default=True, description="May people sign in with a password? Without, only by single sign-on.")
    sign_on: Path | None = Field(default=None, description="A TOML file: the providers of single sign-on, and of access tokens.")
    terms_url: Address = Field(default="", description="Where the panel's link to the terms leads; none by default.")
    privacy_url: Address = Field(default="", description="Where its link to the privacy policy leads.")
    support_url: Address = Field(default="", description="Where its link to support leads; `mailto:` is fine.")
    public_url: WebAddress = Field(default="", description="Where browsers reach us: e-mails name it as the panel's address.")
    messages: bool | None = Field(default=None, description="Tell merchants by e-mail and webhooks? By default where LATCHKEY_SMTP_URL is set.")
    smtp_url: str | None = Field(default=None, repr=False, description="`smtp://USER:PASSWORD@HOST:PORT` (STARTTLS) or `smtps://…`.")
    messages_from: EmailAddress = Field(default="", description="The address e-mails are from.")
    metrics_token: str | None = Field(
        default=None,
        repr=False,
        description="The bearer token `/metrics` takes, or several, separated by commas. Without one it answers in development only.",
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

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed, the environment, and the files it names."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, _Files(settings_cls)

    @model_validator(mode="after")
    def _is_meant(self) -> Self:
        """Production takes nothing that would make it unsafe without a word."""
        wrong = [] if self.development else _unsafe(self)
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def development(self) -> bool:
        """Are we in development?"""
        return self.environment is Environment.DEVELOPMENT

    @property
    def unix_socket(self) -> str | None:
        """The path of the socket to listen on, where it is one."""
        return self.host.removeprefix(UNIX) if self.host.startswith(UNIX) else None

    @property
    def is_secure(self) -> bool:
        """Are we reached by TLS?"""
        return not self.development if self.secure is None else self.secure

    @property
    def tells_merchants(self) -> bool:
        """Are merchants told what happens to their account?"""
        return self.smtp_url is not None if self.messages is None else self.messages

    def per_minute(self) -> tuple[int, int]:
        """How many operations, and how much cost, one caller may ask in a minute: by default limited in production only. 0 is no limit."""
        operations, cost = (0, 0) if self.development else (OPERATIONS_PER_MINUTE, COST_PER_MINUTE)
        return (
            operations if self.operations_per_minute is None else self.operations_per_minute,
            cost if self.cost_per_minute is None else self.cost_per_minute,
        )

    def runs_any(self, *, bearer: bool) -> bool:
        """May this caller run documents that are not trusted?"""
        return self.bearer_documents is Documents.ANY if bearer else self.development

    def metrics_tokens(self) -> tuple[str, ...]:
        """The tokens `/metrics` takes: two, while one takes the place of the other."""
        return tuple(token for token in _listed(self.metrics_token or "").split(",") if token)

    def hosts(self) -> list[str]:
        """`allowed_hosts` as a list. Raises ValueError for `*`, or none, in production."""
        named = self.allowed_hosts.split(",")
        if not self.development and not set(named).isdisjoint({"*", ""}):
            raise ValueError("LATCHKEY_ALLOWED_HOSTS must name our hosts in production")
        return named


def _unsafe(given: Settings) -> list[str]:
    """What production refuses: cookies that go over plain HTTP, a token that can be guessed, a proxy that could be anybody."""
    wrong = []
    if given.secure is False:
        wrong.append("LATCHKEY_SECURE: production is reached by TLS: leave it out, and put a proxy with a certificate in front")
    if any(len(token) < _SHORTEST_TOKEN for token in given.metrics_tokens()):
        wrong.append(f"LATCHKEY_METRICS_TOKEN: must have {_SHORTEST_TOKEN} characters or more in production, as `openssl rand -hex 32` gives")
    if "*" in given.forwarded_allow_ips:
        wrong.append("LATCHKEY_FORWARDED_ALLOW_IPS: must name our proxies in production: by `*` everybody could say who they are")
    return wrong


class _Files(PydanticBaseSettingsSource):
    """Secrets from files, as systemd and container platforms hand them over: `LATCHKEY_DATABASE_URL_FILE` names one.

    A secret is each Field that is in no repr.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """What the file holds, without the line's end. Raises ValueError: not readable, or the value is given as well."""
        variable = f"{PREFIX}{field_name.upper()}"
        named = None if field.repr else os.environ.get(f"{variable}_FILE")
        if named is None:
            return None, field_name, False
        if variable in os.environ:
            raise ValueError(f"{variable} and {variable}_FILE: set one of them")
        try:
            return Path(named).read_text().strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{variable}_FILE: the file can't be read ({type(error).__name__})") from None

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def variables() -> frozenset[str]:
    """Every LATCHKEY_… that means something."""
    fields = Settings.model_fields
    files = {f"{PREFIX}{name.upper()}_FILE" for name, field in fields.items() if not field.repr}
    return frozenset(f"{PREFIX}{name.upper()}" for name in fields) | files | _OF_COMMANDS


def require_known(environment: Mapping[str, str]) -> None:
    """Raises ValueError for a LATCHKEY_… that means nothing: what was to be set would silently be the default."""
    known = variables()
    strange = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    if strange:
        raise ValueError("; ".join(f"{name} is no setting{_nearest(name, known)}" for name in strange))


def _nearest(name: str, known: frozenset[str]) -> str:
    near = get_close_matches(name.removeprefix(PREFIX), sorted(each.removeprefix(PREFIX) for each in known), 1)
    return f": do you mean {PREFIX}{near[0]}?" if near else ": docs/settings.md lists them"


def problems(error: ValidationError) -> str:
    """What to set, without what was set."""
    return "; ".join(
        f"{PREFIX}{str(each['loc'][0]).upper()}: {each['msg']}" if each["loc"] else each["msg"].removeprefix("Value error, ")
        for each in error.errors()
    )


@lru_cache
def settings() -> Settings:
    """The settings of this process. Raises pydantic.ValidationError, and ValueError, which say what to set."""
    require_known(os.environ)
    return Settings()
