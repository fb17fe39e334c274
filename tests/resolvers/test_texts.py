"""What people type is stored as it is meant, or refused by the name of its field, never repeating it."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers import texts
from resolvers.errors import BadInput

Check = Callable[[str, str], str]


def text(value: str, name: str) -> str:
    return texts.checked_text(value, name, 10)


def phone_of(country: str | None) -> Check:
    return lambda value, name: texts.phone(value, name, country)


GOOD: list[tuple[Check, str, str]] = [
    (text, "Hi", "Hi"),
    (text, " \n Hi there\t", "Hi there"),
    (text, "a" * 10, "a" * 10),
    (text, "   " + "a" * 10 + "   ", "a" * 10),
    (text, "日本語😀", "日本語😀"),
    (texts.email, " Jan@Example.COM ", "Jan@example.com"),
    (texts.email, "jan+label@example.co.uk", "jan+label@example.co.uk"),
    (texts.email, "josé@bücher.example", "josé@bücher.example"),
    (texts.email, "a" * 64 + "@" + ("b" * 59 + ".") * 3 + "example", "a" * 64 + "@" + ("b" * 59 + ".") * 3 + "example"),
    (phone_of(None), "+31 6 1234 5678", "+31612345678"),
    (phone_of("NL"), "06-12345678", "+31612345678"),
    (phone_of("ES"), "612 34 56 78", "+34612345678"),
    (phone_of("NL"), "+34 612 345 678", "+34612345678"),
    (phone_of("NL"), "0034 612 345 678", "+34612345678"),
    (texts.country, "nl", "NL"),
    (texts.country, "XK", "XK"),
    (texts.locale, "nl", "nl"),
    (texts.locale, "nl-BE", "nl-BE"),
    (texts.locale, "zh-Hant-TW", "zh-Hant-TW"),
    (texts.timezone, "Europe/Amsterdam", "Europe/Amsterdam"),
    (texts.timezone, "UTC", "UTC"),
    (texts.https_url, " https://a.example/in?x=1#y ", "https://a.example/in?x=1#y"),
    (texts.https_url, "https://a.example", "https://a.example"),
    (texts.https_url, "https://a.example:8443/", "https://a.example:8443/"),
    (texts.https_url, "https://a.example/@me", "https://a.example/@me"),
]


@pytest.mark.parametrize(("check", "typed", "stored"), GOOD)
def test_what_is_meant_is_stored_in_one_form(check: Check, typed: str, stored: str) -> None:
    assert check(typed, "field") == stored
    assert check(stored, "field") == stored, "and stays as it is"


UNSTORABLE = ["se\x00cret", "\x00", "secret\ud800", "\udfff"]
BAD: dict[str, tuple[Check, list[str]]] = {
    "text": (text, ["", "  \n", "secret secret"]),
    "email": (texts.email, ["", "secret", "secret@", "@secret.example", "secret@localhost", "a b@secret.example", "s@x.example, s@y.example"]),
    "header-in-email": (texts.email, ["a@b.example\r\nBcc: secret@c.example", "a@b.example\nsecret"]),
    "long-email": (texts.email, ["secret" * 43 + "@b.example", "a@" + "secret." * 40 + "example"]),
    "phone": (phone_of("NL"), ["", "secret", "12", "+", "06-1", "+31 6 1234 5678 9012 3456", "0" * 65, "call secret"]),
    "phone-nowhere": (phone_of(None), ["0612345678", "612345678"]),
    "country": (texts.country, ["", "N", "NLD", "ZZ", "nederland", "N\x00", "ﬁ", "Ｎ", "UK", "EU", "n ", "12"]),
    "locale": (texts.locale, ["", "NL", "nl_NL", "nl-nl", "nl-NL\n", "nl-NL-secret", "x" * 99, " nl", "nl-"]),
    "timezone": (texts.timezone, ["", "Secret/Place", "europe/amsterdam", "../../etc/passwd", "Europe/Amsterdam\n", "CET+1"]),
    "https": (
        texts.https_url,
        ["", "secret", "http://secret.example/", "https://", "https:///x", "https://user:secret@a.example/", "https://secret@a.example"],
    ),
    "odd-https": (
        texts.https_url,
        ["https://a.example/ secret", "https://a b.example/", "javascript:alert(1)", "https://" + "x" * 2048, "//a.example/", "https://a\nb/"],
    ),
    **{f"unstorable-{name}": (check, UNSTORABLE) for name, check in (("text", text), ("email", texts.email), ("https", texts.https_url))},
    "unstorable-phone": (phone_of("NL"), UNSTORABLE),
}


@pytest.mark.parametrize(
    ("check", "typed"), [pytest.param(check, each, id=f"{name}-{n}") for name, (check, all_) in BAD.items() for n, each in enumerate(all_)]
)
def test_what_is_not_is_refused_by_the_field_s_name_alone(check: Check, typed: str) -> None:
    with pytest.raises(BadInput, match=r"^field ") as refused:
        check(typed, "field")
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None, "no trace holds it either"


def outcome(check: Check, typed: str) -> tuple[str, str]:
    """What is stored, and what a refusal says: one of them is empty."""
    try:
        return check(typed, "field"), ""
    except BadInput as refused:
        return "", str(refused)


@settings(deadline=None)
@given(st.text())
def test_whatever_is_typed_is_stored_or_refused_and_nothing_else(typed: str) -> None:
    for check in (text, texts.email, phone_of("NL"), phone_of(None), texts.country, texts.locale, texts.https_url):
        stored, refusal = outcome(check, typed)
        assert refusal.startswith("field ") or not refusal
        assert "\x00" not in stored
        stored.encode()


def test_a_list_to_look_for_is_each_once_and_not_endless() -> None:
    assert texts.storables(["dhl", "ups", "dhl"], "carrier", 64) == ["dhl", "ups"]
    assert len(texts.storables([str(number) for number in range(300)] * 2, "carrier", 64)) == 300
    for wrong in ([str(number) for number in range(301)], ["secret" * 11], ["se\x00cret"]):
        with pytest.raises(BadInput) as refused:
            texts.storables(wrong, "carrier", 64)
        assert "secret" not in str(refused.value)
