"""deploy/latchkey@.service, as systemd itself reads it."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from settings import variables
from tests.serving import HERE

UNIT = HERE / "deploy" / "latchkey@.service"
#: systemd's own measure, from 0 (nothing is open) to 10.
MOST_EXPOSED = 1.5


def test_it_is_hardened_by_systemds_own_measure() -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze: apt-get install systemd")
    found = subprocess.run([analyze, "security", "--no-pager", "--offline=true", str(UNIT)], capture_output=True, text=True, check=False)
    measured = re.search(r"Overall exposure level for \S+: ([0-9.]+)", found.stdout)
    assert measured, found.stderr
    assert float(measured[1]) <= MOST_EXPOSED
    assert "Unknown" not in found.stderr


def test_what_it_sets_is_a_setting() -> None:
    assert set(re.findall(r"LATCHKEY_[A-Z_]+(?==)", UNIT.read_text())) <= variables()
