"""What the policy packs cost: previews of a stack with all of them and without, and manifests judged a second, beside Checkov.

`python -m benchmarks.policies [--runs N] [--size N] [--checkov FOLDER]` prints a table; figures are medians. Checkov comes from PyPI into a
throw-away environment, unless FOLDER is one that has it; without a network its row is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from benchmarks.table import show
from embedded.cluster.cluster import Cluster
from tidegate.policing.packs import NAMES, folder

if TYPE_CHECKING:
    from benchmarks.table import Row

_TIDEGATE: Final = Path(sys.executable).with_name("tidegate")
_LONG: Final = 1800
_GOAL: Final = "3"
_PROGRAM: Final = """\
import json
import pulumi

for i, one in enumerate(json.load(open("objects.json"))):
    version = one["apiVersion"] if "/" in one["apiVersion"] else "core/" + one["apiVersion"]
    pulumi.CustomResource(f"kubernetes:{version}:{one['kind']}", f"{one['kind']}-{i}", one)
"""


def objects(size: int) -> list[dict[str, Any]]:
    """So many objects of applications that break no policy, eight each."""
    space = {"name": "shop", "labels": {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}}
    closed = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    found: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": space},
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "closed", "namespace": "shop"},
            "spec": closed,
        },
    ]
    for number in range(size):
        found += _application(f"app-{number}")
        if len(found) >= size:
            break
    return found[:size]


def _application(name: str) -> list[dict[str, Any]]:
    labels = {"app.kubernetes.io/name": name}
    wanted = {"matchLabels": labels}

    def made(version: str, kind: str, **rest: Any) -> dict[str, Any]:
        return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "shop", "labels": labels}, **rest}

    rule = {"podSelector": wanted}
    backend = {"service": {"name": name, "port": {"number": 80}}}
    return [
        made("v1", "ServiceAccount", automountServiceAccountToken=False),
        made("v1", "ConfigMap", data={f"SETTING_{i}": f"value {i}" for i in range(10)}),
        made("v1", "Secret", type="Opaque", stringData={"token": "nothing"}),
        made(
            "apps/v1",
            "Deployment",
            spec={"replicas": 3, "selector": wanted, "template": {"metadata": {"labels": labels}, "spec": _pod(name)}},
        ),
        made("v1", "Service", spec={"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}),
        made("policy/v1", "PodDisruptionBudget", spec={"minAvailable": 2, "selector": wanted}),
        made("networking.k8s.io/v1", "NetworkPolicy", spec={**rule, "policyTypes": ["Ingress", "Egress"], "ingress": [{"from": [rule]}]}),
        made(
            "networking.k8s.io/v1",
            "Ingress",
            spec={
                "tls": [{"hosts": [f"{name}.example"], "secretName": name}],
                "rules": [{"host": f"{name}.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}],
            },
        ),
    ]


def _pod(name: str) -> dict[str, Any]:
    probe = {"httpGet": {"path": "/health", "port": "http"}}
    container = {
        "name": "app",
        "image": f"ghcr.io/team/{name}:1.0.0@sha256:{'ab' * 32}",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": f"SETTING_{i}", "value": f"value {i}"} for i in range(10)],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}},
        "livenessProbe": probe,
        "readinessProbe": probe,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
    }
    context = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    return {"serviceAccountName": name, "automountServiceAccountToken": False, "securityContext": context, "containers": [container]}


class Bench:
    """A project of these objects in a temporary folder, and the same as manifests."""

    def __init__(self, cluster: Cluster, found: list[dict[str, Any]]) -> None:
        self.folder, self.size = Path(tempfile.mkdtemp(prefix="tidegate-bench-")), len(found)
        self._project, self.manifests = self.folder / "project", self.folder / "manifests"
        for made in (self._project, self.manifests, self.folder / "backend"):
            made.mkdir()
        (self._project / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        (self._project / "__main__.py").write_text(_PROGRAM)
        (self._project / "objects.json").write_text(json.dumps(found))
        kubeconfig = cluster.kubeconfig_file(self.folder / "kubeconfig")
        (self._project / "Pulumi.dev.yaml").write_text(f"config:\n  kubernetes:kubeconfig: {kubeconfig}\n")
        for number in range(0, len(found), 8):
            (self.manifests / f"{number}.yaml").write_text(yaml.safe_dump_all(found[number : number + 8]))
        self._environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.folder}/backend",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "TIDEGATE_ENGINE": "embedded",
        }
        self._run(str(_TIDEGATE), "pulumi", "stack", "init", "dev")

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def preview(self, *packs: str) -> float:
        """A preview with these packs; the seconds it took."""
        flags = [flag for name in packs for flag in ("--policy-pack", str(folder(name)))]
        return self._run(str(_TIDEGATE), "pulumi", "preview", "--stack", "dev", *flags)

    def check(self) -> float:
        """The manifests judged by all packs."""
        return self._run(str(_TIDEGATE), "policies", "check", str(self.manifests), "--pack", "all", "--json", codes=(0, 5))

    def checkov(self, command: Path) -> float:
        """The manifests judged by Checkov."""
        flags = ("--framework", "kubernetes", "--directory", str(self.manifests), "--output", "json", "--quiet", "--compact")
        return self._run(str(command), *flags, codes=(0, 1))

    def _run(self, *command: str, codes: tuple[int, ...] = (0,)) -> float:
        start = time.monotonic()
        done = subprocess.run(command, cwd=self._project, env=self._environment, capture_output=True, text=True, check=False, timeout=_LONG)
        if done.returncode not in codes:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return time.monotonic() - start


def checkov(place: Path) -> Path | None:
    """Checkov in an environment of its own; None where it can't be had."""
    command = place / "bin" / "checkov"
    if command.exists():
        return command
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, timeout=_LONG, capture_output=True)
    install = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "checkov"]
    done = subprocess.run(install, check=False, timeout=_LONG, capture_output=True, text=True)
    if done.returncode:
        print(f"no Checkov: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return command


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--checkov", type=Path)
    options = parser.parse_args()
    # Of a script its own folder comes first, where this file would stand for the packs' package.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
    with Cluster(rate=1) as cluster:
        bench = Bench(cluster, objects(options.size))
        try:
            rows = _measured(bench, options.runs, options.checkov or bench.folder / "checkov")
        finally:
            bench.close()
    show(rows)


def _measured(bench: Bench, runs: int, place: Path) -> list[Row]:
    size = bench.size
    # In turns, so that a machine that gets slower does so for both.
    pairs = [(bench.preview(), bench.preview(*NAMES)) for _ in range(runs)]
    bare, judged = (statistics.median(column) for column in zip(*pairs, strict=True))
    ours = statistics.median(bench.check() for _ in range(runs))
    rows: list[Row] = [
        (f"{size} resources: preview, seconds", bare, ""),
        (f"{size} resources: preview with all packs", judged, ""),
        ("more for the packs, seconds", judged - bare, _GOAL if size == 1000 else ""),
        ("manifests: tidegate, resources a second", size / ours, ""),
    ]
    command = checkov(place)
    if command is not None:
        rows.append(("manifests: Checkov, resources a second", size / statistics.median(bench.checkov(command) for _ in range(runs)), ""))
    return rows


if __name__ == "__main__":
    main()
