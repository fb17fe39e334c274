"""Which status code a Sendcloud status is: our own table of the platform's facts.

The v2 API speaks ids (`GET /api/v2/parcels/statuses`), the v3 API codes (`GET /api/v3/parcels/statuses`). Both give the
same English message, and by the message the two lists join one to one; only CANCELLATION_FAILED has no v2 id.
Examples in Sendcloud's documentation give wrong ids (0 or 1 for "Ready to send"): a known message wins from an id.
"""

import re
from typing import Final

from models.enums import ParcelStatus

STATUSES: Final[tuple[tuple[ParcelStatus, int | None, str], ...]] = (
    (ParcelStatus.READY_TO_SEND, 1000, "Ready to send"),
    (ParcelStatus.ANNOUNCING, 1001, "Being announced"),
    (ParcelStatus.ANNOUNCED, 1, "Announced"),
    (ParcelStatus.ANNOUNCED_UNCOLLECTED, 13, "Announced: not collected"),
    (ParcelStatus.ANNOUNCEMENT_FAILED, 1002, "Announcement failed"),
    (ParcelStatus.NO_LABEL, 999, "No label"),
    (ParcelStatus.PICKED_UP_BY_DRIVER, 22, "Shipment picked up by driver"),
    (ParcelStatus.COLLECT_ERROR, 15, "Error collecting"),
    (ParcelStatus.TO_SORTING, 3, "En route to sorting center"),
    (ParcelStatus.AT_SORTING_CENTRE, 62990, "At sorting centre"),
    (ParcelStatus.SORTING, 7, "Being sorted"),
    (ParcelStatus.SORTED, 5, "Sorted"),
    (ParcelStatus.UNSORTED, 6, "Not sorted"),
    (ParcelStatus.AT_CUSTOMS, 62989, "At Customs"),
    (ParcelStatus.SHIPMENT_ON_ROUTE, 91, "Parcel en route"),
    (ParcelStatus.DRIVER_ON_ROUTE, 92, "Driver en route"),
    (ParcelStatus.DELAYED, 4, "Delivery delayed"),
    (ParcelStatus.DELIVERY_DATE_CHANGED, 62994, "Delivery date changed"),
    (ParcelStatus.DELIVERY_ADDRESS_CHANGED, 62995, "Delivery address changed"),
    (ParcelStatus.DELIVERY_METHOD_CHANGED, 62993, "Delivery method changed"),
    (ParcelStatus.AWAITING_CUSTOMER_PICKUP, 12, "Awaiting customer pickup"),
    (ParcelStatus.COLLECTED_BY_CUSTOMER, 93, "Shipment collected by customer"),
    (ParcelStatus.DELIVERED, 11, "Delivered"),
    (ParcelStatus.DELIVERY_FAILED, 8, "Delivery attempt failed"),
    (ParcelStatus.UNDELIVERABLE, 80, "Unable to deliver"),
    (ParcelStatus.REFUSED_BY_RECIPIENT, 62991, "Refused by recipient"),
    (ParcelStatus.RETURNED_TO_SENDER, 62992, "Returned to sender"),
    (ParcelStatus.ADDRESS_INVALID, 62997, "Address invalid"),
    (ParcelStatus.CANCELLING, 1999, "Cancellation requested"),
    (ParcelStatus.CANCELLING_UPSTREAM, 2001, "Submitting cancellation request"),
    (ParcelStatus.CANCELLED, 2000, "Cancelled"),
    (ParcelStatus.CANCELLED_UPSTREAM, 1998, "Cancelled upstream"),
    (ParcelStatus.CANCELLATION_FAILED, None, "Parcel cancellation failed."),
    (ParcelStatus.EXCEPTION, 62996, "Exception"),
    (ParcelStatus.UNKNOWN, 1337, "Unknown status - check carrier track & trace page for more insights"),
)


def _plain(words: str) -> str:
    return " ".join(words.casefold().split()).rstrip(".")


_BY_ID: Final = {v2_id: status for status, v2_id, _ in STATUSES if v2_id is not None}
_BY_MESSAGE: Final = {_plain(message): status for status, _, message in STATUSES}


def from_id(v2_id: int | None) -> ParcelStatus | None:
    """The status of a v2 id; None for an id that is not in the list, and for none."""
    return None if v2_id is None else _BY_ID.get(v2_id)


def from_words(words: str) -> ParcelStatus | None:
    """The status of a v3 code (`AT_CUSTOMS`), a v2 slug (`at-customs`) or a message (`At Customs`); None for other words."""
    return _BY_MESSAGE.get(_plain(words)) or ParcelStatus.__members__.get(re.sub(r"[-\s]+", "_", words.strip()).upper())
