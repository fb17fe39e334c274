"""Agent login: granted for exactly as long as chosen, replaced, revoked, run out. One consent is open at a time, and the database's clock decides."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import models
from models import database as db
from models.database import Engine
from models.fields import new_id
from policy.vocabulary import ConsentState, Viewer
from schema.build import Schema
from schema.ids import global_id
from tests.asking import Answer, account_id, ask, parcel_id, recorded
from tests.builders import Merchant, a_consent, a_merchant, a_parcel, an_agent
from tests.schema.rungs import AGENTS, LIVE, Rung, a_ladder, contents

ROOT = Path(__file__).parent.parent.parent

CONSENT = "fragment C on Consent { id state duration grantedAt expiresAt endedAt grantedBy endedBy account { id } }"
LOGIN = CONSENT + " query ($id: ID!) { account(id: $id) { agentLogin { state now durations account { id } consent { ...C } } } }"
GRANT = (
    CONSENT + " mutation ($id: ID!, $d: ConsentDuration!) { grantConsent(input: {accountId: $id, duration: $d}) { consent { ...C } account { id } } }"
)
REVOKE = CONSENT + " mutation ($id: ID!) { revokeConsent(input: {accountId: $id}) { consent { ...C } account { id agentLogin { state } } } }"
HISTORY = CONSENT + " query ($id: ID!) { account(id: $id) { agentLogin { history { totalCount nodes { ...C } } } } }"
SEEN = "query ($id: ID!) { parcel(id: $id) { disclosure { shown basis reason until } recipient { name } } }"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def granted(schema: Schema, merchant: Merchant, duration: str = "ONE_DAY", by: Viewer | None = None) -> dict[str, Any]:
    answer = await ask(schema, by or merchant.owner, GRANT, {"id": account_id(merchant.id), "d": duration})
    assert answer.errors == []
    consent: dict[str, Any] = answer.data["grantConsent"]["consent"]
    return consent


async def revoked(schema: Schema, merchant: Merchant, by: Viewer | None = None) -> dict[str, Any] | None:
    answer = await ask(schema, by or merchant.owner, REVOKE, {"id": account_id(merchant.id)})
    assert answer.errors == []
    assert answer.data["revokeConsent"]["account"] == {"id": account_id(merchant.id), "agentLogin": {"state": "OFF"}}
    consent: dict[str, Any] | None = answer.data["revokeConsent"]["consent"]
    return consent


async def login(schema: Schema, merchant: Merchant, by: Viewer | None = None) -> dict[str, Any]:
    answer = await ask(schema, by or merchant.owner, LOGIN, {"id": account_id(merchant.id)})
    assert answer.errors == []
    found: dict[str, Any] = answer.data["account"]["agentLogin"]
    return found


async def history(schema: Schema, merchant: Merchant) -> list[dict[str, Any]]:
    answer = await ask(schema, merchant.owner, HISTORY, {"id": account_id(merchant.id)})
    found = answer.data["account"]["agentLogin"]["history"]
    assert found["totalCount"] == len(found["nodes"])
    consents: list[dict[str, Any]] = found["nodes"]
    return consents


async def run_out(merchant: Merchant) -> datetime:
    """Let the open consent run out a minute ago; when that was."""
    over = await db.clock() - timedelta(minutes=1)
    await db.execute(
        "UPDATE consents SET granted_at = :before, expires_at = :over WHERE live_for = :id",
        id=merchant.id,
        over=over,
        before=over - timedelta(hours=1),
    )
    return over


LENGTHS = {
    "ONE_HOUR": timedelta(hours=1),
    "EIGHT_HOURS": timedelta(hours=8),
    "ONE_DAY": timedelta(hours=24),
    "THREE_DAYS": timedelta(hours=72),
    "ONE_WEEK": timedelta(days=7),
    "ONE_MONTH": timedelta(days=30),
}


async def test_a_grant_lasts_exactly_as_long_as_was_chosen(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    for duration, length in LENGTHS.items():
        before = await db.clock()
        consent = await granted(schema, merchant, duration, merchant.admin)
        assert before <= moment(consent["grantedAt"]) <= await db.clock(), duration
        assert moment(consent["expiresAt"]) - moment(consent["grantedAt"]) == length, duration
        assert (consent["state"], consent["duration"], consent["endedAt"], consent["endedBy"]) == ("ACTIVE", duration, None, None)
        assert (consent["grantedBy"], consent["account"]) == (merchant.admin.name, {"id": account_id(merchant.id)})


async def test_every_duration_is_offered_and_there_is_no_for_ever(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    assert (await login(schema, merchant))["durations"] == list(LENGTHS)
    answer = await ask(schema, merchant.owner, GRANT, {"id": account_id(merchant.id), "d": "FOR_EVER"})
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_a_grant_replaces_the_live_one_counting_from_now(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    first = await granted(schema, merchant, "ONE_MONTH")
    second = await granted(schema, merchant, "ONE_HOUR", merchant.admin)
    assert moment(second["expiresAt"]) < moment(first["expiresAt"])
    assert moment(second["expiresAt"]) - moment(second["grantedAt"]) == timedelta(hours=1)
    new, old = await history(schema, merchant)
    assert new == second
    assert old == first | {"state": "REPLACED", "endedAt": second["grantedAt"], "endedBy": merchant.admin.name}
    assert (await login(schema, merchant))["consent"] == second


async def test_one_that_ran_out_never_stands_in_the_way_of_a_grant(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    first = await granted(schema, merchant, "ONE_HOUR")
    over = await run_out(merchant)
    shown = await login(schema, merchant)
    assert (shown["state"], shown["consent"]["id"], shown["consent"]["state"]) == ("OFF", first["id"], "EXPIRED")
    assert (moment(shown["consent"]["endedAt"]), shown["consent"]["endedBy"]) == (over, None)
    await granted(schema, merchant, "ONE_DAY", merchant.admin)
    new, old = await history(schema, merchant)
    assert (new["state"], old["state"], moment(old["endedAt"]), old["endedBy"]) == ("ACTIVE", "EXPIRED", over, None)
    assert (await login(schema, merchant))["state"] == "ACTIVE"


async def test_revoking_ends_it_at_once_and_twice_is_fine(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    given = await granted(schema, merchant)
    before = await db.clock()
    first = await revoked(schema, merchant, merchant.admin)
    assert first is not None
    assert first == given | {"state": "REVOKED", "endedAt": first["endedAt"], "endedBy": merchant.admin.name}
    assert before <= moment(first["endedAt"]) <= await db.clock()
    rows = await contents("changes")
    assert await revoked(schema, merchant, merchant.owner) == first
    assert await contents("changes") == rows
    assert (await login(schema, merchant))["consent"] == first


async def test_revoking_what_was_never_granted_answers_no_consent(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    assert await revoked(schema, merchant) is None
    shown = await login(schema, merchant)
    assert (shown["state"], shown["consent"], shown["account"]) == ("OFF", None, {"id": account_id(merchant.id)})
    assert await models.Consent.all().count() == 0


async def test_revoking_one_that_ran_out_leaves_it_run_out(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    await granted(schema, merchant)
    over = await run_out(merchant)
    ended = await revoked(schema, merchant)
    assert ended is not None
    assert (ended["state"], moment(ended["endedAt"]), ended["endedBy"]) == ("EXPIRED", over, None)


async def test_a_grant_after_the_end_starts_anew(database: str, schema: Schema) -> None:
    for state in (ConsentState.REVOKED, ConsentState.EXPIRED):
        merchant = await a_merchant()
        old = await a_consent(merchant, state)
        new = await granted(schema, merchant)
        found = [(each["id"], each["state"]) for each in await history(schema, merchant)]
        assert found == [(new["id"], "ACTIVE"), (global_id("Consent", old), state.value)]


async def test_the_order_of_two_grants_in_one_step_of_the_clock_is_kept(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    first = await granted(schema, merchant)
    second = await granted(schema, merchant)
    third = await granted(schema, merchant)
    await db.execute("UPDATE consents SET granted_at = (SELECT MIN(o.granted_at) FROM consents o)")
    # Ids are made before the lock is had: the later grant may have the smaller one.
    keys = sorted([consent.id for consent in await models.Consent.all()], reverse=True)
    spare = [UUID(int=number) for number in range(1, 4)]
    for key, new in zip(keys, spare, strict=True):
        await db.execute("UPDATE consents SET id = :new WHERE id = :key", key=key, new=new)
    assert (await login(schema, merchant))["consent"]["endedAt"] is None
    assert (await login(schema, merchant))["consent"]["id"] == global_id("Consent", spare[0])
    ended = await revoked(schema, merchant)
    assert ended is not None
    assert (ended["id"], ended["state"]) == (global_id("Consent", spare[0]), "REVOKED")
    assert len({first["id"], second["id"], third["id"]}) == 3


# Who sees what of it.


async def test_everyone_who_knows_the_account_sees_whether_it_is_on_and_only_owners_and_admins_the_history(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    document = "query ($id: ID!) { account(id: $id) { agentLogin { state consent { state } history { totalCount } } } }"
    async for rung, viewer in ladder.climb():
        answer = await ask(schema, viewer, document, {"id": account_id(ladder.merchant.id)})
        if rung in {Rung.NOBODY, Rung.OTHER}:
            assert answer.data == {"account": None}, rung
            assert answer.codes == ["UNAUTHENTICATED" if rung is Rung.NOBODY else "NOT_FOUND"], rung
            continue
        shown = answer.data["account"]["agentLogin"]
        assert shown["state"] == ("ACTIVE" if rung in LIVE else "OFF"), rung
        reasons = {Rung.MEMBER: ["MERCHANT_ROLE"], Rung.ADMIN: [], Rung.OWNER: []}.get(rung, ["NEVER_FOR_AGENTS"])
        assert answer.reasons == reasons, rung
        assert (shown["history"] is None) == bool(reasons), rung


async def test_who_granted_and_who_ended_is_shown_to_agents_under_a_live_consent_only(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    async for rung, viewer in ladder.climb(AGENTS):
        before = len(await recorded())
        shown = await login(schema, ladder.merchant, viewer)
        consent = shown["consent"] or {"grantedBy": None, "endedBy": None}
        assert (consent["grantedBy"] is not None) == (rung in LIVE), rung
        assert consent["endedBy"] is None, rung
        log = (await recorded())[before:]
        if rung in LIVE:
            assert [(event.parcel_id, event.fields_, event.categories) for event in log] == [
                (None, ["Consent.endedBy", "Consent.grantedBy"], ["IDENTITY"])
            ]
        else:
            assert log == [], rung


async def test_only_owners_and_admins_grant_and_revoke(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    expected = {
        Rung.NOBODY: ("UNAUTHENTICATED", "NOT_SIGNED_IN"),
        Rung.OTHER: ("NOT_FOUND", None),
        Rung.MEMBER: ("FORBIDDEN", "MERCHANT_ROLE"),
    }
    async for rung, viewer in ladder.climb():
        if rung in {Rung.ADMIN, Rung.OWNER}:
            continue
        before = await contents()
        for document, variables in ((GRANT, {"d": "ONE_DAY"}), (REVOKE, {})):
            answer = await ask(schema, viewer, document, {"id": account_id(ladder.merchant.id), **variables})
            assert set(answer.data.values()) == {None}, rung
            assert [(answer.codes[0], answer.reasons[0])] == [expected.get(rung, ("FORBIDDEN", "NEVER_FOR_AGENTS"))], rung
        assert await contents() == before, rung


async def test_granting_what_is_not_there_is_not_found_or_bad_input(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    for given, code in (
        (account_id(new_id()), "NOT_FOUND"),
        (parcel_id(merchant.id), "BAD_USER_INPUT"),
        ("jan@example.com", "BAD_USER_INPUT"),
    ):
        answer = await ask(schema, merchant.owner, GRANT, {"id": given, "d": "ONE_DAY"})
        assert answer.codes == [code], given
        assert "jan@example.com" not in answer.text
    assert await models.Consent.all().count() == 0


# One at a time.


async def test_sixteen_grants_at_once_leave_one_live(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    consents = await asyncio.gather(*(granted(schema, merchant, "ONE_HOUR", merchant.owner) for _ in range(16)))
    assert len({consent["id"] for consent in consents}) == 16
    await assert_one_live(schema, merchant, 16)


async def test_four_processes_granting_at_once_leave_one_live(database: str, database_url: str, schema: Schema) -> None:
    merchant = await a_merchant()
    command = [sys.executable, "-m", "tests.schema.granting", database_url, str(merchant.id), str(merchant.owner.id), "4"]
    pipe = asyncio.subprocess.PIPE
    processes = [await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe) for _ in range(4)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
        ends = await asyncio.wait_for(asyncio.gather(*(process.communicate(b"go\n") for process in processes)), 60)
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
    assert [error.decode() for _, error in ends] == [""] * 4
    assert [process.returncode for process in processes] == [0] * 4
    await assert_one_live(schema, merchant, 16)


async def assert_one_live(schema: Schema, merchant: Merchant, of: int) -> None:
    consents = await history(schema, merchant)
    states = [consent["state"] for consent in consents]
    assert (states.count("ACTIVE"), states.count("REPLACED")) == (1, of - 1)
    shown = await login(schema, merchant)
    assert (shown["state"], shown["consent"]["state"]) == ("ACTIVE", "ACTIVE")
    # Each was replaced at the very instant the next was granted: there was never a gap, and never two.
    starts = sorted(moment(consent["grantedAt"]) for consent in consents)
    assert sorted(moment(consent["endedAt"]) for consent in consents if consent["endedAt"]) == starts[1:]


async def test_granting_and_revoking_at_once_leave_at_most_one_live(database: str, schema: Schema) -> None:
    merchant = await a_merchant()
    grants = [granted(schema, merchant) for _ in range(8)]
    revokes = [ask(schema, merchant.admin, REVOKE, {"id": account_id(merchant.id)}) for _ in range(8)]
    found = await asyncio.gather(*[each for pair in zip(grants, revokes, strict=True) for each in pair])
    assert all(answer.errors == [] for answer in found if isinstance(answer, Answer))
    assert [consent["state"] for consent in await history(schema, merchant)].count("ACTIVE") <= 1


INSERT = """INSERT INTO consents (id, account_id, live_for, duration, granted_by_id, granted_at, expires_at, ended_at, ended_as)
    VALUES (:id, :account, :live_for, 'ONE_HOUR', :by, {now}, :expires_at, :ended_at, :ended_as)"""


async def row(merchant: Merchant, **given: Any) -> dict[str, Any]:
    now = await db.clock()
    plain = {"live_for": merchant.id, "expires_at": now + timedelta(hours=1), "ended_at": None, "ended_as": None}
    return {"id": new_id(), "account": merchant.id, "by": merchant.owner.id, **plain, **given}


async def test_a_second_live_one_cannot_be_written_whoever_writes_it(database: str) -> None:
    merchant, other = await a_merchant(), await a_merchant("Other Outdoors")
    await db.execute(INSERT, **await row(merchant))
    with pytest.raises(db.DatabaseError, match=r"(?i)unique"):
        await db.execute(INSERT, **await row(merchant))
    await db.execute(INSERT, **await row(other))
    ended = await row(merchant, live_for=None, ended_at=await db.clock(), ended_as="REVOKED")
    await db.execute(INSERT, **ended)
    with pytest.raises(db.DatabaseError, match=r"(?i)unique"):
        await db.execute("UPDATE consents SET live_for = account_id, ended_at = NULL, ended_as = NULL WHERE id = :id", id=ended["id"])


CHECKED: list[tuple[str, Callable[[Merchant, Merchant, datetime], dict[str, Any]]]] = [
    ("live but not for its account", lambda merchant, other, now: {"live_for": other.id}),
    ("open but live for nobody", lambda merchant, other, now: {"live_for": None}),
    ("ended but live", lambda merchant, other, now: {"ended_at": now, "ended_as": "REVOKED"}),
    ("ended but not said how", lambda merchant, other, now: {"live_for": None, "ended_at": now}),
    ("said how but not when", lambda merchant, other, now: {"live_for": None, "ended_as": "REVOKED"}),
    ("over before it began", lambda merchant, other, now: {"expires_at": now - timedelta(hours=1)}),
]


async def test_a_consent_that_contradicts_itself_cannot_be_written(database: str) -> None:
    merchant, other = await a_merchant(), await a_merchant("Other Outdoors")
    now = await db.clock()
    for what, wrong in CHECKED:
        with pytest.raises(db.DatabaseError, match=r"(?i)check"):
            await db.execute(INSERT, **await row(merchant, **wrong(merchant, other, now)))
        assert await models.Consent.all().count() == 0, what


# Exact.

NOON = datetime(2031, 5, 17, 12, 0, 0, tzinfo=UTC)
Clock = Callable[[datetime], None]


@pytest.fixture
def clock(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Stop the database's clock at an instant: what its SQL says of now is that, on either engine."""

    def stop_at(now: datetime) -> None:
        text = f"'{now.isoformat(' ', 'microseconds')}'"
        monkeypatch.setattr(db, "_NOW", {Engine.SQLITE: text, Engine.POSTGRES: f"TIMESTAMPTZ {text}"})
        db._statement.cache_clear()

    yield stop_at
    monkeypatch.undo()
    db._statement.cache_clear()


async def test_expires_at_is_exclusive_to_the_microsecond(database: str, schema: Schema, clock: Clock) -> None:
    clock(NOON)
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    consent = await granted(schema, merchant, "ONE_HOUR")
    assert (consent["grantedAt"], consent["expiresAt"]) == ("2031-05-17T12:00:00Z", "2031-05-17T13:00:00Z")
    tick = timedelta(microseconds=1)
    for now, live in (
        (NOON, True),
        (NOON + timedelta(hours=1) - tick, True),
        (NOON + timedelta(hours=1), False),
        (NOON + timedelta(hours=1) + tick, False),
    ):
        clock(now)
        shown = await login(schema, merchant)
        assert moment(shown["now"]) == now
        assert (shown["state"], shown["consent"]["state"]) == (("ACTIVE", "ACTIVE") if live else ("OFF", "EXPIRED")), now
        assert shown["consent"]["endedAt"] == (None if live else consent["expiresAt"])
        answer = await ask(schema, agent, SEEN, {"id": parcel_id(parcel.id)})
        basis = {"shown": True, "basis": "CONSENT", "reason": None, "until": consent["expiresAt"]}
        withheld = {"shown": False, "basis": None, "reason": "NO_LIVE_CONSENT", "until": None}
        assert answer.data["parcel"] == {
            "disclosure": basis if live else withheld,
            "recipient": {"name": "Jan Bakker" if live else None},
        }, now
        assert answer.reasons == []


async def test_at_the_instant_it_runs_out_a_grant_finds_it_run_out_and_a_tick_before_live(database: str, schema: Schema, clock: Clock) -> None:
    for late, state, ended_by in ((-1, "REPLACED", "Admin of Bakker Bikes"), (0, "EXPIRED", None)):
        clock(NOON)
        merchant = await a_merchant()
        first = await granted(schema, merchant, "ONE_HOUR")
        now = NOON + timedelta(hours=1, microseconds=late)
        clock(now)
        await granted(schema, merchant, "ONE_HOUR", merchant.admin)
        old = (await history(schema, merchant))[1]
        assert (old["id"], old["state"], moment(old["endedAt"]), old["endedBy"]) == (first["id"], state, now, ended_by)


async def test_the_databases_own_clock_says_when_it_is_over(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    await a_consent(merchant)
    set_to = "UPDATE consents SET granted_at = :long_ago, expires_at = :at"
    for from_now, live in (
        (timedelta(days=-1), False),
        (timedelta(milliseconds=-1), False),
        (timedelta(0), False),
        (timedelta(minutes=1), True),
    ):
        before = len(await recorded())
        await db.execute(set_to, long_ago=NOON.replace(year=2001), at=await db.clock() + from_now)
        answer = await ask(schema, agent, SEEN, {"id": parcel_id(parcel.id)})
        assert answer.data["parcel"]["disclosure"]["shown"] is live, from_now
        assert ("Jan Bakker" in answer.text) is live, from_now
        assert len(await recorded()) - before == live, from_now


class _Anytime(type(datetime)):  # type: ignore[misc] # datetime's metaclass is type, but mypy takes it for a value
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)


@pytest.mark.parametrize("year", [pytest.param(1999, id="years-behind"), pytest.param(2999, id="years-ahead")])
async def test_this_processs_clock_does_not_matter(database: str, schema: Schema, monkeypatch: pytest.MonkeyPatch, year: int) -> None:
    far_off = datetime(year, 1, 1, tzinfo=UTC)

    class Wrong(datetime, metaclass=_Anytime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override] # it need not be a Wrong itself
            return far_off.astimezone(tz)

        @classmethod
        def fromisoformat(cls, text: str) -> datetime:  # type: ignore[override] # as above: drivers take real ones only
            return datetime.fromisoformat(text)

        @classmethod
        def fromtimestamp(cls, seconds: float, tz: Any = None) -> datetime:  # type: ignore[override] # as above
            return datetime.fromtimestamp(seconds, tz)

        @classmethod
        def utcnow(cls) -> datetime:  # type: ignore[override] # as above
            return far_off.replace(tzinfo=None)

    monkeypatch.setattr(time, "time", far_off.timestamp)
    monkeypatch.setattr(time, "time_ns", lambda: int(far_off.timestamp()) * 10**9)
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in {"policy", "models", "resolvers", "schema"} and getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", Wrong)
    assert db.utc_now() == far_off

    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    before = await db.clock()
    consent = await granted(schema, merchant, "ONE_HOUR")
    assert before <= moment(consent["grantedAt"]) <= await db.clock()
    assert moment(consent["expiresAt"]) - moment(consent["grantedAt"]) == timedelta(hours=1)
    assert (await ask(schema, agent, SEEN, {"id": parcel_id(parcel.id)})).data["parcel"]["recipient"]["name"] == "Jan Bakker"
    assert before <= (await recorded())[0].at <= await db.clock()
    await run_out(merchant)
    assert (await login(schema, merchant))["state"] == "OFF"
    assert (await ask(schema, agent, SEEN, {"id": parcel_id(parcel.id)})).data["parcel"]["recipient"]["name"] is None


async def test_once_revoke_has_answered_no_read_that_starts_later_discloses(database: str, schema: Schema) -> None:
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)

    looks: list[tuple[float, bool]] = []

    async def look(times: int) -> None:
        for _ in range(times):
            started = time.monotonic()
            answer = await ask(schema, agent, SEEN, {"id": parcel_id(parcel.id)})
            looks.append((started, answer.data["parcel"]["recipient"]["name"] is not None))

    over: list[float] = []

    async def revoke() -> None:
        await revoked(schema, merchant)
        over.append(time.monotonic())

    await granted(schema, merchant)
    await look(1)
    await asyncio.gather(*(look(8) for _ in range(3)), revoke())
    await look(1)
    assert looks[0][1] is True
    assert [started for started, shown in looks if shown and started >= over[0]] == []


async def test_the_state_is_read_by_id_wherever_a_consent_is(database: str, schema: Schema) -> None:
    ladder = await a_ladder()
    consent = await a_consent(ladder.merchant)
    document = CONSENT + " query ($id: ID!) { node(id: $id) { ...C } }"
    for viewer, seen in ((None, False), (ladder.other.owner, False), (ladder.merchant.member, True), (ladder.agent, True)):
        answer = await ask(schema, viewer, document, {"id": global_id("Consent", consent)})
        assert (answer.data["node"] is not None) is seen
        if seen:
            assert answer.data["node"]["state"] == "ACTIVE"
            assert answer.data["node"]["account"] == {"id": account_id(ladder.merchant.id)}
