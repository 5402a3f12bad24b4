"""Mutation testing of the policies: whether the tests notice that a policy judges otherwise (`make mutate`).

mutmut makes the mutants and runs the tests. It leaves out functions that have a decorator, which a policy's function has; so it works on a
copy of the sources in which `@of_pods(...)` above a function has become `name = of_pods(...)(name)` below it, which is the same.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Final, NamedTuple

import libcst

ROOT: Final = Path(__file__).resolve().parent.parent
COPY: Final = ROOT / "build" / "mutation"
TESTS: Final = "tests/unit/policies"
NEEDED: Final = ("policies", "tidegate", "embedded", "tests/conftest.py", TESTS, "pyproject.toml")
WANTED: Final = 85
"""Percent of the mutants that the tests have to notice, in each folder of policies."""
_RESULT: Final = re.compile(r"(?P<module>[\w.]+)\.x\S*__mutmut_\d+: (?P<what>[\w ]+)$")
_NOTICED: Final = {"killed", "timeout", "caught by type check", "segfault"}


class Mutant(NamedTuple):
    """A change of the sources, and whether the tests noticed it."""

    name: str
    folder: str
    noticed: bool


class Undecorated(libcst.CSTTransformer):
    """Declares each policy below its function."""

    def leave_FunctionDef(
        self,
        original_node: libcst.FunctionDef,  # noqa: ARG002 - the visitor gives it
        updated_node: libcst.FunctionDef,
    ) -> libcst.FunctionDef | libcst.FlattenSentinel[libcst.BaseStatement]:
        """Move the decorator, if it is the one of a policy."""
        match updated_node.decorators:
            case [libcst.Decorator(decorator=libcst.Call(func=libcst.Name(value=called)) as declare)] if called.startswith("of_"):
                name = updated_node.name
                declared = libcst.Assign([libcst.AssignTarget(name)], libcst.Call(declare, [libcst.Arg(name)]))
                return libcst.FlattenSentinel([updated_node.with_changes(decorators=[]), libcst.SimpleStatementLine([declared])])
        return updated_node


def undecorated(source: str) -> str:
    """A module's text, with each policy declared below its function."""
    return libcst.parse_module(source).visit(Undecorated()).code


def prepare(folder: str) -> None:
    """Make the copy that the mutants are made of, with the tests of a folder."""
    shutil.rmtree(COPY, ignore_errors=True)
    for name in NEEDED:
        source, target = ROOT / name, COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    for module in (COPY / "policies").rglob("*.py"):
        module.write_text(undecorated(module.read_text()))
    if (ROOT / "tests" / "unit" / folder).is_dir():
        settings = COPY / "pyproject.toml"
        settings.write_text(settings.read_text().replace(f'["{TESTS}"]', f'["tests/unit/{folder}"]'))


def mutmut(*arguments: str, log: Path | None = None) -> str:
    """Run it in the copy."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    if log is None:
        return subprocess.run(command, cwd=COPY, check=True, capture_output=True, text=True, timeout=600).stdout
    with log.open("w") as out:
        done = subprocess.run(command, cwd=COPY, check=False, stdout=out, stderr=subprocess.STDOUT, timeout=6 * 3600)
    if done.returncode:
        last = re.split(r"[\r\n]+", log.read_text())[-15:]
        sys.exit("error: mutmut failed; all that it said is in {}:\n  {}".format(log, "\n  ".join(last)))
    return ""


def results(folder: str) -> list[Mutant]:
    """What became of the mutants of a folder."""
    found = []
    for line in mutmut("results", "--all", "true").splitlines():
        if (said := _RESULT.match(line.strip())) and said["what"] != "not checked" and said["module"].startswith(folder):
            name = line.strip().partition(":")[0]
            found.append(Mutant(name, said["module"].rpartition(".")[0], said["what"] in _NOTICED))
    return found


def main() -> None:
    """Make the mutants of some folders, and say how many of them the tests notice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default="policies", help="only those below this folder: policies/security/pods")
    parser.add_argument("--at-once", type=int, default=1, help="how many mutants are tested at a time")
    told = parser.parse_args()
    folder = told.folder.strip("/")
    module = folder.replace("/", ".")
    print(f"Testing the mutants of {folder}; mutmut tells in {COPY / 'mutmut.log'} how far it is.", flush=True)
    prepare(folder)
    mutmut("run", "--max-children", str(told.at_once), f"{module}.*", log=COPY / "mutmut.log")
    mutants = results(module)
    if not mutants:
        sys.exit(f"error: no mutants of {folder}; name a folder below policies/")
    folders: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        folders[mutant.folder].append(mutant)
    scores = {name: 100 * sum(one.noticed for one in ones) / len(ones) for name, ones in folders.items()}
    for one in mutants:
        if not one.noticed:
            print(f"not noticed: {one.name}")
    for name, score in sorted(scores.items()):
        print(f"{name:40} {len(folders[name]):5} mutants, {score:5.1f} % noticed")
    print(f"A mutant: cd {COPY} && {sys.executable} -m mutmut show NAME")
    if low := [name for name, score in scores.items() if score < WANTED]:
        sys.exit(f"error: fewer than {WANTED} % noticed in {', '.join(low)}")


if __name__ == "__main__":
    main()
