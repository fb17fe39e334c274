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


# The promises: each says where it is enforced and what tests it, and nothing it names is missing.

PROMISES = dict(re.findall(r"^### (\d+\. .*?)\n(.*?)(?=^##)", PRIVACY, re.DOTALL | re.MULTILINE))


def named(promise: str, label: str) -> set[str]:
    """The files a promise names under this label."""
    found = re.search(rf"^- \*{label}:\*(.*?)(?=^- \*|\Z)", PROMISES[promise], re.DOTALL | re.MULTILINE)
    assert found is not None, label
    return {name for name in re.findall(r"`([\w/.]+)`", found[1]) if "/" in name}


def test_there_are_eleven_promises() -> None:
    assert [int(title.partition(".")[0]) for title in PROMISES] == list(range(1, 12))


@pytest.mark.parametrize("promise", PROMISES)
def test_a_promise_names_what_enforces_and_what_tests_it_and_its_limits(promise: str) -> None:
    enforced, tested = named(promise, "Enforced"), named(promise, "Tested")
    assert enforced
    assert tested
    assert {name for name in enforced | tested if not (ROOT / name).exists()} == set()
    assert {name for name in enforced if name.startswith("tests/")} == set()
    assert {name for name in tested if not name.startswith("tests/")} == set()
    assert re.search(r"^- \*Limits:\*.{40}", PROMISES[promise], re.MULTILINE)
