"""What shells fill in, asked as shells ask: over the environment, in a folder with stacks."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tidegate.cli import completion
from tidegate.cli.app import run
from tidegate.model.errors import ExitCode

STACK = "config:\n  tidegate:services:\n    web: { image: web, version: v1.4.1 }\n    worker: { version: v2 }\n    api: {}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a project of two stacks, of which one isn't right yet."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.production.yaml").write_text(STACK)
    (tmp_path / "Pulumi.preview.yaml").write_text("config: [oh")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], str]:
    """What kubectl is told that may come next, and what it is to make of it."""
    with monkeypatch.context() as patch:
        for name in ("COMP_WORDS", "COMP_CWORD", completion.VARIABLE):
            # They are set by what is tried, and must not stay.
            patch.setenv(name, "")
        patch.setattr(sys, "argv", ["kubectl_complete-tidegate", *words])
        assert completion.for_kubectl() == 0
    *lines, directive = capsys.readouterr().out.splitlines()
    return lines, directive


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ro"], ["rollback"]),
        (["config", "val"], ["validate"]),
        (["status", "--st"], ["--stack"]),
        (["status", "--stack", ""], ["preview", "production"]),
        (["release", "--stack", "production", "w"], ["web=", "worker="]),
        (["release", "--stack", "production", "web="], ["web=v1.4.1"]),
        (["release", "--stack", "production", "mail="], []),
        (["release", "--stack", "org/shop/production", "a"], ["api="]),
        (["rollback", "--stack", "production", "--service", "wo"], ["worker"]),
        (["rollback", "--stack", "preview", "--service", ""], []),
        (["abort", "--stack", "nowhere", "--scope", ""], []),
    ],
)
def test_what_is_there_is_filled_in(
    project: Path, words: list[str], told: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Verbs, flags, stacks, services and their versions; nothing, in silence, where something is wrong."""
    assert project.is_dir()
    assert asked(words, monkeypatch, capsys)[0] == told


@pytest.mark.parametrize(
    ("words", "directive"), [(["release", "-s", "production", "w"], ":6"), (["release", "-s", "production", "web="], ":4")]
)
def test_kubectl_puts_no_space_where_a_word_goes_on(
    project: Path, words: list[str], directive: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After NAME= the version follows; files are never meant."""
    assert project.is_dir()
    assert asked(words, monkeypatch, capsys)[1] == directive


def test_outside_of_a_project_nothing_is_filled_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is complained of: somebody is only typing."""
    monkeypatch.chdir(tmp_path)
    assert asked(["status", "--stack", ""], monkeypatch, capsys) == ([], ":4")
    assert capsys.readouterr().err == ""


def test_bash_completes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the script that is printed, and a `tidegate` on PATH."""
    assert run(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    command = project / "bin" / "tidegate"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m tidegate.cli.main "$@"\n')
    command.chmod(0o755)
    tried = script + '\nCOMP_WORDS=(tidegate release -s production wo); COMP_CWORD=4; compopt() { echo "$@"; }\n'
    tried += '_tidegate_completion tidegate\necho "${COMPREPLY[@]}"\n'
    done = subprocess.run(
        ["/bin/bash", "-c", tried],
        env={**os.environ, "PATH": f"{command.parent}:/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.splitlines(), done.stderr) == (["-o nospace", "worker="], "")


@pytest.mark.parametrize(("shell", "word"), [("zsh", "#compdef tidegate"), ("fish", "complete --command tidegate")])
def test_other_shells_have_scripts_too(shell: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In their own languages."""
    assert run(["completion", shell]) == 0
    assert word in capsys.readouterr().out


def test_a_shell_that_there_is_no_script_for_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are."""
    assert run(["completion", "tcsh"]) == ExitCode.CONFIGURATION
    assert "bash, zsh and fish" in capsys.readouterr().err


def test_kubectl_finds_its_plugin() -> None:
    """By the names that it looks for; each leads to something that can be called."""
    scripts = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text())["project"]["scripts"]
    assert set(scripts) == {"tidegate", "kubectl-tidegate", "kubectl_complete-tidegate"}
    assert all(callable(EntryPoint(name, target, "console_scripts").load()) for name, target in scripts.items())
