"""`make demo` and the README's example, as a person runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "examples" / "demo.py"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give the demo a folder of its own for what it throws away, and no `pulumi` on PATH."""
    (tmp_path / "tmp").mkdir()
    return {**os.environ, "TMPDIR": str(tmp_path / "tmp"), "PATH": "/usr/bin:/bin"}


def test_the_demo_tells_the_whole_story(environment: dict[str, str]) -> None:
    """Each stage ends as it is told, the refused one changes nothing, and no file is left."""
    done = subprocess.run([sys.executable, DEMO], env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for line in (
        "Refused, and nothing has changed: blue: 1.0.0 (3 of 3 ready), green: empty, users on blue",
        "The cluster now: blue: 1.0.0 (3 of 3 ready), green: 1.1.0-never-ready (0 of 3 ready), users on blue",
        "  failed     1.1.0, broken    blue=1.0.0, green=1.1.0-never-ready, live=blue",
        "The cluster now: blue: 1.0.0 (3 of 3 ready), green: 1.1.1 (3 of 3 ready), users on green",
        "The cluster now: blue: 1.0.0 (3 of 3 ready), green: 1.1.1 (3 of 3 ready), users on blue",
        "That was all, and nothing of it is left. Try next:",
    ):
        assert line in done.stdout.splitlines(), done.stdout
    # Both slots have served, and nobody was turned away, neither by the broken version nor by the moves.
    served = {words[1]: words[4] for line in done.stderr.splitlines() if (words := line.split())[:1] == ["shop/web"]}
    assert served == {"blue": "0.00%", "green": "0.00%"}
    assert list(Path(environment["TMPDIR"]).iterdir()) == []


@pytest.mark.parametrize("wish", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(environment: dict[str, str], wish: signal.Signals) -> None:
    """Ctrl-C or a polite kill in the middle of an update: the demo says so, and cleans up."""
    with subprocess.Popen(
        [sys.executable, DEMO], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as demo:
        assert demo.stdout is not None
        said = next(line for line in demo.stdout if "up --yes" in line)
        if wish is signal.SIGINT:
            os.killpg(demo.pid, wish)
        else:
            demo.send_signal(wish)
        said += demo.stdout.read()
    assert demo.returncode == 8, said
    assert "Ended early; everything that was made is gone again." in said
    assert list(Path(environment["TMPDIR"]).iterdir()) == []


def test_the_automation_api_takes_the_root(tmp_path: Path, environment: dict[str, str]) -> None:
    """The README's way to the Automation API works, with `root` as `tidegate engine --json` says it."""
    answer = subprocess.run(
        [sys.executable, "-m", "tidegate.cli.main", "engine", "--json"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    root = json.loads(answer.stdout)["root"]
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "program" / "__main__.py").write_text("import pulumi\npulumi.export('said', 'yes')\n")
    code = (
        "from pulumi.automation import LocalWorkspaceOptions, PulumiCommand, create_or_select_stack\n"
        f"options = LocalWorkspaceOptions(pulumi_command=PulumiCommand(root={root!r}))\n"
        "stack = create_or_select_stack('dev', work_dir='.', opts=options)\n"
        "print(stack.up().outputs['said'].value, stack.destroy().summary.result)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path / "program",
        env={**environment, "PULUMI_BACKEND_URL": f"file://{tmp_path}", "PULUMI_CONFIG_PASSPHRASE": "x"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "yes succeeded\n"), done.stderr
