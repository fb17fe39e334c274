"""What each PostgreSQL role may do with each table: least privilege, declared in one place.

The owner of the tables migrates them and grants the rest (`python cli.py roles`). A table that is not declared here is granted to nobody,
and a test names it. SQLite has no roles: who can open the file can do anything with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tortoise import Tortoise

from models import database
from models.database import Engine, fetch, one

#: All columns but those that say which row it is, whose, and what it belongs to.
CONTENT = "content"
EVERY = "*"


class Purpose(StrEnum):
    """What a role is for."""

    SERVER = "server"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class May:
    """What a role may do with the rows of a table: the columns it may `read` and `change` (EVERY, CONTENT, or names), and whether it may
    `add` and `remove` rows.
    """

    read: str = EVERY
    add: bool = False
    change: str = ""
    remove: bool = False


#: Every table there is. What only commands do (adding users, tokens, webhooks, demo data) is the owner's.
SERVER: Mapping[str, May] = {
    "access_log": May(add=True),  # never changed, never removed: not even by who took the server over
    "account_personal_data": May(add=True, change=CONTENT, remove=True),
    "account_settings": May(change=CONTENT),
    "accounts": May(change="deleted_at"),
    "budget_leases": May(add=True, change=CONTENT, remove=True),
    "changes": May(remove=True),  # SQLite's; the server tidies it on both
    "claim_personal_data": May(add=True, remove=True),
    "claims": May(add=True, change="status closed_at handled_by_id"),
    "consents": May(add=True, change="live_for ended_at ended_as ended_by_id"),  # ended once, and see HISTORY_STAYS
    "direct_debits": May(add=True, remove=True),
    "export_links": May(add=True, change="used_at parcel_filter", remove=True),
    "external_identities": May(remove=True),  # they go with their account
    "integrations": May(change="ended_at"),
    "investigation_entries": May(add=True),
    "investigation_personal_data": May(add=True, remove=True),
    "outbox_deliveries": May(add=True, change="state attempts due_at ended_at problem", remove=True),
    "outbox_events": May(add=True, change="spread_at follows", remove=True),
    "parcel_events": May(add=True, change="location message", remove=True),
    "parcel_files": May(remove=True),
    "parcel_personal_data": May(add=True, change=CONTENT, remove=True),
    "parcels": May(add=True, change=CONTENT),
    "server_secrets": May(add=True),
    "sessions": May(add=True, change="ended_at", remove=True),
    "sign_in_attempts": May(add=True, change=CONTENT, remove=True),
    "spent_once": May(add=True, remove=True),
    "tokens": May(remove=True),  # made and ended by commands; they go with their account
    "tortoise_migrations": May(),
    "users": May(change="deactivated_at password_hash"),
    "webhook_secrets": May(remove=True),  # made by a command; they go with their account
}

#: More for a server whose single sign-on links people, adds them, or says what they are: its settings `link`, `create` and `role`.
ADDS_PEOPLE: Mapping[str, May] = {
    "external_identities": May(add=True, remove=True),
    "users": May(add=True, change="deactivated_at password_hash role"),
}

#: What `python cli.py retention` asks of the tables it is about, and no personal column but those it empties. The others: nothing.
RETENTION: Mapping[str, May] = {
    "access_log": May(read="id at account_id", remove=True),
    "accounts": May(read="id deleted_at company_name", change="company_name"),
    "account_settings": May(read="account_id", remove=True),
    "claims": May(read="id account_id", remove=True),
    "consents": May(read="id account_id live_for ended_at expires_at", remove=True),
    "integrations": May(read="id account_id", remove=True),
    "investigation_entries": May(read="id claim_id", remove=True),
    "parcels": May(read="id account_id", remove=True),
    "sessions": May(read="id ended_at expires_at", remove=True),
    "tokens": May(read="id ended_at expires_at", remove=True),
    "tortoise_migrations": May(),
    "users": May(read="id account_id email name", change="email name"),
}

DECLARED: Mapping[Purpose, Mapping[str, May]] = {Purpose.SERVER: SERVER, Purpose.RETENTION: RETENTION}

#: A consent that has ended is never changed again, by nobody: a column grant alone could not tell it from an open one.
HISTORY_STAYS = (
    """CREATE OR REPLACE FUNCTION public.latchkey_history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE insufficient_privilege USING MESSAGE = 'what has ended is history, and is not changed'; END $$""",
    """CREATE OR REPLACE TRIGGER latchkey_history_stays BEFORE UPDATE ON public.consents
FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION public.latchkey_history_stays()""",
)
_NOBODY_ELSE = (
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC",
)
_ROLE = """SELECT r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication AS powerful,
    EXISTS (SELECT 1 FROM pg_auth_members m WHERE m.member = r.oid) AS member,
    EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid) OR EXISTS (SELECT 1 FROM pg_database d WHERE d.datdba = r.oid) AS owner
FROM pg_roles r WHERE r.rolname = :role"""
_SEQUENCES = """SELECT s.relname AS sequence, t.relname AS held_by FROM pg_class s
JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i') JOIN pg_class t ON t.oid = d.refobjid
WHERE s.relkind = 'S' AND s.relnamespace = 'public'::regnamespace"""


class UnfitRole(ValueError):
    """The role can't be held to anything, or is not there. The message says why."""


def columns() -> dict[str, dict[str, bool]]:
    """The columns of each table, as the models declare them: is it content? Tortoise must be initialised."""
    found: dict[str, dict[str, bool]] = {}
    for model in Tortoise.apps["models"].values():
        meta = model._meta  # noqa: SLF001 (what is public, describe(), takes 50 times as long)
        keys = {meta.db_pk_column, "account_id"} | {f"{name}_id" for name in meta.fk_fields | meta.o2o_fields}
        found[meta.db_table] = {column: column not in keys for column in meta.fields_db_projection.values()}
    return found | {"tortoise_migrations": {}}


def check_declared() -> None:
    """Hold the declaration against the tables. Raises TypeError naming the table or column, and what to do."""
    there = columns()
    for table in sorted(there.keys() ^ SERVER.keys()):
        raise TypeError(f"{table}: what may a server do with it? Say so in SERVER in models/roles.py (and nothing of tables there are not)")
    for purpose, declared in DECLARED.items():
        for table, may in declared.items():
            named = {*may.read.split(), *may.change.split()} - {EVERY, CONTENT}
            if not named <= there.get(table, {}).keys():
                raise TypeError(f"{table} has no {', '.join(sorted(named - there.get(table, {}).keys()))}: {purpose.name} in models/roles.py")


async def statements(roles: Mapping[Purpose, str], *, adds_people: bool = False) -> list[str]:
    """The SQL that gives these roles exactly what is declared, whatever they had; with `adds_people` the server ADDS_PEOPLE.

    Raises TypeError for a table that is not declared.
    """
    check_declared()
    owned = {row["held_by"]: row["sequence"] for row in await fetch(_SEQUENCES)}
    found = [*_NOBODY_ELSE, *HISTORY_STAYS]
    database_name = _quoted((await fetch("SELECT current_database() AS name"))[0]["name"])
    found.append(f"REVOKE TEMPORARY ON DATABASE {database_name} FROM PUBLIC")
    for purpose, role in roles.items():
        found += [f"REVOKE ALL ON ALL {kind} IN SCHEMA public FROM {_quoted(role)}" for kind in ("TABLES", "SEQUENCES", "FUNCTIONS")]
        found += [f"REVOKE ALL ON SCHEMA public FROM {_quoted(role)}", f"GRANT USAGE ON SCHEMA public TO {_quoted(role)}"]
        found.append(f"GRANT CONNECT ON DATABASE {database_name} TO {_quoted(role)}")
        declared = {**DECLARED[purpose], **(ADDS_PEOPLE if adds_people and purpose is Purpose.SERVER else {})}
        for table, may in declared.items():
            found += [f"GRANT {what} ON TABLE public.{table} TO {_quoted(role)}" for what in _granted(table, may)]
            if may.add and table in owned:
                found.append(f"GRANT USAGE ON SEQUENCE public.{_quoted(owned[table])} TO {_quoted(role)}")
    return found


async def apply(roles: Mapping[Purpose, str], *, adds_people: bool = False) -> None:
    """Give these roles exactly what is declared, in one transaction. For the owner of the tables, after every migration.

    Raises UnfitRole for a role that is not there, or that no grant could hold back.
    """
    for role in roles.values():
        await _require_fit(role)
    wanted = await statements(roles, adds_people=adds_people)
    async with database.transaction():
        await database.current().execute_script("SET LOCAL lock_timeout = '5s'")
        for statement in wanted:
            await database.current().execute_script(statement)


async def lacking(*, adds_people: bool = False) -> list[str]:
    """The tables with which the role that is connected may not do all that a server does, one that ADDS_PEOPLE or not. On SQLite none."""
    if database.engine() is Engine.SQLITE:
        return []
    lacks = []
    for table, may in {**SERVER, **(ADDS_PEOPLE if adds_people else {})}.items():
        asked = [f"has_any_column_privilege('public.{table}', '{what}')" for what in _kinds(may, whole=False)]
        asked += [f"has_column_privilege('public.{table}', '{column}', 'UPDATE')" for column in may.change.split() if column != CONTENT]
        asked += [f"has_table_privilege('public.{table}', '{what}')" for what in _kinds(may, whole=True)]
        lacks.append(f"SELECT '{table}' AS name WHERE NOT ({' AND '.join(asked)})")
    return [row["name"] for row in await fetch(" UNION ALL ".join(lacks))]


def _kinds(may: May, *, whole: bool) -> list[str]:
    if whole:
        return [what for what, given in (("SELECT", may.read == EVERY), ("INSERT", may.add), ("DELETE", may.remove)) if given]
    return [what for what, given in (("SELECT", may.read), ("UPDATE", may.change)) if given]


def _granted(table: str, may: May) -> Iterator[str]:
    yield from _kinds(may, whole=True)
    if may.read and may.read != EVERY:
        yield f"SELECT ({_listed(table, may.read)})"
    if may.change:
        yield f"UPDATE ({_listed(table, may.change)})"


def _listed(table: str, named: str) -> str:
    names = [name for name, content in columns()[table].items() if content] if named == CONTENT else named.split()
    return ", ".join(_quoted(name) for name in sorted(names))


async def _require_fit(role: str) -> None:
    found = one(await fetch(_ROLE, role=role))
    if found is None:
        raise UnfitRole(f"there is no role {role}: make it first, by CREATE ROLE … LOGIN")
    if found["powerful"]:
        raise UnfitRole(f"{role} may more than any grant says: take SUPERUSER, BYPASSRLS, CREATEROLE, CREATEDB and REPLICATION from it")
    if found["member"]:
        raise UnfitRole(f"{role} is a member of another role, and has what that has: REVOKE it first")
    if found["owner"]:
        raise UnfitRole(f"{role} owns tables or the database: migrate as another role, and REASSIGN OWNED BY {role} TO that one")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
