"""Every column is classified: with one that nobody classified, no database is opened."""

from __future__ import annotations

from collections.abc import Mapping

from tortoise import Tortoise

from policy.classification import COLUMNS, PERSONAL_ELSEWHERE, PERSONAL_TABLES, Personal, column_class


def declared_columns() -> dict[str, set[str]]:
    """The columns of each table, as the models declare them. Tortoise must be initialised: it makes those of foreign keys then."""
    metas = [model._meta for model in Tortoise.apps["models"].values()]  # noqa: SLF001 (what is public, describe(), takes 50 times as long)
    return {meta.db_table: set(meta.fields_db_projection.values()) for meta in metas}


def check_columns() -> None:
    """Hold the tables against policy/classification.py. Raises TypeError naming the column and what to do."""
    declared = declared_columns()
    for table, columns in declared.items():
        for column in sorted(columns):
            _check_place(table, column, personal=isinstance(column_class(table, column), Personal))
    _no_leftovers(declared)


def _check_place(table: str, column: str, *, personal: bool) -> None:
    if personal and table not in PERSONAL_TABLES and f"{table}.{column}" not in PERSONAL_ELSEWHERE:
        raise TypeError(f"{table}.{column} is personal: keep it in a table of PERSONAL_TABLES in policy/classification.py, not beside the outline")


def _no_leftovers(declared: Mapping[str, set[str]]) -> None:
    left = {f"{table}.{column}" for table, classes in COLUMNS.items() for column in classes.keys() - declared.get(table, set())}
    if left:
        raise TypeError(f"{', '.join(sorted(left))}: classified but not a column: take it out of COLUMNS in policy/classification.py")
