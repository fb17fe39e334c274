"""The accounts of a database to measure on: an owner each, and two agents for all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from demo.places import COUNTRIES
from demo.rows import Ids, Rows
from models.database import Json
from models.enums import LabelFormat
from policy.vocabulary import MerchantRole, ViewerKind

#: The users made here: `owner.1@example.com`, `agent.2@example.org`.
EMAIL: Final = re.compile(r"owner\.[1-9][0-9]*@example\.com|agent\.[12]@example\.org")

AGENTS: Final = ("agent.1@example.org", "agent.2@example.org")

_HOMES: Final = ("NL", "ES", "DE", "FR")


@dataclass(frozen=True, slots=True)
class Owner:
    """An account, and the user who owns it."""

    account_id: UUID
    user_id: UUID


def add_users(rows: Rows, ids: Ids, first: datetime, accounts: int, password_hash: str) -> tuple[list[Owner], list[UUID]]:
    """So many accounts with their owners, made from `first` on, and two agents."""
    owners = []
    for number in range(1, accounts + 1):
        since = first + timedelta(milliseconds=number)
        country = COUNTRIES[_HOMES[number % len(_HOMES)]]
        owner = Owner(ids.at(since), ids.at(since))
        owners.append(owner)
        rows.add("accounts", id=owner.account_id, company_name=f"Measured Merchant {number}", country=country.code, created_at=since)
        rows.add(
            "account_settings",
            account_id=owner.account_id,
            locale=f"{country.language}-{country.code}",
            timezone="Europe/Amsterdam",
            default_carrier=None,
            label_format=LabelFormat.A6,
            return_portal_enabled=True,
            tracking_notifications_enabled=True,
            version=1,
        )
        rows.add(
            "account_personal_data",
            account_id=owner.account_id,
            sender_addresses=Json.of([]),
            notification_reply_to=f"reply.{number}@example.com",
            notification_bcc=None,
            webhook_url=None,
        )
        _add_user(rows, owner.user_id, owner.account_id, f"owner.{number}@example.com", since, password_hash)
    agents = []
    for number in (1, 2):
        since = first + timedelta(milliseconds=number)
        agents.append(ids.at(since))
        _add_user(rows, agents[-1], None, f"agent.{number}@example.org", since, password_hash)
    return owners, agents


def _add_user(rows: Rows, user_id: UUID, account_id: UUID | None, email: str, since: datetime, password_hash: str) -> None:
    rows.add(
        "users",
        id=user_id,
        account_id=account_id,
        kind=ViewerKind.MERCHANT if account_id else ViewerKind.AGENT,
        role=MerchantRole.OWNER if account_id else None,
        email=email,
        name=f"Measured {email.partition('@')[0]}",
        locale="en",
        password_hash=password_hash,
        created_at=since,
    )
