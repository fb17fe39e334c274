"""No input sets what the server sets: who it is, whose, how it came, who may what, and when. A new input does not pass unseen."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import get_named_type

from models import database as db
from policy.vocabulary import Viewer
from schema.build import Schema
from tests.asking import account_id, ask, claim_id, parcel_id
from tests.builders import Merchant, ParcelMade, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.bypasses.filters import inputs
from tests.schema.rungs import contents

#: What each mutation's input, and each input inside one, may hold. What is not here does not pass: look whether the server should set it.
TAKEN = {
    "GrantConsentInput": "accountId duration",
    "RevokeConsentInput": "accountId",
    "FileClaimInput": "parcelId kind type description",
    "AnswerClaimInput": "claimId message",
    "WithdrawClaimInput": "claimId",
    "RecordClaimInput": "parcelId kind type channel description",
    "TakeClaimInput": "claimId",
    "LogInvestigationInput": "claimId kind carrierReference note",
    "CloseClaimInput": "claimId outcome note",
    "UpdateSettingsInput": "accountId version locale timezone defaultCarrier labelFormat returnPortalEnabled trackingNotificationsEnabled"
    " senderAddresses notificationReplyTo notificationBcc webhookUrl",
    "SenderAddressInput": "companyName contactName street houseNumber postalCode city country email phone",
    "UpdateParcelInput": "parcelId version recipient orderNumber note weightGrams",
    "RecipientInput": "name companyName email phone street houseNumber addressLine2 postalCode city region country",
    "CancelParcelInput": "parcelId",
    "DeleteParcelInput": "parcelId",
    "ExportParcelsInput": "accountId filter",
    "SetDirectDebitInput": "accountId accountHolder iban bic",
    "RemoveDirectDebitInput": "accountId",
    "DeleteAccountInput": "accountId companyName",
}
#: What names the row a mutation is about. It is compared with what the caller may know of, and never written.
NAMES = {"accountId", "parcelId", "claimId"}
#: Types of which no value is anybody's to choose.
NEVER_TAKEN = {
    "MerchantRole",
    "ViewerKind",
    "ClaimChannel",
    "ClaimStatus",
    "ConsentState",
    "AgentLoginState",
    "ParcelStatus",
    "Action",
    "Basis",
    "Reason",
}


def test_what_an_input_takes_was_looked_at() -> None:
    found = {name: set(named.fields) for name, named in inputs().items() if not name.endswith("Filter")}
    assert found == {name: set(fields.split()) for name, fields in TAKEN.items()}


def test_no_input_takes_an_id_but_of_the_one_row_it_is_about() -> None:
    for name, named in inputs().items():
        taken = {field for field, given in named.fields.items() if get_named_type(given.type).name == "ID"}
        assert taken <= (NAMES if not name.endswith("Filter") else {"parcelId"}), name
        assert len(taken) <= 1, name


def test_no_input_takes_a_role_a_channel_of_the_support_section_a_status_or_a_time() -> None:
    for name, named in inputs().items():
        types = {get_named_type(given.type) for given in named.fields.values()}
        if not name.endswith("Filter"):
            assert {each.name for each in types}.isdisjoint(NEVER_TAKEN | {"DateTime"}), name
        for each in types:
            if not name.endswith("Filter"):
                assert "SUPPORT_SECTION" not in getattr(each, "values", {}), name


@pytest.fixture
async def merchant(database: str) -> Merchant:
    return await a_merchant()


@pytest.fixture
async def parcel(merchant: Merchant) -> ParcelMade:
    return await a_parcel(merchant)


@pytest.fixture
async def agent(database: str) -> Viewer:
    return await an_agent()


MORE: dict[str, Any] = {
    "id": "x",
    "account": "x",
    "account_id": "x",
    "userId": "x",
    "filedById": "x",
    "grantedById": "x",
    "channel": "SUPPORT_SECTION",
    "status": "SUBMITTED",
    "role": "OWNER",
    "roles": ["OWNER"],
    "kind": "AGENT",
    "expiresAt": "2031-01-01T00:00:00Z",
    "grantedAt": "2031-01-01T00:00:00Z",
    "createdAt": "2031-01-01T00:00:00Z",
    "openedAt": "2031-01-01T00:00:00Z",
    "liveFor": "x",
    "__typename": "FileClaimInput",
    "constructor": {},
}


async def test_what_is_sent_beside_it_is_refused_and_changes_nothing(merchant: Merchant, parcel: ParcelMade, agent: Viewer, schema: Schema) -> None:
    claim = claim_id(await a_claim(parcel))
    asked: dict[str, tuple[Viewer, dict[str, Any]]] = {
        "grantConsent": (merchant.owner, {"accountId": account_id(merchant.id), "duration": "ONE_HOUR"}),
        "fileClaim": (merchant.owner, {"parcelId": parcel_id(parcel.id), "kind": "CLAIM", "type": "LOST", "description": "?"}),
        "recordClaim": (agent, {"parcelId": parcel_id(parcel.id), "kind": "CLAIM", "type": "LOST", "channel": "PHONE", "description": "?"}),
        "takeClaim": (agent, {"claimId": claim}),
        "updateParcel": (merchant.owner, {"parcelId": parcel_id(parcel.id), "version": 1}),
        "updateSettings": (merchant.owner, {"accountId": account_id(merchant.id), "version": 1}),
    }
    before = await contents()
    for name, (viewer, given) in asked.items():
        of_mutation = f"{name[0].upper()}{name[1:]}Input"
        for field, value in MORE.items():
            if field in TAKEN[of_mutation].split() and field != "channel":
                continue
            document = f"mutation ($i: {of_mutation}!) {{ {name}(input: $i) {{ __typename }} }}"
            answer = await ask(schema, viewer, document, {"i": {**given, field: value}})
            assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"]), (name, field)
    assert await contents() == before


async def test_what_the_server_sets_is_the_caller_s_own(merchant: Merchant, parcel: ParcelMade, agent: Viewer, schema: Schema) -> None:
    """The same answers whatever the caller is called: the channel, who filed it, who granted, and until when."""
    grant = "mutation ($a: ID!) { grantConsent(input: {accountId: $a, duration: ONE_HOUR}) { account { id } } }"
    assert (await ask(schema, merchant.admin, grant, {"a": account_id(merchant.id)})).errors == []
    (consent,) = await db.fetch("SELECT granted_by_id, granted_at, expires_at, account_id, live_for FROM consents")
    assert db.uuid(consent["granted_by_id"]) == merchant.admin.id
    assert db.uuid(consent["live_for"]) == db.uuid(consent["account_id"]) == merchant.id
    assert (db.moment(consent["expires_at"]) - db.moment(consent["granted_at"])).total_seconds() == 3600
    for viewer, field in ((merchant.member, "fileClaim"), (agent, "recordClaim")):
        channel = "" if field == "fileClaim" else "channel: EMAIL, "
        given = f'{{parcelId: $p, kind: CLAIM, type: LOST, {channel}description: "?"}}'
        document = f"mutation ($p: ID!) {{ {field}(input: {given}) {{ claim {{ id }} }} }}"
        assert (await ask(schema, viewer, document, {"p": parcel_id(parcel.id)})).errors == []
    claims = await db.fetch("SELECT channel, filed_by_id, account_id, status FROM claims ORDER BY opened_at, id")
    assert [(row["channel"], row["status"], db.uuid(row["account_id"])) for row in claims] == [
        ("SUPPORT_SECTION", "SUBMITTED", merchant.id),
        ("EMAIL", "SUBMITTED", merchant.id),
    ]
    assert db.optional_uuid(claims[0]["filed_by_id"]) == merchant.member.id


async def test_signing_in_takes_an_address_and_a_password_and_nothing_else(merchant: Merchant) -> None:
    """Beside them neither a role nor an id nor a time is read: the body is refused whole."""
    import httpx2
    from starlette.applications import Starlette

    from identity.routes import auth_routes

    await a_consent(merchant)
    transport = httpx2.ASGITransport(Starlette(routes=auth_routes(secure=False)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        for field, value in {**MORE, "lifetime": 10**9, "token": "A" * 43, "address": "192.0.2.1"}.items():
            answer = await client.post("/auth/sign-in", json={"email": "nobody@example.com", "password": "x" * 9, field: value})
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT"), field
    assert await db.fetch("SELECT 1 FROM sign_in_attempts") == []
