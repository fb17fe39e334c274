"""The tables. A file is a noun; `database` opens them."""

from models.access_log import AccessEvent
from models.accounts import Account, AccountPersonalData, AccountSettings, DirectDebit
from models.budgets import BudgetLease
from models.changes import Change, ServerSecret
from models.claims import Claim, ClaimPersonalData, InvestigationEntry, InvestigationPersonalData
from models.consents import Consent
from models.integrations import ExportLink, Integration
from models.outbox import OutboxDelivery, OutboxEvent, WebhookSecret
from models.parcels import Parcel, ParcelEvent, ParcelFile, ParcelPersonalData
from models.users import ExternalIdentity, Session, SignInAttempts, SpentOnce, Token, User

__all__ = [
    "AccessEvent",
    "Account",
    "AccountPersonalData",
    "AccountSettings",
    "BudgetLease",
    "Change",
    "Claim",
    "ClaimPersonalData",
    "Consent",
    "DirectDebit",
    "ExportLink",
    "ExternalIdentity",
    "Integration",
    "InvestigationEntry",
    "InvestigationPersonalData",
    "OutboxDelivery",
    "OutboxEvent",
    "Parcel",
    "ParcelEvent",
    "ParcelFile",
    "ParcelPersonalData",
    "ServerSecret",
    "Session",
    "SignInAttempts",
    "SpentOnce",
    "Token",
    "User",
    "WebhookSecret",
]
