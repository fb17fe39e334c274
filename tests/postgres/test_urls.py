"""What a database URL names: one server or several, over TLS, by a socket, behind a pooler."""

from __future__ import annotations

from typing import Any

import pytest

from models.postgres import Servers

ONE_BY_ONE = [
    pytest.param("postgres://u:p@h/name", ["postgres://u:p@h/name"], id="one"),
    pytest.param("asyncpg://u@h:5433/name", ["postgres://u@h:5433/name"], id="tortoise-s-scheme"),
    pytest.param(
        "postgresql://u:p%40ss@h1:5432,h2:5433/name?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        [
            "postgres://u:p%40ss@h1:5432/name?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem",
            "postgres://u:p%40ss@h2:5433/name?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem",
        ],
        id="several-by-tls",
    ),
    pytest.param("postgres://u@/name?host=/run/postgresql", ["postgres://u@/name?host=%2Frun%2Fpostgresql&port=5432"], id="socket"),
    pytest.param(
        "postgres:///name?host=h1,h2&port=6432",
        ["postgres:///name?host=h1&port=6432", "postgres:///name?host=h2&port=6432"],
        id="hosts-in-the-query",
    ),
    pytest.param(
        "postgres:///name?host=h1,h2&port=1,2", ["postgres:///name?host=h1&port=1", "postgres:///name?host=h2&port=2"], id="ports-in-the-query"
    ),
]


@pytest.mark.parametrize(("url", "one_by_one"), ONE_BY_ONE)
def test_each_server_is_asked_by_a_url_of_its_own(url: str, one_by_one: list[str]) -> None:
    assert Servers.of(url).urls == one_by_one


LIMITS = [
    pytest.param("postgres://h/n", {"command_timeout": 3.0, "minsize": 1, "maxsize": 10, "target_session_attrs": "read-write"}, id="by-default"),
    pytest.param("postgres://h/n?maxsize=3&command_timeout=1.5", {"command_timeout": 1.5, "maxsize": 3}, id="of-the-url"),
    pytest.param("postgres://h/n?pooler=transaction", {"statement_cache_size": 0}, id="pooler"),
    pytest.param("postgres://h/n?pooler=transaction&statement_cache_size=100", {"statement_cache_size": 100}, id="pooler-that-keeps-statements"),
]


@pytest.mark.parametrize(("url", "expected"), LIMITS)
def test_what_a_connection_takes(url: str, expected: dict[str, Any]) -> None:
    limits = Servers.of(url, 3.0).limits
    assert {name: limits[name] for name in expected} == expected


def test_statements_locks_and_pauses_have_a_limit_on_the_connection_or_in_each_transaction() -> None:
    direct, pooled = Servers.of("postgres://h/n", 3.0), Servers.of("postgres://h/n?pooler=transaction", 3.0)
    names = {"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"}
    assert direct.limits["server_settings"] == dict.fromkeys(names | {"tcp_user_timeout"}, "3000")
    assert direct.settle == ""
    assert "server_settings" not in pooled.limits
    assert {part.removeprefix("SET LOCAL ") for part in pooled.settle.split(";")} == {f"{name} = 3000" for name in names}


def test_who_reads_only_may_say_so() -> None:
    servers = Servers.of("postgres://h/n?target_session_attrs=any")
    assert "target_session_attrs" not in servers.limits
    assert servers.urls == ["postgres://h/n?target_session_attrs=any"]


@pytest.mark.parametrize(
    "url", ["postgres://h/n?pooler=session", "postgres:///n?host=a,b,c&port=1,2", "postgres://h/n?maxsize=many"], ids=["pooler", "ports", "number"]
)
def test_what_can_t_be_meant_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"pooler|port|invalid literal"):
        Servers.of(url)


def test_no_password_is_in_a_repr() -> None:
    assert "geheim" not in repr(Servers.of("postgres://u:geheim@h/n"))
