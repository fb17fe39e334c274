"""Leaks, planted one at a time into a worker by patching what is ours. Each must be found: a test that no leak fails proves nothing.

A plant knows what is withheld (it reads the database when that is opened) and gives a little of it away, as a mistake would.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from engine import completion
from models import database
from policy.decision import Decision
from policy.vocabulary import Action, Basis, Reason, ViewerKind
from resolvers import consents, paging, parcels
from resolvers.errors import NotFound
from resolvers.gate import Gate
from schema import build, http
from schema.privacy import PiiExtension, PrivacyReport
from service.told import log as server_log
from tests.noninterference.worlds import OTHER, SECRET

PAIRS = "a pair differs"
READ = "a statement brings back what is withheld"
TIMED = "a Welch t-test"


@dataclass(frozen=True)
class Plant:
    """One leak, and what finds it."""

    plant: Callable[[], None]
    found_by: str = PAIRS


@dataclass
class Withheld:
    """What a leak would tell: of each parcel the name on it, and a few numbers of the whole."""

    names: dict[object, str] = field(default_factory=dict)
    events: int = 0
    debits: int = 0

    async def learn(self) -> None:
        rows = await database.fetch("SELECT parcel_id, name FROM parcel_personal_data")
        self.names = {database.uuid(row["parcel_id"]): row["name"] or "" for row in rows}
        self.events = (await database.fetch("SELECT COUNT(*) AS n FROM parcel_events"))[0]["n"]
        self.debits = (await database.fetch("SELECT COUNT(*) AS n FROM direct_debits WHERE account_holder LIKE 'Q%'"))[0]["n"]

    @property
    def secret(self) -> str:
        """The world it is, in a word."""
        return SECRET if any(name.startswith(SECRET) for name in self.names.values()) else OTHER

    @property
    def existing(self) -> int:
        return sum(1 for name in self.names.values() if name)


KNOWN = Withheld()


def _knowing() -> None:
    opened = database.open_database

    async def open_and_learn(*args: Any, **options: Any) -> None:
        await opened(*args, **options)
        await KNOWN.learn()

    vars(database)["open_database"] = open_and_learn


def _patch(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    _knowing()
    setattr(owner, name, make(getattr(owner, name)))


def _search_is_not_refused() -> None:
    """Both locks are open: the refusal before, and the condition in the statement itself."""

    async def nobody(*_: Any) -> dict[Any, Any]:
        return {}

    def make(conditions: Any) -> Any:
        return lambda viewer, *rest: conditions(replace(viewer, kind=ViewerKind.MERCHANT), *rest)

    _patch(parcels, "_refused_searches", lambda _: nobody)
    _patch(parcels, "_conditions", make)


def _sorted_by_name() -> None:
    def make(pages: Any) -> Any:
        async def sorted_pages(*args: Any, **options: Any) -> Any:
            found = await pages(*args, **options)
            for page in found.values():
                if hasattr(page, "rows"):
                    page.rows[:] = sorted(page.rows, key=lambda parcel: KNOWN.names.get(parcel.id, ""))
            return found

        return sorted_pages

    _patch(parcels, "pages", make)


def _cursor_tells() -> None:
    _patch(paging.Position, "cursor", lambda cursor: lambda self, noun: cursor(self, noun) + "A" * (len(KNOWN.names.get(self.id, "")) % 7))


def _counts_what_exists() -> None:
    def make(as_extension: Any) -> Any:
        def counted(self: PrivacyReport) -> Any:
            found = as_extension(self)
            for entry in found.get("withheld", ()):
                entry["count"] = min(entry["count"], KNOWN.existing)
                entry["count"] -= KNOWN.existing % 3
            return found

        return counted

    _patch(PrivacyReport, "as_extension", make)


def _length_of_a_chip() -> None:
    def make(as_extension: Any) -> Any:
        def measured(self: PrivacyReport) -> Any:
            found = as_extension(self)
            for entry in found.get("withheld", ()):
                entry["width"] = len(KNOWN.secret)
            return found

        return measured

    _patch(PrivacyReport, "as_extension", make)


def _error_text() -> None:
    def make(init: Any) -> Any:
        def told(self: NotFound, noun: str) -> None:
            init(self, f"{noun} of {KNOWN.secret}")

        return told

    _patch(NotFound, "__init__", make)


def _exception_text() -> None:
    def make(told: Any) -> Any:
        def unmasked(error: Any, request_id: str) -> Any:
            found = told(error, request_id)
            found.message += f" while reading {KNOWN.secret}"
            return found

        return unmasked

    _patch(build, "told", make)


def _etag() -> None:
    def make(json_response: Any) -> Any:
        def tagged(body: Any, status: int, media_type: str, headers: dict[str, str]) -> Any:
            return json_response(body, status, media_type, headers | {"ETag": f'"{len(KNOWN.secret)}{KNOWN.events}"'})

        return tagged

    _patch(http, "_json_response", make)


def _log_line() -> None:
    def make(record: Any) -> Any:
        async def told(self: Gate, *args: Any) -> Any:
            server_log.info("looked at", who=KNOWN.secret)
            return await record(self, *args)

        return told

    _patch(Gate, "record", make)


def _extension_removed() -> None:
    """The row was read, and the field shows it: both locks are open."""

    def make(resolve: Any) -> Any:
        def shown(self: PiiExtension, next_: Any, source: Any, info: Any, **options: Any) -> Any:
            found = resolve(self, next_, source, info, **options)
            parcel = getattr(source, "parcel_id", None) or getattr(source, "id", None)
            return KNOWN.names.get(parcel) if found is None and info.field_name in {"note", "orderNumber", "name"} else found

        return shown

    _patch(PiiExtension, "resolve", make)
    _patch(completion, "_is_plain", lambda plain: lambda declared: not declared.extensions and plain(declared))  # the engine asks it too


def _cached_decision() -> None:
    """What one parcel was allowed is believed of every other."""
    kept: dict[Action, Decision] = {}

    def make(ask: Any) -> Any:
        def remembered(self: Gate, action: Action, facts: Any) -> Decision:
            decision: Decision = ask(self, action, facts)
            if decision.allowed and action is Action.VIEW_PERSONAL_DATA and decision.basis is Basis.CLAIM:
                kept[action] = decision
            return kept.get(action, decision) if self.viewer and self.viewer.is_agent else decision

        return remembered

    _patch(Gate, "ask", make)
    parcels._ADMITTED = "1 = 1"


def _read_but_not_shown() -> None:
    parcels._ADMITTED = "1 = 1"


def _direct_debit_exists() -> None:
    def make(resolve: Any) -> Any:
        def told(self: PiiExtension, next_: Any, source: Any, info: Any, **options: Any) -> Any:
            if info.field_name == "directDebit" and not KNOWN.debits:
                return None  # there is nothing to refuse
            return resolve(self, next_, source, info, **options)

        return told

    _patch(PiiExtension, "resolve", make)


def _total_of_those_with_a_name() -> None:
    def make(counts: Any) -> Any:
        async def fewer(*args: Any) -> Any:
            return {account: count - (KNOWN.existing % 2) for account, count in (await counts(*args)).items()}

        return fewer

    _patch(parcels, "_counts", make)


def _reason_tells() -> None:
    def make(ask: Any) -> Any:
        def told(self: Gate, action: Action, facts: Any) -> Decision:
            decision: Decision = ask(self, action, facts)
            empty = facts is not None and facts.parcel_id is not None and not KNOWN.names.get(facts.parcel_id)
            return replace(decision, reason=Reason.UNDECIDED) if empty and decision.reason is Reason.NO_LIVE_CONSENT else decision

        return told

    _patch(Gate, "ask", make)


def _event_tells() -> None:
    """The state of Agent login carries when somebody's name was last looked up."""

    def make(of_rows: Any) -> Any:
        async def late(*args: Any, **options: Any) -> Any:
            found = await of_rows(*args, **options)
            if KNOWN.secret == OTHER:
                await database.fetch("SELECT 1 AS one")
            return found

        return late

    _patch(consents, "of_rows", make)


def _takes_longer() -> None:
    def make(ask: Any) -> Any:
        def slow(self: Gate, action: Action, facts: Any) -> Any:
            name = KNOWN.names.get(facts.parcel_id, "") if facts is not None and facts.parcel_id is not None else ""
            time.sleep(len(name) / 20_000)
            return ask(self, action, facts)

        return slow

    _patch(Gate, "ask", make)


PLANTS = {
    "a filter that is an oracle": Plant(_search_is_not_refused),
    "a list sorted by a name": Plant(_sorted_by_name),
    "a cursor that holds a length": Plant(_cursor_tells),
    "a count of the values there are": Plant(_counts_what_exists),
    "the length of a chip": Plant(_length_of_a_chip),
    "an error that names somebody": Plant(_error_text),
    "the text of an exception": Plant(_exception_text),
    "an ETag over what is withheld": Plant(_etag),
    "a line of the log": Plant(_log_line),
    "a field extension removed": Plant(_extension_removed),
    "a cached decision": Plant(_cached_decision),
    "a personal row read but not shown": Plant(_read_but_not_shown, READ),
    "whether there is a direct debit": Plant(_direct_debit_exists),
    "a total of those with a name": Plant(_total_of_those_with_a_name),
    "a reason that depends on the row": Plant(_reason_tells),
    "a statement more in one world": Plant(_event_tells),
    "an answer that takes longer": Plant(_takes_longer, TIMED),
}
