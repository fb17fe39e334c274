"""Live: who is calling is found out by the server, nobody hears by what, and each event is made for whom it is sent to."""

from __future__ import annotations

from typing import Any

import pytest

from models import database
from policy.vocabulary import ClaimChannel
from tests.asking import account_id, claim_id, parcel_id
from tests.builders import Merchant, a_claim, a_consent, a_merchant, a_parcel, an_agent
from tests.bypasses.filters import arguments
from tests.live.watching import watching
from tests.marks import a_marked_parcel, mark, seen
from tests.serving import Deployment, token_of

WHO = "{ viewer { name kind roles } }"
LOGIN = "subscription ($id: ID!) { agentLoginChanged(accountId: $id) { state account { id } } }"
CLAIMS = "subscription ($id: ID!) { claimChanged(accountId: $id) { id status description account { id } parcel { note recipient { name } } } }"
CLOSE = "mutation ($id: ID!) { closeClaim(input: {claimId: $id, outcome: RESOLVED}) { claim { id } } }"


@pytest.fixture
async def merchant(deployment: Deployment) -> Merchant:
    return await a_merchant()


async def test_what_a_client_says_of_itself_when_it_connects_is_nothing(deployment: Deployment, merchant: Merchant) -> None:
    """CVE-2026-5423 (Neo4j): claims that the client sent already decoded were believed."""
    owner = merchant.owner
    said: dict[str, Any] = {
        "viewer": {"id": str(owner.id), "kind": "MERCHANT", "accountId": account_id(merchant.id), "roles": ["OWNER"]},
        "jwt": {"sub": str(owner.id), "role": "OWNER"},
        "user": str(owner.id),
        "roles": ["OWNER"],
        "Authorization": f"Bearer {await token_of(owner)}",
        "headers": {"Cookie": "latchkey=" + "A" * 43},
    }
    for token, name in ((None, None), (await token_of(merchant.member), merchant.member.name)):
        async with deployment.server.socket(token, init=False) as socket:
            await socket.send({"type": "connection_init", "payload": said})
            assert await socket.next() == {"type": "connection_ack"}
            viewer = (await socket.run(WHO, extensions=said, viewer=said["viewer"]))[0]["payload"]["data"]["viewer"]
            assert viewer == (name and {"name": name, "kind": "MERCHANT", "roles": ["MEMBER"]})


def test_a_subscription_takes_an_account_and_no_condition() -> None:
    """CVE-2026-32098 (Parse Server): whether an event came told whether a condition on what is withheld held."""
    taken = {coordinate for coordinate, _ in arguments() if coordinate.startswith("Subscription.")}
    assert taken == {"Subscription.agentLoginChanged.accountId", "Subscription.claimChanged.accountId"}


async def test_a_change_of_what_is_withheld_is_no_event(deployment: Deployment, merchant: Merchant) -> None:
    """CVE-2026-32098 (Parse Server): that an event came at all told of what is withheld."""
    parcel, agent = await a_parcel(merchant), await an_agent()
    update = "mutation ($i: UpdateParcelInput!) { updateParcel(input: $i) { parcel { version } } }"
    async with watching(deployment.server, agent, CLAIMS, merchant) as claims, watching(deployment.server, agent, LOGIN, merchant) as login:
        assert (await login.login())["state"] == "OFF"
        changes: list[dict[str, Any]] = [{"note": "Other"}, {"recipient": {"name": "Piet", "email": None}}, {"orderNumber": "O-2"}]
        for version, change in enumerate(changes, 1):
            given = {"i": {"parcelId": parcel_id(parcel.id), "version": version, **change}}
            answer = await deployment.other.ask(update, given, token=await token_of(merchant.owner))
            assert answer["data"]["updateParcel"]["parcel"] == {"version": version + 1}
        # The next thing that each is told is the next that is theirs to know.
        await a_consent(merchant)
        await database.execute("UPDATE claims SET status = status")
        key = claim_id(await a_claim(parcel, channel=ClaimChannel.PHONE))
        assert "errors" not in await deployment.other.ask(CLOSE, {"id": key}, token=await token_of(agent))
        assert ((await claims.claim())["id"], (await claims.socket.silent(0.2))) == (key, True)
        assert await login.socket.silent(0.05)


async def test_of_two_who_are_told_of_one_change_each_is_told_what_they_may_know(deployment: Deployment, merchant: Merchant) -> None:
    """CVE-2026-34363, CVE-2026-33163 (Parse Server): an event was filtered in place, or a copy was and the original sent."""
    parcel, agent = await a_marked_parcel(merchant, "¶"), await an_agent()
    helper = await token_of(agent)
    async with (
        watching(deployment.server, merchant.owner, CLAIMS, merchant) as owner,
        watching(deployment.server, agent, CLAIMS, merchant) as support,
        watching(deployment.server, merchant.member, CLAIMS, merchant) as member,
    ):
        for _ in range(5):
            claim = await a_claim(parcel, channel=ClaimChannel.EMAIL, description=mark("¶", "description"))
            assert "errors" not in await deployment.other.ask(CLOSE, {"id": claim_id(claim)}, token=helper)
            told = [await watch.claim() for watch in (owner, support, member)]
            assert [each["id"] for each in told] == [claim_id(claim)] * 3
            assert [seen("¶", repr(each)) for each in told] == [{"description", "note", "name"}, set(), {"description", "note", "name"}]


async def test_of_many_events_each_is_decided_for_its_own_account(deployment: Deployment, merchant: Merchant) -> None:
    """CVE-2026-81643, CVE-2026-80223, CVE-2026-82367 (AshGraphql): of a batch of events only the first was decided, or only its account."""
    other, agent = await a_merchant("Other Outdoors"), await an_agent()
    mine, theirs = await a_marked_parcel(merchant, "¶"), await a_marked_parcel(other, "§")
    await a_consent(other)
    everything = CLAIMS.replace("($id: ID!) ", "").replace("(accountId: $id)", "")
    async with watching(deployment.server, agent, everything, merchant) as first, watching(deployment.server, agent, everything, other) as second:
        made = [await a_claim(parcel, channel=ClaimChannel.PHONE) for parcel in (mine, theirs, mine, theirs)]
        helper = await token_of(agent)
        for claim in made:
            assert "errors" not in await deployment.other.ask(CLOSE, {"id": claim_id(claim)}, token=helper)
        withheld = [await first.claim() for _ in range(2)]
        shown = [await second.claim() for _ in range(2)]
    assert [each["id"] for each in withheld] == [claim_id(made[0]), claim_id(made[2])]
    assert [each["parcel"] for each in withheld] == [{"note": None, "recipient": {"name": None}}] * 2
    assert [each["parcel"] for each in shown] == [{"note": mark("§", "note"), "recipient": {"name": mark("§", "name")}}] * 2


def around(times: int) -> str:
    """From an account to its parcels, and from each to its claims and back, so many times."""
    return "parcels(first: 100) { nodes { " + "claims { parcel { " * times + "note" + " } }" * times + " } }"


TOO_MUCH = {
    "a-query": f"{{ accounts(first: 100) {{ nodes {{ {around(2)} }} }} }}",
    "a-mutation": f'mutation {{ closeClaim(input: {{claimId: "x", outcome: RESOLVED}}) {{ claim {{ account {{ {around(6)} }} }} }} }}',
    "a-subscription": f"subscription {{ agentLoginChanged {{ account {{ {around(6)} }} }} }}",
    "many-words": "{ viewer { " + "name " * 20_000 + "} }",
}


@pytest.mark.parametrize("document", TOO_MUCH.values(), ids=TOO_MUCH)
async def test_what_is_too_much_over_http_is_too_much_over_a_socket(deployment: Deployment, document: str) -> None:
    """Apollo Server's advisory on subscriptions: validation rules and limits did not run over the WebSocket."""
    async with deployment.server.socket(await token_of(await an_agent())) as socket:
        (message,) = await socket.run(document)
    errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    assert {error["extensions"]["code"] for error in errors} == {"TOO_COMPLEX"}
