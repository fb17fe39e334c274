"""The people of the demo data. None of them exists; their e-mail is at example.com and their post code is their town's."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from demo.places import COUNTRIES, Country, postal_code

if TYPE_CHECKING:
    from faker import Faker

_COMPANIES: Final = {
    "nl": ("Praktijk {}", "Bakkerij {}", "Atelier {}", "{} Interieurbouw", "Bloemenhuis {}"),
    "de": ("Praxis {}", "Bäckerei {}", "Atelier {}", "Tischlerei {}", "Buchhandlung {}"),
    "fr": ("Cabinet {}", "Boulangerie {}", "Atelier {}", "Menuiserie {}", "Librairie {}"),
    "es": ("Clínica {}", "Panadería {}", "Taller {}", "Carpintería {}", "Librería {}"),
    "it": ("Studio {}", "Panificio {}", "Officina {}", "Falegnameria {}", "Libreria {}"),
    "en": ("{} Studio", "{} Bakery", "{} Books", "{} Joinery", "The {} Practice"),
}
_TAX_NUMBERS: Final = {"GB": "GB##########00", "CH": "CHE-1##.###.###", "US": "00-#######", "ES": "B0000####", "IT": "IT0000000####"}
_NOT_IN_AN_EMAIL: Final = re.compile(r"[^a-z0-9.]+")


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """Who a parcel is for, or on a return who sends it."""

    name: str
    company_name: str | None
    email: str
    phone: str
    street: str
    house_number: str
    address_line2: str | None
    postal_code: str
    city: str
    region: str | None
    tax_number: str | None
    country: str

    def columns(self) -> dict[str, str | None]:
        """What a parcel's personal row says of them."""
        columns: dict[str, str | None] = asdict(self)
        del columns["country"]
        return columns

    def lines(self) -> list[str]:
        """Name and address as they stand on a label."""
        english = self.country in {"GB", "US"}
        street = f"{self.house_number} {self.street}" if english else f"{self.street} {self.house_number}"
        town = f"{self.city} {self.region or ''} {self.postal_code}" if english else f"{self.postal_code} {self.city} {self.region or ''}"
        lines = (self.company_name, self.name, street, self.address_line2, " ".join(town.split()), self.country)
        return [line for line in lines if line]


class People:
    """Makes people, the same ones for the same seed."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._emails: set[str] = set()
        self._fakers: dict[str, Faker] = {}

    def person(self, country_code: str) -> Person:
        """Somebody new who lives there."""
        rng, country = self._rng, COUNTRIES[country_code]
        town = rng.choice(country.towns)
        faker = self._faker(country)
        first, last = _plain_name(faker), faker.last_name()
        return Person(
            name=f"{first} {last} {faker.last_name()}" if country.code == "ES" else f"{first} {last}",
            company_name=rng.choice(_COMPANIES[country.language]).format(last) if rng.random() < 0.1 else None,
            email=self._email(first, last),
            phone=filled(rng.choice(country.phones), rng),
            street=rng.choice(country.streets),
            house_number=rng.choice(country.house_numbers).format(n=rng.randint(1, 180)),
            address_line2=rng.choice(country.second_lines) if country.second_lines and rng.random() < 0.3 else None,
            postal_code=postal_code(country, town, rng),
            city=town.name,
            region=town.region,
            tax_number=self._tax_number(country),
            country=country.code,
        )

    def _faker(self, country: Country) -> Faker:
        if country.code not in self._fakers:
            from faker import Faker  # takes a quarter of a second that the other commands need not wait

            self._fakers[country.code] = Faker(country.faker_locale)
            self._fakers[country.code].seed_instance(self._rng.getrandbits(32))
        return self._fakers[country.code]

    def _email(self, first: str, last: str) -> str:
        local = plain(f"{first}.{last}")
        number, email = 1, f"{local}@example.com"
        while email in self._emails:
            number += 1
            email = f"{local}{number}@example.com"
        self._emails.add(email)
        return email

    def _tax_number(self, country: Country) -> str | None:
        mask = _TAX_NUMBERS.get(country.code)
        often = 0.1 if country.in_the_customs_union else 0.6
        return filled(mask, self._rng) if mask and self._rng.random() < often else None


def _plain_name(faker: Faker) -> str:
    """A first name without a middle initial."""
    while "." in (name := faker.first_name()):
        pass
    return name


def filled(mask: str, rng: Random) -> str:
    """The mask with a digit for each `#`, a capital letter for each `@`."""
    return "".join(_FILLINGS[character](rng) if character in _FILLINGS else character for character in mask)


_FILLINGS: Final = {"#": lambda rng: rng.choice("0123456789"), "@": lambda rng: rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ")}


def plain(name: str) -> str:
    """A name as the local part of an e-mail address."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss").replace("ø", "o"))
    return _NOT_IN_AN_EMAIL.sub("", letters).strip(".")
