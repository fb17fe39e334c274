"""How a parcel comes to its status: what the carrier reported before, where, and in what words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from models.enums import ParcelStatus

_S = ParcelStatus


@dataclass(frozen=True, slots=True)
class Step:
    """What the carrier reported, so long after the parcel was made. In `message`, `{name}` and `{number}` are the person's."""

    status: ParcelStatus
    after: timedelta
    at_home: bool
    message: str | None


#: Nothing was announced to a carrier, so there is no label and no tracking number.
NEVER_ANNOUNCED: Final = frozenset({_S.READY_TO_SEND, _S.NO_LABEL, _S.ANNOUNCING, _S.ANNOUNCEMENT_FAILED})
#: Nothing more will come.
SETTLED: Final = frozenset(
    {
        _S.DELIVERED,
        _S.COLLECTED_BY_CUSTOMER,
        _S.UNDELIVERABLE,
        _S.REFUSED_BY_RECIPIENT,
        _S.RETURNED_TO_SENDER,
        _S.CANCELLED,
        _S.CANCELLED_UPSTREAM,
        _S.UNKNOWN,
    }
)
#: How often a parcel has a status; every other one is as rare as it can be.
COMMON: Final = {
    _S.DELIVERED: 62,
    _S.SHIPMENT_ON_ROUTE: 6,
    _S.DRIVER_ON_ROUTE: 5,
    _S.ANNOUNCED: 5,
    _S.READY_TO_SEND: 4,
    _S.NO_LABEL: 2,
    _S.COLLECTED_BY_CUSTOMER: 5,
    _S.AWAITING_CUSTOMER_PICKUP: 2,
    _S.AT_SORTING_CENTRE: 3,
    _S.PICKED_UP_BY_DRIVER: 2,
    _S.DELAYED: 2,
    _S.RETURNED_TO_SENDER: 1,
    _S.CANCELLED: 1,
}
#: Statuses of a parcel on its way to a shop instead of a door.
AT_A_SERVICE_POINT: Final = frozenset({_S.AWAITING_CUSTOMER_PICKUP, _S.COLLECTED_BY_CUSTOMER})

_LABEL: Final = (_S.ANNOUNCED,)
_PICKED_UP: Final = (*_LABEL, _S.PICKED_UP_BY_DRIVER)
_SORTED: Final = (*_PICKED_UP, _S.AT_SORTING_CENTRE, _S.SORTED)
_ON_ROUTE: Final = (*_SORTED, _S.SHIPMENT_ON_ROUTE)
_AT_THE_DOOR: Final = (*_ON_ROUTE, _S.DRIVER_ON_ROUTE)
_BEFORE: Final[dict[ParcelStatus, tuple[ParcelStatus, ...]]] = {
    _S.READY_TO_SEND: (),
    _S.ANNOUNCING: (),
    _S.ANNOUNCED: (),
    _S.ANNOUNCED_UNCOLLECTED: _LABEL,
    _S.ANNOUNCEMENT_FAILED: (),
    _S.NO_LABEL: (),
    _S.PICKED_UP_BY_DRIVER: _LABEL,
    _S.COLLECT_ERROR: _LABEL,
    _S.TO_SORTING: _PICKED_UP,
    _S.AT_SORTING_CENTRE: _PICKED_UP,
    _S.SORTING: (*_PICKED_UP, _S.AT_SORTING_CENTRE),
    _S.SORTED: (*_PICKED_UP, _S.AT_SORTING_CENTRE),
    _S.UNSORTED: (*_PICKED_UP, _S.AT_SORTING_CENTRE, _S.SORTING),
    _S.AT_CUSTOMS: _ON_ROUTE,
    _S.SHIPMENT_ON_ROUTE: _SORTED,
    _S.DRIVER_ON_ROUTE: _ON_ROUTE,
    _S.DELAYED: _ON_ROUTE,
    _S.DELIVERY_DATE_CHANGED: _ON_ROUTE,
    _S.DELIVERY_ADDRESS_CHANGED: _ON_ROUTE,
    _S.DELIVERY_METHOD_CHANGED: _AT_THE_DOOR,
    _S.AWAITING_CUSTOMER_PICKUP: _ON_ROUTE,
    _S.COLLECTED_BY_CUSTOMER: (*_ON_ROUTE, _S.AWAITING_CUSTOMER_PICKUP),
    _S.DELIVERED: _AT_THE_DOOR,
    _S.DELIVERY_FAILED: _AT_THE_DOOR,
    _S.UNDELIVERABLE: (*_AT_THE_DOOR, _S.DELIVERY_FAILED),
    _S.REFUSED_BY_RECIPIENT: _AT_THE_DOOR,
    _S.RETURNED_TO_SENDER: (*_AT_THE_DOOR, _S.DELIVERY_FAILED),
    _S.ADDRESS_INVALID: (*_PICKED_UP, _S.AT_SORTING_CENTRE),
    _S.CANCELLING: _LABEL,
    _S.CANCELLING_UPSTREAM: _LABEL,
    _S.CANCELLED: (*_LABEL, _S.CANCELLING),
    _S.CANCELLED_UPSTREAM: (*_LABEL, _S.CANCELLING_UPSTREAM),
    _S.CANCELLATION_FAILED: (*_PICKED_UP, _S.CANCELLING),
    _S.EXCEPTION: _ON_ROUTE,
    _S.UNKNOWN: _ON_ROUTE,
}
_SILENT: Final = frozenset({_S.READY_TO_SEND, _S.NO_LABEL, _S.ANNOUNCING})

#: Hours since the report before, at least; up to twice as many.
_HOURS: Final = {
    _S.ANNOUNCED: 0.05,
    _S.PICKED_UP_BY_DRIVER: 5,
    _S.AT_SORTING_CENTRE: 3,
    _S.SORTED: 1,
    _S.SHIPMENT_ON_ROUTE: 3,
    _S.AT_CUSTOMS: 18,
    _S.DRIVER_ON_ROUTE: 5,
    _S.DELIVERED: 2,
    _S.AWAITING_CUSTOMER_PICKUP: 7,
    _S.COLLECTED_BY_CUSTOMER: 9,
    _S.RETURNED_TO_SENDER: 40,
    _S.UNDELIVERABLE: 20,
}
_AT_HOME: Final = AT_A_SERVICE_POINT | {
    _S.DRIVER_ON_ROUTE,
    _S.DELIVERED,
    _S.DELIVERY_FAILED,
    _S.DELIVERY_METHOD_CHANGED,
    _S.UNDELIVERABLE,
    _S.REFUSED_BY_RECIPIENT,
}
_MESSAGES: Final[dict[ParcelStatus, tuple[str, ...]]] = {
    _S.ANNOUNCED: ("Shipment data received",),
    _S.ANNOUNCED_UNCOLLECTED: ("Label made, parcel not seen yet",),
    _S.ANNOUNCEMENT_FAILED: ("The house number {number} is not known in this postal code", "The telephone number of {name} is not valid"),
    _S.PICKED_UP_BY_DRIVER: ("Collected from the sender",),
    _S.COLLECT_ERROR: ("Nobody was at the sender's door",),
    _S.TO_SORTING: ("On its way to the sorting centre",),
    _S.AT_SORTING_CENTRE: ("Arrived at the sorting centre",),
    _S.SORTING: ("Being sorted",),
    _S.SORTED: ("Sorted",),
    _S.UNSORTED: ("Fell off the sorter, handled by hand",),
    _S.AT_CUSTOMS: ("Presented to customs", "Customs wait for the invoice of {name}"),
    _S.SHIPMENT_ON_ROUTE: ("Left for the delivery depot",),
    _S.DRIVER_ON_ROUTE: ("Out for delivery", "The driver expects to be with {name} between 13:10 and 15:10"),
    _S.DELAYED: ("Held up by the weather", "Missed the connection, one day late"),
    _S.DELIVERY_DATE_CHANGED: ("{name} chose another day",),
    _S.DELIVERY_ADDRESS_CHANGED: ("{name} asked to have it brought to work",),
    _S.DELIVERY_METHOD_CHANGED: ("{name} will collect it from a service point",),
    _S.AWAITING_CUSTOMER_PICKUP: ("Ready to be collected",),
    _S.COLLECTED_BY_CUSTOMER: ("Collected, signed for by {name}",),
    _S.DELIVERED: ("Delivered", "Signed for by {name}", "Left with the neighbours of number {number}", "Put in the letterbox", "Left in the shed"),
    _S.DELIVERY_FAILED: ("Nobody home at number {number}",),
    _S.UNDELIVERABLE: ("{name} does not live at this address any more",),
    _S.REFUSED_BY_RECIPIENT: ("{name} did not accept the parcel",),
    _S.RETURNED_TO_SENDER: ("Not collected in time, sent back",),
    _S.ADDRESS_INVALID: ("There is no number {number} in this street",),
    _S.CANCELLATION_FAILED: ("The parcel was on its way already",),
    _S.EXCEPTION: ("Damaged in transit, being repacked",),
    _S.UNKNOWN: (),
}


def steps(status: ParcelStatus, rng: Random, *, customs: bool, far: bool) -> list[Step]:
    """What was reported of a parcel with this status, oldest first; nothing of one that no carrier heard of."""
    if status in _SILENT:
        return []
    path = [*_BEFORE[status], status]
    if customs and _S.AT_CUSTOMS not in path and _S.SHIPMENT_ON_ROUTE in path[:-1]:
        path.insert(path.index(_S.SHIPMENT_ON_ROUTE) + 1, _S.AT_CUSTOMS)
    found: list[Step] = []
    after = timedelta(minutes=rng.randint(4, 40))
    for name in path:
        hours = _HOURS.get(name, 2) * rng.uniform(1, 2) * (2 if far else 1)
        after += timedelta(seconds=round(hours * 3600))
        messages = _MESSAGES.get(name, ())
        found.append(Step(name, after, name in _AT_HOME, rng.choice(messages) if messages else None))
    return found
