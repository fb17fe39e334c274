"""The four merchants of the demo data, and the support agents. None of these companies exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from demo.goods import CATALOGUES, Product
from demo.rows import Ids, Rows
from models.database import Json
from models.enums import DirectDebitStatus, LabelFormat
from policy.vocabulary import MerchantRole, ViewerKind

MERCHANTS_HOST, AGENTS_HOST = "example.com", "example.org"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a merchant sends from, as `sender_addresses` stores it."""

    company_name: str
    contact_name: str
    street: str
    house_number: str
    postal_code: str
    city: str
    country: str
    email: str
    phone: str

    def stored(self) -> dict[str, str | None]:
        """As JSON."""
        return {name: getattr(self, name) for name in self.__slots__}

    def lines(self) -> list[str]:
        """As it stands on a label."""
        return [self.company_name, f"{self.street} {self.house_number}", f"{self.postal_code} {self.city}", self.country]


@dataclass(frozen=True, slots=True)
class DirectDebit:
    """A mandate at a bank that does not exist: the bank codes are TEST and zeros."""

    iban: str
    bic: str | None
    status: DirectDebitStatus


@dataclass(frozen=True, slots=True)
class Merchant:
    """A company that sends parcels. `owner`, `admin` and `member` are the names of its users."""

    country: str
    company_name: str
    locale: str
    timezone: str
    owner: str
    admin: str
    member: str
    senders: tuple[Address, ...]
    direct_debit: DirectDebit | None
    parcels: int
    destinations: Mapping[str, int]
    order_number: str
    first_order: int
    days_here: int
    returns: bool = True
    label_format: LabelFormat = LabelFormat.A6

    @property
    def catalogue(self) -> tuple[Product, ...]:
        """What it sells."""
        return CATALOGUES[self.country]

    @property
    def language(self) -> str:
        """The language its people write."""
        return self.locale.partition("-")[0]

    def email(self, role: MerchantRole) -> str:
        """The address its user with this role signs in with: `owner.nl@example.com`."""
        return f"{role.lower()}.{self.country.lower()}@{MERCHANTS_HOST}"

    def name_of(self, role: MerchantRole) -> str:
        """The name of its user with this role."""
        return {MerchantRole.OWNER: self.owner, MerchantRole.ADMIN: self.admin, MerchantRole.MEMBER: self.member}[role]


MERCHANTS: Final = (
    Merchant(
        country="NL",
        company_name="Klinkerwoud Fietstassen B.V.",
        locale="nl-NL",
        timezone="Europe/Amsterdam",
        owner="Saskia Terpwijk",
        admin="Joris Klinkerwoud",
        member="Fatima Duinbeek",
        senders=(
            Address(
                "Klinkerwoud Fietstassen B.V.",
                "Magazijn",
                "Havenstraat",
                "14",
                "3511 HK",
                "Utrecht",
                "NL",
                "magazijn.nl@example.com",
                "+31612345001",
            ),
            Address(
                "Klinkerwoud Retouren",
                "Joris Klinkerwoud",
                "Parallelweg",
                "3-B",
                "5616 GE",
                "Eindhoven",
                "NL",
                "retour.nl@example.com",
                "+31612345002",
            ),
        ),
        direct_debit=DirectDebit("NL13TEST0123456789", "TESTNL2A", DirectDebitStatus.ACTIVE),
        parcels=220,
        destinations={"NL": 52, "BE": 15, "DE": 11, "FR": 6, "GB": 6, "ES": 3, "IT": 3, "CH": 2, "US": 2},
        order_number="KW-{}",
        first_order=10418,
        days_here=1240,
    ),
    Merchant(
        country="ES",
        company_name="Faro y Barro Artesanía S.L.",
        locale="es-ES",
        timezone="Europe/Madrid",
        owner="Marisol Quintaluz",
        admin="Íñigo Barrofino",
        member="Nuria Peñalta",
        senders=(
            Address(
                "Faro y Barro Artesanía S.L.",
                "Almacén",
                "Calle Fuente",
                "8",
                "46006",
                "Valencia",
                "ES",
                "almacen.es@example.com",
                "+34612345003",
            ),
        ),
        direct_debit=None,
        parcels=150,
        destinations={"ES": 62, "FR": 9, "IT": 8, "DE": 7, "GB": 5, "NL": 4, "US": 3, "BE": 2},
        order_number="#{}",
        first_order=2207,
        days_here=905,
    ),
    Merchant(
        country="DE",
        company_name="Moosgrund Papierwaren GmbH",
        locale="de-DE",
        timezone="Europe/Berlin",
        owner="Friederike Moosgrund",
        admin="Emre Tannhoff",
        member="Lotte Silberzweig",
        senders=(
            Address(
                "Moosgrund Papierwaren GmbH",
                "Versand",
                "Mühlenweg",
                "21",
                "04229",
                "Leipzig",
                "DE",
                "versand.de@example.com",
                "+493023125042",
            ),
        ),
        direct_debit=DirectDebit("DE50000000000123456789", None, DirectDebitStatus.PENDING),
        parcels=130,
        destinations={"DE": 66, "CH": 9, "FR": 5, "NL": 5, "IT": 4, "BE": 3, "GB": 3, "US": 2, "ES": 3},
        order_number="MP/26/{}",
        first_order=731,
        days_here=640,
        label_format=LabelFormat.A4,
    ),
    Merchant(
        country="FR",
        company_name="Quenouille Verte SARL",
        locale="fr-FR",
        timezone="Europe/Paris",
        owner="Apolline Vertpré",
        admin="Théodore Lainacier",
        member="Awa Brindille",
        senders=(
            Address(
                "Quenouille Verte SARL",
                "Atelier",
                "Rue du Lavoir",
                "5 bis",
                "69004",
                "Lyon",
                "FR",
                "atelier.fr@example.com",
                "+33199004711",
            ),
        ),
        direct_debit=DirectDebit("FR7600000000000000012345675", None, DirectDebitStatus.FAILED),
        parcels=100,
        destinations={"FR": 64, "BE": 12, "CH": 7, "DE": 5, "ES": 4, "IT": 4, "GB": 3, "US": 1},
        order_number="QV{}",
        first_order=58012,
        days_here=410,
        returns=False,
    ),
)

#: Local part and name of each support agent.
AGENTS: Final = {"agent.amara": "Amara Lindqvist", "agent.bruno": "Bruno Castellmar", "agent.chloe": "Chloé van der Zwan"}

EMAILS: Final = frozenset(merchant.email(role) for merchant in MERCHANTS for role in MerchantRole) | frozenset(
    f"{local}@{AGENTS_HOST}" for local in AGENTS
)


@dataclass(frozen=True, slots=True)
class Office:
    """A merchant as the rest of the demo data knows it: its rows are there."""

    merchant: Merchant
    account_id: UUID
    users: Mapping[MerchantRole, UUID]


def add_merchant(rows: Rows, ids: Ids, merchant: Merchant, now: datetime, password_hash: str) -> Office:
    """The account with its users, settings and direct debit."""
    founded = now - timedelta(days=merchant.days_here)
    account_id = ids.at(founded)
    rows.add("accounts", id=account_id, company_name=merchant.company_name, country=merchant.country, created_at=founded, deleted_at=None)
    users = {}
    for number, role in enumerate(MerchantRole):
        joined = founded + timedelta(days=30 * number)
        users[role] = ids.at(joined)
        email = merchant.email(role)
        rows.add(
            "users",
            id=users[role],
            account_id=account_id,
            kind=ViewerKind.MERCHANT,
            role=role,
            email=email,
            name=merchant.name_of(role),
            locale=merchant.locale,
            password_hash=password_hash,
            created_at=joined,
            deactivated_at=None,
        )
    _add_settings(rows, merchant, account_id, founded)
    return Office(merchant, account_id, users)


def _add_settings(rows: Rows, merchant: Merchant, account_id: UUID, founded: datetime) -> None:
    country = merchant.country.lower()
    rows.add(
        "account_settings",
        account_id=account_id,
        locale=merchant.locale,
        timezone=merchant.timezone,
        default_carrier={"nl": "postnl", "es": "correos", "de": "dhl_de"}.get(country),
        label_format=merchant.label_format,
        return_portal_enabled=merchant.returns,
        tracking_notifications_enabled=True,
        version=8,
    )
    rows.add(
        "account_personal_data",
        account_id=account_id,
        sender_addresses=Json.of([sender.stored() for sender in merchant.senders]),
        notification_reply_to=f"service.{country}@{MERCHANTS_HOST}",
        notification_bcc=f"archive.{country}@{MERCHANTS_HOST}" if merchant.direct_debit else None,
        webhook_url=f"https://{MERCHANTS_HOST}/hooks/{country}/parcels",
    )
    debit = merchant.direct_debit
    if debit:
        rows.add(
            "direct_debits",
            account_id=account_id,
            account_holder=merchant.company_name,
            iban=debit.iban,
            bic=debit.bic,
            mandate_reference=f"DEMO-{merchant.country}-0001",
            status=debit.status,
            signed_at=None if debit.status is DirectDebitStatus.PENDING else founded + timedelta(days=3),
        )


def add_agents(rows: Rows, ids: Ids, now: datetime, password_hash: str) -> list[UUID]:
    """The support agents."""
    found = []
    for number, (local, name) in enumerate(AGENTS.items()):
        joined = now - timedelta(days=900 - 100 * number)
        email = f"{local}@{AGENTS_HOST}"
        found.append(ids.at(joined))
        rows.add(
            "users",
            id=found[-1],
            account_id=None,
            kind=ViewerKind.AGENT,
            role=None,
            email=email,
            name=name,
            locale="en",
            password_hash=password_hash,
            created_at=joined,
            deactivated_at=None,
        )
    return found
