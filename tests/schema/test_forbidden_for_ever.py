"""Never means never: what no grant, claim or role opens to an agent, on every path that reaches it, on every rung."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import models
from models import database as db
from policy.vocabulary import Action, ConsentDuration, Reason
from resolvers import access_log, account_settings, accounts, claims, consents, direct_debits, exports, paging, parcels
from resolvers.errors import Refused
from resolvers.gate import Gate
from resolvers.ledger import Request
from schema.build import Schema
from schema.ids import global_id
from tests.asking import account_id, ask, claim_id, parcel_id, recorded
from tests.builders import Merchant, a_claim, a_consent, a_parcel
from tests.schema.rungs import AGENTS, LIVE, Ladder, Rung, a_ladder, contents

IBAN = "DE89370400440532013000"
SECRETS = (IBAN, "3000", "Holder of the account", "COBADEFF", "LK-MANDATE", "replies@example.com", "archive@example.com", "hooks.example.com")


async def a_mandate(merchant: Merchant) -> None:
    await models.DirectDebit.create(
        account_id=merchant.id,
        account_holder="Holder of the account",
        iban=IBAN,
        bic="COBADEFFXXX",
        mandate_reference="LK-MANDATE-1",
        status=models.enums.DirectDebitStatus.ACTIVE,
        signed_at=await db.clock(),
    )


# Seeing.

HIDDEN = """fragment Hidden on Account {
    directDebit { accountHolder iban bic mandateReference status signedAt }
    again: directDebit { iban }
    accessLog { totalCount nodes { id } }
    agentLogin { state history { totalCount nodes { id } } }
    settings { locale notificationReplyTo notificationBcc copy: notificationBcc webhookUrl }
}"""

PATHS = {
    "account": "query ($a: ID!) { account(id: $a) { ...Hidden } }",
    "accounts": "{ accounts { nodes { ...Hidden } } }",
    "accounts-edges": "{ accounts(first: 1) { edges { node { ...Hidden } } } }",
    "node": "query ($a: ID!) { node(id: $a) { ...Hidden } }",
    "node-by-interface": "query ($a: ID!) { node(id: $a) { ... on Node { id ... on Account { ...Hidden } } } }",
    "nodes": "query ($a: ID!) { nodes(ids: [$a]) { ...Hidden } }",
    "parcel": "query ($p: ID!) { parcel(id: $p) { account { ...Hidden } } }",
    "parcel-node": "query ($p: ID!) { node(id: $p) { ... on Parcel { account { ...Hidden } } } }",
    "parcels": "query ($a: ID!) { parcels(accountId: $a, first: 1) { nodes { account { ...Hidden } } } }",
    "account-parcels": "query ($a: ID!) { account(id: $a) { parcels(first: 1) { edges { node { account { ...Hidden } } } } } }",
    "claim": "query ($c: ID!) { claim(id: $c) { account { ...Hidden } } }",
    "claim-parcel": "query ($c: ID!) { claim(id: $c) { parcel { account { ...Hidden } } } }",
    "claims": "{ claims(first: 1) { nodes { account { ...Hidden } } } }",
    "parcel-claims": "query ($q: ID!) { parcel(id: $q) { claims { account { ...Hidden } } } }",
    "consent": "query ($k: ID!) { node(id: $k) { ... on Consent { account { ...Hidden } } } }",
    "agent-login": "query ($a: ID!) { account(id: $a) { agentLogin { account { ...Hidden } } } }",
    "agent-login-consent": "query ($a: ID!) { account(id: $a) { agentLogin { consent { account { ...Hidden } } } } }",
    "record-claim": """mutation ($p: ID!) {
        recordClaim(input: {parcelId: $p, kind: CLAIM, type: LOST, channel: PHONE, description: "Called"}) { claim { account { ...Hidden } } } }""",
    "take-claim": "mutation ($c: ID!) { takeClaim(input: {claimId: $c}) { claim { parcel { account { ...Hidden } } } } }",
    "log-investigation": "mutation ($c: ID!) { logInvestigation(input: {claimId: $c, kind: ASKED_MERCHANT}) { claim { account { ...Hidden } } } }",
    "close-claim": "mutation ($d: ID!) { closeClaim(input: {claimId: $d, outcome: RESOLVED}) { claim { account { ...Hidden } } } }",
    "update-settings": "mutation ($a: ID!, $v: Int!) { updateSettings(input: {accountId: $a, version: $v}) { account { ...Hidden } } }",
    "update-parcel": "mutation ($p: ID!, $w: Int!) { updateParcel(input: {parcelId: $p, version: $w}) { parcel { account { ...Hidden } } } }",
    "cancel-parcel": "mutation ($p: ID!) { cancelParcel(input: {parcelId: $p}) { parcel { account { ...Hidden } } } }",
}
UNDER_CONSENT = {"update-settings", "update-parcel", "cancel-parcel"}


async def variables(ladder: Ladder) -> dict[str, Any]:
    """Fresh ids and the current versions, with the parcel to be cancelled again."""
    merchant, parcel = ladder.merchant, ladder.parcel
    await db.execute("UPDATE parcels SET status = 'ANNOUNCED' WHERE id = :id", id=parcel.id)
    elsewhere, latest = await a_claim(ladder.elsewhere), await models.Consent.all().order_by("-id").first()
    await db.execute("UPDATE claims SET opened_at = :past WHERE id = :id", id=elsewhere, past=merchant_since(elsewhere_year=2020))
    return {
        "a": account_id(merchant.id),
        "p": parcel_id(parcel.id),
        "q": parcel_id(ladder.elsewhere.id),
        "c": claim_id(elsewhere),
        "d": claim_id(await a_claim(ladder.elsewhere)),
        "k": global_id("Consent", latest.id) if latest else None,
        "v": (await models.AccountSettings.get(account_id=merchant.id)).version,
        "w": (await models.ParcelPersonalData.get(parcel_id=parcel.id)).version,
    }


def found(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Every account in an answer, with the path to it."""
    if isinstance(value, dict):
        if "directDebit" in value:
            yield path, value
        for key, below in value.items():
            yield from found(below, (*path, key))
    if isinstance(value, list):
        for place, below in enumerate(value):
            yield from found(below, (*path, place))
