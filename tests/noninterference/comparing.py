"""Are two answers the same bytes, but for what a request makes itself: its id, its durations, and the ids and times of what it adds?

An id of one answer that differs may stand for exactly one of the other, now and later, and both must have been made since the worlds were, as must
times, which must also be near each other. Nothing that was there before may differ. What was asked of the database is compared as well: the same
statements must have brought back as many rows, so that no time is taken by what is withheld.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any
from uuid import UUID

import orjson

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?")
_OPAQUE = re.compile(r"[A-Za-z0-9_-]{22,}={0,2}")  # a global id, a cursor, a token
#: Only here may a token differ that says nothing of when it was made.
_TOKEN_PLACES = ("/documents/", "/exports/", "latchkey=")
_DURATION = re.compile(r"\b(ms|seconds)=\S+")
#: Of the field RateLimit: the seconds until the minute is over. What is left of the budget is compared.
_SECONDS_LEFT = re.compile(r";t=\d+")
_VOLATILE_HEADERS = {"x-request-id", "date", "content-length"}  # the length is that of the body, which is compared
#: Two worlds answer within so long of each other.
_NEAR = timedelta(minutes=2)
#: When a line of the log was written, at its beginning.
_WRITTEN_AT = re.compile(rf"^{_TIME.pattern}", re.MULTILINE)
#: Of /metrics: what counts is compared. What takes time is not, nor what is looked up now and then, nor what is open at this moment.
_TIMED_METRIC = re.compile(
    r"_seconds|_created|^latchkey_(database_connections|live_consents|most_parcels_seen_in_an_hour|ready|sockets|socket_operations)\b|^process_|^python_|^#"
)
#: What a subscription heard of others is read sooner or later, more or less often, or not once: how often is chance, and whether at all.
_READ_BY_CHANCE = re.compile(r"^latchkey_(decisions|disclosures|disclosures_withheld|access_log_writes)_total\b")
_LINE_BY_CHANCE = re.compile(r"\b(shown|withheld)=\d+ (?=.*\btype=subscription)")


class Differs(Exception):
    """Where two answers differ. It holds no value."""


@dataclass
class Renaming:
    """Which id of the first world stands for which of the second, as far as they were made since `since`."""

    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    forth: dict[str, str] = field(default_factory=dict)
    back: dict[str, str] = field(default_factory=dict)

    def same(self, one: dict[str, Any], other: dict[str, Any], *, heard: bool = False) -> None:
        """Raises Differs. Of what was `heard`, events of others, it is chance how often it was read: not which statements read it."""
        if "heard" in one:
            self._each("message", one["heard"], other["heard"])
        else:
            if one["status"] != other["status"]:
                raise Differs("status")
            self._headers(one["headers"], other["headers"])
            if one["body"].startswith("# HELP"):
                _counted(one["body"], other["body"])
            else:
                self._text("body", one["body"], other["body"])
        self._text("log", _steady_log(one["log"]), _steady_log(other["log"]))
        # What runs at once may be sent in either order.
        if heard:
            if {sql for sql, _ in one["statements"]} != {sql for sql, _ in other["statements"]}:
                raise Differs("statements of a subscription")
        elif sorted(one["statements"]) != sorted(other["statements"]):
            raise Differs(f"statements: {_first_other(one['statements'], other['statements'])}")

    def _headers(self, one: list[list[str]], other: list[list[str]]) -> None:
        kept = [[each for each in headers if each[0] not in _VOLATILE_HEADERS] for headers in (one, other)]
        if [name for name, _ in kept[0]] != [name for name, _ in kept[1]]:
            raise Differs("headers")
        for (name, first), (_, second) in zip(*kept, strict=True):
            if name == "ratelimit":
                first, second = _SECONDS_LEFT.sub("", first), _SECONDS_LEFT.sub("", second)  # noqa: PLW2901 (a duration)
            self._text(f"header {name}", first, second)

    def _each(self, where: str, one: list[Any], other: list[Any]) -> None:
        if len(one) != len(other):
            raise Differs(f"{where}s: {len(one)} and {len(other)}")
        for first, second in zip(one, other, strict=True):
            self._text(where, str(first), str(second))

    def _text(self, where: str, one: str, other: str) -> None:
        if one == other:
            return
        if one[:1] == "{" == other[:1]:
            self._value(where, orjson.loads(one), orjson.loads(other))
        else:
            self._value(where, _parted(one), _parted(other))

    def _value(self, where: str, one: Any, other: Any) -> None:
        if type(one) is not type(other):
            raise Differs(where)
        if isinstance(one, dict):
            if list(one) != list(other):
                raise Differs(where)
            for key in one:
                self._value(f"{where}.{key}", one[key], other[key])
        elif isinstance(one, list):
            if len(one) != len(other):
                raise Differs(where)
            for number, (first, second) in enumerate(zip(one, other, strict=True)):
                self._value(f"{where}[{number}]", first, second)
        elif one != other and not (isinstance(one, str) and self._renamed(one, other)):
            raise Differs(where)

    def _renamed(self, one: str, other: str) -> bool:
        """Are they the same, but for ids, times and tokens made since?"""
        token = any(place in one for place in _TOKEN_PLACES)
        first, second = _parted(one), _parted(other)
        if len(first) != len(second):
            return False
        for here, there in zip(first, second, strict=True):
            if here == there or self._are_new_times(here, there):
                continue
            opaque = bool(_OPAQUE.fullmatch(here) and _OPAQUE.fullmatch(there))
            if not (((token and opaque) or (self._is_new_id(here) and self._is_new_id(there))) and self._stands_for(here, there)):
                return False
        return True

    def _stands_for(self, one: str, other: str) -> bool:
        return len(one) == len(other) and self.forth.setdefault(one, other) == other and self.back.setdefault(other, one) == one

    def _is_new_id(self, text: str) -> bool:
        """Is this an id or a cursor, and was it made since the run began?"""
        plain = _decoded(text)
        found = _UUID.search(plain) or re.search(r"\|([0-9a-f]{32})$", plain)
        return found is not None and self._since(datetime.fromtimestamp((UUID(found[found.lastindex or 0]).int >> 80) / 1000, UTC))

    def _are_new_times(self, one: str, other: str) -> bool:
        """Are these instants of the run, or counted from it, and near each other?"""
        if not (_TIME.fullmatch(one) and _TIME.fullmatch(other)):
            return False
        first, second = (datetime.fromisoformat(text.replace("Z", "")).replace(tzinfo=UTC) for text in (one, other))
        return self._since(first) and self._since(second) and abs(first - second) < _NEAR

    def _since(self, instant: datetime) -> bool:
        return instant >= self.since - timedelta(milliseconds=5)  # the milliseconds of an id are cut off


def _counted(one: str, other: str) -> None:
    """Raises Differs for a metric that tells the two apart; its name is a word of ours."""
    for first, second in zip_longest(_metrics(one), _metrics(other), fillvalue=""):
        if first != second:
            raise Differs(f"metric {first.split(' ')[0]} or {second.split(' ')[0]}")


def _metrics(body: str) -> list[str]:
    return [line for line in body.splitlines() if not (_TIMED_METRIC.search(line) or _READ_BY_CHANCE.search(line))]


def _steady_log(log: str) -> str:
    return _LINE_BY_CHANCE.sub("", _WRITTEN_AT.sub("", _DURATION.sub("", log)))


def _first_other(one: list[list[Any]], other: list[list[Any]]) -> str:
    """The first statement that only one of the two sent, or that brought back another number of rows."""
    return next(
        (f"{sql[:200]} ({rows} rows)" for sql, rows in [*one, *other] if [sql, rows] not in one or [sql, rows] not in other), "another number"
    )


def _parted(text: str) -> list[str]:
    """A text as its ids, times and tokens, and what stands between them."""
    return [part for part in re.split(rf"({_UUID.pattern}|{_TIME.pattern.replace('(', '(?:')}|{_OPAQUE.pattern})", text) if part]


def _decoded(text: str) -> str:
    """The text inside a global id or a cursor; any other text as it is."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return text
