"""Reading one JSON object from outside: what is absent is None, what is there but is not what it should be rejects the record.

Absent is whatever the platform writes for "nothing": no key, null, an empty text, the text `null`, and `{}` or `[]` where
something should be. Texts are kept as given but for the blanks around them. A text over its limit is rejected, and one with a
NUL byte, which PostgreSQL can't hold, or with half a surrogate pair, which UTF-8 can't. The limits are those of the columns in
`models/parcels.py`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import phonenumbers
import pycountry

from exchange.imported import Money

TEXT_LIMIT: Final = 255
"""Characters, where nothing else is said: names, parts of an address, references, descriptions."""
CODE_LIMIT: Final = 64
EMAIL_LIMIT: Final = 254
POSTAL_CODE_LIMIT: Final = 32
URL_LIMIT: Final = 2048
NOTE_LIMIT: Final = 10_000
"""Characters in a note, or in what a carrier wrote. The column has no limit; this keeps one parcel from being a book."""
LIST_LIMIT: Final = 1_000
"""Items, documents, events or errors of one parcel."""
INTEGER_LIMIT: Final = 2**31 - 1
"""The largest GraphQL Int."""

# ISO 3166-1, and the user-assigned code under which carriers deliver in Kosovo.
COUNTRIES: Final = frozenset(country.alpha_2 for country in pycountry.countries) | {"XK"}
_BY_ALPHA_3: Final = {country.alpha_3: country.alpha_2 for country in pycountry.countries} | {"XKX": "XK"}

_AMOUNT_LIMIT: Final = Decimal(10) ** 12
_CURRENCY: Final = re.compile("[A-Z]{3}")
_NOTHING: Final = frozenset({"", "null"})
_DECIMAL: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,30})?")
_DIALLED: Final = re.compile(r"\+?[0-9 ().-]+")
_ISO: Final = re.compile(r"[0-9-]{10}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_V2_MOMENT: Final = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4}) ([0-9]{2}:[0-9]{2}:[0-9]{2})")
_WHOLE: Final = re.compile(r"[0-9]{1,18}")

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
# As seconds this is the year 5138, as milliseconds 1973.
_LEAST_MILLISECONDS: Final = 100_000_000_000


class RejectedRecord(Exception):
    """A record that is not imported, and the field it is for.

    Neither the reason nor the field holds a value of the record, or a key that the record chose. It is raised outside any
    `except`, so no exception that quotes a value hangs below it. The frames of its traceback do hold the record: log the text.
    """

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(reason, field)
        self.reason = reason
        self.field = field

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


@dataclass(frozen=True, slots=True, repr=False)
class Fields:
    """One JSON object, and where in its record it stands (`parcels[0].`), for a rejection to say."""

    values: Mapping[str, object]
    path: str = ""

    def rejected(self, key: str, reason: str) -> RejectedRecord:
        return RejectedRecord(reason, self.path + key)

    def text(self, *keys: str, limit: int = TEXT_LIMIT) -> str | None:
        """The text of the first of these keys that has one. Ids and house numbers also come as whole numbers: those are taken."""
        for key in keys:
            value = self.values.get(key)
            if value is not None and (text := self.checked(key, value, limit)) is not None:
                return text
        return None

    def joined(self, *keys: str) -> str | None:
        """The texts of all of these keys that have one, as one text."""
        text = ", ".join(filter(None, map(self.text, keys)))
        if len(text) > TEXT_LIMIT:
            raise self.rejected(keys[0], f"is longer than {TEXT_LIMIT} characters together with {' and '.join(keys[1:])}")
        return text or None

    def url(self, key: str) -> str | None:
        """A web address. No other scheme gets in: these are shown as links, and fetched."""
        text = self.text(key, limit=URL_LIMIT)
        if text is not None and not text.lower().startswith(("https://", "http://")):
            raise self.rejected(key, "is not an http or https address")
        return text

    def whole(self, key: str, *, least: int = 0, most: int = INTEGER_LIMIT) -> int | None:
        """A whole number, or the text of one."""
        value = self.values.get(key)
        if _is_nothing(value):
            return None
        if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.rejected(key, f"is not a whole number from {least} to {most}")
        return value

    def decimal(self, key: str) -> Decimal | None:
        """A number of zero or more, or the text of one, with a point: `2.000`."""
        value = self.values.get(key)
        if _is_nothing(value):
            return None
        number = _decimal(value)
        if number is None or not 0 <= number < _AMOUNT_LIMIT:
            raise self.rejected(key, "is not a number of zero or more")
        return number

    def scaled(self, key: str, factor: Decimal) -> int | None:
        """The number times the factor, to the nearest whole."""
        number = self.decimal(key)
        if number is None:
            return None
        whole = int((number * factor).quantize(Decimal(1), ROUND_HALF_UP))
        if whole > INTEGER_LIMIT:
            raise self.rejected(key, "is too large")
        return whole

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.rejected(key, "is not true or false")
        return value is True

    def moment(self, *keys: str) -> datetime | None:
        """A point in time, in UTC: v2's `31-12-2025 23:59:59` or ISO 8601. Without a zone it is UTC, as both APIs mean it."""
        for key in keys:
            if (text := self.text(key)) is not None:
                if (moment := _moment(text)) is None:
                    raise self.rejected(key, "is not a date with a time")
                return moment
        return None

    def epoch(self, key: str) -> datetime | None:
        """A point in time given in seconds or in milliseconds since 1970, told apart by their size."""
        value = self.whole(key, most=10**15)
        if value is None:
            return None
        seconds, milliseconds = divmod(value, 1000) if value >= _LEAST_MILLISECONDS else (value, 0)
        if seconds >= _LATEST.timestamp():
            raise self.rejected(key, "is not a time in seconds or milliseconds since 1970")
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)

    def country(self, key: str) -> str | None:
        """ISO 3166-1 alpha-2, from the code or from v2's `{"iso_2": "NL", "iso_3": "NLD", "name": "Netherlands"}`."""
        nested = isinstance(self.values.get(key), dict)
        code = self.inner(key).text("iso_2", "iso_3") if nested else self.text(key)
        if code is None:
            return None
        code = _BY_ALPHA_3.get(code.upper(), code.upper())
        if code not in COUNTRIES:
            raise self.rejected(key, "is not a country")
        return code

    def currency(self, key: str) -> str | None:
        """Three letters, as in ISO 4217. Withdrawn currencies too: old parcels were paid in kuna."""
        code = self.text(key)
        if code is not None and not _CURRENCY.fullmatch(code):
            raise self.rejected(key, "is not a currency")
        return code

    def inner(self, key: str) -> "Fields":
        """The object under this key, or an empty one."""
        value = self.values.get(key)
        if _is_nothing(value):
            value = {}
        if not isinstance(value, dict):
            raise self.rejected(key, "is not an object")
        return Fields(value, f"{self.path}{key}.")

    def each(self, key: str) -> Iterator["Fields"]:
        """The objects in the list under this key."""
        for position, value in enumerate(self.entries(key)):
            if not isinstance(value, dict):
                raise self.rejected(f"{key}[{position}]", "is not an object")
            yield Fields(value, f"{self.path}{key}[{position}].")

    def entries(self, key: str) -> Sequence[object]:
        """Whatever is in the list under this key."""
        value = self.values.get(key)
        if _is_nothing(value):
            return ()
        if not isinstance(value, list):
            raise self.rejected(key, "is not a list")
        if len(value) > LIST_LIMIT:
            raise self.rejected(key, f"has more than {LIST_LIMIT} entries")
        return value

    def note(self, key: str, *texts: str | None) -> str | None:
        """Texts that were read apart and are kept together, a line each; the same one once."""
        return self.checked(key, "\n".join(dict.fromkeys(filter(None, texts))), NOTE_LIMIT)

    def checked(self, key: str, value: object, limit: int = TEXT_LIMIT) -> str | None:
        """This value as `text` would have read it from this key."""
        if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 64:
            return str(value)
        if not isinstance(value, str):
            raise self.rejected(key, "is not a text")
        text = value.strip()
        if text in _NOTHING:
            return None
        if len(text) > limit:
            raise self.rejected(key, f"is longer than {limit} characters")
        if "\x00" in text:
            raise self.rejected(key, "holds a NUL byte")
        if not text.isascii() and _SURROGATE.search(text):
            raise self.rejected(key, "holds half a surrogate pair")
        return text


def e164(phone: str | None, country: str | None) -> str | None:
    """A telephone number in E.164 (`+31612345678`), read as it is dialled in that country.

    What can't be a number there, or says more than one number, is kept as it was given: a merchant's words are not thrown away.
    """
    if phone is None or not _DIALLED.fullmatch(phone):
        return phone
    try:
        number = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        return phone
    # Not `is_possible_number`: that takes a number that lacks its area code too.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def money(amount: Decimal | None, currency: str | None) -> Money | None:
    """An amount without a currency is not money, and which was meant is not guessed: None."""
    if amount is None or currency is None:
        return None
    # No currency has more than four decimals; a float may.
    rounded = amount.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return f"{amount if amount == rounded else rounded:f}", currency


def _is_nothing(value: object) -> bool:
    if value is None or value == {} or value == []:
        return True
    return isinstance(value, str) and value.strip() in _NOTHING


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()):
        return Decimal(value.strip())
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 64:
        return Decimal(value)
    if isinstance(value, float):
        value = Decimal(repr(value))
    return value if isinstance(value, Decimal) and value.is_finite() and value.adjusted() <= 15 else None


def _moment(text: str) -> datetime | None:
    if v2 := _V2_MOMENT.fullmatch(text):
        day, month, year, time = v2.groups()
        text = f"{year}-{month}-{day} {time}"
    if not _ISO.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if _EARLIEST <= moment < _LATEST else None
