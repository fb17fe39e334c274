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
        "workers": "4",
        "drain_seconds": "2.5",
        "database_url": "postgres://latchkey@db.example/latchkey",
        "listen_url": "postgres://latchkey@primary.example/latchkey",
        "database_seconds": "2.5",
        "secure": "true",
        "allowed_hosts": " latchkey.example , ,www.latchkey.example,",
        "forwarded_allow_ips": "10.0.0.1",
        "document_hosts": "panel.sendcloud.sc, labels.example",
        "trusted_documents": "/srv/documents",
        "bearer_documents": "trusted",
        "operations_per_minute": "600",
        "cost_per_minute": "0",
        "disclosures_per_hour": "50",
        "searches_per_hour": "20",
        "engine": "false",
        "operation_seconds": "2.5",
        "operations_at_once": "7",
        "subscriptions_at_once": "30",
        "session_hours": "0.5",
        "keep_access_log_days": "90",
        "keep_history_days": "365",
        "keep_sessions_days": "7",
        "passwords": "false",
        "sign_on": "/srv/sign-on.toml",
        "terms_url": "https://www.latchkey.example/terms",
        "privacy_url": "/privacy",
        "support_url": "mailto:support@latchkey.example",
        "public_url": "https://www.latchkey.example",
        "messages": "false",
        "smtp_url": "smtps://latchkey:geheim@mail.latchkey.example:465",
        "messages_from": "latchkey@latchkey.example",
        "metrics_token": "geheim-en-lang-genoeg",
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
    assert (given.host, given.port, given.database_url, given.is_secure) == (values["host"], 8443, values["database_url"], True)
    assert (given.workers, given.drain_seconds) == (4, 2.5)
    assert given.hosts() == ["latchkey.example", "www.latchkey.example"]
    assert given.listen_url == values["listen_url"]
    assert (given.database_seconds, given.engine) == (2.5, False)
    assert given.document_hosts == "panel.sendcloud.sc,labels.example"
    assert given.trusted_documents == Path("/srv/documents")
    assert (given.per_minute(), given.runs_any(bearer=True), given.runs_any(bearer=False)) == ((600, 0), False, False)
    assert (given.operation_seconds, given.operations_at_once, given.subscriptions_at_once) == (2.5, 7, 30)
    assert (given.keep_access_log_days, given.keep_history_days, given.keep_sessions_days) == (90, 365, 7)
    assert (given.terms_url, given.privacy_url, given.support_url) == (values["terms_url"], values["privacy_url"], values["support_url"])
    assert (given.disclosures_per_hour, given.searches_per_hour, given.session_hours) == (50, 20, 0.5)
    assert (given.metrics_token, given.log_level) == (values["metrics_token"], "WARNING")
    assert (given.metrics_host, given.metrics_port) == ("10.0.0.2", 9100)
    assert (given.traces_url, given.traces_share, given.traces_follow) == ("http://127.0.0.1:4318/v1/traces", 0.25, True)


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
        (Environment.PRODUCTION, True, True),
    ],
)
def test_in_production_we_are_reached_by_tls(environment: Environment, secure: bool | None, is_secure: bool) -> None:
    assert Settings(environment=environment, secure=secure).is_secure is is_secure


@pytest.mark.parametrize(
    ("environment", "per_minute", "sessions_run_any"),
    [(Environment.DEVELOPMENT, (0, 0), True), (Environment.PRODUCTION, (1_200, 3_000_000), False)],
)
def test_in_production_a_minute_has_a_budget_and_browsers_run_trusted_documents(
    environment: Environment, per_minute: tuple[int, int], sessions_run_any: bool
) -> None:
    given = Settings(environment=environment)
    assert (given.per_minute(), given.runs_any(bearer=False), given.runs_any(bearer=True)) == (per_minute, sessions_run_any, True)
    assert Settings(environment=environment, operations_per_minute=7, cost_per_minute=0).per_minute() == (7, 0)


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
    pytest.param("bearer_documents", "some", id="documents"),
    pytest.param("operations_per_minute", "-1", id="operations-negative"),
    pytest.param("workers", "0", id="no-workers"),
    pytest.param("drain_seconds", "-1", id="drain-negative"),
    pytest.param("disclosures_per_hour", "0", id="no-disclosures"),
    pytest.param("searches_per_hour", "0", id="no-searches"),
    pytest.param("disclosures_per_hour", "many", id="disclosures-no-number"),
    pytest.param("session_hours", "0", id="no-session"),
    pytest.param("session_hours", "721", id="a-session-of-a-month"),
    pytest.param("session_hours", "nan", id="session-nan"),
    pytest.param("keep_access_log_days", "0", id="no-log"),
    pytest.param("traces_url", "geheim", id="traces-no-address"),
    pytest.param("public_url", "mailto:geheim@latchkey.example", id="public-no-web-address"),
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


UNSAFE = [
    pytest.param({"secure": "false"}, "LATCHKEY_SECURE: production is reached by TLS", id="cookies-over-plain-http"),
    pytest.param({"metrics_token": "geheim"}, "LATCHKEY_METRICS_TOKEN: must have 16 characters", id="a-token-to-guess"),
    pytest.param({"metrics_token": "g" * 16 + ",geheim"}, "LATCHKEY_METRICS_TOKEN: must have 16 characters", id="one-token-to-guess"),
    pytest.param({"forwarded_allow_ips": "*"}, "LATCHKEY_FORWARDED_ALLOW_IPS: must name our proxies", id="every-proxy"),
]


@pytest.mark.parametrize(("given", "told"), UNSAFE)
def test_production_refuses_what_is_unsafe(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], told: str) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"LATCHKEY_{name.upper()}", value)
    assert Settings().development
    monkeypatch.setenv("LATCHKEY_ENVIRONMENT", "production")
    with pytest.raises(ValidationError) as wrong:
        Settings()
    assert problems(wrong.value).startswith(told)
    assert "geheim" not in problems(wrong.value)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("LATCHKEY_ALOWED_HOSTS", "LATCHKEY_ALOWED_HOSTS is no setting: do you mean LATCHKEY_ALLOWED_HOSTS?", id="a-slip"),
        pytest.param("LATCHKEY_METRICS_TOKEN_FIEL", "do you mean LATCHKEY_METRICS_TOKEN_FILE?", id="a-slip-in-a-file"),
        pytest.param("LATCHKEY_PORT_FILE", "LATCHKEY_PORT_FILE is no setting", id="a-file-of-what-is-no-secret"),
        pytest.param("LATCHKEY_Q", "LATCHKEY_Q is no setting: docs/settings.md lists them", id="nothing-like-it"),
    ],
)
def test_a_name_that_means_nothing_is_refused_and_the_nearest_is_told(monkeypatch: pytest.MonkeyPatch, name: str, told: str) -> None:
    monkeypatch.setenv(name, "geheim")
    settings.cache_clear()
    with pytest.raises(ValueError, match="is no setting") as wrong:
        settings()
    assert told in str(wrong.value)
    assert "geheim" not in str(wrong.value)


#: A secret that can't be just any text.
SECRET = {"traces_url": "https://geheim.example/v1/traces"}
SECRETS = sorted(name for name, field in Settings.model_fields.items() if not field.repr)


@pytest.mark.parametrize("name", SECRETS)
def test_each_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    secret = SECRET.get(name, "sqlite://geheim.db")
    file.write_text(f"{secret}\n")
    monkeypatch.setenv(f"LATCHKEY_{name.upper()}_FILE", str(file))
    settings.cache_clear()
    assert getattr(settings(), name) == secret
    monkeypatch.setenv(f"LATCHKEY_{name.upper()}", "geheim")
    with pytest.raises(ValueError, match=f"LATCHKEY_{name.upper()} and LATCHKEY_{name.upper()}_FILE: set one of them"):
        Settings()
    monkeypatch.delenv(f"LATCHKEY_{name.upper()}")
    file.unlink()
    with pytest.raises(ValueError, match=f"LATCHKEY_{name.upper()}_FILE: the file can't be read"):
        Settings()


def test_there_are_secrets() -> None:
    assert {"database_url", "metrics_token"} <= set(SECRETS)
