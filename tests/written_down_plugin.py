"""A pytest plugin: the session fails if what was written down while its tests ran holds a secret of any of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import _PERSONAL
from tests.identity import people
from tests.serving import PASSWORD
from tests.written_down import found_in, leaks, secret

_NEWS = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with what is written into the tests themselves."""
    config.stash[_NEWS] = []
    secret("a password", [PASSWORD, people.PASSWORD])
    for name, value in _PERSONAL.items():
        secret(f"a builder's {name}", [value])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """What a test logged or printed is looked at when all of it is there."""
    report: Any = yield
    if report.when == "teardown":
        for title, text in report.sections:
            if title.startswith("Captured"):
                item.config.stash[_NEWS] += [f"{item.nodeid} ({title.lower()}): {kind}" for kind in sorted(map(str, found_in(text)))]
    return report  # type: ignore[no-any-return] # pytest's wrappers return what they were given


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the session for a secret that was written down."""
    news = session.config.stash[_NEWS]
    news += leaks()
    output = getattr(session.config, "workeroutput", None)
    if output is not None:  # of a process of xdist's, which has no say in how it ends
        output["written_down"] = list(news)
    elif news:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process of xdist's is done: what it found."""
    news: list[str] = node.config.stash[_NEWS]
    news += getattr(node, "workeroutput", {}).get("written_down", [])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say where, and of what kind, not what."""
    news = config.stash[_NEWS]
    if news:
        terminalreporter.section("A secret was written down", sep="=", red=True)
        for each in sorted(set(news)):
            terminalreporter.line(each)
