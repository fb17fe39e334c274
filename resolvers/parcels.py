"""Parcels: a page, one, several.

SQL gathers, Python decides: one statement takes the page, looks up each row's live consent and open claim by the database's clock, and
joins the personal rows of those that have one; `gate.ask` then decides, and what it does not allow is dropped before anything sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from models import database, spans
from models.enums import ParcelDirection, ParcelStatus
from policy.decision import Decision, Facts
from policy.vocabulary import Action, PiiCategory, Reason, Viewer
from resolvers import claims as claims_of
from resolvers import documents as documents_of
from resolvers import facts as facts_of
from resolvers import search_keys, texts
from resolvers.errors import LatchkeyError, NotFound, Refused
from resolvers.facts import CLAIM_OPENS
from resolvers.gate import Disclosure, Gate, Shown
from resolvers.paging import COUNTED_UP_TO, Page, Position, Window, page
from resolvers.selection import Selection

if TYPE_CHECKING:
    from resolvers.accounts import Account
    from resolvers.claims import Claim
    from resolvers.documents import Document

MOST_FOR_AGENTS = 100
MOST_FOR_MERCHANTS = 500


@dataclass(frozen=True, slots=True, repr=False)
class Money:
    """An amount as decimal text, in an ISO 4217 currency."""

    amount: str
    currency: str


@dataclass(frozen=True, slots=True, repr=False)
class ParcelItem:
    """What is in the parcel."""

    description: str
    quantity: int
    weight_grams: int | None
    value: Money | None
    sku: str | None
    hs_code: str | None
    origin_country: str | None


@dataclass(slots=True)
class TrackingEvent:
    """What the carrier reported."""

    status: ParcelStatus = field(repr=False)
    occurred_at: datetime = field(repr=False)
    shown: Shown = field(repr=False)
    location: str | None = field(repr=False)
    message: str | None = field(repr=False)


@dataclass(slots=True)
class Recipient:
    """The data subject: the addressee of an outgoing parcel, the sender of a return. Its country is there where it was asked for."""

    shown: Shown = field(repr=False)
    country: str | None = field(repr=False, init=False)
    name: str | None = field(repr=False, default=None)
    company_name: str | None = field(repr=False, default=None)
    email: str | None = field(repr=False, default=None)
    phone: str | None = field(repr=False, default=None)
    street: str | None = field(repr=False, default=None)
    house_number: str | None = field(repr=False, default=None)
    address_line2: str | None = field(repr=False, default=None)
    postal_code: str | None = field(repr=False, default=None)
    city: str | None = field(repr=False, default=None)
    region: str | None = field(repr=False, default=None)
    tax_number: str | None = field(repr=False, default=None)


@dataclass(slots=True)
class Parcel:
    """A parcel as this caller may see it: personal fields are None unless `shown` allows them.

    What stands below `recipient` is there where it was asked for: of the outline, reading what was not raises AttributeError.
    """

    id: UUID
    account_id: UUID
    created_at: datetime
    announced_at: datetime | None
    asked: Facts = field(repr=False)
    shown: Shown = field(repr=False)
    recipient: Recipient = field(repr=False)
    status: ParcelStatus = field(repr=False, init=False)
    carrier: str | None = field(repr=False, init=False)
    shipping_method: str | None = field(repr=False, init=False)
    direction: ParcelDirection = field(repr=False, init=False)
    weight_grams: int | None = field(repr=False, init=False)
    length_mm: int | None = field(repr=False, init=False)
    width_mm: int | None = field(repr=False, init=False)
    height_mm: int | None = field(repr=False, init=False)
    collo_number: int = field(repr=False, init=False)
    collo_count: int = field(repr=False, init=False)
    updated_at: datetime = field(repr=False, init=False)
    version: int | None = field(repr=False, default=None)
    order_number: str | None = field(repr=False, default=None)
    external_reference: str | None = field(repr=False, default=None)
    tracking_number: str | None = field(repr=False, default=None)
    tracking_url: str | None = field(repr=False, default=None)
    total_value: Money | None = field(repr=False, default=None)
    service_point: str | None = field(repr=False, default=None)
    note: str | None = field(repr=False, default=None)
    items: list[ParcelItem] | None = field(repr=False, default=None)
    documents: list[Document] | None = field(repr=False, default=None)
    events: list[TrackingEvent] | None = field(repr=False, default=None)
    claims: list[Claim] = field(repr=False, default_factory=list)
    account: Account | None = field(repr=False, default=None)

    @property
    def facts(self) -> Facts:
        """What the database knew of it: the same as of the row that was asked about for all like it."""
        return self.asked if self.asked.parcel_id == self.id else replace(self.asked, parcel_id=self.id)

    @property
    def disclosure(self) -> Decision:
        """Is the personal data of this parcel shown, on what basis, until when; or why not."""
        return self.shown[Action.VIEW_PERSONAL_DATA]


class ParcelOrder(Enum):
    """The orders a list of parcels can have. Nothing personal can be sorted by."""

    CREATED_DESC = "CREATED_DESC"
    CREATED_ASC = "CREATED_ASC"


@dataclass(frozen=True, slots=True)
class ParcelFilter:
    """Which parcels are asked for. The last three look at personal data."""

    status: Sequence[ParcelStatus] | None = None
    carrier: Sequence[str] | None = None
    country: Sequence[str] | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    has_open_claim: bool | None = None
    order_number: str | None = field(default=None, repr=False)
    tracking_number: str | None = field(default=None, repr=False)
    search: str | None = field(default=None, repr=False)

    @property
    def searches(self) -> dict[str, PiiCategory]:
        """The inputs given that look at personal data, and at what category."""
        given = {
            "ParcelFilter.orderNumber": (self.order_number, PiiCategory.ORDER),
            "ParcelFilter.trackingNumber": (self.tracking_number, PiiCategory.TRACKING),
            "ParcelFilter.search": (self.search, PiiCategory.IDENTITY),
        }
        return {coordinate: category for coordinate, (value, category) in given.items() if value is not None}


RECIPIENT_COLUMNS = tuple(name for name in Recipient.__dataclass_fields__ if name not in {"country", "shown"})
_PLAIN = ("version", "order_number", "external_reference", "tracking_number", "tracking_url", "service_point", "note")
_PERSONAL = (*RECIPIENT_COLUMNS, *_PLAIN, "items", "documents", "total_value_amount", "total_value_currency")
_STATUSES = {status.value: status for status in ParcelStatus}
_DIRECTIONS = {direction.value: direction for direction in ParcelDirection}
#: The outline's columns that are read where they are asked for, each with what makes the value of it; `country` is the recipient's.
_OUTLINE: Mapping[str, Callable[[Any], object] | None] = {
    "status": _STATUSES.__getitem__,
    "carrier": None,
    "shipping_method": None,
    "direction": _DIRECTIONS.__getitem__,
    "country": None,
    "weight_grams": None,
    "length_mm": None,
    "width_mm": None,
    "height_mm": None,
    "collo_number": None,
    "collo_count": None,
    "updated_at": database.moment,
}


def _outline_columns(selection: Selection) -> list[str]:
    """The columns of the outline that the fields asked for are made of, besides those that every parcel has."""
    asked, of_recipient = selection.names("Parcel"), selection.below("Parcel", "recipient").names("Recipient")
    return [column for column, name in _OUTLINE_SHOWN_BY.items() if name in asked or (column == "country" and name in of_recipient)]


def _page_columns(selection: Selection) -> str:
    """What is read of `p`, a row of parcels: what every parcel has, for its place on a page and for what decides, and what is asked for."""
    return ", ".join(f"p.{name}" for name in ("id", "account_id", "created_at", "announced_at", *_outline_columns(selection)))


def _personal_columns(fields: frozenset[str]) -> tuple[str, ...]:
    """The personal columns that these fields, by their coordinates, are made of; `version` tells that there is a row at all."""
    return tuple(name for name in _PERSONAL if name == "version" or _SHOWN_BY[name] in fields)


def coordinate(column: str) -> str:
    """The field that shows a column."""
    head, *rest = column.removesuffix("_amount").removesuffix("_currency").split("_")
    name = head + "".join(part.capitalize() for part in rest)
    return f"Recipient.{name}" if column in RECIPIENT_COLUMNS or column == "country" else f"Parcel.{name}"


_SHOWN_BY = {name: coordinate(name) for name in _PERSONAL}
_OUTLINE_SHOWN_BY = {name: coordinate(name).split(".")[1] for name in _OUTLINE}

_SELECT = """
WITH page AS MATERIALIZED ({page}),
facts AS MATERIALIZED ({facts})
SELECT page.*, facts.parcel_id, facts.now, facts.consent_id, facts.consent_expires_at, facts.claim_id,
    k.parcel_id AS claim_parcel_id, k.channel AS claim_channel, k.status AS claim_status{columns}
FROM page
JOIN facts ON facts.parcel_id = page.id
LEFT LOOP JOIN claims k ON k.id = facts.claim_id
{personal}
ORDER BY page.place"""

_FACTS_FOR_AGENTS = f"""
SELECT page.id AS parcel_id, {{now}} AS now, c.id AS consent_id, c.expires_at AS consent_expires_at,
    (SELECT k.id FROM claims k WHERE k.parcel_id = page.id AND {CLAIM_OPENS} ORDER BY k.opened_at, k.id LIMIT 1) AS claim_id
FROM page
LEFT LOOP JOIN consents c ON c.live_for = page.account_id AND c.expires_at > {{now}}
"""

# A merchant's own parcels need no consent and no claim: the join finds none, and gives NULL its type.
_FACTS_FOR_MERCHANTS = """
SELECT page.id AS parcel_id, {now} AS now, c.id AS consent_id, c.expires_at AS consent_expires_at, c.id AS claim_id
FROM page LEFT JOIN consents c ON 1 = 0"""

#: Whose personal rows are read: the SQL of `decide`, which asks again; a test holds the two together.
#: Never those of the row after a page, which only tells that there is more.
_ADMITTED = "facts.consent_id IS NOT NULL OR facts.claim_id IS NOT NULL"


def _select(viewer: Viewer, page_sql: str, personal: Sequence[str]) -> str:
    admitted = _ADMITTED if viewer.is_agent else "1 = 1"
    join = f"LEFT LOOP JOIN parcel_personal_data d ON d.parcel_id = page.id IF page.place <= :shown AND ({admitted})"
    return _SELECT.format(
        page=page_sql,
        facts=_FACTS_FOR_AGENTS if viewer.is_agent else _FACTS_FOR_MERCHANTS,
        columns="".join(f", d.{name} AS d_{name}" for name in personal),
        personal=join if personal else "",
    )


@dataclass(slots=True, repr=False)
class _Read:
    rows: list[database.Row]
    facts: list[Facts]
    decisions: list[Decision]
    events: dict[UUID, list[database.Row]] | None = None
    claims: claims_of.Read | None = None


async def _load(gate: Gate, selection: Selection, page_sql: str, params: Mapping[str, object], shown: int = 0) -> list[Parcel]:
    """Read, ask, record, build: the only way a parcel is made.

    What is placed after `shown` only tells that there is more: nothing personal of it is read, and it is not recorded.
    """
    viewer = gate.require_viewer()
    outline = [(name, _OUTLINE[name]) for name in _outline_columns(selection)]
    fields = selection.personal("Parcel")
    personal = _personal_columns(fields) if fields else ()
    wants_events = selection.asks("Parcel", "events")
    wants_claims = selection.asks("Parcel", "claims")
    if wants_events or wants_claims:
        async with database.snapshot():
            read = await _read(gate, viewer, page_sql, params, shown, personal)
            if wants_events:
                read.events = await _events([row["id"] for row, decision in zip(read.rows, read.decisions, strict=True) if decision.allowed is True])
            if wants_claims:
                below = selection.below("Parcel", "claims")
                read.claims = await claims_of.read_of_parcels(gate, below, [row["id"] for row in read.rows if row["place"] <= shown])
    else:
        read = await _read(gate, viewer, page_sql, params, shown, personal)
    inner = await _recorded(gate, read, fields)
    parcels = [
        _built(viewer, row, facts, decision, outline, personal, read.events)
        for row, facts, decision in zip(read.rows, read.facts, read.decisions, strict=True)
    ]
    if read.claims:
        by_parcel = {parcel.id: parcel for parcel in parcels}
        for claim in claims_of.built(read.claims, inner):
            if claim.parcel_id in by_parcel:
                by_parcel[claim.parcel_id].claims.append(claim)
    return parcels


async def _read(gate: Gate, viewer: Viewer, page_sql: str, params: Mapping[str, object], shown: int, personal: Sequence[str]) -> _Read:
    rows = await database.fetch(_select(viewer, page_sql, personal), **params, **({"shown": shown} if personal else {}))
    known: dict[tuple[object, ...], tuple[Facts, Decision]] = {}
    with spans.span("decide"):
        asked = [_asked(gate, row, known, shown) for row in rows]
    return _Read(rows, [facts for facts, _ in asked], [decision for _, decision in asked])


_NOT_ON_THE_PAGE = Decision(Action.VIEW_PERSONAL_DATA, allowed=False, reason=Reason.UNDECIDED)


def _asked(gate: Gate, row: database.Row, known: dict[tuple[object, ...], tuple[Facts, Decision]], shown: int) -> tuple[Facts, Decision]:
    """The facts of a row and the gate's decision. Rows that no claim opens differ in nothing that decides: they are asked about once, in `known`."""
    key = row["account_id"], row["consent_id"], row["claim_id"], row["announced_at"] is None, row["place"] <= shown
    if key not in known:
        facts = facts_of.of_row(row)
        known[key] = facts, gate.ask(Action.VIEW_PERSONAL_DATA, facts) if row["place"] <= shown else _NOT_ON_THE_PAGE
    return known[key]


async def _recorded(gate: Gate, read: _Read, fields: frozenset[str]) -> list[Decision]:
    """Record what is about to be shown: what could not be is withheld. Returns the decisions on the claims."""
    noted = [place for place, decision in enumerate(read.decisions) if gate.notes(decision)]
    disclosures = [
        Disclosure(database.uuid(row["account_id"]), database.uuid(row["id"]), read.decisions[place], fields)
        for place, row in ((place, read.rows[place]) for place in noted)
    ]
    recorded = await gate.record([*disclosures, *(read.claims.disclosures if read.claims else ())])
    for place, decision in zip(noted, recorded, strict=False):
        read.decisions[place] = decision
    return recorded[len(noted) :]


async def _events(ids: Sequence[Any]) -> dict[UUID, list[database.Row]]:
    found: dict[UUID, list[database.Row]] = {}
    if ids:
        for row in await database.fetch(
            """SELECT parcel_id, status, occurred_at, location, message FROM parcel_events
            WHERE parcel_id IN :parcels ORDER BY occurred_at DESC, id DESC""",
            parcels=list(ids),
        ):
            found.setdefault(database.uuid(row["parcel_id"]), []).append(row)
    return found


def _built(
    viewer: Viewer,
    row: database.Row,
    facts: Facts,
    decision: Decision,
    outline: Sequence[tuple[str, Callable[[Any], object] | None]],
    personal: Sequence[str],
    events: dict[UUID, list[database.Row]] | None,
) -> Parcel:
    shown = {Action.VIEW_PERSONAL_DATA: decision}
    parcel = Parcel(
        id=database.uuid(row["id"]),
        account_id=database.uuid(row["account_id"]),
        created_at=database.moment(row["created_at"]),
        announced_at=database.optional_moment(row["announced_at"]),
        asked=facts,
        shown=shown,
        recipient=Recipient(shown),
    )
    for name, made in outline:
        value = row[name] if made is None else made(row[name])
        setattr(parcel.recipient if name == "country" else parcel, name, value)
    if decision.allowed is True and personal and row["d_version"] is not None:
        _fill(viewer, parcel, row, personal)
    if decision.allowed is True and events is not None:
        parcel.events = [_event(event, shown) for event in events.get(parcel.id, [])]
    return parcel


def _fill(viewer: Viewer, parcel: Parcel, row: database.Row, personal: Sequence[str]) -> None:
    """Put in what was read of the personal row. Only for what was allowed and recorded."""
    for name in personal:
        value = row[f"d_{name}"]
        if name in RECIPIENT_COLUMNS:
            setattr(parcel.recipient, name, value)
        elif name in _PLAIN:
            setattr(parcel, name, value)
        elif name == "total_value_amount":
            parcel.total_value = _money(value, row["d_total_value_currency"])
        elif name == "items":
            parcel.items = [_item(item) for item in database.json(value)]
        elif name == "documents":
            parcel.documents = documents_of.listed(viewer, parcel.id, database.json(value))


def _money(amount: str | None, currency: str | None) -> Money | None:
    return Money(amount, currency) if amount is not None and currency is not None else None


def _item(stored: dict[str, Any]) -> ParcelItem:
    return ParcelItem(
        description=stored["description"],
        quantity=stored["quantity"],
        weight_grams=stored.get("weight_grams"),
        value=_money(stored.get("value_amount"), stored.get("value_currency")),
        sku=stored.get("sku"),
        hs_code=stored.get("hs_code"),
        origin_country=stored.get("origin_country"),
    )


def _event(row: database.Row, shown: Shown) -> TrackingEvent:
    return TrackingEvent(
        status=ParcelStatus(row["status"]),
        occurred_at=database.moment(row["occurred_at"]),
        shown=shown,
        location=row["location"],
        message=row["message"],
    )


async def by_ids(gate: Gate, ids: Iterable[UUID], selection: Selection) -> dict[UUID, Parcel]:
    """The parcels of these ids that the caller may know of."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    viewer = gate.require_viewer()
    own = "" if viewer.is_agent else " AND p.account_id = :own"
    page_sql = f"""SELECT {_page_columns(selection)}, 0 AS place FROM parcels p JOIN accounts a ON a.id = p.account_id AND a.deleted_at IS NULL
        WHERE p.id IN :ids AND p.deleted_at IS NULL{own}"""
    params: dict[str, object] = {"ids": wanted} | ({} if viewer.is_agent else {"own": viewer.account_id})
    return {parcel.id: parcel for parcel in await _load(gate, selection, page_sql, params)}


async def one(gate: Gate, parcel_id: UUID, selection: Selection) -> Parcel:
    """The parcel. Raises NotFound, also for one of another merchant."""
    gate.require_viewer()
    found = await by_ids(gate, [parcel_id], selection)
    if parcel_id not in found:
        raise NotFound("parcel")
    return found[parcel_id]


def most_a_page(viewer: Viewer) -> int:
    """How many parcels a page may have."""
    return MOST_FOR_AGENTS if viewer.is_agent else MOST_FOR_MERCHANTS


async def page_of(gate: Gate, account_id: UUID, filter: ParcelFilter, asked: Window, selection: Selection, *, count: bool) -> Page[Parcel]:
    """A page of the parcels of one account that the caller may know of. Raises Refused: see `pages`."""
    found = (await pages(gate, [account_id], filter, asked, selection, count=count))[account_id]
    if isinstance(found, LatchkeyError):
        raise found
    return found


async def pages(
    gate: Gate, account_ids: Sequence[UUID], filter: ParcelFilter, asked: Window, selection: Selection, *, count: bool
) -> dict[UUID, Page[Parcel] | LatchkeyError]:
    """A page of the parcels of each of these accounts, all in one statement.

    A filter that looks at personal data is refused before anything of an account is read, unless the caller may see all of that account's:
    the refusal then stands in the page's place. An agent's search is recorded before it runs. The accounts must be ones the caller may know of.
    """
    viewer = gate.require_viewer()
    refused = await _refused_searches(gate, account_ids, filter) if filter.searches else {}
    accounts = {f"account_{n}": account_id for n, account_id in enumerate(account_ids) if account_id not in refused}
    if not accounts:
        return {**refused}
    bounds, bound_params = asked.bounds("p.created_at", "p.id")
    ordered = asked.ordered_by("p.created_at", "p.id")
    columns = _page_columns(selection)
    conditions, params = _conditions(viewer, filter, accounts)
    arms = [
        f"""SELECT p.*, ROW_NUMBER() OVER (ORDER BY {ordered}) AS place FROM (SELECT {columns} FROM parcels p
        WHERE {" AND ".join([*conditions[name], *bounds])} ORDER BY {ordered} LIMIT :size) AS p"""
        for name in accounts
    ]
    rows = await _load(gate, selection, " UNION ALL ".join(arms), {**params, **bound_params, "size": asked.size + 1}, asked.size)
    totals = await _counts(accounts, conditions, params) if count else {}
    by_account: dict[UUID, list[Parcel]] = {account_id: [] for account_id in accounts.values()}
    for row in rows:
        by_account[row.account_id].append(row)
    found = {
        account_id: page(asked, of_account, lambda parcel: Position(parcel.created_at, parcel.id), totals.get(account_id))
        for account_id, of_account in by_account.items()
    }
    return {**found, **refused}


async def _counts(accounts: Mapping[str, UUID], conditions: Mapping[str, list[str]], params: Mapping[str, object]) -> dict[UUID, int]:
    arms = [
        f"""SELECT COUNT(*) AS n, '{name}' AS account FROM (SELECT 1 AS one FROM parcels p
        WHERE {" AND ".join(conditions[name])} LIMIT {COUNTED_UP_TO + 1}) AS arm_{name}"""
        for name in accounts
    ]
    return {accounts[row["account"]]: row["n"] for row in await database.fetch(" UNION ALL ".join(arms), **params)}


async def _refused_searches(gate: Gate, account_ids: Sequence[UUID], filter: ParcelFilter) -> dict[UUID, LatchkeyError]:
    """The accounts that may not be searched, and why not."""
    refused: dict[UUID, LatchkeyError] = {}
    for account_id in account_ids:
        try:
            await _admit_search(gate, account_id, filter)
        except (NotFound, Refused) as error:
            refused[account_id] = error
    return refused


async def _admit_search(gate: Gate, account_id: UUID, filter: ParcelFilter) -> None:
    known = gate.require_sight(await facts_of.of_account(account_id), "account")
    decision = gate.require(Action.SEARCH_PERSONAL_DATA, known)
    recorded = await gate.record_search(known, decision, filter.searches)
    if recorded.allowed is not True:
        raise Refused(recorded)


def require_usable(filter: ParcelFilter) -> None:
    """Raises BadInput for a filter that could not be used."""
    _plain_conditions(filter)
    _search(filter)


def _conditions(viewer: Viewer, filter: ParcelFilter, accounts: Mapping[str, UUID]) -> tuple[dict[str, list[str]], dict[str, object]]:
    """The WHERE conditions on the parcels of each of these accounts, by the name of the account's parameter, and all parameters."""
    plain, params = _plain_conditions(filter)
    searches, search_params = _search(filter)
    if searches and viewer.is_agent:  # admits by itself, whatever was decided a moment ago
        plain.append("EXISTS (SELECT 1 FROM consents c WHERE c.live_for = p.account_id AND c.expires_at > {now})")
    conditions = {name: [f"p.account_id = :{name}", *plain, *(_found(keys, name) for keys in searches)] for name in accounts}
    return conditions, {**params, **search_params, **accounts}


def _plain_conditions(filter: ParcelFilter) -> tuple[list[str], dict[str, object]]:
    conditions = ["p.deleted_at IS NULL"]
    params: dict[str, object] = {}
    for name, most in (("status", 32), ("carrier", 64), ("country", 2)):
        if (given := getattr(filter, name)) is not None:
            conditions.append(f"p.{name} IN :{name}")
            params[name] = texts.storables(given, name, most)
    if filter.created_from is not None:
        conditions.append("p.created_at >= :created_from")
        params["created_from"] = filter.created_from
    if filter.created_before is not None:
        conditions.append("p.created_at < :created_before")
        params["created_before"] = filter.created_before
    if filter.has_open_claim is not None:
        conditions.append(f"{'' if filter.has_open_claim else 'NOT '}EXISTS (SELECT 1 FROM claims k WHERE k.parcel_id = p.id AND k.status IN :open)")
        params["open"] = list(claims_of.OPEN)
    return conditions, params


def _search(filter: ParcelFilter) -> tuple[list[list[str]], dict[str, object]]:
    """For each thing searched for, the conditions on the keys of which one must hold, each a range of an index; and the parameters."""
    searches: list[list[str]] = []
    params: dict[str, object] = {}
    for name, column, text in (("order", "order_key", filter.order_number), ("tracking", "tracking_key", filter.tracking_number)):
        if text is not None:
            key = search_keys.code(texts.storable(text, f"{name}Number", 255))
            searches.append([f"s.{column} = :{name}_key"] if key else [])
            params |= {f"{name}_key": key} if key else {}
    if filter.search is not None:
        matched, matched_params = _matches(texts.storable(filter.search, "search", 255))
        searches.append(matched)
        params |= matched_params
    return searches, params


def _matches(text: str) -> tuple[list[str], dict[str, object]]:
    """Prefix of a name, surname, e-mail or postal code; or a whole order or tracking number."""
    matched: list[str] = []
    params: dict[str, object] = {}
    folded, code = search_keys.folded(text), search_keys.code(text)
    for column, key in (("name_key", folded), ("surname_key", folded), ("email_key", folded), ("postal_code_key", code)):
        if key:
            matched.append(f"s.{column} >= :{column}_from AND s.{column} < :{column}_to")
            params |= {f"{column}_from": key, f"{column}_to": search_keys.prefix_end(key)}
    if code:
        matched += ["s.order_key = :code_key", "s.tracking_key = :code_key"]
        params["code_key"] = code
    return matched, params


def _found(keys: Sequence[str], account: str) -> str:
    """Is the parcel one of the account's in whose personal row one of these conditions holds? Looked up once, not once a parcel."""
    arms = [f"SELECT s.parcel_id FROM parcel_personal_data s WHERE s.account_id = :{account} AND {key}" for key in keys]
    return f"p.id IN ({' UNION ALL '.join(arms)})" if arms else "1 = 0"
