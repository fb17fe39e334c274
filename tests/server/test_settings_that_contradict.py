"""Settings that are good each, and together are not: the server does not start, and says why without a value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server import application
from settings import Environment, Settings

SIGN_ON = """
address = "https://geheim.example.com"
[agents]
name = "Login"
issuer = "https://login.example.com"
client_id = "us"
"""


@pytest.fixture
def sign_on(tmp_path: Path) -> Path:
    file = tmp_path / "sign-on.toml"
    file.write_text(SIGN_ON)
    return file


def given(**settings: Any) -> Settings:
    return Settings(environment=Environment.PRODUCTION, **{"allowed_hosts": "latchkey.example.com", **settings})


def test_without_passwords_and_single_sign_on_nobody_could_sign_in() -> None:
    with pytest.raises(ValueError, match="nobody could sign in"):
        application(given(passwords=False))


@pytest.mark.parametrize("hosts", ["latchkey.example.com", "com,example.com", "*.geheim.example.com", "*.org"])
def test_whoever_comes_back_from_the_provider_has_to_be_answered(sign_on: Path, hosts: str) -> None:
    with pytest.raises(ValueError, match="LATCHKEY_ALLOWED_HOSTS has not this name") as wrong:
        application(given(sign_on=sign_on, allowed_hosts=hosts))
    assert "geheim" not in str(wrong.value)


@pytest.mark.parametrize("hosts", ["latchkey.example.com,geheim.example.com", "*.example.com"])
def test_and_is_where_the_names_fit(sign_on: Path, hosts: str) -> None:
    assert application(given(sign_on=sign_on, allowed_hosts=hosts)).routes


def test_a_budget_that_no_operation_fits_in_is_none() -> None:
    with pytest.raises(ValueError, match="LATCHKEY_COST_PER_MINUTE must be 0, or at least"):
        application(given(cost_per_minute=10))
