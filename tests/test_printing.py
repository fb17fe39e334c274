"""What a row, or anything that carries somebody's data, looks like when it is printed: ids and states, never a value.

A `repr` gets into a log, a trace or an error without anybody having written it there.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import fields, is_dataclass
from enum import Enum
from types import ModuleType
from typing import Any, get_args

import pytest
from tortoise import Tortoise

import exchange
import identity
import models
import outbox
import policy
import resolvers
import schema
import service
from models.fields import new_id
from policy.classification import COLUMNS, FIELDS, Inside, Secret
from resolvers.account_settings import SenderAddress
from resolvers.direct_debits import DirectDebit
from resolvers.documents import Document
from resolvers.parcels import Money, ParcelItem, TrackingEvent

MARK = "Kenmerk7QZ8"
ROOMS = (policy, models, resolvers, exchange, identity, outbox, schema, service)


def _modules(room: ModuleType) -> list[ModuleType]:
    named = [each.name for each in pkgutil.walk_packages(room.__path__, f"{room.__name__}.") if ".migrations" not in each.name]
    return [importlib.import_module(name) for name in named]


def _classes() -> list[type]:
    """Every class of ours."""
    found = {each for room in ROOMS for module in _modules(room) for each in vars(module).values() if isinstance(each, type)}
    return sorted((each for each in found if each.__module__.split(".")[0] in {room.__name__ for room in ROOMS}), key=lambda each: each.__qualname__)


CLASSES = _classes()
_DECLARATIONS = ("__strawberry_definition__", "__strawberry_directive__")  # Strawberry's types, which hold no rows
OURS = [each for each in CLASSES if is_dataclass(each) and not any(hasattr(each, name) for name in _DECLARATIONS)]
DATACLASSES = {f"{each.__module__}.{each.__name__}": each for each in OURS}

#: What can't hold a text of anybody's: ids, times, numbers, our own words, and dataclasses, each of which is looked at itself.
HARMLESS = frozenset(
    {"UUID", "datetime", "timedelta", "int", "float", "bool", "None", "frozenset", "set", "Sequence", "list", "tuple", "Mapping", "dict", "Literal"}
) | {each.__name__ for each in CLASSES if issubclass(each, Enum) or is_dataclass(each)}

#: What is printed though it is a text or could hold one: names of ours, and the outline that everybody sees who sees the row.
PRINTED: dict[str, str] = {
    "resolvers.access_log.AccessEvent": "changed fields operation request_id",
    "resolvers.account_settings.AccountSettings": "locale timezone default_carrier",
    "resolvers.accounts.Account": "company_name country",
    "resolvers.gate.Disclosure": "fields",
    "resolvers.ledger.Request": "id operation",
    "resolvers.ledger.Entry": "fields changed",
    "resolvers.claims._Change": "changed",
    "resolvers.live.Change": "topic",
    "resolvers.paging.Window": "noun",
    "resolvers.paging.Page": "rows cursors",
    "resolvers.parcels.ParcelFilter": "carrier country",
    "resolvers.selection.Selection": "fields",
    "exchange.addressees._Keys": "name company_name email phone street house_number address_line2 postal_code city region country",
    "exchange.carriers.File": "media_type",
    "exchange.csv_export._Line": "platform_id company_name",
    "exchange.imported.ImportedParcel": "platform_id carrier shipping_method country shipment_group",
    "exchange.input_files.Position": "unit",
    "exchange.input_files.BadRecord": "reason",
    "exchange.readers.Rejection": "reason field",
    "exchange.readers._Unreadable": "reason",
    "exchange.readers._Reader": "process",
    "models.migrating._Index": "sql columns",
    "models.postgres.Servers": "settle",
    "models.roles.May": "read change",
    "outbox.delivering.Deliverer": "mail webhooks",  # by their class's name
    "outbox.deliveries.Delivery": "detail",  # a word of ours
    "outbox.deliveries.Listed": "problem",  # a code, or the name of an exception
    "outbox.letters.Letterhead": "panel",
    "outbox.webhooks.Post": "id",
    "outbox.words.Words": "subjects texts logged outcomes account claim panel why",
    "resolvers.retention._Rule": "table which key instead",
    "exchange.stored_parcels.Stored": "deleted",
    "schema.context.Context": "request_id changes again name_of operation decided loaders connection_params",
    "schema.documents.TrustedDocuments": "texts names",
    "schema.mutation.Payload": "deleted_id",
    "schema.noted.Noted": "name type codes",  # of a trusted document, or "other"
    "schema.privacy.PrivacyReport": "counts",
    "service.pages.Links": "terms privacy support agents merchants",  # every page has them
    "policy.vocabulary.Viewer": "locale",
}


def _named(annotation: Any) -> set[str]:
    """The names in an annotation, written or evaluated."""
    written = annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)
    return {each.rsplit(".", 1)[-1] for each in re.findall(r"[A-Za-z_][\w.]*", written)}


@pytest.mark.parametrize("name", DATACLASSES)
def test_no_dataclass_prints_a_text_but_those_that_were_looked_at(name: str) -> None:
    """A new field that could hold a value is `repr=False`, or stands in the table above."""
    cls: Any = DATACLASSES[name]
    prints = cls.__dataclass_params__.repr
    loose = {each.name for each in fields(cls) if prints and each.repr and not _named(each.type) <= HARMLESS}
    assert loose == set(PRINTED.get(name, "").split())


def test_the_table_of_what_is_printed_names_what_there_is() -> None:
    assert set(PRINTED) <= set(DATACLASSES)
    assert len(DATACLASSES) > 60


WITHIN = {
    "DirectDebit": DirectDebit,
    "SenderAddress": SenderAddress,
    "ParcelItem": ParcelItem,
    "ParcelDocument": Document,
    "TrackingEvent": TrackingEvent,
    "Money": Money,
}


def test_what_is_shown_only_as_a_whole_prints_none_of_its_parts() -> None:
    guarded = {"AccountSettings"}  # by VIEW_SETTINGS: its parts are no one's data
    assert {name for name, classes in FIELDS.items() if any(isinstance(what, Inside) for what in classes.values())} == set(WITHIN) | guarded
    for name, row in WITHIN.items():
        cls: Any = row
        assert not cls.__dataclass_params__.repr or [each.name for each in fields(cls) if each.repr] == [], name


@pytest.mark.usefixtures("database")
def test_a_row_of_the_database_prints_its_id_and_nothing_else() -> None:
    found = Tortoise.apps["models"].values()
    assert len(found) == len(COLUMNS)
    for model in found:
        meta = model._meta
        row = model()
        for name in meta.db_fields:
            setattr(row, name, MARK)
        if not isinstance(COLUMNS[meta.db_table][meta.fields_db_projection[meta.pk_attr]], Secret):
            row.pk = new_id()
        assert MARK not in f"{row} {row!r} {[row]} {row!s}", model.__name__
