"""What is in the tables that imports and webhooks write."""

from __future__ import annotations

from models import database

_TABLES = ("parcels", "parcel_personal_data", "parcel_events")


async def everything() -> dict[str, list[str]]:
    """All rows, to compare before and after."""
    return {table: sorted(map(repr, await database.fetch(f"SELECT * FROM {table}"))) for table in _TABLES}


async def apart_from_ids() -> list[tuple[object, ...]]:
    """All parcels with what is personal of them and their events, as it is comparable between two imports."""
    rows = await database.fetch(
        """SELECT p.platform_id, p.status, p.carrier, p.country, p.weight_grams, p.created_at, p.updated_at, p.platform_changed_at, d.version, d.name,
            d.email, d.items, d.documents, d.name_key, d.order_key, e.status AS event, e.occurred_at, e.location, e.message
        FROM parcels p JOIN parcel_personal_data d ON d.parcel_id = p.id LEFT JOIN parcel_events e ON e.parcel_id = p.id
        ORDER BY p.platform_id, e.occurred_at, e.status"""
    )
    return [tuple(row.values()) for row in rows]
