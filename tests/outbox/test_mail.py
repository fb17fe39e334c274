"""E-mails, by a real SMTP server: who gets which, in which language, what stands in them and what never does; and a server that refuses or hangs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from string import Formatter
from typing import Any

import pytest

from identity import users
from models import database as db
from models.enums import Happening, InvestigationKind
from outbox import deliveries
from outbox.delivering import Deliverer
from outbox.letters import told as written
from outbox.mail import Mail, MailServer
from outbox.words import LANGUAGES, language
from policy.vocabulary import ClaimStatus, ConsentDuration
from resolvers import claims, consents
from tests.builders import Merchant, a_claim, a_merchant, a_parcel, an_agent
from tests.outbox.receiving import HEAD, Mailbox, a_mailbox, gate_of, serving_tls, trusting
from tests.outbox.test_what_is_told import looked

pytestmark = pytest.mark.usefixtures("told")
MARK = "Kenmerk7qz"


async def granted(merchant: Merchant) -> None:
    await consents.grant(gate_of(merchant.owner), merchant.id, ConsentDuration.ONE_HOUR)


async def address_of(user_id: object) -> str:
    return str((await db.fetch("SELECT email FROM users WHERE id = :id", id=user_id))[0]["email"])


def by(mail: Mail) -> Deliverer:
    return Deliverer(mail, HEAD, None)


async def test_owner_and_admin_are_told_in_their_language_with_what_machines_need(database: str, mailbox: Mailbox) -> None:
    merchant = await a_merchant()
    await db.execute("UPDATE users SET locale = 'nl-NL' WHERE id = :id", id=merchant.owner.id)
    await db.execute("UPDATE users SET locale = 'pt-PT' WHERE id = :id", id=merchant.admin.id)  # not one of ours: the account's, Dutch
    await db.execute("UPDATE users SET name = 'Eve\r\nBcc: all@example.com' WHERE id = :id", id=merchant.owner.id)
    await db.execute("UPDATE accounts SET company_name = 'Bikes\r\nBcc: all@example.com' WHERE id = :id", id=merchant.id)
    await granted(merchant)
    assert await by(mailbox.mail()).run_once() == 2
    assert {message["To"] for message in mailbox.messages} == {await address_of(merchant.owner.id), await address_of(merchant.admin.id)}
    assert len({message["Message-ID"] for message in mailbox.messages}) == 2
    for envelope, message in zip(mailbox.envelopes, mailbox.messages, strict=True):
        assert envelope.rcpt_tos == [message["To"]]
        assert (message["From"], message["Auto-Submitted"], message["Bcc"]) == ("latchkey@example.com", "auto-generated", None)
        assert message["Subject"] == "Medewerkers login: toestemming gegeven"
        assert message["Message-ID"].endswith("@example.com>")
        assert parsedate_to_datetime(message["Date"]).tzinfo is not None
        text = message.get_content().replace("\r\n", "\n")
        assert "Eve Bcc: all@example.com heeft Support medewerkers toestemming gegeven" in text
        assert "Account: Bikes Bcc: all@example.com\n" in text
        assert "Europe/Amsterdam (UTC+0" in text
        assert "https://panel.example.com" in text
        assert "token" not in text
    assert await by(mailbox.mail()).run_once() == 0


async def test_all_that_is_told_without_anything_of_the_parcels(database: str, mailbox: Mailbox) -> None:
    merchant, agent = await a_merchant(), gate_of(await an_agent())
    personal: tuple[str, ...] = (
        "name",
        "company_name",
        "street",
        "city",
        "note",
        "order_number",
        "tracking_number",
        "tracking_url",
        "external_reference",
        "postal_code",
    )
    marked: dict[str, Any] = dict.fromkeys(personal, MARK)
    parcel = await a_parcel(merchant, **marked, email=f"{MARK}@example.com")
    claim = await a_claim(parcel, filed_by=merchant.member, description=MARK)
    await granted(merchant)
    await looked(merchant)
    await claims.take(agent, claim)
    await claims.log_investigation(agent, claim, InvestigationKind.SENT_TO_CARRIER, MARK, MARK)
    await claims.close(agent, claim, ClaimStatus.RESOLVED, MARK)
    await granted(merchant)
    await consents.revoke(gate_of(merchant.owner), merchant.id)
    await by(mailbox.mail()).run_once()
    members = [message for message in mailbox.messages if message["To"] == await address_of(merchant.member.id)]
    assert [message["Subject"] for message in members] == ["Support is working on your claim", "News about your claim", "Your claim is closed"]
    owners = [message["Subject"] for message in mailbox.messages if message["To"] == await address_of(merchant.owner.id)]
    assert len(owners) == 8
    assert "Agent login: used for the first time" in owners
    assert len(mailbox.envelopes) == 8 + 8 + 3
    for text in mailbox.texts():
        assert MARK.lower() not in text.lower()
        assert str(parcel.id) not in text
        assert "{" not in text


async def test_who_is_gone_or_has_another_role_is_not_told(database: str, mailbox: Mailbox) -> None:
    merchant = await a_merchant()
    await granted(merchant)
    await deliveries.spread(frozenset({*by(mailbox.mail()).channels}))
    await users.deactivate(merchant.owner.id)
    await db.execute("UPDATE users SET role = 'MEMBER' WHERE id = :id", id=merchant.admin.id)
    assert await by(mailbox.mail()).run_once() == 2
    assert mailbox.envelopes == []
    assert (await deliveries.counts())["DROPPED"] == 2


async def test_by_starttls_and_not_without_it(database: str) -> None:
    merchant = await a_merchant()
    await granted(merchant)
    async with a_mailbox(tls_context=serving_tls("mail.example.com", "localhost"), require_starttls=True) as secure, a_mailbox() as plain:
        await by(Mail(MailServer("localhost", plain.port, tls=False, starttls=True), trust=trusting)).run_once()
        assert plain.envelopes == []
        await by(Mail(MailServer("localhost", secure.port, tls=False, starttls=True))).run_once()
        await db.execute("UPDATE outbox_deliveries SET due_at = {now}")
        await by(Mail(MailServer("localhost", secure.port, tls=False, starttls=True))).run_once()
        assert secure.envelopes == []  # nobody we trust signed its certificate
        await db.execute("UPDATE outbox_deliveries SET due_at = {now}")
        await by(Mail(MailServer("localhost", secure.port, tls=False, starttls=True), trust=trusting)).run_once()
        assert secure.secured == [True, True]


async def test_refused_for_now_is_tried_again_refused_for_good_is_parked(database: str, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]) -> None:
    merchant = await a_merchant()
    await granted(merchant)
    mailbox.says = "451 try jan@example.com later"
    await by(mailbox.mail()).run_once()
    assert {(each.state, each.problem) for each in await deliveries.troubled()} == {("WAITING", "SMTP 451")}
    assert await by(mailbox.mail()).run_once() == 0  # there is a pause
    mailbox.says = "550 no jan@example.com here"
    await db.execute("UPDATE outbox_deliveries SET due_at = {now}")
    await by(mailbox.mail()).run_once()
    assert {(each.state, each.problem) for each in await deliveries.troubled()} == {("PARKED", "SMTP 550")}
    mailbox.says = None
    await deliveries.retry()
    await by(mailbox.mail()).run_once()
    assert len(mailbox.envelopes) == 2
    assert "@" not in "".join(capsys.readouterr())  # what the server said is in no log


async def test_one_that_hangs_or_is_not_there_is_given_up(database: str, mailbox: Mailbox) -> None:
    await granted(await a_merchant())
    mailbox.held = asyncio.Event()
    await by(mailbox.mail(seconds=0.3)).run_once()
    assert {each.state for each in await deliveries.troubled()} == {"WAITING"}
    assert mailbox.envelopes == []
    await db.execute("UPDATE outbox_deliveries SET due_at = {now}")
    await by(Mail(MailServer("127.0.0.1", 1, tls=False, starttls=False))).run_once()
    assert {each.problem for each in await deliveries.troubled()} == {"SMTPConnectError"}


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_a_language_says_everything_with_the_words_of_the_feature(spoken: str) -> None:
    words = LANGUAGES[spoken]
    assert set(words.subjects) == set(words.texts) == set(Happening)
    assert {name for name in InvestigationKind if name is not InvestigationKind.MERCHANT_ANSWERED} == set(words.logged)
    feature = {
        "en": "Agent login",
        "nl": "Medewerkers login",
        "es": "Inicio de sesión del agente",
        "de": "Mitarbeiter-Login",
        "fr": "Accès de connexion d'un agent",
        "it": "Accesso all'agente",
    }
    assert all(subject.startswith(feature[spoken]) for kind, subject in words.subjects.items() if kind.startswith("CONSENT"))
    assert {kind: blanks(text) for kind, text in words.texts.items()} == {kind: blanks(text) for kind, text in LANGUAGES["en"].texts.items()}


def blanks(text: str) -> set[str]:
    """What is filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_languages_and_times() -> None:
    assert [language("de-AT", "nl"), language("pt", "fr-FR"), language("pt", None), language(None, None)] == ["de", "fr", "en", "en"]
    at = datetime(2026, 11, 26, 20, 5, tzinfo=UTC)
    assert written(at, "Europe/Amsterdam") == "2026-11-26 21:05 Europe/Amsterdam (UTC+01:00)"
    assert written(at, "UTC") == "2026-11-26 20:05 UTC"
    assert written(at, "Asia/Kolkata") == "2026-11-27 01:35 Asia/Kolkata (UTC+05:30)"


@pytest.mark.parametrize(
    ("url", "port", "tls", "starttls"),
    [
        pytest.param("smtp://user:p%40ss@mail.example.com", 587, False, True, id="starttls"),
        pytest.param("smtps://user:p%40ss@mail.example.com", 465, True, False, id="tls"),
        pytest.param("smtp://user:p%40ss@mail.example.com:25?tls=none", 25, False, False, id="none-said"),
        pytest.param("smtp://user:p%40ss@127.0.0.1:2525", 2525, False, False, id="this-machine"),
    ],
)
def test_a_server_is_reached_by_tls_unless_it_is_said(url: str, port: int, tls: bool, starttls: bool) -> None:
    found = MailServer.of(url)
    assert (found.port, found.tls, found.starttls, found.user, found.password) == (port, tls, starttls, "user", "p@ss")
    assert "p@ss" not in repr(found)


def test_the_settings_say_what_is_missing() -> None:
    assert Deliverer.of(on=False, smtp_url="smtp://mail.example.com", sender="", panel="") is None
    with pytest.raises(ValueError, match=r"^LATCHKEY_MESSAGES_FROM must be"):
        Deliverer.of(on=True, smtp_url="smtp://mail.example.com", sender="", panel="")
    with pytest.raises(ValueError, match=r"^LATCHKEY_SMTP_URL must be"):
        Deliverer.of(on=True, smtp_url="ftp://mail.example.com", sender="latchkey@example.com", panel="")
    only_webhooks = Deliverer.of(on=True, smtp_url=None, sender="", panel="")
    assert only_webhooks is not None
    assert only_webhooks.channels == {"WEBHOOK"}


@pytest.mark.parametrize("url", ["http://x.example", "smtp://", "smtp://x.example:port", "smtp://x.example/path", "smtp://x.example?tls=maybe", "x"])
def test_another_address_is_no_server(url: str) -> None:
    with pytest.raises(ValueError, match=r"^must be smtp://USER"):
        MailServer.of(url)
