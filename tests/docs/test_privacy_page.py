"""The privacy page can not lie: its tables are made from the code, and every file it names as a proof is there."""

import re
from pathlib import Path

import pytest

from policy import table
from policy.vocabulary import Action, Reason

ROOT = Path(__file__).resolve().parents[2]
PRIVACY = (ROOT / "docs/privacy.md").read_text()


@pytest.mark.parametrize(("name", "text"), [("rules", table.rules()), ("categories", table.categories())])
def test_the_privacy_page_holds_the_table_in_code(name: str, text: str) -> None:
    found = re.search(rf"<!-- {name}: policy/table.py -->\n(.*?)<!-- end -->", PRIVACY, re.DOTALL)
    assert found is not None
    assert found[1] == text, f"docs/privacy.md, {name}: put this there:\n{text}"


def test_every_reason_is_explained() -> None:
    assert {reason for reason in Reason if f"| `{reason}` |" not in PRIVACY} == set()


def test_every_action_has_a_row() -> None:
    assert {action for action in Action if f"| `{action}` |" not in PRIVACY} == set()
