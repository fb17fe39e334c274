"""Who somebody at a provider is here: linked, found by a verified e-mail or made where that is configured, and nobody otherwise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from identity.external import AlreadyLinked, forget_spent, link, open_session, unlink
from identity.openid import Person, Refused, begin
from identity.providers import Provider
from identity.sessions import viewer_of_session
from identity.tokens import create_token, viewer_of_token
from identity.users import UnknownUser, deactivate
from models import database as db
from models.fields import new_id
from policy.vocabulary import MerchantRole, Viewer, ViewerKind
from tests.identity.people import a_merchant, an_account, an_agent, heard, hearing, live_sessions

ISSUER = "https://login.example.com"
AGENT, MERCHANT = ViewerKind.AGENT, ViewerKind.MERCHANT
EMAIL: dict[str, Any] = {"email": "ana@support.example", "email_verified": True, "name": "Ana Anders", "groups": ["support"]}
pytestmark = pytest.mark.usefixtures("database", "quick_passwords")


def a_provider(**given: Any) -> Provider:
    return Provider.model_validate({"name": "Login", "issuer": ISSUER, "client_id": "us", **given})


def a_merchants_provider(**given: Any) -> Provider:
    return a_provider(account_claim="account", role_claim="role", roles={"boss": "OWNER", "hand": "MEMBER"}, **given)


async def signed_in(provider: Provider, subject: str, kind: ViewerKind = AGENT, **claims: Any) -> Viewer:
    person = Person(ISSUER, subject, "sid", claims)
    session = await open_session(person, begin(kind, ""), provider, timedelta(hours=1))
    assert await viewer_of_session(session.token) == session.viewer
    return session.viewer


async def is_refused(provider: Provider, subject: str, kind: ViewerKind = AGENT, **claims: Any) -> None:
    sessions = await live_sessions()
    users = await db.fetch("SELECT id, role FROM users ORDER BY id")
    linked = await db.fetch("SELECT id FROM external_identities ORDER BY id")
    with pytest.raises(Refused, match="unknown"):
        await signed_in(provider, subject, kind, **claims)
    assert await live_sessions() == sessions
    assert await db.fetch("SELECT id, role FROM users ORDER BY id") == users
    assert await db.fetch("SELECT id FROM external_identities ORDER BY id") == linked


async def test_a_linked_user_signs_in_and_another_subject_or_issuer_is_nobody() -> None:
    agent = await an_agent()
    await link(agent, ISSUER, "ana")
    assert (await signed_in(a_provider(), "ana")).id == agent
    await is_refused(a_provider(), "anna")
    await is_refused(a_provider(link_by_email=False), "another", **EMAIL)
    await link(agent, "https://another.example.com", "ana")
    await is_refused(a_provider(), "ana")


async def test_a_sign_in_under_way_opens_one_session() -> None:
    agent = await an_agent()
    await link(agent, ISSUER, "ana")
    under_way = begin(AGENT, "")
    await open_session(Person(ISSUER, "ana", "", {}), under_way, a_provider(), timedelta(hours=1))
    with pytest.raises(Refused, match="failed"):
        await open_session(Person(ISSUER, "ana", "", {}), under_way, a_provider(), timedelta(hours=1))
    assert await live_sessions() == 1
    assert await forget_spent() == 0
    await db.execute("UPDATE spent_once SET expires_at = {now}")
    assert await forget_spent() == 1


async def test_a_verified_email_links_once_and_only_where_configured() -> None:
    agent = await an_agent()
    by_email = a_provider(link_by_email=True)
    await is_refused(by_email, "ana", **(EMAIL | {"email_verified": False}))
    await is_refused(by_email, "ana", **(EMAIL | {"email_verified": "true"}))
    await is_refused(by_email, "ana", **(EMAIL | {"email": "ana@elsewhere.example"}))
    await is_refused(by_email, "ana", MERCHANT, **EMAIL)
    assert (await signed_in(by_email, "ana", **(EMAIL | {"email": "Ana@Support.example"}))).id == agent
    assert (await signed_in(by_email, "ana")).id == agent
    await is_refused(by_email, "somebody else with that e-mail", **EMAIL)


async def test_whoever_was_deactivated_is_not_linked_made_or_signed_in() -> None:
    agent = await an_agent()
    provider = a_provider(link_by_email=True, create=True, groups=["support"])
    await link(agent, ISSUER, "ana")
    await deactivate(agent)
    await is_refused(provider, "ana", **EMAIL)
    await is_refused(provider, "another", **EMAIL)


async def test_an_agent_is_made_where_configured_and_only_in_the_groups() -> None:
    provider = a_provider(create=True, groups=["support"])
    await is_refused(provider, "ana", **(EMAIL | {"groups": ["sales"]}))
    await is_refused(provider, "ana", **(EMAIL | {"email_verified": None}))
    await is_refused(provider, "ana", **(EMAIL | {"name": "\x00"}))
    made = await signed_in(provider, "ana", **EMAIL)
    assert (made.kind, made.name, made.account_id, made.roles) == (AGENT, "Ana Anders", None, frozenset())
    assert await signed_in(provider, "ana", **EMAIL) == made


async def test_a_merchant_s_user_is_made_in_the_claimed_account_with_a_mapped_role() -> None:
    account = await an_account()
    provider = a_merchants_provider(create=True)
    claims = EMAIL | {"account": str(account), "role": "hand"}
    await is_refused(provider, "jan", MERCHANT, **(claims | {"account": str(new_id())}))
    await is_refused(provider, "jan", MERCHANT, **(claims | {"account": None}))
    await is_refused(provider, "jan", MERCHANT, **(claims | {"role": "OWNER"}))
    await is_refused(provider, "jan", MERCHANT, **(claims | {"role": ["hand", "boss"]}))
    made = await signed_in(provider, "jan", MERCHANT, **claims)
    assert (made.kind, made.account_id, made.roles) == (MERCHANT, account, frozenset({MerchantRole.MEMBER}))


async def test_the_claimed_role_counts_from_this_sign_in_on() -> None:
    account = await an_account()
    jan = await a_merchant(account_id=account)
    await link(jan, ISSUER, "jan")
    provider = a_merchants_provider()
    assert (await signed_in(provider, "jan", MERCHANT, account=str(account), role="hand")).roles == {MerchantRole.MEMBER}
    assert (await signed_in(provider, "jan", MERCHANT, account=str(account), role=["boss"])).roles == {MerchantRole.OWNER}
    await is_refused(provider, "jan", MERCHANT, account=str(await an_account()), role="hand")


async def test_a_link_is_to_one_user_and_who_it_was_before_is_over_at_once() -> None:
    ana, bea = await an_agent(), await an_agent("bea@support.example")
    await link(ana, ISSUER, "ana")
    with pytest.raises(AlreadyLinked):
        await link(bea, ISSUER, "ana")
    await signed_in(a_provider(), "ana")
    token = await create_token(ana)
    async with hearing() as queue:
        await unlink(ana)
        assert len(await heard(queue, 3)) == 3  # the identity, the session and the token
    assert await live_sessions() == 0
    assert await viewer_of_token(token) is None
    await is_refused(a_provider(), "ana")
    await link(bea, ISSUER, "ana")
    with pytest.raises(UnknownUser):
        await link(new_id(), ISSUER, "nobody")
