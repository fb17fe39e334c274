"""After a restore nothing that the backup held open is open."""

from __future__ import annotations

import json

import models
from identity.sessions import viewer_of_session
from identity.tokens import viewer_of_token
from models import database as db
from policy.vocabulary import ClaimChannel, ClaimStatus, ConsentState
from resolvers import exports, restored
from resolvers.gate import Gate
from resolvers.ledger import Request
from resolvers.parcels import ParcelFilter
from schema.build import Schema
from tests.asking import ask, parcel_id
from tests.builders import a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.serving import session_of, token_of
from tests.test_cli import a_runner, opened

NAME = "query ($id: ID!) { parcel(id: $id) { recipient { name } } }"


async def test_everything_that_opens_something_is_ended(database: str, schema: Schema) -> None:
    agent, merchant, claiming, ran_out = await an_agent(), await a_merchant(), await a_merchant(), await a_merchant()
    lent, claimed = await a_parcel(merchant), await a_parcel(claiming)
    consent, over = await a_consent(merchant), await a_consent(ran_out, ConsentState.EXPIRED)
    claim, by_phone = await a_claim(claimed), await a_claim(claimed, channel=ClaimChannel.PHONE)
    cookie, token = (await session_of(agent))["Cookie"].removeprefix("latchkey="), await token_of(agent)
    await exports.create(Gate(merchant.owner, Request("r")), merchant.id, ParcelFilter())
    for parcel in (lent, claimed):
        assert (await ask(schema, agent, NAME, {"id": parcel_id(parcel.id)})).data["parcel"]["recipient"]["name"] == "Jan Bakker"
    assert await viewer_of_session(cookie)
    assert await viewer_of_token(token)

    counts = await restored.end_everything()

    assert counts == {"consents": 1, "sessions": 1, "tokens": 1, "export_links": 1, "claims": 1}
    for parcel in (lent, claimed):
        assert (await ask(schema, agent, NAME, {"id": parcel_id(parcel.id)})).data["parcel"]["recipient"]["name"] is None
    assert await viewer_of_session(cookie) is None
    assert await viewer_of_token(token) is None
    assert await models.ExportLink.all().count() == 0
    revoked, expired = await models.Consent.get(id=consent), await models.Consent.get(id=over)
    assert (revoked.ended_as, revoked.ended_by_id, revoked.live_for) == (ConsentState.REVOKED, None, None)  # type: ignore[attr-defined] # the column
    assert (expired.ended_as, expired.ended_at) == (ConsentState.EXPIRED, expired.expires_at)
    assert (await models.Claim.get(id=claim)).status is ClaimStatus.WITHDRAWN
    assert (await models.Claim.get(id=by_phone)).status is ClaimStatus.SUBMITTED, "it opens nothing"
    assert set((await restored.end_everything()).values()) == {0}
    await a_consent(merchant)  # the merchant may grant again


async def test_those_that_run_all_the_same_hear_of_it(database: str) -> None:
    if db.engine() is not db.Engine.SQLITE:
        return  # NOTIFY leaves no row; that servers hear it, tests/live shows
    agent, merchant = await an_agent(), await a_merchant()
    await a_consent(merchant)
    await a_claim(await a_parcel(merchant))
    await session_of(agent)
    await token_of(agent)
    await restored.end_everything()
    assert sorted(change.topic for change in await models.Change.all()) == ["claim", "consent", "session", "session"]


async def test_claims_stay_for_who_knows_better(database_url: str) -> None:
    async with opened(database_url):
        await a_claim(await a_parcel(await a_merchant()))
    kept = await a_runner(database_url)("after-restore", "--keep-claims")
    assert json.loads(kept.stdout) == {"consents": 0, "sessions": 0, "tokens": 0, "export_links": 0, "claims": 0}
    assert json.loads((await a_runner(database_url)("after-restore")).stdout)["claims"] == 1
    async with opened(database_url):
        assert [claim.status for claim in await models.Claim.all()] == [ClaimStatus.WITHDRAWN]
