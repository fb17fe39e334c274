"""Users are added once, found however their e-mail is written, and deactivated for good."""

import pytest

from identity import users
from identity.passwords import LONGEST, SHORTEST, UnusablePassword
from identity.sessions import sign_in, viewer_of_session
from identity.tokens import create_token, end_token, viewer_of_token
from identity.users import EmailTaken, InvalidUser, UnknownAccount, UnknownUser, add_user, change_role, deactivate, find_user
from models.database import fetch, uuid
from models.fields import new_id
from policy.vocabulary import MerchantRole, ViewerKind
from tests.identity.people import HERE, PASSWORD, a_merchant, an_account, an_agent, delete_account, heard, hearing, live_sessions

pytestmark = pytest.mark.usefixtures("quick_passwords")


async def test_a_merchants_user_is_found_as_viewer(database: str) -> None:
    account_id = await an_account()
    user_id = await a_merchant("Jan@Fietsen.example", account_id)
    viewer = await find_user("JAN@fietsen.EXAMPLE")
    assert viewer is not None
    assert (viewer.id, viewer.kind, viewer.name, viewer.locale) == (user_id, ViewerKind.MERCHANT, "Jan Bakker", "nl")
    assert (viewer.account_id, viewer.roles) == (account_id, frozenset({MerchantRole.OWNER}))


async def test_an_agent_has_no_account_and_no_role(database: str) -> None:
    await an_agent()
    viewer = await find_user("ana@support.example")
    assert viewer is not None
    assert viewer.is_agent
    assert (viewer.account_id, viewer.roles) == (None, frozenset())


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        pytest.param("Jan@Fietsen.Example", "jan@fietsen.example", id="case"),
        pytest.param("jan@xn--bcher-kva.example", "jan@bücher.example", id="punycode"),
        pytest.param("josé@example.com", "josé@example.com", id="decomposed"),
        pytest.param("İ@example.com", "i̇@example.com", id="longer-in-lower-case"),
    ],
)
def test_emails_have_one_form(written: str, kept: str) -> None:
    assert users.normal_email(written) == kept
    assert users.normal_email(kept) == kept


NO_EMAILS = [
    pytest.param("", id="empty"),
    pytest.param("jan", id="no-at"),
    pytest.param("jan@", id="no-domain"),
    pytest.param("jan@localhost", id="no-dot"),
    pytest.param("a@b.example\x00", id="nul"),
    pytest.param("a\x00@b.example", id="nul-inside"),
    pytest.param("\ud800@b.example", id="lone-surrogate"),
    pytest.param("a@\udfff.example", id="lone-surrogate-in-domain"),
    pytest.param("a@b.example\r\nBcc: x@y.example", id="header"),
    pytest.param("x" * 250 + "@b.example", id="too-long"),
    pytest.param("x" * 1_000_000, id="a-million"),
]


@pytest.mark.parametrize("email", NO_EMAILS)
async def test_what_is_no_email_is_refused_without_its_value(email: str) -> None:
    assert await find_user(email) is None
    with pytest.raises(InvalidUser) as refused:
        await an_agent(email)
    assert refused.value.field == "email"
    assert str(refused.value) == "the user's email is not valid"
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


@pytest.mark.parametrize(
    ("field", "given"),
    [
        pytest.param("name", {"name": "  "}, id="blank-name"),
        pytest.param("name", {"name": "x" * 256}, id="long-name"),
        pytest.param("name", {"name": "a\x00b"}, id="nul-in-name"),
        pytest.param("name", {"name": "a\ud800"}, id="surrogate-in-name"),
        pytest.param("locale", {"locale": "nl; DROP"}, id="locale"),
        pytest.param("account", {"account_id": new_id()}, id="agent-with-account"),
        pytest.param("role", {"role": MerchantRole.OWNER}, id="agent-with-role"),
        pytest.param("account", {"kind": ViewerKind.MERCHANT, "role": MerchantRole.OWNER}, id="merchant-without-account"),
        pytest.param("role", {"kind": ViewerKind.MERCHANT, "account_id": new_id()}, id="merchant-without-role"),
    ],
)
async def test_an_impossible_user_is_refused_by_the_fields_name(field: str, given: dict[str, object]) -> None:
    with pytest.raises(InvalidUser) as refused:
        await add_user("a@b.example", **({"name": "Ana", "kind": ViewerKind.AGENT} | given))  # type: ignore[arg-type]  # a table
    assert refused.value.field == field


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("x" * (SHORTEST - 1), id="short"),
        pytest.param("x" * (LONGEST + 1), id="long"),
        pytest.param("x" * 20 + "\ud800", id="lone-surrogate"),
    ],
)
async def test_an_unusable_password_is_refused(password: str) -> None:
    with pytest.raises(UnusablePassword) as refused:
        await an_agent(password=password)
    assert password not in str(refused.value)


async def test_an_email_is_taken_once_however_it_is_written(database: str) -> None:
    first = await an_agent("ana@support.example")
    with pytest.raises(EmailTaken) as refused:
        await an_agent("ANA@Support.example")
    assert refused.value.user_id == first
    assert "ana" not in str(refused.value)


async def test_a_user_of_no_account_or_a_deleted_one_is_refused(database: str) -> None:
    account_id = await an_account()
    await delete_account(account_id)
    for nowhere in (account_id, new_id()):
        with pytest.raises(UnknownAccount):
            await a_merchant(account_id=nowhere)


async def test_deactivating_ends_sessions_and_tokens_and_is_announced(database: str) -> None:
    user_id, other_id = await an_agent(), await a_merchant()
    session, token = await sign_in("ana@support.example", PASSWORD, HERE), await create_token(user_id)
    others = await create_token(other_id)
    ids = await fetch("SELECT id FROM sessions UNION SELECT id FROM tokens WHERE user_id = :id", id=user_id)
    async with hearing() as queue:
        await deactivate(user_id)
        assert await heard(queue, 2) == {uuid(row["id"]) for row in ids}
    assert await viewer_of_session(session.token) is None
    assert await viewer_of_token(token) is None
    assert await live_sessions() == 0
    assert await find_user("ana@support.example") is None
    assert await viewer_of_token(others) is not None


async def test_another_role_counts_at_once_ends_nothing_and_is_announced(database: str) -> None:
    user_id = await a_merchant("jan@fietsen.example")
    session, token = await sign_in("jan@fietsen.example", PASSWORD, HERE), await create_token(user_id)
    ended = await create_token(user_id)
    await end_token(ended)
    ids = await fetch("SELECT id FROM sessions UNION SELECT id FROM tokens WHERE ended_at IS NULL")
    async with hearing() as queue:
        await change_role(user_id, MerchantRole.MEMBER)
        assert await heard(queue, 2) == {uuid(row["id"]) for row in ids}
    for viewer in (await viewer_of_session(session.token), await viewer_of_token(token), await find_user("jan@fietsen.example")):
        assert viewer is not None
        assert viewer.roles == {MerchantRole.MEMBER}


async def test_an_agent_a_deactivated_user_and_nobody_have_no_role_to_change(database: str) -> None:
    gone = await a_merchant("gone@fietsen.example")
    await deactivate(gone)
    for user_id in (await an_agent(), gone, new_id()):
        with pytest.raises(UnknownUser):
            await change_role(user_id, MerchantRole.OWNER)


async def test_deactivating_twice_is_fine_and_keeps_the_first_time(database: str) -> None:
    user_id = await an_agent()
    await deactivate(user_id)
    first = await fetch("SELECT deactivated_at FROM users")
    await deactivate(user_id)
    assert await fetch("SELECT deactivated_at FROM users") == first
    with pytest.raises(UnknownUser):
        await create_token(user_id)
    with pytest.raises(UnknownUser):
        await deactivate(new_id())
