"""While an upgrade rolls, the old version serves on tables the new one has migrated already: migrations only add (docs/operations/deploying.md)."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import pytest
from tortoise import fields
from tortoise.fields.base import Field
from tortoise.migrations import operations as ops

import models
from models.database import close_database, migrate, open_database
from resolvers import documents
from tests.asking import account_id, parcel_id
from tests.builders import a_merchant, a_parcel, an_agent
from tests.serving import Server, serving, token_of

FOLDER = Path(models.__file__).parent / "migrations"
NAMES = sorted(file.stem for file in FOLDER.glob("[0-9]*.py"))
#: Migrations that take away, and the version whose servers did without what they take: an operator may not roll over both at once.
CONTRACTING: dict[str, str] = {}


def taken_away(operations: Sequence[ops.Operation]) -> list[str]:
    """What of this the version before could not serve on. A table made here is known to nobody yet."""
    new = {each.name for each in operations if isinstance(each, ops.CreateModel)}
    return [type(each).__name__ for each in operations if not _only_adds(each, new)]


def _only_adds(operation: ops.Operation, new: set[str]) -> bool:
    if isinstance(operation, ops.CreateModel | ops.AlterModelOptions):
        return True
    if getattr(operation, "model_name", None) in new:
        return True
    if isinstance(operation, ops.AddField):  # the version before inserts rows without it
        field = operation.field
        return isinstance(field, Field) and not field.unique and bool(field.null or field.has_db_default())
    return isinstance(operation, ops.AddIndex)


@pytest.mark.parametrize("name", NAMES)
def test_a_migration_only_adds(name: str) -> None:
    """The first too: there was nothing before."""
    if name not in CONTRACTING:
        assert taken_away(import_module(f"models.migrations.{name}").Migration.operations) == []


@pytest.mark.parametrize(
    ("operation", "adds"),
    [
        pytest.param(ops.AddField("Parcel", "colour", fields.CharField(16, null=True)), True, id="a-column-that-may-be-null"),
        pytest.param(ops.AddField("Claim", "urgency", fields.IntField(db_default=2)), True, id="a-column-with-a-default"),
        pytest.param(ops.AddField("Claim", "urgency", fields.IntField()), False, id="a-column-that-must-be-given"),
        pytest.param(ops.AddField("Claim", "number", fields.IntField(null=True, unique=True)), False, id="a-unique-column"),
        pytest.param(ops.RemoveField("DirectDebit", "bic"), False, id="a-column-goes"),
        pytest.param(ops.RenameField("DirectDebit", "bic", "code"), False, id="a-column-has-another-name"),
        pytest.param(ops.AlterField("Account", "company_name", fields.CharField(300)), False, id="a-column-changes"),
        pytest.param(ops.DeleteModel("DirectDebit"), False, id="a-table-goes"),
        pytest.param(ops.RunSQL("UPDATE accounts SET country = 'NL'"), False, id="anything"),
    ],
)
def test_what_takes_away_is_found(operation: ops.Operation, adds: bool) -> None:
    assert (taken_away([operation]) == []) is adds


LATER = """
from tortoise import migrations, fields
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "{last}")]
    operations = [
        ops.CreateModel(
            name="Later", fields=[("id", fields.IntField(primary_key=True))], options={{"table": "later", "app": "models"}}, bases=["Model"]
        ),
        ops.AddField("Parcel", "colour", fields.CharField(null=True, max_length=16)),
        ops.AddField("Claim", "urgency", fields.IntField(db_default=2)),
        ops.AddField("Consent", "note", fields.CharField(max_length=16, db_default="")),
    ]
"""
GRANT = "mutation ($id: ID!) { grantConsent(input: {accountId: $id, duration: ONE_HOUR}) { consent { id } } }"
PARCEL = "query ($id: ID!) { parcel(id: $id) { recipient { name } } }"


@pytest.fixture
def with_a_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package of our migrations and those of a version to come."""
    package = tmp_path / "migrations_and_a_later"
    shutil.copytree(FOLDER, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "9000_later.py").write_text(LATER.format(last=NAMES[-1]))
    monkeypatch.syspath_prepend(tmp_path)
    yield package.name
    for name in [name for name in sys.modules if name.split(".")[0] == package.name]:
        del sys.modules[name]


async def test_a_server_goes_on_when_a_later_version_migrates_and_so_does_one_that_starts_then(
    database_url: str, with_a_later: str, tmp_path: Path
) -> None:
    old = Server(database_url, tmp_path)
    await open_database(database_url)
    await documents.prepare()
    merchant, agent = await a_merchant(), await an_agent()
    parcel = await a_parcel(merchant)
    owner, support = await token_of(merchant.owner), await token_of(agent)
    await close_database()
    asked = {"id": parcel_id(parcel.id)}
    async with serving(old):
        assert (await old.ask(PARCEL, asked, token=support))["data"]["parcel"]["recipient"] == {"name": None}
        await migrate(database_url, package=with_a_later)
        assert "errors" not in await old.ask(GRANT, {"id": account_id(merchant.id)}, token=owner)
        assert (await old.ask(PARCEL, asked, token=support))["data"]["parcel"]["recipient"] == {"name": "Jan Bakker"}
        again = Server(database_url, tmp_path)
        async with serving(again):
            assert (await again.ask(PARCEL, asked, token=support))["data"]["parcel"]["recipient"] == {"name": "Jan Bakker"}
