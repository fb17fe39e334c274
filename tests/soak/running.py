"""A soak from beginning to end: a database, its servers, everybody who asks, a fault now and then, and what is left when they are gone."""

from __future__ import annotations

import asyncio
import math
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import asyncpg
import orjson

from models import database, roles
from models.database import close_database, migrate, open_database
from models.roles import Purpose
from resolvers import documents
from service.tidying import TIDY_SECONDS, tidy
from tests.asking import parcel_id
from tests.databases import Postgres
from tests.faults.storm import FILE
from tests.revocation.history import Verdict
from tests.revocation.storm import LIVE
from tests.serving import _looked_at, until
from tests.soak.apart import between_apart
from tests.soak.asking import NotAnswered, Soak
from tests.soak.faults import FAULTS, SERVER_ROLE, Ground, drawn
from tests.soak.flatness import Life, read
from tests.soak.fleet import Place
from tests.soak.judging import Judge
from tests.soak.load import Consents, Listener, clients, come_and_go, listeners
from tests.soak.report import Report
from tests.soak.town import a_town

SAMPLE_SECONDS = 2.0
PROGRESS_SECONDS = 10.0
PATIENCE_SECONDS = 60.0
#: Connections of a process to PostgreSQL, at most: its pool's, and the listener's.
CONNECTIONS = 11
#: Descriptors a process may keep beyond those it had before anybody came, and its connections: files of SQLite, a request of our own.
SPARE_DESCRIPTORS = 6
#: What SQLite keeps of the changes.
KEPT_CHANGES = 1_000


@dataclass(frozen=True)
class Plan:
    """`database` is `postgres` or `sqlite`. A fault begins `every` so many seconds, of those `named` or of all; then `heal_seconds` are allowed.

    `database_seconds` is the servers' setting: on a machine that is too slow for it, errors come without a fault.
    """

    database: str
    seconds: float
    seed: int
    every: float = 60.0
    heal_seconds: float = 5.0
    named: Sequence[str] = ()
    database_seconds: float = 3.0


@dataclass
class Samples:
    """What was read of the processes and of the database so far."""

    lives: dict[tuple[int, int], Life] = field(default_factory=dict)
    before: dict[int, int] = field(default_factory=dict)  # descriptors of a process before anybody came, by server
    most_connections: int = 0


async def soak(plan: Plan, folder: Path, say: Callable[[str], None]) -> Report:
    """Run it. `say` is told of the progress, a line now and then."""
    chance = random.Random(plan.seed)  # noqa: S311 (nothing secret)
    report, samples = Report(plan.database, plan.seed), Samples()
    async with _standing(plan, folder, chance) as ground:
        it, began = ground.soak, time.time()
        _sample(it, samples)
        samples.before = {place.number: max(_descriptors(samples, place)) for place in it.places}
        heard = listeners(it)
        await _lasting(plan, ground, heard, samples, folder, say)
        report.seconds = time.time() - began
        async with _listening(heard):
            await _hears(report, it, heard)
        _tell(report, it, began)
        await _rests(report, ground, samples)
        await _holds(report, ground)
        await _looked_at([place.server for place in it.places])
        report.logged = _logged(it.places)
    return report


# The database and its servers.


@asynccontextmanager
async def _standing(plan: Plan, folder: Path, chance: random.Random) -> AsyncIterator[Ground]:
    """A database with a town in it, and servers, all ready. Everything is stopped at the end."""
    async with AsyncExitStack() as opened:
        if plan.database == "sqlite":
            url = f"sqlite://{folder / 'latchkey.sqlite3'}"
            await migrate(url)
            urls, postgres, proxy = [url, url], None, None
        else:
            postgres = opened.enter_context(Postgres(durable=True))
            url = await postgres.create_database()
            await migrate(url)
            restricted = await _restricted(url)
            proxy, through = await opened.enter_async_context(between_apart(restricted))
            urls = [through, restricted, restricted]
        await open_database(url)
        await documents.prepare()
        async with database.transaction():
            town = await a_town(agents=20 + int(plan.seconds / 6), watchers=2 * len(urls))
        await close_database()
        places = [
            Place(number, at, folder, plan.database_seconds, workers=2 if number == 2 else 1, spared=number == 0) for number, at in enumerate(urls)
        ]
        for place in places:
            opened.push_async_callback(place.close)
        await asyncio.gather(*(place.start() for place in places))
        yield Ground(Soak(places, town, Judge(plan.heal_seconds), chance), url, postgres, proxy)


async def _restricted(url: str) -> str:
    """The URL of a role that may do what a server does, and no more."""
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE ROLE {SERVER_ROLE} LOGIN")
    await connection.close()
    await open_database(url)
    await roles.apply({Purpose.SERVER: SERVER_ROLE})
    await close_database()
    return url.replace("postgres@", f"{SERVER_ROLE}@")


# While it lasts.


async def _lasting(plan: Plan, ground: Ground, heard: list[Listener], samples: Samples, folder: Path, say: Callable[[str], None]) -> None:
    it = ground.soak
    async with _listening(heard), asyncio.TaskGroup() as group:
        asked = [group.create_task(each) for each in clients(it, ground.url, folder)]
        watching = [group.create_task(_sampling(ground, samples)), group.create_task(_telling(it, samples, say))]
        try:
            await _strike(plan, ground)
            await it.calm()
        finally:
            it.over.set()
            await asyncio.wait(asked, timeout=PATIENCE_SECONDS)
            for task in (*asked, *watching):
                task.cancel()


@asynccontextmanager
async def _listening(heard: list[Listener]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each.listen()) for each in heard]
        yield
        for task in tasks:
            task.cancel()


async def _strike(plan: Plan, ground: Ground) -> None:
    """One fault after the other, with calm before the first and after the last."""
    it, began = ground.soak, time.time()
    names = drawn(it, list(plan.named or FAULTS[plan.database]))
    for number in range(1, max(2, math.ceil(plan.seconds / plan.every))):
        await asyncio.sleep(max(plan.heal_seconds, began + number * plan.every - time.time()))
        name = next(names)
        fault = FAULTS[plan.database][name]
        place = fault.where(ground)
        with it.judge.during(name, fault.expected, None if place is None else place.number, time.time):
            await fault.act(ground, place)
    await asyncio.sleep(max(0.0, began + plan.seconds - time.time()))


async def _sampling(ground: Ground, samples: Samples) -> None:
    while True:
        _sample(ground.soak, samples)
        if ground.soak.judge.is_calm(time.time()):
            samples.most_connections = max(samples.most_connections, (await _connections(ground))[0])
        await asyncio.sleep(SAMPLE_SECONDS)


def _sample(it: Soak, samples: Samples) -> None:
    for place in it.places:
        for process in place.processes() if place.is_up else ():
            try:
                found = read(process, time.time())
            except OSError:  # it is gone
                continue
            samples.lives.setdefault((place.number, process), Life(place.number, process)).readings.append(found)


def _descriptors(samples: Samples, place: Place) -> list[int]:
    return [samples.lives[place.number, process].readings[-1].descriptors for process in place.processes()]


async def _connections(ground: Ground) -> tuple[int, int]:
    """Sessions of servers in PostgreSQL, and how many of them listen."""
    if ground.postgres is None:
        return 0, 0
    counts = "json_build_array(count(*), count(*) FILTER (WHERE query LIKE 'LISTEN%'))"
    try:
        found = await ground.postgres.run(f"SELECT {counts} FROM pg_stat_activity WHERE usename = '{SERVER_ROLE}'")
    except (OSError, asyncpg.PostgresError):  # a fault has just begun
        return 0, 0
    connections, listening = orjson.loads(str(found))
    return connections, listening


async def _telling(it: Soak, samples: Samples, say: Callable[[str], None]) -> None:
    began, before, told = time.time(), 0, 0
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        for trouble in list(it.judge.unexpected)[told:]:
            told += 1
            say(f"✗ {trouble}")
        answers = sum(it.judge.answers.values())
        latest = [each.readings[-1] for each in samples.lives.values() if each.readings[-1].at > time.time() - 3 * SAMPLE_SECONDS]
        megabytes = sorted(each.megabytes for each in latest) or [0.0]
        fault = "" if it.judge.is_calm(time.time()) else f" ({it.judge.windows[-1].fault})"
        a_second = (answers - before) / PROGRESS_SECONDS
        say(
            f"{time.time() - began:5.0f} s: {answers:,} answers ({a_second:.0f}/s), {len(it.judge.windows)} faults{fault},"
            f" trouble {it.judge.expected.total()} expected {it.judge.unexpected.total()} not, {sum(it.wrong.values())} wrong reads,"
            f" {megabytes[0]:.0f} to {megabytes[-1]:.0f} MB, {max((each.descriptors for each in latest), default=0)} descriptors"
        )
        before = answers


# What came of it.


def _tell(report: Report, it: Soak, began: float) -> None:
    """What was answered, and what went wrong."""
    report.answers, report.events = it.judge.answers, it.events
    report.reads = Counter({verdict.value: it.verdicts[verdict] for verdict in Verdict})
    report.changes = len(it.consent.changes) + len(it.claim.changes)
    report.slowest_seconds = {"all calm": it.slowest[True], "a fault around": it.slowest[False]}
    for window in it.judge.windows:
        lasted, healed = it.judge.lasted(window)
        report.faults.append({"fault": window.fault, "server": window.place, "began": window.began - began, "lasted": lasted, "healed": healed})
    report.expected = [{"fault": fault, "trouble": trouble.value, "times": times} for (fault, trouble), times in it.judge.expected.items()]
    for verdict, times in it.wrong.items():
        report.require(times == 0, f"{times} reads were {verdict}")
    report.problems += [
        f"{times} × {trouble}, first at {it.judge.first[trouble] - began:.0f} s" for trouble, times in it.judge.unexpected.most_common()
    ]
    for kind in (Verdict.SHOWN, Verdict.WITHHELD):
        report.require(it.verdicts[kind] > 0, f"no read found it {kind}: nothing was proved")


async def _hears(report: Report, it: Soak, heard: list[Listener]) -> None:
    """Each subscription is told of a grant, a revoke and a claim, and each server reads them so."""
    to_consents = [each for each in heard if each.document == LIVE]
    consents = Consents(it)
    try:
        for act, opens, state in ((consents.grant, True, "ACTIVE"), (consents.revoke, False, "OFF")):
            await consents.change(act, opens=opens)
            for place in it.places:
                await come_and_go(it, place)
            await until(lambda state=state: all(each.heard == [state] for each in to_consents), PATIENCE_SECONDS)  # type: ignore[misc]
        shop = it.town.claimed
        told = await it.ask("file a claim", shop.owner, FILE, {"id": parcel_id(shop.parcels[0].id)})
        claim = told.data["fileClaim"]["claim"]["id"]
        await until(lambda: all(claim in each.heard for each in heard if each not in to_consents), PATIENCE_SECONDS)
    except (AssertionError, NotAnswered):
        report.problems.append("in the end not every subscription heard of a change")
    report.counted["subscriptions that heard of a change in the end"] = len(heard)


async def _rests(report: Report, ground: Ground, samples: Samples) -> None:
    """When everybody is gone, so is what they held: descriptors, connections, listeners."""
    it = ground.soak
    for place in it.places:
        await place.client.aclose()
    running = sum(len(place.processes()) for place in it.places)
    most = {place.number: samples.before[place.number] + CONNECTIONS + SPARE_DESCRIPTORS for place in it.places}

    def at_rest() -> bool:
        _sample(it, samples)
        return all(max(_descriptors(samples, place)) <= most[place.number] for place in it.places)

    try:
        await until(at_rest, PATIENCE_SECONDS)
    except AssertionError:
        report.problems.append("descriptors stay open when everybody is gone")
    rest = {(place.number, process) for place in it.places for process in place.processes()}
    for name, life in samples.lives.items():
        report.note_process(life, life.readings[-1].descriptors if name in rest else None)
    if ground.postgres is None:
        return
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (await _connections(ground))[1] != running and time.monotonic() < deadline:  # noqa: ASYNC110 (PostgreSQL tells by being asked)
        await asyncio.sleep(0.1)
    connections, listening = await _connections(ground)
    report.counted |= {"connections to PostgreSQL": connections, "at most, in calm": samples.most_connections, "listeners": listening}
    report.require(listening == running, f"{listening} listeners of {running} processes")
    report.require(connections <= running * CONNECTIONS, f"{connections} connections of {running} processes")
    report.require(samples.most_connections <= running * CONNECTIONS, f"{samples.most_connections} connections of {running} processes, once")


async def _holds(report: Report, ground: Ground) -> None:
    """What was promised stands in the database, what was shown in the access log, and what is over is tidied away."""
    it = ground.soak
    await open_database(ground.url)
    report.problems += await it.promises.broken()
    logged = "SELECT agent_id, COUNT(*) AS times FROM access_log WHERE action = 'VIEW_PERSONAL_DATA' GROUP BY agent_id"
    rows = {database.uuid(row["agent_id"]): int(row["times"]) for row in await database.fetch(logged)}
    for agent, times in it.looks.items():
        found = rows.get(agent, 0)
        report.require(found >= times, f"agent {agent} was shown {times} times by sockets, and {found} are recorded")
    report.counted |= {f"kept: {name}": times for name, times in it.promises.kept.items()}
    report.counted["shown by sockets"] = sum(it.looks.values())
    report.counted["rows of the access log"] = sum(rows.values())
    await _sessions(report, it)
    late = await database.clock() - timedelta(seconds=2 * TIDY_SECONDS + 60)
    untidy = await _count("export_links WHERE used_at < :late", late=late)
    report.require(untidy == 0, f"{untidy} links that were used long ago, and no server forgot them")
    before = {table: await _count(table) for table in ("export_links", "budget_leases", "changes", "sign_in_attempts")}
    await close_database()
    await open_database(it.places[-1].database_url)  # as a server
    await tidy()
    after = {table: await _count(table) for table in before}
    report.counted |= {f"{table} before tidying": count for table, count in before.items()}
    report.counted |= {f"{table} after it": count for table, count in after.items()}
    links = await _count("export_links WHERE used_at IS NOT NULL")
    leases = await _count("budget_leases WHERE minute < :minute", minute=int(time.time() / 60) - 3)
    report.require(links + leases == 0, f"{links} used links and {leases} leases that are over are not tidied away")
    report.require(after["changes"] <= KEPT_CHANGES, f"{after['changes']} changes that everybody heard of are not tidied away")
    await close_database()


async def _sessions(report: Report, it: Soak) -> None:
    """As many as signed in, and as many open as did not sign out; but for those whose sign-in or sign-out had no answer."""
    sessions = it.sessions
    made, still = await _count("sessions"), await _count("sessions WHERE ended_at IS NULL")
    report.counted |= {"sessions": made, "sessions open": still, "sessions whose end had no answer": sessions.doubtful}
    report.require(0 <= made - sessions.opened <= sessions.doubtful, f"{made} sessions of {sessions.opened} sign-ins")
    report.require(0 <= still - (sessions.opened - sessions.ended - sessions.doubtful) <= 2 * sessions.doubtful, f"{still} sessions are open")
    report.require(sessions.ended > 0, "nobody signed in and out")


async def _count(what: str, **params: object) -> int:
    return int((await database.fetch(f"SELECT COUNT(*) AS n FROM {what}", **params))[0]["n"])


_LEVEL = re.compile(r"\[(warning|error|critical) *\] *(.*?)(?: +\S+=|$)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WORDS = re.compile(r"(error|where)=(\S+)")


def _logged(places: list[Place]) -> Counter[str]:
    """What the servers warned of, how often: the words, the type of an exception, and the line of ours it passed."""
    found: Counter[str] = Counter()
    for place in places:
        for line in _COLOUR.sub("", place.said()).splitlines():
            if level := _LEVEL.search(line):
                found[" ".join([level[2].strip(), *(value for _, value in _WORDS.findall(line))])] += 1
    return found
