"""The folder that `pulumi.automation.PulumiCommand(root=...)` takes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.engine import ENGINE_VERSION
from tidegate.model.errors import ConfigurationError, TidegateError
from tidegate.stack import installation
from tidegate.stack.engine import Engine, real_cli

EMBEDDED = Engine("embedded", "a test")


def environment(cache: Path) -> dict[str, str]:
    """Make an environment whose cache is `cache`."""
    return {"XDG_CACHE_HOME": str(cache)}


def put_cli(folder: Path, script: str) -> Engine:
    """Put a stand-in for the real CLI into `folder`."""
    folder.mkdir(parents=True)
    file = folder / "pulumi"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return Engine("pulumi", "a test", file)


def test_the_embedded_engine_answers_from_its_folder(tmp_path: Path) -> None:
    """The script works in a foreign folder, with nothing in the environment that helps it."""
    script = installation.root(EMBEDDED, environment(tmp_path)) / "bin" / "pulumi"
    done = subprocess.run([script, "version"], cwd=tmp_path, env={}, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip().removeprefix("v") == ENGINE_VERSION


def test_the_folder_is_stable_and_mended(tmp_path: Path) -> None:
    """The same folder each time; a script that is out of date is written anew, and nothing else is left there."""
    root = installation.root(EMBEDDED, environment(tmp_path))
    script = root / "bin" / "pulumi"
    wanted = script.read_bytes()
    script.write_text("old")
    assert installation.root(EMBEDDED, environment(tmp_path)) == root
    assert script.read_bytes() == wanted
    assert os.access(script, os.X_OK)
    assert list(script.parent.iterdir()) == [script]


def test_an_interpreter_in_an_odd_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path with spaces and quotes, too long for a `#!` line, still starts."""
    folder = tmp_path / "it's a long way" / ("x" * 200)
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(Path(sys.executable).absolute())
    (folder.parent / "pyvenv.cfg").write_text(Path(sys.prefix, "pyvenv.cfg").read_text())
    (folder.parent / "lib").symlink_to(Path(sys.prefix, "lib"))
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    script = installation.root(EMBEDDED, environment(tmp_path)) / "bin" / "pulumi"
    done = subprocess.run([script, "version"], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip().removeprefix("v") == ENGINE_VERSION


def test_our_own_script_is_not_taken_for_the_real_cli(tmp_path: Path) -> None:
    """`pulumi.automation` puts the root's `bin` first on PATH: the search must not end there."""
    root = installation.root(EMBEDDED, environment(tmp_path))
    assert real_cli(str(root / "bin")) is None


def test_a_cli_in_bin_is_its_own_root(tmp_path: Path) -> None:
    """Nothing is written for a CLI that lives where `PulumiCommand` looks."""
    engine = put_cli(tmp_path / "pulumi" / "bin", "echo v3.300.1")
    assert installation.root(engine, environment(tmp_path / "cache")) == tmp_path / "pulumi"
    assert not (tmp_path / "cache").exists()


def test_a_cli_elsewhere_gets_a_root(tmp_path: Path) -> None:
    """A CLI in a folder of another name is reached through a folder in the cache."""
    engine = put_cli(tmp_path / "my tools", 'echo "$@"')
    root = installation.root(engine, environment(tmp_path))
    done = subprocess.run([root / "bin" / "pulumi", "a b", "c"], capture_output=True, text=True, timeout=10, check=True)
    assert done.stdout == "a b c\n"


@pytest.mark.parametrize(("script", "version"), [("echo v3.300.1", "3.300.1"), ("echo 3.300.1-dev", "3.300.1-dev")])
def test_version_of_the_real_cli(tmp_path: Path, script: str, version: str) -> None:
    """The version is what the CLI says, without its letter."""
    assert installation.version(put_cli(tmp_path / "bin", script)) == version


def test_a_broken_cli_is_named(tmp_path: Path) -> None:
    """A CLI that fails is an error that names it and the way out."""
    with pytest.raises(TidegateError, match=r"bin/pulumi version` failed .* TIDEGATE_ENGINE=embedded"):
        installation.version(put_cli(tmp_path / "bin", "exit 3"))


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The error says which folder, and how to choose another."""
    (tmp_path / "tidegate").write_text("a file where a folder should be")
    with pytest.raises(ConfigurationError, match="XDG_CACHE_HOME"):
        installation.root(EMBEDDED, environment(tmp_path))
