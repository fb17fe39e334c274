"""Two databases that differ only in what a caller may not see give that caller the same bytes, by the same statements.

`make noninterference` asks more of the same.
"""

from pathlib import Path

import pytest

from tests.noninterference.running import Run
from tests.noninterference.worlds import ROLES, Pair

PAIRS = 2_000
SEED = 20_261_126


@pytest.mark.parametrize("engine", [True, False], ids=["engine", "without"])
async def test_what_is_withheld_changes_nothing_in_any_answer_and_is_never_read(pair: Pair, tmp_path: Path, engine: bool) -> None:
    run = Run(pair, tmp_path, SEED, engines=(engine, engine))
    report = await run.pairs(PAIRS)
    if report.never_asked and report.found is None:  # what is asked seldom takes some more
        report = await run.pairs(2 * PAIRS)
    assert report.found is None, str(report.found)
    assert len(report.unconfirmed) <= PAIRS // 500, report.unconfirmed  # what a socket heard sooner or later; in fresh worlds it was the same
    assert report.read is None, str(report.read)
    assert report.pairs >= PAIRS
    assert report.never_asked == []  # every leaf field of the schema was asked, and answered with data
    assert report.without_errors >= PAIRS / 2
    assert report.with_personal_data >= PAIRS / 20  # and there is something that may be seen
    assert set(report.roles) == set(ROLES)
    assert set(report.kinds) == {"query", "mutation", "socket", "subscription", "route"}
