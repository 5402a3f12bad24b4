"""The `tidegate` command from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from embedded.engine import ENGINE_VERSION

if TYPE_CHECKING:
    from pathlib import Path


def tidegate(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command with `environment` on top of this process's, and no `pulumi` on PATH unless it is put there."""
    return subprocess.run(
        [sys.executable, "-m", "tidegate.cli.main", *arguments],
        env={**os.environ, "PATH": "/usr/bin:/bin", "NO_COLOR": "1", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def cli(tmp_path: Path) -> Path:
    """Make a stand-in for the real CLI that repeats its arguments and input, and exits with 42; returns its folder."""
    file = tmp_path / "bin" / "pulumi"
    file.parent.mkdir()
    file.write_text('#!/bin/sh\n[ "$1" = version ] && { echo v3.300.0; exit 0; }\necho "out: $*"\necho "err: $*" >&2\nexit 42\n')
    file.chmod(0o755)
    return file.parent


def test_pulumi_hands_everything_to_the_real_cli(cli: Path) -> None:
    """Arguments, both streams and the exit code are the CLI's own, also for flags that `tidegate` has too."""
    done = tidegate("pulumi", "up", "--help", "--json", "--", "-x", "a b", PATH=f"{cli}:/usr/bin:/bin")
    assert (done.returncode, done.stdout, done.stderr) == (42, "out: up --help --json -- -x a b\n", "err: up --help --json -- -x a b\n")


def test_pulumi_runs_on_the_embedded_engine_where_there_is_no_cli() -> None:
    """Without a CLI the embedded engine answers."""
    done = tidegate("pulumi", "version")
    assert (done.returncode, done.stdout.strip().removeprefix("v")) == (0, ENGINE_VERSION)


def test_the_embedded_engines_exit_code_is_passed_through(tmp_path: Path) -> None:
    """An unknown stack is Pulumi's 6."""
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    done = tidegate("pulumi", "--cwd", str(tmp_path), "stack", "select", "nope", PULUMI_BACKEND_URL=f"file://{tmp_path}")
    assert done.returncode == 6
    assert "no stack named 'nope' found" in done.stderr


@pytest.mark.parametrize("verb", ["pulumi", "engine"])
def test_a_wrong_choice_is_a_configuration_error(verb: str) -> None:
    """Each verb that needs an engine refuses in the same words, with exit code 2."""
    done = tidegate(verb, TIDEGATE_ENGINE="go")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: TIDEGATE_ENGINE is 'go'; allowed are 'pulumi' (the real CLI) and 'embedded'")


def test_engine_as_json(cli: Path) -> None:
    """The four stable keys, for programs."""
    done = tidegate("engine", "--json", PATH=str(cli))
    answer = {"engine": "pulumi", "version": "3.300.0", "root": str(cli.parent), "reason": "there is a pulumi CLI on PATH"}
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, answer, "")


def test_engine_for_people() -> None:
    """People read stderr; stdout stays free for data."""
    done = tidegate("engine")
    assert (done.returncode, done.stdout) == (0, "")
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["engine", "version", "root", "reason"]


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["bogus"], 2), (["engine", "--bogus"], 2)])
def test_usage(arguments: list[str], code: int) -> None:
    """Help is no error; what isn't known is a configuration error."""
    assert tidegate(*arguments).returncode == code


def test_pulumi_starts_without_what_the_other_verbs_need() -> None:
    """Standing in for a command that answers at once, `tidegate pulumi` imports neither typer nor rich, nor what an update needs."""
    code = "import sys; sys.argv = ['tidegate', 'pulumi', 'version']; from tidegate.cli.main import main; main(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PATH": ""}, capture_output=True, text=True, timeout=60, check=True
    )
    assert not {"typer", "rich", "grpc", "pulumi", "boto3", "yaml", "cryptography"} & set(done.stdout.split())
