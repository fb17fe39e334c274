"""The units in deploy/, as systemd itself reads them."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from settings import variables
from tests.serving import HERE

UNITS = {path.name: path for path in sorted((HERE / "deploy").glob("*.service"))}
#: systemd's own measure, from 0 (nothing is open) to 10.
MOST_EXPOSED = 1.5


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("there is no systemd-analyze: apt-get install systemd")
    return found


@pytest.mark.parametrize("name", UNITS)
def test_it_is_hardened_by_systemds_own_measure(name: str, analyze: str) -> None:
    found = subprocess.run([analyze, "security", "--no-pager", "--offline=true", str(UNITS[name])], capture_output=True, text=True, check=False)
    measured = re.search(r"Overall exposure level for \S+: ([0-9.]+)", found.stdout)
    assert measured, found.stderr
    assert float(measured[1]) <= MOST_EXPOSED
    assert "Unknown" not in found.stderr


@pytest.mark.parametrize("name", UNITS)
def test_what_it_sets_is_a_setting(name: str) -> None:
    assert set(re.findall(r"LATCHKEY_[A-Z_]+(?==)", UNITS[name].read_text())) <= variables()


def test_what_is_forgotten_is_forgotten_daily(analyze: str) -> None:
    timer = (HERE / "deploy" / "latchkey-retention.timer").read_text()
    (when,) = re.findall(r"OnCalendar=(.+)", timer)
    told = subprocess.run([analyze, "calendar", "--iterations=2", when], capture_output=True, text=True, check=True).stdout
    assert "*-*-* 00:00:00" in told
