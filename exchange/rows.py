"""Many rows into one table at once: COPY on PostgreSQL, one prepared INSERT on SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from models import database
from models.database import Engine


async def insert(table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Insert rows, inside the caller's transaction. `table` and `columns` are our own words; JSON is given as text."""
    if not rows:
        return
    if database.engine() is Engine.POSTGRES:
        async with database.current().acquire_connection() as connection:
            await connection.copy_records_to_table(table, columns=columns, records=rows)
        return
    marks = ", ".join("?" * len(columns))
    await database.current().execute_many(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", [list(row) for row in rows])
