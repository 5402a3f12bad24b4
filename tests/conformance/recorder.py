"""Runs a scenario's steps with a `pulumi` command and writes what it saw, with what differs from run to run replaced.

For each step N (a line of `steps`): N.txt (command, exit status, stdout, stderr), N.events.jsonl (engine events), N.state.json (the
stack's file). `before-N` is a script to run first. By hand: `python -m tests.conformance.recorder OUT [SCENARIO...] --pulumi COMMAND`
(scenarios from 20 on need a cluster: KUBECONFIG, and the real CLI the real provider: --plugins).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
SCENARIOS: Final = HERE / "scenarios"
STEP_SECONDS: Final = 120
_OPERATIONS: Final = ("up", "preview", "refresh", "destroy")
_WITHOUT_STATE: Final = ("preview", "stack", "config", "version", "whoami", "plugin")
_PATTERNS: Final = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "<time>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
    (r"v1:[A-Za-z0-9+/=]{11,}:[A-Za-z0-9+/=]+", "<ciphertext>"),
    (r"\b\d+(\.\d+)? (seconds|minutes) ago\b", "<ago>"),
    (r"Duration: \S+", "Duration: <d>"),
    (r"\((\d+)s\)", "(<d>)"),
    (r"\((\d+)\.\d+s\)", "(<d>)"),
    (r'("durationSeconds": ?)\d+', r"\1<d>"),
    (r'("(startTime|endTime|timestamp|sequence)": ?)\d+', r"\1<n>"),
    (r'("pid": ?)\d+', r"\1<n>"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:<port>"),
    (r'("lastUpdate": ?)"[^"]*"', r'\1"<time>"'),
    (r"\b(now|a few seconds ago|just now)\b", "<ago>"),
    (r"-[0-9a-f]{8}\b(?=[\"'\s,)])", "-<random>"),
    (r'("(resourceVersion|uid|clusterIP|creationTimestamp|generation|time|nodeName|hostIP|podIP)": ?)("[^"]*"|\d+)', r'\1"<live>"'),
    (r"'?magic'?\"?: ?\"[0-9a-f]{64}\"", 'magic": "<sha256>"'),
    (r'"__provider": ?"[^"]*"', '"__provider": "<code>"'),
    (r"gASV[A-Za-z0-9+/=]{20,}", "<code>"),
    (r"PULUMI_[A-Z_]+=\S+", "PULUMI_<env>"),
)


def clean(text: str, folders: list[tuple[str, str]]) -> str:
    """The text without what differs from run to run."""
    for folder, name in folders:
        text = text.replace(folder, name)
    for pattern, to in _PATTERNS:
        text = re.sub(pattern, to, text)
    return text


class Recorder:
    """One scenario's run, in folders of its own."""

    def __init__(self, scenario: Path, out: Path, pulumi: list[str], environment: dict[str, str], plugins: Path | None = None) -> None:
        self._source, self._out, self._pulumi, self._plugins = scenario, out / scenario.name, pulumi, plugins
        self._work, self._home = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
        self._backend, self._program = self._work / "backend", self._work / "p"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PULUMI_")}
        self._environment = {
            **kept,
            "PULUMI_BACKEND_URL": f"file://{self._backend}",
            "PULUMI_HOME": str(self._home),
            "PULUMI_CONFIG_PASSPHRASE": "password",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DEBUG_COMMANDS": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "NO_COLOR": "1",
            **environment,
        }

    def run(self) -> None:
        """Record every step."""
        try:
            self._prepare()
            for number, line in enumerate((self._source / "steps").read_text().splitlines(), 1):
                self._step(number, line)
        finally:
            shutil.rmtree(self._work, ignore_errors=True)
            shutil.rmtree(self._home, ignore_errors=True)

    def _prepare(self) -> None:
        self._backend.mkdir()
        if self._plugins:
            (self._home / "plugins").symlink_to(self._plugins)
        shutil.copytree(self._source, self._program)
        shutil.copy(SCENARIOS / "toy.py", self._program)
        (self._program / "Pulumi.yaml").write_text("name: scenario\nruntime: python\ndescription: a scenario\n")
        shutil.rmtree(self._out, ignore_errors=True)
        self._out.mkdir(parents=True)
        if "stack init dev" not in (self._source / "steps").read_text():
            self._call(["stack", "init", "dev"], "0").check_returncode()

    def _step(self, number: int, line: str) -> None:
        args, log = shlex.split(line), self._work / f"{number}.events"
        before = self._source / f"before-{number}"
        if before.exists():
            environment = {**self._environment, "STEP": str(number), "PULUMI": shlex.join(self._pulumi)}
            subprocess.run(
                ["/bin/bash", str(before)], env=environment, cwd=self._program, check=False, capture_output=True, timeout=STEP_SECONDS
            )
        flags = ["--event-log", str(log)] if args[0] in _OPERATIONS else []
        done = self._call([*args, "--non-interactive", "--color", "never", *flags], str(number))
        text = f"$ pulumi {line}\nexit {done.returncode}\n--- stdout\n{done.stdout}--- stderr\n{done.stderr}"
        (self._out / f"{number:02}.txt").write_text(clean(text, self._folders()))
        if log.exists():
            lines = [e for e in log.read_text().splitlines(keepends=True) if '"severity":"debug"' not in e]
            (self._out / f"{number:02}.events.jsonl").write_text(clean("".join(lines), self._folders()))
        states = sorted(self._backend.glob(".pulumi/stacks/*/dev.json"))
        if states and args[0] not in _WITHOUT_STATE:
            state = json.dumps(json.loads(states[0].read_text()), indent=1)
            (self._out / f"{number:02}.state.json").write_text(clean(state, self._folders()))

    def _call(self, args: list[str], step: str) -> subprocess.CompletedProcess[str]:
        environment = {**self._environment, "STEP": step}
        return subprocess.run(
            [*self._pulumi, *args], cwd=self._program, env=environment, capture_output=True, text=True, timeout=STEP_SECONDS, check=False
        )

    def _folders(self) -> list[tuple[str, str]]:
        named = [(self._backend, "<backend>"), (self._program, "<program>"), (self._work, "<work>"), (self._home, "<home>")]
        return [(str(folder), name) for folder, name in named]


def main() -> None:
    """Record by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("scenarios", nargs="*")
    parser.add_argument("--pulumi", default="pulumi")
    parser.add_argument("--plugins", type=Path, help="a folder of plugins, as $PULUMI_HOME/plugins is one")
    options = parser.parse_args()
    for name in options.scenarios or sorted(d.name for d in SCENARIOS.iterdir() if d.is_dir()):
        Recorder(SCENARIOS / name, options.out, shlex.split(options.pulumi), {}, options.plugins).run()
        sys.stdout.write(f"{name} recorded\n")


if __name__ == "__main__":
    main()
