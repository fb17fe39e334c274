"""Mutants: the policy and the gate, changed in one place at a time by mutmut and by cosmic-ray; the tests must notice each change.

    make mutants                                      all of them
    python tests/policy/mutants.py resolvers/gate.py  those of one file

It fails for a survivor that is not listed, with its reason, in `survivors.toml`, and for a listed one that no longer survives. Both tools
only make the mutants: their own runners start Python for each, which takes hours. Here each is a fork of a process that has loaded everything but
our own rooms, in a copy of the project, so that nothing here is ever changed.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from mutmut.mutation.file_mutation import create_mutations

ROOT = Path(__file__).resolve().parents[2]
SURVIVORS = Path(__file__).with_name("survivors.toml")
#: What is ours: each folder of Python and each file beside them.
ROOMS = frozenset(each.stem for each in ROOT.iterdir() if each.suffix == ".py" or any(each.glob("*.py")))

#: What is mutated, and the tests that must notice: those without a database first. One database will do.
POLICY_TESTS = (("--noconftest", "tests/policy/test_truth_table.py", "tests/policy", "tests/docs/test_privacy_page.py"),)
TABLE_TESTS = (("--noconftest", "tests/policy/test_classification.py", "tests/docs/test_privacy_page.py", "tests/policy"),)  # the soonest to notice
GATE_TESTS = (
    ("--noconftest", "tests/resolvers/test_gate.py", "tests/policy/test_classification.py"),
    ("tests/resolvers/test_gate_records.py", "-k", "sqlite"),
)
TARGETS = {
    "policy/decision.py": POLICY_TESTS,
    "policy/vocabulary.py": POLICY_TESTS,
    "policy/table.py": TABLE_TESTS,
    "policy/classification.py": TABLE_TESTS,
    "resolvers/gate.py": GATE_TESTS,
}
QUIETLY = (
    "-x",
    "-q",
    "--tb=line",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-p",
    "no:cov",
    "--hypothesis-seed=0",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
)
MOST_SECONDS = 180
CAN_NOT_RUN = 64


@dataclass(frozen=True)
class Mutant:
    """A file with one change. `place`, `before` and `after` are how it is listed: they stay when lines move."""

    tool: str
    path: str
    code: str
    place: str
    before: str
    after: str

    @property
    def name(self) -> tuple[str, str, str, str]:
        """What it is called in the list."""
        return self.path, self.place, self.before, self.after


def by_mutmut(path: str, code: str) -> Iterator[str]:
    """The file as mutmut changes it: inside functions, and here, unlike in its own runs, outside of them too."""
    module, mutations, _, _ = create_mutations(path, code)
    for each in mutations:
        if path != "policy/classification.py" or each.contained_by_top_level_function is not None:  # its tables are text: the schema holds them
            yield module.deep_replace(each.original_node, each.mutated_node).code


def by_cosmic_ray(_: str, code: str) -> Iterator[str]:
    """The file as cosmic-ray's operators change it."""
    for name in sorted(operator_names()):
        operator = get_operator(name)
        if operator.arguments():  # replaces a variable one has to name
            continue
        occurrence = 0
        while (changed := mutate_code(code, operator(), occurrence)) is not None:
            yield changed
            occurrence += 1


def places(tree: ast.AST) -> dict[int, str]:
    """The function or class each line stands in."""
    found: dict[int, str] = {}
    for node in ast.walk(tree):  # from the outside to the inside
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            assert node.end_lineno is not None
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            found |= dict.fromkeys(range(first, node.end_lineno + 1), node.name)
    return found


class _Unannotated(ast.NodeTransformer):
    """Without annotations, which are text here (`from __future__ import annotations`): nothing runs differently for them."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def shape_of(code: str) -> str:
    """What runs, whatever it looks like. Raises SyntaxError."""
    return ast.dump(_Unannotated().visit(ast.parse(code)))


def mutants(path: str) -> Iterator[Mutant]:
    """Those of one file: each that can be compiled, once."""
    code = (ROOT / path).read_text()
    where = places(ast.parse(code))
    seen = {shape_of(code)}
    for tool, made in (("mutmut", by_mutmut), ("cosmic-ray", by_cosmic_ray)):
        for changed in made(path, code):
            try:
                shape = shape_of(changed)
            except SyntaxError:
                continue
            if shape not in seen:
                seen.add(shape)
                yield _named(tool, path, code, changed, where)


def _named(tool: str, path: str, code: str, changed: str, where: dict[int, str]) -> Mutant:
    old, new = code.splitlines(), changed.splitlines()
    spans = [each for each in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if each[0] != "equal"]
    first, last, new_first, new_last = spans[0][1], spans[-1][2], spans[0][3], spans[-1][4]
    before, after = (" ".join(line.strip() for line in lines) for lines in (old[first:last], new[new_first:new_last]))
    return Mutant(tool, path, changed, where.get(first + 1, ""), before, after)


def copied() -> Path:
    """A copy of the project to change files in."""
    tree = Path(tempfile.mkdtemp(prefix="mutants-"))
    for each in ROOT.iterdir():
        if each.is_dir() and each.name in {*ROOMS, "docs"}:
            shutil.copytree(each, tree / each.name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        elif each.suffix in {".py", ".toml", ".md"}:
            shutil.copy(each, tree / each.name)
    return tree


def load_what_is_not_ours(tree: Path) -> None:
    """Import what the tests need of others, so that a fork only has to load ours. Another process tells what it is."""
    os.chdir(tree)
    sys.path[:] = [str(tree), *(each for each in sys.path if Path(each).resolve() not in {ROOT, Path(__file__).parent})]
    needed = "import sys, tests.conftest, hypothesis.strategies; print(*sys.modules)"
    for name in subprocess.run([sys.executable, "-c", needed], check=True, capture_output=True, text=True).stdout.split():
        if name.partition(".")[0] not in {*ROOMS, "__main__"}:
            with suppress(ImportError):  # some names are aliases that another module makes
                importlib.import_module(name)


def notice(selections: tuple[tuple[str, ...], ...], log: Path) -> bool:
    """Does a test fail? Raises RuntimeError if the tests could not be run at all."""
    for selection in selections:
        status = _status(selection, log)
        if status > 2:
            raise RuntimeError(log.read_text())
        if status != 0:
            return True
    return False


def _status(selection: tuple[str, ...], log: Path) -> int:
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(out, 1)
            os.dup2(out, 2)
            os._exit(int(pytest.main([*QUIETLY, *selection])))
        except BaseException:  # noqa: BLE001 (whatever it is, the fork must not go on as if it were its parent)
            traceback.print_exc()
        finally:
            os._exit(CAN_NOT_RUN)
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 1


def surviving(paths: list[str], tree: Path) -> list[Mutant]:
    """The mutants no test notices."""
    log = tree / "log"
    load_what_is_not_ours(tree)
    for path in paths:
        if notice(TARGETS[path], log):
            raise RuntimeError(f"The tests fail as it is:\n{log.read_text()}")
    sys.dont_write_bytecode = True
    for room in ("policy", "resolvers"):
        shutil.rmtree(tree / room / "__pycache__", ignore_errors=True)
    found: list[Mutant] = []
    for path in paths:
        target = tree / path
        whole = target.read_text()
        made = list(mutants(path))
        by_tool = Counter(each.tool for each in made)
        print(f"{path}: {by_tool['mutmut']} mutants by mutmut, {by_tool['cosmic-ray']} more by cosmic-ray", flush=True)
        for mutant in made:
            target.write_text(mutant.code)
            if not notice(TARGETS[path], log):
                found.append(mutant)
                print(f"survived ({mutant.tool}), {path}, {mutant.place}\n  - {mutant.before}\n  + {mutant.after}", flush=True)
        target.write_text(whole)
    return found


def listed() -> dict[tuple[str, str, str, str], str]:
    """The survivors we know of, each with the reason."""
    entries = tomllib.loads(SURVIVORS.read_text()).get("survivor", [])
    return {(each["path"], each["place"], each["before"], each["after"]): each["why"] for each in entries}


def main(paths: list[str]) -> int:
    """0 if the survivors are those that are listed."""
    tree = copied()
    try:
        survived = {each.name for each in surviving(paths, tree)}
    finally:
        os.chdir(ROOT)
        shutil.rmtree(tree)
    known = {name for name in listed() if name[0] in paths}
    for name in sorted(survived - known):
        print(f"NOT LISTED {name}")
    for name in sorted(known - survived):
        print(f"LISTED, BUT NOTICED {name}")
    print(f"{len(survived)} survived, {len(known)} are listed")
    return 0 if survived == known else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(TARGETS)))
