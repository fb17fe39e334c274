"""Search keys: what somebody types finds what was stored, however either was written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers.search_keys import code, folded, keys, prefix_end, surname


@pytest.mark.parametrize(
    ("text", "key"),
    [
        pytest.param("Jan Bakker", "jan bakker", id="case"),
        pytest.param("  Jan \t\n Bakker ", "jan bakker", id="space"),
        pytest.param("Jan\u00a0Bakker", "jan bakker", id="no-break-space"),
        pytest.param("José Núñez", "jose nunez", id="accents"),
        pytest.param("Jose\u0301", "jose", id="accents-apart"),
        pytest.param("STRASSE", "strasse", id="sharp-s-in-capitals"),
        pytest.param("Straße", "strasse", id="sharp-s"),
        pytest.param("İstanbul", "istanbul", id="dotted-capital-i"),
        pytest.param("ﬁets", "fiets", id="ligature"),
        pytest.param("Ｊａｎ", "jan", id="full-width"),
        pytest.param("Łukasz Ørsted", "łukasz ørsted", id="letters-of-their-own"),
        pytest.param("Ян", "ян", id="cyrillic"),
        pytest.param("李 小龍", "李 小龍", id="chinese"),
        pytest.param("a%_\\'", "a%_\\'", id="signs-stay"),
        pytest.param("", None, id="nothing"),
        pytest.param(None, None, id="none"),
        pytest.param(" \n ", None, id="only-space"),
        pytest.param("\u0301", None, id="only-an-accent"),
        pytest.param("x" * 300, "x" * 128, id="too-long"),
    ],
)
def test_a_name_or_e_mail_is_folded(text: str | None, key: str | None) -> None:
    assert folded(text) == (None if key is None else key.encode())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        pytest.param("5611 AB", "5611ab", id="postal-code"),
        pytest.param("SE-114 55", "se11455", id="signs"),
        pytest.param("EC1A 1BB", "ec1a1bb", id="british"),
        pytest.param("Ünï/7", "uni7", id="accents"),
        pytest.param("#---/", None, id="only-signs"),
        pytest.param("ЖЖ", None, id="no-letters-of-codes"),
        pytest.param("", None, id="nothing"),
        pytest.param(None, None, id="none"),
    ],
)
def test_a_code_is_its_letters_and_digits(text: str | None, key: str | None) -> None:
    assert code(text) == (None if key is None else key.encode())


@pytest.mark.parametrize(
    ("name", "key"),
    [
        pytest.param("Jan Bakker", "bakker", id="two"),
        pytest.param("Maria del Mar Núñez", "nunez", id="the-last-of-many"),
        pytest.param("Cher", None, id="one"),
        pytest.param("", None, id="nothing"),
        pytest.param(None, None, id="none"),
    ],
)
def test_a_surname_is_the_last_word_of_several(name: str | None, key: str | None) -> None:
    assert surname(name) == (None if key is None else key.encode())


def test_every_key_column_is_made_of_its_own_field() -> None:
    found = keys(name="A B", email="c@d.example", postal_code="E 1", order_number="F-2", tracking_number="G 3")
    assert found == {
        "name_key": b"a b",
        "surname_key": b"b",
        "email_key": b"c@d.example",
        "postal_code_key": b"e1",
        "order_key": b"f2",
        "tracking_key": b"g3",
    }
    assert set(keys(name=None, email=None, postal_code=None, order_number=None, tracking_number=None).values()) == {None}


@settings(deadline=None)
@given(st.text(min_size=1), st.text(min_size=1))
def test_the_range_of_a_prefix_holds_what_begins_with_it_and_nothing_else(one: str, other: str) -> None:
    prefix, key = folded(one), folded(other)
    if prefix and key:
        assert (prefix <= key < prefix_end(prefix)) == key.startswith(prefix)
        assert prefix <= prefix < prefix_end(prefix)


@settings(deadline=None)
@given(st.text())
def test_folding_again_changes_nothing_that_is_looked_up(text: str) -> None:
    key = code(text)
    assert key is None or code(key.decode()) == key
    assert (folded(text) or b"") == (folded(text.upper() if text.upper().casefold() == text.casefold() else text) or b"")
