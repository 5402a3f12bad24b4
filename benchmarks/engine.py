"""The engine's speed: previews and updates, as a command and in process, beside the real CLI where there is one.

`python -m benchmarks.engine [--runs N] [--sizes 1000,10000]` prints a table; figures are medians of wall-clock times. The provider of the
in-process rows costs nothing; the command's rows use the SDK's dynamic provider, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.table import ROOT, apart, show
from embedded.engine.api import Request, Session
from embedded.engine.backend.diy import Backend
from embedded.engine.backend.naming import StackName
from embedded.engine.deploy.options import Options
from embedded.engine.hosts.in_process import InProcessProgram
from embedded.engine.hosts.plugins import PluginProviders
from embedded.engine.model.ports import Checked, Created, Diff, ReadResult
from embedded.engine.model.values import same
from embedded.engine.settings.project import load_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.model.values import Values

PROGRAM = """
import os
import pulumi

class Thing(pulumi.CustomResource):
    def __init__(self, name, **props):
        super().__init__("bench:index:Thing", name, {**props, "out": None})

for i in range(int(os.environ["BENCH_SIZE"])):
    Thing(f"thing-{i}", size=int(os.environ.get("BENCH_VALUE", "1")), data={"a": "b" * 50, "c": "d", "e": ["f", "g"]})
"""
DYNAMIC = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Provider(ResourceProvider):
    def create(self, props):
        return CreateResult(props["name"], props)

class Thing(Resource):
    pass

for i in range(5):
    Thing(Provider(), f"thing-{i}", {"name": f"thing-{i}", "size": 1})
"""


class FreeProvider:
    """Does nothing, at once (ports.Provider)."""

    supports_preview = True

    async def check_config(self, urn: str, olds: Values, news: Values, *, allow_unknowns: bool) -> Checked:
        return Checked(news)

    async def diff_config(self, *_: Any) -> Diff:
        return Diff(changes=None)

    async def configure(self, *_: Any) -> None:
        pass

    async def check(self, urn: str, olds: Values, news: Values, seed: bytes) -> Checked:
        return Checked(news)

    async def diff(self, urn: str, id_: str, old_inputs: Values, old_outputs: Values, news: Values, ignore: list[str]) -> Diff:
        return Diff(changes=not same(old_inputs, news))

    async def create(self, urn: str, news: Values, timeout: float, *, preview: bool) -> Created:
        return Created("" if preview else urn, news)

    async def update(self, urn: str, id_: str, old_inputs: Values, old_outputs: Values, news: Values, *_: Any, preview: bool) -> Values:
        return news

    async def delete(self, *_: Any) -> None:
        pass

    async def read(self, urn: str, id_: str, inputs: Values | None, outputs: Values, timeout: float) -> ReadResult:
        return ReadResult(id_, outputs, inputs)

    async def cancel(self) -> None:
        pass

    async def close(self) -> None:
        pass


class Bench:
    """A project in a temporary folder, with a stack."""

    def __init__(self, source: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
        (self.folder / "backend").mkdir()
        (self.folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        (self.folder / "__main__.py").write_text(source)
        os.environ["PULUMI_CONFIG_PASSPHRASE"] = "bench"  # noqa: S105 - of a stack that lives for seconds
        self.environment = os.environ | {
            "PULUMI_BACKEND_URL": f"file://{self.folder}/backend",
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONPATH": str(ROOT),
        }

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, command: list[str], *args: str) -> float:
        """Run a command; the seconds it took."""
        start = time.monotonic()
        subprocess.run(
            [*command, *args, "--non-interactive"], cwd=self.folder, env=self.environment, check=True, capture_output=True, timeout=600
        )
        return time.monotonic() - start

    def session(self) -> Session:
        """The stack `dev`, made if need be."""
        backend, stack = Backend.open(f"file://{self.folder}/backend"), StackName("bench", "dev")
        if not backend.exists(stack):
            backend.create(stack)
        return Session.open(load_project(self.folder / "Pulumi.yaml"), stack, backend)

    def in_process(self, session: Session, *, dry_run: bool) -> float:
        """One operation in this process; the seconds it took."""
        factories = {"bench": lambda *_: FreeProvider()}
        providers = PluginProviders(None, self.folder / "home", self.folder, in_process=factories)  # type: ignore[arg-type] # a stand-in
        start = time.monotonic()
        kind = "preview" if dry_run else "update"
        request = Request(kind, Options(dry_run=dry_run), providers, InProcessProgram(self.folder))  # type: ignore[arg-type] # a literal
        outcome = session.run(request, lambda _event: None)
        if outcome.error:
            raise outcome.error
        return time.monotonic() - start


def median(run: Callable[[], float], runs: int) -> float:
    """The median of several runs."""
    return statistics.median(run() for _ in range(runs))


def small(runs: int) -> list[tuple[str, float, str]]:
    """Five resources: a command's preview, and one in process."""
    bench = Bench(DYNAMIC)
    ours = [sys.executable, "-m", "embedded.engine.command"]
    rows = []
    try:
        bench.command(ours, "stack", "init", "dev")
        bench.command(ours, "preview")
        rows.append(("preview of 5 resources, command", median(lambda: bench.command(ours, "preview"), runs), "1.0"))
        if real := shutil.which("pulumi"):
            rows.append(("  the same, real CLI", median(lambda: bench.command([real], "preview"), runs), ""))
        os.environ["BENCH_SIZE"] = "5"
        (bench.folder / "__main__.py").write_text(PROGRAM)
        session = bench.session()
        bench.in_process(session, dry_run=True)
        rows.append(("preview of 5 resources, in process", median(lambda: bench.in_process(session, dry_run=True), runs), "0.15"))
    finally:
        bench.close()
    return rows


def report(size: int, runs: int) -> None:
    """Measure `size` resources and print the rows as JSON."""
    os.environ["BENCH_SIZE"] = str(size)
    bench = Bench(PROGRAM)
    goals = {1000: ("4", "8", "")}.get(size, ("", "", ""))
    try:
        session = bench.session()
        first = median(lambda: bench.in_process(session, dry_run=True), runs)
        update = bench.in_process(session, dry_run=False)
        again = median(lambda: bench.in_process(session, dry_run=True), runs)
    finally:
        bench.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = [
        (f"{size} resources: first preview", first, goals[0]),
        (f"{size} resources: up", update, goals[1]),
        (f"{size} resources: preview of no change", again, goals[2]),
        (f"{size} resources: memory, MB", memory, "400" if size == 1000 else ""),
    ]
    print(json.dumps(rows))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sizes", default="1000,10000")
    options = parser.parse_args()
    rows = small(options.runs)
    for size in options.sizes.split(","):
        # For the memory's sake each size has a process of its own.
        rows += apart("engine", f"report({size}, {1 if int(size) > 1000 else options.runs})")
    show(rows)


if __name__ == "__main__":
    main()
