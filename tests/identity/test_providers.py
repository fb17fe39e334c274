"""The file of trusted providers: what it may say, and that what is wrong with it is told without what it says."""

from pathlib import Path

import pytest

from identity.providers import NOTHING, read
from policy.vocabulary import ViewerKind

GOOD = """
address = "https://latchkey.example.com"
[agents]
name = "Example Login"
issuer = "https://login.example.com"
client_id = "latchkey"
"""
TOKENS = '[access_tokens]\nissuer = "https://login.example.com"\naudience = "us"\n'

WRONG = {
    "no TOML": ("address = ", "not TOML"),
    "an unknown word": (GOOD + 'grups = ["support"]', "agents.grups"),
    "no TLS": (GOOD.replace("https://login", "http://login"), "agents.issuer: Value error, must be an https: address"),
    "a host that only begins like this machine": (GOOD.replace("https://login.example.com", "http://localhost@evil.example"), "agents.issuer"),
    "a host that only begins like 127.0.0.1": (GOOD.replace("https://login.example.com", "http://127.0.0.1.evil.example"), "agents.issuer"),
    "a query": (GOOD.replace("login.example.com", "login.example.com/?a=b"), "without a query"),
    "no address of ours": (GOOD.replace("address", "# address"), "say where browsers reach us"),
    "agents made from anybody": (GOOD + "create = true", "say in which groups"),
    "an agent's role": (GOOD + 'role_claim = "role"\nroles = { a = "OWNER" }', "no account and no role"),
    "merchants made without an account": (GOOD.replace("[agents]", "[merchants]") + "create = true", "say account_claim"),
    "a role claim that maps to none": (GOOD.replace("[agents]", "[merchants]") + 'role_claim = "role"', "go together"),
    "a role there is not": (GOOD.replace("[agents]", "[merchants]") + 'role_claim = "r"\nroles = { a = "KING" }', "merchants.roles.a"),
    "access tokens of any client": (TOKENS, "access_tokens.clients"),
    "access tokens of no client": (TOKENS + "clients = []", "access_tokens.clients"),
    "a secret that is not there": (GOOD + 'client_secret_file = "/nowhere/kenmerk"', "can't be read"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_told_without_a_value(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "sign-on.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"^LATCHKEY_SIGN_ON: ") as wrong:
        read(file)
    assert said in str(wrong.value)
    assert not any(value in str(wrong.value) for value in ("evil", "kenmerk", "KING", "login.example.com"))


def test_without_one_nobody_is_trusted(tmp_path: Path) -> None:
    assert read(None) == NOTHING
    assert not NOTHING.providers()
    with pytest.raises(ValueError, match="can't be read"):
        read(tmp_path / "nowhere.toml")


def test_a_secret_is_in_a_file_of_its_own_and_never_printed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("geheim-genoeg\n")
    (tmp_path / "sign-on.toml").write_text(GOOD + f'client_secret_file = "{tmp_path}/secret"')
    provider = read(tmp_path / "sign-on.toml").providers()[ViewerKind.AGENT]
    secret = provider.secret()
    assert secret is not None
    assert secret.get_secret_value() == "geheim-genoeg"
    assert "geheim" not in f"{provider!r} {secret!r} {secret}"
