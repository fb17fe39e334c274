"""The settings, from the environment alone, checked once at start."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from settings import HERE, Environment, Settings, problems, settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LATCHKEY_")]:
        monkeypatch.delenv(name)


def test_without_any_it_is_development_on_this_machine_only() -> None:
    given = Settings()
    assert given.development
    assert (given.host, given.port, given.is_secure, given.hosts()) == ("127.0.0.1", 8000, False, ["*"])
    assert given.database_url == f"sqlite://{HERE / 'var' / 'latchkey.db'}"
    assert given.metrics_token is None
    assert given.trusted_documents is None


def test_each_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "environment": "production",
        "host": "0.0.0.0",  # noqa: S104 (as an operator would)
        "port": "8443",
        "database_url": "postgres://latchkey@db.example/latchkey",
        "database_seconds": "2.5",
        "secure": "false",
        "allowed_hosts": " latchkey.example , ,www.latchkey.example,",
        "forwarded_allow_ips": "10.0.0.1",
        "document_hosts": "panel.sendcloud.sc, labels.example",
        "trusted_documents": "/srv/documents",
        "disclosures_per_hour": "50",
        "engine": "false",
        "operation_seconds": "2.5",
        "operations_at_once": "7",
        "subscriptions_at_once": "30",
        "session_hours": "0.5",
        "terms_url": "https://www.latchkey.example/terms",
        "privacy_url": "/privacy",
        "support_url": "mailto:support@latchkey.example",
        "metrics_token": "geheim",
        "metrics_host": "10.0.0.2",
        "metrics_port": "9100",
        "traces_url": "http://127.0.0.1:4318/v1/traces",
        "traces_share": "0.25",
        "traces_follow": "true",
        "log_level": "warning",
    }
    assert set(values) == set(Settings.model_fields)
    for name, value in values.items():
        monkeypatch.setenv(f"LATCHKEY_{name.upper()}", value)
    given = Settings()
    assert given.environment is Environment.PRODUCTION
    assert (given.host, given.port, given.database_url, given.is_secure) == (values["host"], 8443, values["database_url"], False)
    assert given.hosts() == ["latchkey.example", "www.latchkey.example"]
    assert (given.database_seconds, given.engine) == (2.5, False)
    assert given.document_hosts == "panel.sendcloud.sc,labels.example"
    assert given.trusted_documents == Path("/srv/documents")
    assert (given.operation_seconds, given.operations_at_once, given.subscriptions_at_once) == (2.5, 7, 30)
    assert (given.terms_url, given.privacy_url, given.support_url) == (values["terms_url"], values["privacy_url"], values["support_url"])
    assert (given.metrics_host, given.metrics_port) == ("10.0.0.2", 9100)
    assert (given.traces_url, given.traces_share, given.traces_follow) == ("http://127.0.0.1:4318/v1/traces", 0.25, True)
    assert (given.disclosures_per_hour, given.session_hours, given.metrics_token, given.log_level) == (50, 0.5, "geheim", "WARNING")


def test_a_link_leads_nowhere_but_to_a_page_or_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATCHKEY_SUPPORT_URL", "javascript:alert(1)")
    with pytest.raises(ValidationError, match="support_url"):
        Settings()


@pytest.mark.parametrize(
    ("environment", "secure", "is_secure"),
    [
        (Environment.DEVELOPMENT, None, False),
        (Environment.DEVELOPMENT, True, True),
        (Environment.PRODUCTION, None, True),
        (Environment.PRODUCTION, False, False),
    ],
)
def test_in_production_we_are_reached_by_tls_unless_it_is_said_otherwise(environment: Environment, secure: bool | None, is_secure: bool) -> None:
    assert Settings(environment=environment, secure=secure).is_secure is is_secure


@pytest.mark.parametrize("hosts", ["*", "latchkey.example,*", "", " , "])
def test_in_production_our_hosts_are_named(hosts: str) -> None:
    """`*` anywhere in the list means any, and nothing at all names none."""
    with pytest.raises(ValueError, match="LATCHKEY_ALLOWED_HOSTS must name our hosts in production"):
        Settings(environment=Environment.PRODUCTION, allowed_hosts=hosts).hosts()
    assert Settings(environment=Environment.PRODUCTION, allowed_hosts="*.latchkey.example").hosts() == ["*.latchkey.example"]


WRONG = [
    pytest.param("environment", "staging", id="environment"),
    pytest.param("port", "-1", id="port-negative"),
    pytest.param("port", "65536", id="port-too-high"),
    pytest.param("port", "geheim", id="port-no-number"),
    pytest.param("secure", "perhaps", id="secure"),
    pytest.param("disclosures_per_hour", "0", id="no-disclosures"),
    pytest.param("disclosures_per_hour", "many", id="disclosures-no-number"),
    pytest.param("session_hours", "0", id="no-session"),
    pytest.param("session_hours", "721", id="a-session-of-a-month"),
    pytest.param("session_hours", "nan", id="session-nan"),
    pytest.param("traces_url", "geheim", id="traces-no-address"),
    pytest.param("traces_share", "1.5", id="more-than-all-traces"),
    pytest.param("log_level", "geheim", id="log-level"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_can_t_be_is_told_by_its_name_and_without_its_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"LATCHKEY_{name.upper()}", value)
    settings.cache_clear()
    with pytest.raises(ValidationError) as wrong:
        settings()
    line = problems(wrong.value)
    assert line.startswith(f"LATCHKEY_{name.upper()}: ")
    assert "\n" not in line
    assert "geheim" not in line


def test_several_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATCHKEY_PORT", "x")
    monkeypatch.setenv("LATCHKEY_ENVIRONMENT", "x")
    with pytest.raises(ValidationError) as wrong:
        Settings()
    assert sorted(part.split(":")[0] for part in problems(wrong.value).split("; ")) == ["LATCHKEY_ENVIRONMENT", "LATCHKEY_PORT"]


def test_secrets_are_in_no_repr() -> None:
    given = Settings(metrics_token="geheim", database_url="postgres://latchkey:geheim@db.example/latchkey")
    assert "geheim" not in repr(given)
    assert "geheim" not in str(given)
