"""The dashboard and the alert rules ask for what a running server really counts, and the page for operators tells of all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.scraping import counts
from tests.serving import HERE, Deployment

DASHBOARD = HERE / "deploy" / "grafana" / "latchkey.json"
ALERTS = HERE / "deploy" / "prometheus" / "alerts.yml"
PAGE = HERE / "docs" / "operations" / "watching.md"
_METRIC = re.compile(r"\blatchkey_\w+")
_SELECTED = re.compile(r"(latchkey_\w+)\{([^}]*)\}")
_LABEL = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
_GROUPED = re.compile(r"\bby \(([^)]*)\)")
#: Each has a bounded number of values.
LABELS = {"route", "status", "type", "operation", "outcome", "action", "allowed", "reason", "basis", "state", "channel", "le"} | {
    "version",
    "python",
    "migration",
}
#: Prometheus's own: what it scraped.
SCRAPED = {"job", "instance"}


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def expressions() -> Iterator[tuple[str, str]]:
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for rule in rules():
        yield rule["alert"], rule["expr"]


@pytest.fixture(scope="module")
async def labels(deployed: Deployment) -> dict[str, set[str]]:
    """The labels of each sample that a running server tells, by its name; of one that has not happened yet, of its family."""
    for query in ("{ viewer { name } }", "{ parcels { nodes { id } } }"):
        await deployed.server.ask(query)
    async with deployed.server.client() as client:
        await client.get("/nowhere")
    found: dict[str, set[str]] = {}
    for name, text in await counts(deployed.server):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', text))
    # On SQLite there is no pool to be told of.
    found.setdefault("latchkey_database_connections", {"state"})
    # A decision is counted when it is made.
    found.setdefault("latchkey_decisions_total", {"action", "allowed", "reason"})
    return found


@pytest.mark.parametrize(("where", "expression"), [pytest.param(*each, id=each[0]) for each in expressions()])
def test_what_is_asked_for_is_there(labels: dict[str, set[str]], where: str, expression: str) -> None:
    names = set(_METRIC.findall(expression))
    assert names, where
    assert names - set(labels) == set()
    for name, selected in _SELECTED.findall(expression):
        assert {label for label, _ in _LABEL.findall(selected)} <= labels[name] | SCRAPED
    for grouped in _GROUPED.findall(expression):
        wanted = {label.strip() for label in grouped.split(",")}
        assert wanted <= set().union(*(labels[name] for name in names)) | SCRAPED
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing)


def test_the_outcomes_that_are_watched_stand_there_before_they_happen(labels: dict[str, set[str]]) -> None:
    """A rise from nothing is none: `increase` of a series that is new sees no rise."""
    from resolvers.counted import disclosures, withheld, writes

    there = {
        str(sorted(sample.labels.items())) for counter in (disclosures, withheld, writes) for each in counter.collect() for sample in each.samples
    }
    for wanted in ({"outcome": "failed"}, {"reason": "TOO_MANY_DISCLOSURES"}, {"basis": "CONSENT"}):
        assert str(sorted(wanted.items())) in there


def test_each_rule_is_one_and_says_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".")
        assert f"`{rule['alert']}`" in PAGE.read_text()


def test_the_dashboard_holds_together() -> None:
    found = dashboard()
    panels = found["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    variables = {each["name"] for each in found["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)\}?", " ".join(expression for _, expression in expressions()))) | {"source"}
    assert used <= variables
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24


async def test_the_page_tells_of_every_metric(labels: dict[str, set[str]]) -> None:
    page = PAGE.read_text()
    families = {re.sub(r"_(total|bucket|count|sum|created)$", "", name) for name in labels if name.startswith("latchkey_")}
    assert {name for name in families if f"`{name}" not in page} == set()
    told = set(re.findall(r"^\| `(latchkey_\w+?)(?:_total)?`", page, re.MULTILINE))
    assert told == families
    for name, of in labels.items():
        if name.startswith("latchkey_"):
            assert of <= LABELS
