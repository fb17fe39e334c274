"""Every column is classified, and what is personal lives in tables of its own. With a column nobody classified, no database is opened."""

from __future__ import annotations

import pytest

from models import database as db
from models.classified import check_columns, declared_columns
from models.database import Engine, close_database, open_database
from policy.classification import COLUMNS, FIELDS, PERSONAL_ELSEWHERE, PERSONAL_TABLES, Class, Outline, Personal, Secret, Unclassified
from policy.vocabulary import PiiCategory

TORTOISES_OWN = {"tortoise_migrations", "sqlite_sequence"}

_COLUMNS_THERE = {
    Engine.SQLITE: """SELECT t.name AS "table", c.name AS "column" FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'""",
    Engine.POSTGRES: """SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns WHERE table_schema = 'public'""",
}


async def columns_there() -> dict[str, set[str]]:
    """The columns there are, as the database itself says."""
    found: dict[str, set[str]] = {}
    for row in await db.fetch(_COLUMNS_THERE[db.engine()]):
        found.setdefault(row["table"], set()).add(row["column"])
    return {table: columns for table, columns in found.items() if table not in TORTOISES_OWN}


async def test_every_column_there_is_is_classified_and_nothing_else_is(database: str) -> None:
    classified = {table: set(columns) for table, columns in COLUMNS.items()}
    assert await columns_there() == classified
    assert declared_columns() == classified


def reclassified(monkeypatch: pytest.MonkeyPatch, table: str, **columns: Class | None) -> None:
    """Classify these columns otherwise; None for not at all."""
    given = {name: what for name, what in {**COLUMNS[table], **columns}.items() if what is not None}
    monkeypatch.setitem(COLUMNS, table, given)


async def test_with_a_column_nobody_classified_no_database_is_opened(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reclassified(monkeypatch, "parcels", carrier=None)
    with pytest.raises(Unclassified, match=r"^parcels\.carrier is not classified: add it to COLUMNS in policy/classification\.py$"):
        await open_database(database_url)
    await close_database()


NEIGHBOUR = "is personal: keep it in a table of PERSONAL_TABLES in policy/classification.py, not beside the outline"
GONE = "classified but not a column: take it out of COLUMNS in policy/classification.py"


async def test_each_mistake_with_a_column_names_it_and_says_what_to_do(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check_columns()
    for table, column, what, message in (
        ("parcel_personal_data", "email", None, "parcel_personal_data.email is not classified: add it to COLUMNS in policy/classification.py"),
        ("parcels", "carrier", Personal(PiiCategory.IDENTITY), f"parcels.carrier {NEIGHBOUR}"),
        ("users", "locale", Personal(PiiCategory.IDENTITY), f"users.locale {NEIGHBOUR}"),
        ("parcels", "nickname", Outline(), f"parcels.nickname: {GONE}"),
    ):
        with monkeypatch.context() as changed:
            reclassified(changed, table, **{column: what})
            with pytest.raises(TypeError) as refused:
                check_columns()
            assert str(refused.value) == message
    with monkeypatch.context() as changed:
        changed.delitem(COLUMNS, "sessions")
        with pytest.raises(Unclassified, match=r"^sessions\.[a-z_]+ is not classified"):
            check_columns()
    with monkeypatch.context() as changed:
        changed.setitem(COLUMNS, "pets", {"name": Outline()})
        with pytest.raises(TypeError, match=r"^pets\.name: classified but not a column"):
            check_columns()


def test_these_tables_are_personal_and_these_columns_elsewhere() -> None:
    personal = {f"{table}.{column}" for table, columns in COLUMNS.items() for column, what in columns.items() if isinstance(what, Personal)}
    assert {coordinate.split(".")[0] for coordinate in personal - PERSONAL_ELSEWHERE} == PERSONAL_TABLES
    assert personal >= PERSONAL_ELSEWHERE
    assert not {coordinate.split(".")[0] for coordinate in PERSONAL_ELSEWHERE} & PERSONAL_TABLES
    assert {
        "account_personal_data",
        "direct_debits",
        "parcel_personal_data",
        "parcel_events",
        "parcel_files",
        "claim_personal_data",
        "investigation_personal_data",
    } == PERSONAL_TABLES
    assert {"users.name", "users.email", "consents.granted_by_id", "consents.ended_by_id", "export_links.parcel_filter"} == PERSONAL_ELSEWHERE


@pytest.mark.parametrize("table", sorted(PERSONAL_TABLES))
def test_a_table_of_personal_data_holds_nothing_else_but_keys(table: str) -> None:
    plain = {column for column, what in COLUMNS[table].items() if not isinstance(what, Personal)}
    assert plain <= {"id", "account_id", "parcel_id", "claim_id", "entry_id"}


def test_a_column_of_a_parcel_is_of_the_category_of_the_field_that_shows_it() -> None:
    """Columns that search uses are of the category of what they were made from."""
    made_from = {"name_key": "name", "surname_key": "name", "email_key": "email", "postal_code_key": "postal_code"}
    made_from |= {"order_key": "order_number", "tracking_key": "tracking_number"}
    made_from |= {"total_value_amount": "total_value", "total_value_currency": "total_value"}
    shown = {**FIELDS["Parcel"], **FIELDS["Recipient"]}
    for column, what in COLUMNS["parcel_personal_data"].items():
        if isinstance(what, Personal):
            head, *rest = made_from.get(column, column).split("_")
            assert shown[head + "".join(map(str.capitalize, rest))] == what, column


def test_every_secret_is_a_hash_or_a_key() -> None:
    secret = {f"{table}.{column}" for table, columns in COLUMNS.items() for column, what in columns.items() if isinstance(what, Secret)}
    assert secret == {
        "users.password_hash",
        "sessions.token_hash",
        "sessions.provider_hash",
        "external_identities.identity_hash",
        "spent_once.used_hash",
        "tokens.token_hash",
        "sign_in_attempts.subject",
        "budget_leases.subject",
        "integrations.secret",
        "export_links.token_hash",
        "server_secrets.value",
        "webhook_secrets.secret",
    }
