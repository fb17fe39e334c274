"""Migrating without losing anything. To change a column or a CHECK on SQLite, Tortoise makes the table anew, and forgets its indexes
and what is unique over several columns: here they follow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor, BaseSchemaEditor, SqliteSchemaEditor


@dataclass(frozen=True, slots=True)
class _Index:
    """An index of a table on SQLite. `sql` is what made it; None for one that came with UNIQUE in the table itself."""

    columns: tuple[str, ...]
    unique: bool
    sql: str | None


class KeepingIndexes(SqliteSchemaEditor):
    """Tortoise's, but a table made anew keeps its indexes: all but those over a column that goes."""

    async def _remake_table(
        self, model: Any, create_field: Any = None, delete_field: Any = None, alter_fields: Sequence[tuple[Any, Any]] | None = None
    ) -> None:
        table = model._meta.db_table  # noqa: SLF001 (Tortoise's own way)
        before = await self._indexes(table)
        await super()._remake_table(model, create_field, delete_field, alter_fields)
        renamed = {_column(old): _column(new) for old, new in alter_fields or ()}
        columns = {row["name"] for row in await self._rows(f'PRAGMA table_info("{table}")')}
        there = {(index.columns, index.unique) for index in await self._indexes(table)}
        for index in before:
            kept = tuple(renamed.get(column, column) for column in index.columns)
            if columns.issuperset(kept) and (kept, index.unique) not in there:
                await self._run_sql(index.sql if index.sql and kept == index.columns else _create(table, kept, unique=index.unique))

    async def remove_constraint(self, model: Any, constraint: Any) -> None:
        """Tortoise's, but a CHECK goes: it makes the table anew from the state in which the CHECK is still there."""
        meta, declared = model._meta, model._meta.constraints  # noqa: SLF001 (Tortoise's own way)
        meta.constraints = [each for each in declared if each.name != constraint.name]
        try:
            await super().remove_constraint(model, constraint)
        finally:
            meta.constraints = declared

    async def _indexes(self, table: str) -> list[_Index]:
        made_by = {row["name"]: row["sql"] for row in await self._rows(f"SELECT name, sql FROM sqlite_master WHERE tbl_name = '{table}'")}
        found = []
        for row in await self._rows(f'PRAGMA index_list("{table}")'):
            columns = await self._rows(f'PRAGMA index_info("{row["name"]}")')
            if row["origin"] != "pk":
                found.append(_Index(tuple(column["name"] for column in columns), bool(row["unique"]), made_by[row["name"]]))
        return found

    async def _rows(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in (await self.client.execute_query(sql))[1]]


def _column(field: Any) -> str:
    return str(field.source_field or field.model_field_name)


def _create(table: str, columns: Sequence[str], *, unique: bool) -> str:
    listed = ", ".join(f'"{column}"' for column in columns)
    kind, prefix = ("UNIQUE INDEX", "uid") if unique else ("INDEX", "idx")
    return f'CREATE {kind} "{prefix}_{table}_{"_".join(columns)}" ON "{table}" ({listed})'


class Executor(MigrationExecutor):
    """Tortoise's, with the editor above for SQLite. It tells them by the names of its own clients; on PostgreSQL that is ours."""

    def _schema_editor(self, atomic: bool = True, collect_sql: bool = False) -> BaseSchemaEditor:
        if isinstance(self.connection, AsyncpgDBClient):
            return AsyncpgSchemaEditor(self.connection, atomic=atomic, collect_sql=collect_sql)
        editor = super()._schema_editor(atomic, collect_sql)
        return KeepingIndexes(self.connection, atomic=atomic, collect_sql=collect_sql) if isinstance(editor, SqliteSchemaEditor) else editor
