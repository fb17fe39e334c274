"""Which statements are read by, for tests that say what is not read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from models import database


@contextmanager
def reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The statements that read meanwhile, and their parameters."""
    statements: list[tuple[str, dict[str, Any]]] = []
    fetch = database.fetch

    async def noted(sql: str, **params: Any) -> list[database.Row]:
        statements.append((sql, params))
        return await fetch(sql, **params)

    with monkeypatch.context() as patch:
        patch.setattr(database, "fetch", noted)
        yield statements
