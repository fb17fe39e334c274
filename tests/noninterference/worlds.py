"""Two worlds that differ only in personal data their callers may not see: in what it says, how long it is, how much there is, whether there is any.

Everything else is the same to the byte, ids, times and tokens included, for the second world is a copy of the first.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import models
from exchange import integrations
from models import database
from models.database import close_database, open_database
from models.enums import DirectDebitStatus, DocumentKind, InvestigationKind, ParcelDirection, ParcelStatus
from models.fields import new_id
from policy.vocabulary import ClaimChannel, ClaimStatus, ConsentState, Viewer
from resolvers import documents, exports, search_keys
from resolvers.gate import Gate
from resolvers.ledger import Request
from resolvers.parcels import ParcelFilter
from schema.ids import global_id
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.databases import Postgres
from tests.schema.doors import an_event
from tests.serving import token_of

#: The callers, and what is theirs to ask about: the account they look at most.
ROLES = {
    "anonymous": "nothing",
    "agent with nothing": "nothing",
    "agent with a claim elsewhere": "claimed",
    "agent with an ended consent": "ended",
    "agent with a live consent": "live",
    "another merchant": "nothing",
    "a member": "own",
}
#: Whose consent or claim lets every caller of that account see a part of it: the same in both worlds.
ACCOUNTS = ("nothing", "claimed", "ended", "live", "other", "own")


OWN_ACCOUNT = {"another merchant": "other", "a member": "own"}


@dataclass(frozen=True)
class Seeds:
    """What a generator may ask about. `secrets` stand in one of the two worlds only, and may not be seen by any of the callers.

    `documents` are links to documents of withheld parcels, made for that caller; `exports` and `integrations` are real, and of merchants.
    """

    tokens: dict[str, str | None]
    ids: dict[str, dict[str, list[str]]]  # account -> type -> ids
    owners: dict[str, str]  # account -> the token of its owner, for what happens around the caller
    secrets: list[str] = field(repr=False)

    documents: dict[str, list[str]] = field(repr=False)
    exports: list[str] = field(repr=False)
    integrations: list[str]


@dataclass(frozen=True)
class Pair:
    """The URLs of both worlds as they are at first, and how to copy one for use."""

    engine: str
    first: str
    second: str
    seeds: Seeds
    postgres: Postgres | None

    async def copy(self, folder: Path, number: int) -> tuple[str, str]:
        """Fresh copies of both."""
        return await asyncio.gather(
            _copy(self.first, folder / f"first-{number}", self.postgres),
            _copy(self.second, folder / f"second-{number}", self.postgres),
        )

    async def drop(self, urls: tuple[str, str]) -> None:
        """Give copies up."""
        for url in urls:
            if self.postgres is not None:
                await self.postgres.drop_database(url)
            else:
                for file in Path(url.removeprefix("sqlite://")).parent.glob(Path(url).name + "*"):
                    file.unlink()


async def _copy(url: str, place: Path, postgres: Postgres | None) -> str:
    if postgres is not None:
        return await postgres.create_database(template=url)
    shutil.copyfile(url.removeprefix("sqlite://"), place)
    return f"sqlite://{place}"


async def a_pair(migrated: str, folder: Path, postgres: Postgres) -> Pair:
    """Both worlds, in copies of a migrated, empty database."""
    server = postgres if migrated.startswith("postgres") else None
    first = await _copy(migrated, folder / "first", server)
    await open_database(first)
    await documents.prepare()
    seeds = await _fill()
    await _settle(first)
    second = await _copy(first, folder / "second", server)
    await open_database(second)
    await _differ(seeds)
    await _settle(second)
    return Pair(first.split("://", 1)[0], first, second, seeds, server)


async def _settle(url: str) -> None:
    """So that the file, or the database, can be copied as it is."""
    if url.startswith("sqlite"):
        await database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    await close_database()


#: The accounts whose parcels are withheld from every caller, but for those with an open claim.
WITHHELD = ("nothing", "claimed", "ended")
#: In every personal value of a row stands who it is of.
SECRET = "Xylander"  # of the first world, and nobody may see it
OTHER = "Quistgaard-Vermeulen"  # the same of the second
CLAIMED, LIVE, OWN, OTHERS = "Openbaar", "Liveson", "Ownson", "Otherson"
PERSONS = dict.fromkeys(WITHHELD, SECRET) | {"live": LIVE, "own": OWN, "other": OTHERS}
#: The versions of the parcels that nobody may see, also of those of which there is nothing else.
MARKED_VERSIONS = range(734_000_000, 734_001_000)


async def _fill() -> Seeds:
    agents = {role: await an_agent(f"Agent {number}") for number, role in enumerate(ROLES) if role.startswith("agent")}
    elsewhere = await an_agent("Agent Elsewhere")  # sees nothing here, but stands in access logs
    merchants = {
        name: await a_merchant(f"{name.title()} Goods", country) for name, country in zip(ACCOUNTS, ("NL", "ES", "DE", "FR", "IT", "BE"), strict=True)
    }
    for name, merchant in merchants.items():
        await _furnish(name, merchant, elsewhere)
    await a_consent(merchants["live"], lasts=timedelta(days=2))
    for state in (ConsentState.REVOKED, ConsentState.REPLACED, ConsentState.EXPIRED):
        await a_consent(merchants["ended"], state)
    await _direct_debit(merchants["nothing"])
    viewers: dict[str, Viewer | None] = {
        "anonymous": None,
        **agents,
        "another merchant": merchants["other"].owner,
        "a member": merchants["own"].member,
    }
    for number, parcel in enumerate(await _withheld_parcels()):
        await models.ParcelPersonalData.filter(parcel_id=parcel.id).update(version=MARKED_VERSIONS[number])
    return Seeds(
        tokens={role: None if viewer is None else await token_of(viewer) for role, viewer in viewers.items()},
        ids={name: await _ids(merchant.id) for name, merchant in merchants.items()},
        owners={name: await token_of(merchant.owner) for name, merchant in merchants.items()},
        secrets=_secrets(),
        documents={role: await _document_links(viewer) for role, viewer in viewers.items() if viewer is not None},
        exports=[await _export(merchants[name]) for name in ("nothing", "own", "live")],
        integrations=[str((await integrations.add_integration(merchant.id, "Sendcloud"))[0]) for merchant in merchants.values()],
    )


async def _document_links(viewer: Viewer) -> list[str]:
    """Links to documents of withheld parcels, as this caller would have them had they seen the parcels once; in the other world there are none."""
    stored = [{"kind": DocumentKind.LABEL}]
    return [link.url.removeprefix("/documents/") for parcel in await _withheld_parcels() for link in documents.listed(viewer, parcel.id, stored)]


async def _export(merchant: Merchant) -> str:
    link = await exports.create(Gate(merchant.owner, Request(str(new_id()))), merchant.id, ParcelFilter())
    return link.url.removeprefix("/exports/").removesuffix(".csv")


async def _furnish(name: str, merchant: Merchant, agent: Viewer) -> None:
    """Parcels in many states; on two of them claims that open nothing; where the account is "claimed", one that opens its parcel."""
    for number, status in enumerate((ParcelStatus.ANNOUNCED, ParcelStatus.DELIVERED, ParcelStatus.READY_TO_SEND, ParcelStatus.EXCEPTION)):
        parcel = await a_parcel(
            merchant,
            status=status,
            announced=status is not ParcelStatus.READY_TO_SEND,
            direction=ParcelDirection.RETURN if number == 1 else ParcelDirection.OUTGOING,
            collo_number=1 + number % 2,
            collo_count=2,
            shipment_group=f"{name}-{number // 2}",
            **_personal(PERSONS[name], number),
        )
        await models.ParcelEvent.filter(parcel_id=parcel.id).update(location=PERSONS[name], message=f"Handed to {PERSONS[name]}")
        await _investigated(
            await a_claim(parcel, status=ClaimStatus.RESOLVED, description=_text(name, "closed", number)), merchant, agent, PERSONS[name], number
        )
        await a_claim(parcel, channel=ClaimChannel.EMAIL, description=_text(name, "by e-mail", number))
        await an_event(agent, parcel, await a_consent(merchant, ConsentState.REVOKED), (await models.Claim.filter(parcel_id=parcel.id).first()).id)  # type: ignore[union-attr] # made just above
    deleted = await a_parcel(merchant, deleted_at=await database.clock())
    await models.ParcelPersonalData.filter(parcel_id=deleted.id).delete()
    await models.ParcelEvent.filter(parcel_id=deleted.id).delete()
    for number in range(4, 7) if name == "claimed" else ():
        opened = await a_parcel(merchant, **_personal(CLAIMED, number))
        claim = await a_claim(opened, filed_by=merchant.owner, description=f"{CLAIMED} waits")
        await _investigated(claim, merchant, agent, CLAIMED, number)


def _text(name: str, which: str, number: int) -> str:
    return f"{PERSONS[name]} wrote of {which} {number}"


def _personal(person: str, number: int) -> dict[str, Any]:
    return {
        "name": f"{person} de Wit{number}",
        "company_name": f"{person} BV",
        "email": f"{person.lower()}{number}@example.com",
        "phone": f"+3161234567{number}",
        "street": f"{person}straat",
        "house_number": str(number + 1),
        "address_line2": f"Achter {person}",
        "postal_code": f"56{number}1 AB",
        "city": f"{person}dorp",
        "region": f"{person}land",
        "tax_number": f"NL{number}{person}",
        "order_number": f"{person}-ORD-{number}",
        "external_reference": f"{person}-REF-{number}",
        "tracking_number": f"3S{person.upper()}{number}",
        "tracking_url": f"https://track.example.com/{person}/{number}",
        "service_point": f"Kiosk {person}",
        "note": f"Ring at {person}",
        "total_value_amount": f"{number}9.95",
        "items": [
            {"description": f"{person}'s bell", "quantity": 1 + number, "sku": f"{person}-SKU", "value_amount": "1.00", "value_currency": "EUR"}
        ]
        * (1 + number % 2),
        "documents": [{"kind": "LABEL", "carrier_url": f"https://panel.sendcloud.sc/label/{number}?hash={person}", "file_id": None}],
    }


async def _investigated(claim: UUID, merchant: Merchant, agent: Viewer, person: str, number: int) -> None:
    for by, kind in ((agent, InvestigationKind.SENT_TO_CARRIER), (merchant.member, InvestigationKind.MERCHANT_ANSWERED)):
        entry = await models.InvestigationEntry.create(account_id=merchant.id, claim_id=claim, at=await database.clock(), by_id=by.id, kind=kind)
        await models.InvestigationPersonalData.create(
            entry_id=entry.id, account_id=merchant.id, carrier_reference=f"{person}-{number}", note=f"{person} wrote note {number}"
        )


async def _direct_debit(merchant: Merchant) -> None:
    await models.DirectDebit.create(
        account_id=merchant.id,
        account_holder=f"{SECRET} Holding",
        iban="NL91ABNA0417164300",
        bic="ABNANL2A",
        mandate_reference=f"{SECRET}-M",
        status=DirectDebitStatus.ACTIVE,
    )


async def _ids(account: UUID) -> dict[str, list[str]]:
    found = {"Account": [str(global_id("Account", account))]}
    for name, model in (("Parcel", models.Parcel), ("Claim", models.Claim), ("Consent", models.Consent), ("AccessEvent", models.AccessEvent)):
        found[name] = [str(global_id(name, row.id)) for row in await model.filter(account_id=account).order_by("id")]
    return found


def _secrets() -> list[str]:
    found = []
    for person in (SECRET, OTHER):
        for number in range(4):
            personal = _personal(person, number)
            found += [str(value) for name, value in personal.items() if isinstance(value, str)]
    return found


async def _differ(seeds: Seeds) -> None:
    """Make this the other world: everything that is withheld says something else, or is not there."""
    for number, parcel in enumerate(await _withheld_parcels()):
        if number % 4 == 3:  # there is nothing at all
            await _replace(parcel, number, dict.fromkeys(_personal("", 0)) | {"items": [], "documents": []})
            await models.ParcelEvent.filter(parcel_id=parcel.id).delete()
            continue
        await _replace(parcel, number, _personal(OTHER, number) | {"items": [{"description": OTHER, "quantity": 7}] * (3 + number), "documents": []})
        for extra in range(number + 1):
            await models.ParcelEvent.create(
                account_id=(await parcel.account).id,
                parcel_id=parcel.id,
                status=ParcelStatus.DELAYED,
                occurred_at=await database.clock() - timedelta(days=extra + 1),
                location=OTHER,
                message=f"Seen by {OTHER}",
            )
    await _differ_claims()
    await _differ_accounts()
    assert seeds.secrets


async def _withheld_parcels() -> list[models.Parcel]:
    opened = await models.Claim.filter(channel=ClaimChannel.SUPPORT_SECTION, status=ClaimStatus.SUBMITTED).values_list("parcel_id", flat=True)
    accounts = await _accounts(*WITHHELD)
    return [each for each in await models.Parcel.filter(account_id__in=accounts, deleted_at=None).order_by("id") if each.id not in opened]


async def _accounts(*names: str) -> list[UUID]:
    return [(await models.Account.get(company_name=f"{name.title()} Goods")).id for name in names]


async def _replace(parcel: models.Parcel, number: int, personal: dict[str, Any]) -> None:
    keys = search_keys.keys(**{name: personal[name] for name in ("name", "email", "postal_code", "order_number", "tracking_number")})
    await models.ParcelPersonalData.filter(parcel_id=parcel.id).update(version=MARKED_VERSIONS[500 + number], **personal, **keys)


async def _differ_claims() -> None:
    accounts = await _accounts(*WITHHELD)
    opened = await models.Claim.filter(channel=ClaimChannel.SUPPORT_SECTION, status=ClaimStatus.SUBMITTED).values_list("id", flat=True)
    claims = [each.id for each in await models.Claim.filter(account_id__in=accounts).order_by("id") if each.id not in opened]
    for number, claim in enumerate(claims):
        await models.ClaimPersonalData.filter(claim_id=claim).update(description=None if number % 3 == 2 else f"{OTHER} was angry " * (number + 1))
    entries = await models.InvestigationEntry.filter(claim_id__in=claims).order_by("id").values_list("id", flat=True)
    for number, entry in enumerate(entries):
        texts = {"carrier_reference": None, "note": None} if number % 2 else {"carrier_reference": OTHER, "note": OTHER * 9}
        await models.InvestigationPersonalData.filter(entry_id=entry).update(**texts)


async def _differ_accounts() -> None:
    """Settings and direct debit, and who granted; of the live account only what is never shown."""
    for number, account in enumerate(await _accounts(*WITHHELD, "own")):
        await _differ_access_log(account, number)
    for account in await _accounts(*WITHHELD):
        await models.User.filter(account_id=account).update(name=f"{OTHER} of the board")
        await models.AccountPersonalData.filter(account_id=account).update(sender_addresses=[{"street": OTHER}] * 5)
    for account in await _accounts(*WITHHELD, "live"):
        await models.AccountPersonalData.filter(account_id=account).update(
            notification_reply_to=None, notification_bcc=f"{OTHER.lower()}@example.com", webhook_url=f"https://{OTHER.lower()}.example.com/"
        )
    await models.DirectDebit.all().delete()
    for account in await _accounts("claimed", "live", "own"):
        await models.DirectDebit.create(
            account_id=account,
            account_holder=OTHER,
            iban="DE89370400440532013000",
            bic=None,
            mandate_reference=OTHER,
            status=DirectDebitStatus.FAILED,
        )


async def _differ_access_log(account: UUID, more: int) -> None:
    """Who at support looked is for the merchant's owners alone: here others did, and more often."""
    events = await models.AccessEvent.filter(account_id=account).order_by("id")
    await events[0].delete()
    agent = (await models.User.get(name="Agent Elsewhere")).id
    for event in events[: more + 2]:
        await models.AccessEvent.create(
            at=event.at, agent_id=agent, account_id=account, parcel_id=event.parcel_id, action=event.action, basis=event.basis, request_id=OTHER[:9]
        )
