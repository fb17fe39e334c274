"""What the carrier reported of a Sendcloud parcel: its tracking history, and what the carrier objected to."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from exchange import statuses
from exchange.fields import LIST_LIMIT, NOTE_LIMIT, Fields
from exchange.imported import ImportedEvent
from models.enums import ParcelStatus


def events(places: tuple[Fields, ...], status: ParcelStatus, changed_at: datetime) -> tuple[ImportedEvent, ...]:
    """Oldest first, and one for each time and status. `places` are the parcel and the shipment it is in.

    Objections have no time of their own: they are put at the parcel's last change, with the status it has.
    """
    found: dict[tuple[datetime, ParcelStatus], ImportedEvent] = {}
    for event in _reported(places, status, changed_at):
        known = found.setdefault((event.occurred_at, event.status), event)
        if known is not event:
            message = places[0].note("events", known.message, event.message)
            found[event.occurred_at, event.status] = replace(known, location=known.location or event.location, message=message)
    return tuple(sorted(found.values(), key=lambda event: event.occurred_at))


def _reported(places: tuple[Fields, ...], status: ParcelStatus, changed_at: datetime) -> Iterator[ImportedEvent]:
    for key in ("status_history", "statuses", "events"):
        for event in places[0].each(key):
            occurred_at = event.moment("carrier_update_timestamp", "event_at")
            if occurred_at is None:
                raise places[0].rejected(key, "has an entry without a time")
            yield ImportedEvent(
                status=statuses.from_words(event.text("parent_status", "status_code") or "") or ParcelStatus.UNKNOWN,
                occurred_at=occurred_at,
                location=event.text("location"),
                message=event.text("carrier_message", "status_description", limit=NOTE_LIMIT),
            )
    objections = [objection for place in places for objection in _objections(place)]
    if objections:
        yield ImportedEvent(status, changed_at, None, places[0].note("errors", *objections))


def _objections(at: Fields) -> Iterator[str]:
    """v3: `[{"code": "…", "detail": "…"}]`; v2: `{"non_field_errors": ["…"], "address": "…"}`, nested as deep as it likes."""
    if isinstance(at.values.get("errors"), list):
        for error in at.each("errors"):
            if text := error.text("detail", "title", "code", limit=NOTE_LIMIT):
                yield text
        return
    for key, value in at.inner("errors").values.items():
        for leaf in _leaves(at, value):
            if text := at.checked("errors", leaf, NOTE_LIMIT):
                yield text if key == "non_field_errors" else f"{key}: {text}"


def _leaves(at: Fields, value: object) -> Iterator[object]:
    waiting = [value]
    for _ in range(LIST_LIMIT):
        if not waiting:
            return
        entry = waiting.pop()
        if isinstance(entry, dict):
            waiting += reversed(list(entry.values()))
        elif isinstance(entry, list):
            waiting += reversed(entry)
        elif entry is not None:
            yield entry
    raise at.rejected("errors", f"has more than {LIST_LIMIT} entries")
