"""The words the tables store. Each member's value is its name, which is also what the API says."""

from enum import auto

from policy.vocabulary import Word


class ParcelStatus(Word):
    """The carrier-neutral status codes of the platform's v3 API (`GET /parcels/statuses`)."""

    READY_TO_SEND = auto()
    ANNOUNCING = auto()
    ANNOUNCED = auto()
    ANNOUNCED_UNCOLLECTED = auto()
    ANNOUNCEMENT_FAILED = auto()
    NO_LABEL = auto()
    PICKED_UP_BY_DRIVER = auto()
    COLLECT_ERROR = auto()
    TO_SORTING = auto()
    AT_SORTING_CENTRE = auto()
    SORTING = auto()
    SORTED = auto()
    UNSORTED = auto()
    AT_CUSTOMS = auto()
    SHIPMENT_ON_ROUTE = auto()
    DRIVER_ON_ROUTE = auto()
    DELAYED = auto()
    DELIVERY_DATE_CHANGED = auto()
    DELIVERY_ADDRESS_CHANGED = auto()
    DELIVERY_METHOD_CHANGED = auto()
    AWAITING_CUSTOMER_PICKUP = auto()
    COLLECTED_BY_CUSTOMER = auto()
    DELIVERED = auto()
    DELIVERY_FAILED = auto()
    UNDELIVERABLE = auto()
    REFUSED_BY_RECIPIENT = auto()
    RETURNED_TO_SENDER = auto()
    ADDRESS_INVALID = auto()
    CANCELLING = auto()
    CANCELLING_UPSTREAM = auto()
    CANCELLED = auto()
    CANCELLED_UPSTREAM = auto()
    CANCELLATION_FAILED = auto()
    EXCEPTION = auto()
    UNKNOWN = auto()


class ParcelDirection(Word):
    """Which way a parcel goes, seen from the merchant."""

    OUTGOING = auto()
    RETURN = auto()


class DocumentKind(Word):
    """What a parcel's document is."""

    LABEL = auto()
    CUSTOMS_DECLARATION = auto()
    COMMERCIAL_INVOICE = auto()
    AIR_WAYBILL = auto()
    QR = auto()
    OTHER = auto()


class ClaimKind(Word):
    """A claim for compensation, or a question about where the parcel is."""

    CLAIM = auto()
    STATUS_QUESTION = auto()


class ClaimType(Word):
    """What is the matter with the parcel."""

    DAMAGED = auto()
    LOST = auto()
    DELAYED = auto()
    DELIVERED_NOT_RECEIVED = auto()
    UNJUST_RETURN = auto()
    ADDRESS_CHANGE = auto()
    OTHER = auto()


class InvestigationKind(Word):
    """What support did, or heard, in the investigation of a claim."""

    NOTE = auto()
    SENT_TO_CARRIER = auto()
    CARRIER_ANSWERED = auto()
    ASKED_MERCHANT = auto()
    MERCHANT_ANSWERED = auto()


class LabelFormat(Word):
    """Paper size of labels."""

    A4 = auto()
    A6 = auto()


class DirectDebitStatus(Word):
    """Where a direct debit mandate stands with the bank."""

    PENDING = auto()
    ACTIVE = auto()
    FAILED = auto()


class Happening(Word):
    """What a merchant is told of."""

    CONSENT_GRANTED = auto()
    CONSENT_USED = auto()
    CONSENT_REVOKED = auto()
    CONSENT_REPLACED = auto()
    CONSENT_EXPIRED = auto()
    CLAIM_TAKEN = auto()
    CLAIM_LOGGED = auto()
    CLAIM_CLOSED = auto()


class Channel(Word):
    """How a message travels."""

    EMAIL = auto()
    WEBHOOK = auto()


class DeliveryState(Word):
    """Where a message stands. DROPPED: who it was for may not be told any more. PARKED: it could not be delivered."""

    WAITING = auto()
    DELIVERED = auto()
    DROPPED = auto()
    PARKED = auto()
