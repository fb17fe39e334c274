"""DateTime and CountryCode. Errors never repeat what was sent."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NewType

import orjson
import strawberry
from graphql import GraphQLError

from resolvers import texts
from resolvers.errors import BadInput

CountryCode = NewType("CountryCode", str)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def in_utc(value: datetime) -> datetime:
    """What an instant is in an answer: itself. Its text is made with all the others (`as_json`), in a fraction of the time."""
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def as_json(answer: object) -> bytes:
    """An answer as it is sent: instants to the second, or to the microsecond, ending in Z."""
    return orjson.dumps(answer, option=orjson.OPT_UTC_Z)


def _parse_moment(value: Any) -> datetime:
    try:
        if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
            raise ValueError
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError("DateTime must be RFC 3339 with a time zone") from None


def _parse_country(value: Any) -> str:
    try:
        return texts.country(value if isinstance(value, str) else "", "country")
    except BadInput:
        raise GraphQLError("CountryCode must be an ISO 3166-1 alpha-2 code") from None


SCALARS = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant: RFC 3339 in UTC, ending in Z.",
        serialize=in_utc,
        parse_value=_parse_moment,
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    ),
    CountryCode: strawberry.scalar(
        name="CountryCode",
        description="A country: ISO 3166-1 alpha-2.",
        serialize=str,
        parse_value=_parse_country,
        specified_by_url="https://www.iso.org/iso-3166-country-codes.html",
    ),
}
