"""Of a parcel only the columns are read that are asked for, or decide. Which columns there are is told by the models."""

from __future__ import annotations

import re

import pytest

import models
from policy.classification import FIELDS
from resolvers.parcels import coordinate
from schema.build import Schema
from schema.ids import global_id
from tests.asking import ask
from tests.builders import a_merchant, a_parcel
from tests.statements import reading

#: Which parcel it is and of whom, its place on a page, and whether it can be cancelled.
ALWAYS = {"id", "account_id", "created_at", "announced_at"}
#: By the fields that show them.
OUTLINE = {coordinate(column): {column} for column in models.Parcel._meta.db_fields}
PERSONAL = {coordinate(column): {column} for column in models.ParcelPersonalData._meta.db_fields} | {
    "Parcel.totalValue": {"total_value_amount", "total_value_currency"}
}
#: The fields that are made of columns of one of these tables.
ASKED = sorted(at for at in OUTLINE | PERSONAL for type_name, name in [at.split(".")] if name in FIELDS[type_name])
BELOW = {"Parcel.items": "{ sku }", "Parcel.documents": "{ kind }", "Parcel.totalValue": "{ amount }"}


def page_of(*asked: str) -> str:
    """A document that asks for these fields of a parcel."""
    fields = {at: f"{at.split('.')[1]} {BELOW.get(at, '')}" for at in asked}
    selection = " ".join(field if at.startswith("Parcel") else f"recipient {{ {field} }}" for at, field in fields.items())
    return f"query ($account: ID!) {{ parcels(accountId: $account, first: 1) {{ nodes {{ {selection} }} }} }}"


async def test_each_field_reads_its_columns_and_no_others(database: str, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    merchant = await a_merchant()
    await a_parcel(merchant, length_mm=10, width_mm=20, height_mm=30, collo_number=2, collo_count=3)
    variables = {"account": global_id("Account", merchant.id)}
    together = (await ask(schema, merchant.owner, page_of(*ASKED), variables)).data["parcels"]["nodes"][0]
    assert len(ASKED) > 35
    for at in ASKED:
        with reading(monkeypatch) as statements:
            (alone,) = (await ask(schema, merchant.owner, page_of(at), variables)).data["parcels"]["nodes"]
        ((sql, _),) = statements
        (page,) = re.findall(r"SELECT (p\.\w+(?:, p\.\w+)*) FROM parcels p", sql)
        personal = PERSONAL.get(at, set())
        assert set(page.removeprefix("p.").split(", p.")) == ALWAYS | (OUTLINE.get(at, set()) if not personal else set()), at
        assert set(re.findall(r"d\.(\w+) AS", sql)) == (personal | {"version"} if personal else set()), at
        ((name, value),) = alone.items()
        assert value == together[name] or value.items() <= together[name].items(), at
