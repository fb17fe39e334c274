"""The plugin that looks at what was written down: it finds a secret in whatever form, names its kind, and fails the session."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from identity.credentials import new_secret
from tests.identity import people
from tests.marks import SIGNS, mark
from tests.serving import HERE, PASSWORD
from tests.written_down import kinds_in, secret

NAME = "Zoë Ångström Ünïque"
CLEAN = """2031-01-01T10:00:00.123456Z [info ] answered method=POST ms=12.3 request_id=0198c0de-0000-7000-8000-000000000000 route=/graphql
{"route": "/documents/…", "request_id": "0198c0de-0000-7000-8000-000000000000", "ms": 3.1, "event": "answered", "status": 200}
latchkey_request_seconds_bucket{le="0.005",route="/graphql"} 12.0
unexpected error error=IntegrityError where=resolvers/claims.py:120
"""

FORMS: dict[str, Callable[[str], str]] = {
    "itself": lambda text: text,
    "upper-case": str.upper,
    "in-an-address": quote,
    "in-a-form": quote_plus,
    "twice-spaced": lambda text: text.replace(" ", "   "),
    "json": lambda text: re.sub("[^ -~]", lambda each: f"\\u{ord(each[0]):04x}", text),
    "as-bytes-are-printed": lambda text: repr(text.encode()),
    "as-text-is-printed-plainly": ascii,
    "in-a-list": lambda text: repr([text]),
}


@pytest.fixture(autouse=True)
def _a_secret() -> None:
    secret("a name of this test", [NAME, {"deep": [{"er": f"{NAME} of old"}]}])


def test_a_clean_log_has_none() -> None:
    assert kinds_in(CLEAN) == set()


@pytest.mark.parametrize("form", FORMS)
def test_a_value_is_found_in_every_form_it_is_written_in(form: str) -> None:
    assert "a name of this test" in kinds_in(f"{CLEAN}something name={FORMS[form](NAME)} else\n")


def test_what_only_looks_like_a_secret_is_found_whatever_its_value() -> None:
    for text, kind in (
        ("from=somebody.new+tag@example.org", "an e-mail address"),
        ("from=somebody%40example.org", "an e-mail address"),
        (f"Authorization: Bearer lk_{new_secret()}", "a bearer token"),
        (f"GET /exports/{new_secret()[:42]}A.csv", "a secret of chance"),
        (f"bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbmEifQ.{new_secret()[:20]}", "a JSON Web Token"),
        ("secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a webhook's secret"),
        (f"search={mark(SIGNS[0], 'name')}", "a mark of a test"),
        (f"search={quote(mark(SIGNS[0], 'name'))}", "a mark of a test"),
        ("hash=$argon2id$v=19$m=8", "a password's hash"),
    ):
        found = {kind for _ in range(3) for kind in kinds_in(text)}
        assert kind in found, text
    for password in (PASSWORD, people.PASSWORD.upper()):
        assert "a password" in kinds_in(f"password={password}")


def test_what_stands_in_a_value_is_one_too_and_what_is_short_is_none() -> None:
    assert "a name of this test" in kinds_in(f"x{NAME} of oldx")
    secret("too short to tell", ["Jan", "12a", "  a b ", "------"])
    assert "too short to tell" not in kinds_in("Jan 12a a b ------")


def test_a_number_is_found_where_it_stands_and_not_within_another() -> None:
    secret("a number", ["5140081"])
    for measured in ("bytes 15140081.0", "sum 0.005140081", "sum 5140081.25", "sum 2.5140081e+08", "bytes 51400812"):
        assert "a number" not in kinds_in(measured), measured
    for told in ("5140081", "order=5140081 ", "shop/5140081.csv", 'order="w5140081"', "no. 5140081.", "+31 5140081", "ref%205140081"):
        assert "a number" in kinds_in(told), told


def test_a_word_of_the_api_is_none_and_what_only_holds_one_is() -> None:
    secret("a word", ["VIEW_PERSONAL_DATA"])
    secret("more than a word", ["VIEW_PERSONAL_DATA of Zoë"])
    line = 'latchkey_decisions_total{action="VIEW_PERSONAL_DATA"} 1.0'
    assert kinds_in(line) == set()
    assert "more than a word" in kinds_in(f"{line} # view_personal_data of zoë")


PLANTED = """
import logging, sys
import structlog
from tests import written_down

def test_server(tmp_path):
    file = tmp_path / "server-1.log"
    file.write_text({line!r})
    written_down.keep(file)

def test_logging():
    logging.getLogger("resolvers").warning({line!r})

def test_structlog():
    structlog.get_logger().error("failed", value={line!r})

def test_stderr():
    print({line!r}, file=sys.stderr)
"""
PLACES = (
    r"server-1\.log",
    r"test_planted\.py::test_logging \(captured log call\)",
    r"test_planted\.py::test_structlog \(captured stdout call\)",
    r"test_planted\.py::test_stderr \(captured stderr call\)",
)


def a_session(folder: Path, line: str, *options: str) -> subprocess.CompletedProcess[str]:
    """A session of pytest with the plugin, of tests that pass and write this line down, each in its way."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_planted.py").write_text(PLANTED.format(line=line))
    with_plugin = ["-c", str(folder / "pytest.ini"), "-p", "tests.written_down_plugin", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *with_plugin, *options, str(folder / "test_planted.py")]
    alone = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return subprocess.run(command, cwd=HERE, env=alone, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "in-processes"])
def test_one_planted_line_fails_the_session_and_is_not_repeated(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = a_session(tmp_path, f"somebody searched for {quote('jan.bakker@example.com')}", *options)
    assert done.returncode == 1, done.stdout
    assert "4 passed" in done.stdout
    for place in PLACES:
        assert re.search(rf"{place}: a builder's email\n", done.stdout), done.stdout
        assert re.search(rf"{place}: an e-mail address\n", done.stdout)
    assert "bakker" not in done.stdout + done.stderr


def test_a_session_that_wrote_nothing_of_anybody_passes(tmp_path: Path) -> None:
    done = a_session(tmp_path, CLEAN)
    assert (done.returncode, "A secret was written down" in done.stdout) == (0, False), done.stdout
