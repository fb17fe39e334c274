"""Documents that cannot lie: what the code says stands in docs/, word for word where it is made from the code."""

import re
from pathlib import Path

import pytest
import typer
from graphql import parse, validate

import cli
from schema.build import Schema
from settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (ROOT / "docs/settings.md").read_text()
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def test_every_setting_is_documented() -> None:
    assert {name for name in Settings.model_fields if f"| `LATCHKEY_{name.upper()}` |" not in SETTINGS} == set()
    assert set(re.findall(r"`LATCHKEY_([A-Z_]+)` \|", SETTINGS)) == {name.upper() for name in Settings.model_fields}


def test_every_command_is_documented() -> None:
    group = typer.main.get_command(cli.app)
    names = set()
    for name, command in group.commands.items():  # type: ignore[attr-defined] # a Typer is a click.Group
        names |= {f"{name} {inner}" for inner in getattr(command, "commands", {})} or {name}
    assert {name for name in names if f"`python cli.py {name}" not in SETTINGS} == set()


def test_the_tour_s_queries_fit_the_schema(schema: Schema) -> None:
    queries = re.findall(r"```graphql\n(.*?)```", (ROOT / "docs/api.md").read_text() + (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(queries) > 9
    assert {query: errors for query in queries if (errors := validate(schema._schema, parse(query)))} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    links = re.findall(r"\]\((?!http|#)([^)#]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []
    files = re.findall(r"`((?:policy|models|resolvers|schema|identity|exchange|tests|docs|demo)/[\w/.-]*)`", text)
    assert [name for name in files if not (ROOT / name).exists()] == []
