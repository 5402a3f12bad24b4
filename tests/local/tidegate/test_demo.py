"""`make demo` and the README's example, as a person runs them."""

from __future__ import annotations

import json
import os
import re
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


@pytest.mark.matrix
@pytest.mark.timeout(360)
def test_the_demo_tells_the_whole_story(environment: dict[str, str]) -> None:
    """Each stage ends as it is told, no request of a user fails in any of them, and no file is left."""
    done = subprocess.run(
        [sys.executable, DEMO], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout
    said = iter(done.stdout.splitlines())
    # As many resources as the preview has promised, and the rest in this order.
    promised = re.search(r"\+ (\d+) to create", done.stdout)
    assert promised is not None, done.stdout
    number = promised[1]
    for part in (
        "first installation of 4 services",
        f"{number} created",
        f"{number} unchanged",
        "all traffic goes from blue to green: v1.1.0 is live; blue keeps v1.0.0",
        "Live: agent-manager v1.1.0 (green), dashboard v1.0.0 (blue)",
        "[Error] GET http://agent-manager-blue.team-dashboard.svc/health: 500",
        "Live: agent-manager v1.1.0 (green), dashboard v1.0.0 (blue)",
        "goes from 0% to 5%",
        "goes from 5% to 50%",
        "goes from 50% to 100%",
        "v1.1.0 is live; blue keeps v1.0.0",
        "dashboard:latest', which is `latest`: nobody can say later what that was",
        "nothing was changed",
        "tidegate:services.dashboard.replica: there is no such setting; did you mean replicas?",
        "all traffic goes from green to blue: v1.0.0 is live",
        "Live: agent-manager v1.0.0 (blue), dashboard v1.1.0 (green)",
        f"{number} deleted",
        "That was all, and nothing of it is left. Try next:",
    ):
        assert any(part in line for line in said), f"{part!r} is missing or too early\n{done.stdout}"
    users = [line for line in done.stdout.splitlines() if line.startswith("Users: ")]
    assert len(users) == 4
    assert all(line.endswith(" requests, 0 failed.") for line in users), users
    # All four slots have served.
    served = {
        tuple(words[:2]): words[4] for line in done.stdout.splitlines() if (words := line.split())[:1] and "team-dashboard/" in words[0]
    }
    assert sorted(served) == [
        ("team-dashboard/agent-manager", "blue"),
        ("team-dashboard/agent-manager", "green"),
        ("team-dashboard/dashboard-blue", "blue"),
        ("team-dashboard/dashboard-green", "green"),
    ]
    assert set(served.values()) == {"0.00%"}
    assert list(Path(environment["TMPDIR"]).iterdir()) == []


@pytest.mark.parametrize("wish", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.matrix)])
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
