"""The kubernetes provider's and the cluster's speed: previews and updates in one process, and what simulated traffic costs.

`python -m benchmarks.kubernetes [--runs N] [--size N]` prints a table; figures are medians. Program, engine, provider and cluster share one
process, and the memory is all of theirs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.table import apart, show
from embedded.cluster.cluster import Cluster
from embedded.engine.api import Request, Session
from embedded.engine.backend.diy import Backend
from embedded.engine.backend.naming import StackName
from embedded.engine.deploy.options import Options
from embedded.engine.hosts.in_process import InProcessProgram
from embedded.engine.hosts.plugins import PluginProviders
from embedded.engine.settings.project import load_project
from embedded.providers import EMBEDDED

if TYPE_CHECKING:
    from collections.abc import Callable

PARALLEL = 32
# The traffic: one service behind a route with two backends of five pods each.
RATE, SECONDS = 1000, 60


class Bench:
    """A project in a temporary folder, with a stack, on a cluster of its own."""

    def __init__(self, cluster: Cluster) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
        (self.folder / "backend").mkdir()
        kubeconfig = cluster.kubeconfig_file(self.folder / "kubeconfig")
        (self.folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        (self.folder / "Pulumi.dev.yaml").write_text(f"config:\n  kubernetes:kubeconfig: {kubeconfig}\n")
        os.environ["PULUMI_CONFIG_PASSPHRASE"] = "bench"  # noqa: S105 - of a stack that lives for seconds
        backend, stack = Backend.open(f"file://{self.folder}/backend"), StackName("bench", "dev")
        backend.create(stack)
        self.session = Session.open(load_project(self.folder / "Pulumi.yaml"), stack, backend)

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program: Callable[[], None], *, dry_run: bool) -> float:
        """One operation; the seconds it took."""
        providers = PluginProviders(None, self.folder / "home", self.folder, embedded=EMBEDDED)
        kind = "preview" if dry_run else "update"
        options = Options(dry_run=dry_run, parallel=PARALLEL)
        start = time.monotonic()
        request = Request(kind, options, providers, InProcessProgram(program))  # type: ignore[arg-type] # a literal
        outcome = self.session.run(request, lambda _event: None)
        if outcome.error:
            raise outcome.error
        return time.monotonic() - start


def maps(size: int) -> Callable[[], None]:
    """A program of so many ConfigMaps."""

    def program() -> None:
        from pulumi_kubernetes.core.v1 import ConfigMap

        for i in range(size):
            name = f"map-{i}"
            data = {"value": "1", "text": "x" * 50}
            ConfigMap(name, metadata={"name": name, "namespace": "default", "labels": {"app": "bench"}}, data=data)

    return program


def one_change(runs: int) -> float:
    """`up` with one changed object: only the Service's annotation differs."""
    with Cluster(rate=1000) as cluster:
        bench = Bench(cluster)
        try:
            bench.run(service("0"), dry_run=False)
            return statistics.median(bench.run(service(str(n + 1)), dry_run=False) for n in range(runs))
        finally:
            bench.close()


def service(note: str) -> Callable[[], None]:
    """Four ConfigMaps and a Service that carries a note."""

    def program() -> None:
        from pulumi_kubernetes.core.v1 import ConfigMap, Service

        for name in ("a", "b", "c", "d"):
            ConfigMap(name, metadata={"name": name, "namespace": "default"}, data={"value": "1"})
        annotations = {"pulumi.com/skipAwait": "true", "note": note}
        Service("web", metadata={"name": "web", "namespace": "default", "annotations": annotations}, spec={"ports": [{"port": 80}]})

    return program


def report(size: int, runs: int) -> None:
    """Measure `size` ConfigMaps and print the rows as JSON."""
    goals = ("6", "30", "4", "600") if size == 1000 else ("", "", "", "")
    with Cluster(rate=1) as cluster:
        bench = Bench(cluster)
        try:
            first = statistics.median(bench.run(maps(size), dry_run=True) for _ in range(runs))
            update = bench.run(maps(size), dry_run=False)
            again = statistics.median(bench.run(maps(size), dry_run=True) for _ in range(runs))
        finally:
            bench.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = [
        (f"{size} ConfigMaps: first preview", first, goals[0]),
        (f"{size} ConfigMaps: up", update, goals[1]),
        (f"{size} ConfigMaps: preview of no change", again, goals[2]),
        (f"{size} ConfigMaps: memory, MB", memory, goals[3]),
    ]
    print(json.dumps(rows))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--size", type=int, default=1000)
    options = parser.parse_args()
    rows = [
        ("up with one changed object", one_change(options.runs), "0.3"),
        *apart("kubernetes", f"report({options.size}, {min(options.runs, 3)})"),
    ]
    show(rows)


if __name__ == "__main__":
    main()
