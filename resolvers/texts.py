"""Checking what people type: lengths, e-mails, phones, countries. Messages name the field, never what was in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from zoneinfo import available_timezones

import phonenumbers
import pycountry
from email_validator import EmailNotValidError, validate_email

from resolvers.errors import BadInput

MOST_LOOKED_FOR = 300
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
_HTTPS = re.compile(r"https://[^\s/?#@]+(/\S*)?")


def checked_text(text: str, name: str, most: int) -> str:
    """Text somebody wrote, without the space around it. Raises BadInput if it is empty, too long, or holds what can't be stored."""
    plain = text.strip()
    if not plain:
        raise BadInput(f"{name} must not be empty")
    return storable(plain, name, most)


def storable(text: str, name: str, most: int) -> str:
    """Text that both databases take. Raises BadInput for a NUL, a lone surrogate or more than `most` characters."""
    if len(text) > most:
        raise BadInput(f"{name} must be at most {most} characters")
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BadInput(f"{name} holds characters that can't be stored")
    return text


def storables(texts: Sequence[str], name: str, most: int) -> list[str]:
    """Different texts to look for, as `storable`. Raises BadInput, also for more than MOST_LOOKED_FOR."""
    different = list(dict.fromkeys(texts))
    if len(different) > MOST_LOOKED_FOR:
        raise BadInput(f"{name} must be at most {MOST_LOOKED_FOR}")
    return [storable(text, name, most) for text in different]


def email(text: str, name: str) -> str:
    """An e-mail address (RFC 5321 lengths). Raises BadInput."""
    try:
        return validate_email(storable(text.strip(), name, 254), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise BadInput(f"{name} is not an e-mail address") from None


def phone(text: str, name: str, country: str | None) -> str:
    """A phone number as E.164. One without a country code is read in `country`. Raises BadInput."""
    try:
        number = phonenumbers.parse(storable(text.strip(), name, 64), country)
    except phonenumbers.NumberParseException:
        raise BadInput(f"{name} is not a phone number") from None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise BadInput(f"{name} is not a phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def country(text: str, name: str) -> str:
    """An ISO 3166-1 alpha-2 country, or XK, which carriers and customs use for Kosovo. Raises BadInput."""
    if len(text) != 2 or not text.isascii() or (text.upper() != "XK" and pycountry.countries.get(alpha_2=text.upper()) is None):
        raise BadInput(f"{name} is not a country")
    return text.upper()


def locale(text: str, name: str) -> str:
    """A BCP 47 language tag of language, script and region. Raises BadInput."""
    if not _LOCALE.fullmatch(text):
        raise BadInput(f"{name} is not a locale")
    return text


def timezone(text: str, name: str) -> str:
    """An IANA time zone. Raises BadInput."""
    if text not in available_timezones():
        raise BadInput(f"{name} is not a time zone")
    return text


def https_url(text: str, name: str) -> str:
    """An https address without credentials in it. Raises BadInput."""
    if not _HTTPS.fullmatch(storable(text.strip(), name, 2048)):
        raise BadInput(f"{name} is not an https address")
    return text.strip()
