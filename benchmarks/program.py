"""How fast `pulumi preview` of the production example is, and what the program costs beside a flat one that declares the same resources.

`python -m benchmarks.program [--runs N]` prints a table; figures are medians of previews that took turns, and the shares are medians of
each round's. The flat program is made out of what the preview says it would create: each resource with its inputs written out, its parent
and what it depends on, and nothing else; its components are bare. The bare one has the Kubernetes objects alone, without any component.
Processor time is that of the command and all that it starts; the cluster is a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pprint
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.table import ROOT, show
from embedded.cluster.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT: Final = ("Pulumi.yaml", "Pulumi.production.yaml", "__main__.py")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a preview took."""

    seconds: float
    processor: float
    """Seconds of the processor's time."""


class Folder:
    """A project in a folder of its own, with a backend of its own."""

    def __init__(self, folder: Path, kubeconfig: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder.parent / f"{folder.name}-state").mkdir()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")} | {
            "PULUMI_BACKEND_URL": f"file://{folder}-state",
            "PULUMI_HOME": f"{folder}-home",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PYTHONPATH": str(ROOT),
            "KUBECONFIG": str(kubeconfig),
            "TIDEGATE_ENGINE": os.environ.get("TIDEGATE_ENGINE", "embedded"),
        }

    def pulumi(self, *words: str) -> str:
        """Run a command; its output."""
        command = [sys.executable, "-m", "tidegate.cli.main", "pulumi", *words, "--non-interactive"]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise SystemExit(f"`pulumi {' '.join(words)}` ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def preview(self) -> Cost:
        """What a preview takes."""
        start, before = time.monotonic(), _processor()
        self.pulumi("preview", "--stack", "production")
        return Cost(time.monotonic() - start, _processor() - before)


def _processor() -> float:
    """The processor's time of all processes that this one has waited for, and that they have."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def projects() -> Iterator[tuple[Folder, Folder, Folder, int]]:
    """The production example, the flat program beside it, the bare one, and how many resources the example has; on a cluster."""
    folder = Path(tempfile.mkdtemp(prefix="tidegate-bench-"))
    try:
        with Cluster(rate=1) as cluster:
            kubeconfig = cluster.kubeconfig_file(folder / "kubeconfig")
            program, plain, bare = (Folder(folder / name, kubeconfig) for name in ("program", "flat", "bare"))
            for part in PROJECT:
                shutil.copy(ROOT / part, program.folder / part)
            program.pulumi("stack", "init", "production")
            steps = json.loads(program.pulumi("preview", "--stack", "production", "--json"))["steps"]
            for made, states in ((plain, _states(steps)), (bare, [s for s in _states(steps) if s["type"].startswith("kubernetes:")])):
                (made.folder / "Pulumi.yaml").write_text("name: tidegate\nruntime: python\n")
                # Settings of the provider's belong to all; the rest is the program's alone.
                (made.folder / "Pulumi.production.yaml").write_text('config:\n  kubernetes:enableConfigMapMutable: "true"\n')
                (made.folder / "__main__.py").write_text(flat(states))
                made.pulumi("stack", "init", "production")
            yield program, plain, bare, len(steps)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _states(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is declared: neither the stack itself nor its provider is."""
    states = [step["newState"] for step in steps]
    return [state for state in states if state["type"].startswith(("kubernetes:", "tidegate:"))]


def flat(states: list[dict[str, Any]]) -> str:
    """A program that declares these, one after the other."""
    lines = ["import pulumi", "import pulumi_kubernetes as kubernetes", ""]
    known: dict[str, str] = {}
    for state in states:
        variable = f"r{len(known)}"
        parent, needed = known.get(state.get("parent", "")), [known[urn] for urn in state.get("dependencies", ()) if urn in known]
        said = ([f"parent={parent}"] if parent else []) + ([f"depends_on=[{', '.join(needed)}]"] if needed else [])
        options = f", opts=pulumi.ResourceOptions({', '.join(said)})" if said else ""
        lines.append(f"{variable} = {_declared(state)}{options})")
        known[state["urn"]] = variable
    return "\n".join(lines) + "\n"


def _declared(state: dict[str, Any]) -> str:
    """The start of a declaration: all but the options and what closes it."""
    name = state["urn"].rpartition("::")[2]
    if not state["type"].startswith("kubernetes:"):
        return f"pulumi.ComponentResource({state['type']!r}, {name!r}"
    place, _, kind = state["type"].removeprefix("kubernetes:").partition(":")
    group, _, version = place.rpartition("/")
    module = f"{group.partition('.')[0]}.{version}"
    inputs = {key: value for key, value in state["inputs"].items() if key not in {"apiVersion", "kind"}}
    if _generated(module, kind):
        return f"kubernetes.{module}.{kind}({name!r}" + "".join(f", {_snake(key)}={_literal(value)}" for key, value in inputs.items())
    said = f"api_version={state['inputs']['apiVersion']!r}, kind={kind!r}"
    return f"kubernetes.apiextensions.CustomResource({name!r}, {said}" + "".join(f", {k}={_literal(v)}" for k, v in inputs.items())


def _generated(module: str, kind: str) -> bool:
    """Whether the SDK has a class for it."""
    import pulumi_kubernetes

    found: Any = pulumi_kubernetes
    for part in [*module.split("."), kind]:
        found = getattr(found, part, None)
    return found is not None


def _literal(value: Any) -> str:
    return pprint.pformat(value, width=10_000, sort_dicts=False)


def _snake(key: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in key)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    with projects() as (program, plain, bare, size):
        rounds = [(program.preview(), plain.preview(), bare.preview()) for _ in range(runs + 1)][1:]

    def median(figure: Callable[[Cost, Cost, Cost], float]) -> float:
        return statistics.median(figure(*one) for one in rounds)

    show(
        [
            ("resources of the production example", size, "120"),
            ("`pulumi preview` of it, seconds", median(lambda ours, _, __: ours.seconds), "2"),
            ("  processor time, seconds", median(lambda ours, _, __: ours.processor), ""),
            ("the flat program's, seconds", median(lambda _, flat, __: flat.seconds), ""),
            ("  processor time, seconds", median(lambda _, flat, __: flat.processor), ""),
            ("the bare program's, seconds", median(lambda _, __, bare: bare.seconds), ""),
            (
                "what ours takes longer than the flat one, percent",
                median(lambda ours, flat, _: (ours.seconds / flat.seconds - 1) * 100),
                "5",
            ),
            ("  in processor time, percent", median(lambda ours, flat, _: (ours.processor / flat.processor - 1) * 100), "5"),
            (
                "what ours takes longer than the bare one, percent",
                median(lambda ours, _, bare: (ours.seconds / bare.seconds - 1) * 100),
                "",
            ),
        ]
    )


if __name__ == "__main__":
    main()
