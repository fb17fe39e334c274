"""Who a Sendcloud parcel is about: its addressee, or on a return its sender. On a return the addressee is the merchant."""

from dataclasses import dataclass, replace
from typing import Final

from exchange.fields import CODE_LIMIT, EMAIL_LIMIT, POSTAL_CODE_LIMIT, Fields, e164
from models.enums import ParcelDirection


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """A name and an address; `phone` as `e164` gives it, `country` in ISO 3166-1 alpha-2."""

    name: str | None
    company_name: str | None
    email: str | None
    phone: str | None
    street: str | None
    house_number: str | None
    address_line2: str | None
    postal_code: str | None
    city: str | None
    region: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class _Keys:
    """What the parts of a name and address are called in one place."""

    name: str
    company_name: str
    email: str
    phone: str
    street: str
    house_number: str
    address_line2: tuple[str, ...]
    postal_code: str
    city: str
    region: tuple[str, ...]
    country: str


_V2_ADDRESSEE: Final = _Keys(
    name="name",
    company_name="company_name",
    email="email",
    phone="telephone",
    street="address",
    house_number="house_number",
    address_line2=("address_2", "to_post_number"),
    postal_code="postal_code",
    city="city",
    region=("to_state", "country_state"),
    country="country",
)
_V2_SENDER: Final = _Keys(
    name="from_name",
    company_name="from_company_name",
    email="from_email",
    phone="from_telephone",
    street="from_address_1",
    house_number="from_house_number",
    address_line2=("from_address_2",),
    postal_code="from_postal_code",
    city="from_city",
    region=("from_state",),
    country="from_country",
)
_V3_ADDRESS: Final = _Keys(
    name="name",
    company_name="company_name",
    email="email",
    phone="phone_number",
    street="address_line_1",
    house_number="house_number",
    address_line2=("address_line_2", "po_box"),
    postal_code="postal_code",
    city="city",
    region=("state_province_code",),
    country="country_code",
)


def in_v2(parcel: Fields, direction: ParcelDirection) -> Person:
    """The person on a flat v2 parcel. Raises RejectedRecord for an outgoing one without a name.

    A v2 return need not say who sends it: then nobody is known, and all is None. The address on it is the merchant's.
    """
    if direction is ParcelDirection.RETURN:
        return _person(parcel, _V2_SENDER)
    return _named(parcel, _V2_ADDRESSEE, _divided(parcel, _person(parcel, _V2_ADDRESSEE)))


def in_v3(shipment: Fields, direction: ParcelDirection) -> Person:
    """The person on all parcels of a v3 shipment. Raises RejectedRecord when there is no name."""
    address = shipment.inner("from_address" if direction is ParcelDirection.RETURN else "to_address")
    return _named(address, _V3_ADDRESS, _person(address, _V3_ADDRESS))


def tax_number(shipment: Fields, direction: ParcelDirection) -> str | None:
    """The person's first tax or identity number, of whichever kind. In v2 the shipment is the parcel itself."""
    returned = direction is ParcelDirection.RETURN
    numbers = shipment.inner("customs_information").inner("tax_numbers")
    for number in numbers.each("sender" if returned else "receiver"):
        value = number.text("value", limit=CODE_LIMIT) or number.inner("tax_number").text("value", limit=CODE_LIMIT)
        if value:
            return value
    return shipment.text("from_vat_number", "from_eori_number", limit=CODE_LIMIT) if returned else None


def _person(at: Fields, keys: _Keys) -> Person:
    country = at.country(keys.country)
    return Person(
        name=at.text(keys.name),
        company_name=at.text(keys.company_name),
        email=at.text(keys.email, limit=EMAIL_LIMIT),
        phone=e164(at.text(keys.phone, limit=CODE_LIMIT), country),
        street=at.text(keys.street),
        house_number=at.text(keys.house_number, limit=CODE_LIMIT),
        address_line2=at.joined(*keys.address_line2),
        postal_code=at.text(keys.postal_code, limit=POSTAL_CODE_LIMIT),
        city=at.text(keys.city),
        region=at.text(*keys.region),
        country=country,
    )


def _named(at: Fields, keys: _Keys, person: Person) -> Person:
    if person.name is None and person.company_name is None:
        raise at.rejected(keys.name, "is missing, and so is a company's")
    return person


def _divided(parcel: Fields, person: Person) -> Person:
    """v2's `address_divided`, which drops what follows the number: "Kade 12 A10" is divided into "Kade" and "12"."""
    divided = parcel.inner("address_divided")
    street = divided.text("street") or person.street
    number = divided.text("house_number", limit=CODE_LIMIT) or person.house_number
    start = f"{street} {number}"
    whole = person.street or ""
    dropped = whole.removeprefix(start).strip() if whole.startswith(start) else ""
    if dropped and dropped not in (person.address_line2 or "") and len(whole) - len(street or "") <= CODE_LIMIT:
        number = whole.removeprefix(street or "").strip()
    return replace(person, street=street, house_number=number)
