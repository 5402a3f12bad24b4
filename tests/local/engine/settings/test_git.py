"""The commit of a real checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from embedded.engine.settings import git

if TYPE_CHECKING:
    from pathlib import Path

GIT = shutil.which("git") or ""
pytestmark = pytest.mark.skipif(not GIT, reason="git is not on PATH")

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Bob",
    "GIT_COMMITTER_EMAIL": "bob@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def run(folder: Path, *arguments: str) -> None:
    """A git command in the checkout."""
    subprocess.run([GIT, *arguments], cwd=folder, env={**os.environ, **IDENTITY}, check=True, capture_output=True, timeout=30)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one commit."""
    run(tmp_path, "init", "-b", "main")
    run(tmp_path, "remote", "add", "origin", "git@github.com:acme/shop.git")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "Pulumi.yaml").write_text("name: shop\n")
    run(tmp_path, "add", ".")
    run(tmp_path, "commit", "-m", "A title\n\nand more")
    return tmp_path


def test_a_clean_checkout(checkout: Path) -> None:
    """Commit, people, branch and remote are found from a folder below."""
    commit = git.Asked(checkout / "deploy").answer()
    assert commit.title == "A title"
    head = commit.environment.pop("git.head")
    assert len(head) == 40
    assert commit.environment == {
        "git.author": "Ann",
        "git.author.email": "ann@example.com",
        "git.committer": "Bob",
        "git.committer.email": "bob@example.com",
        "git.dirty": "false",
        "git.headName": "refs/heads/main",
        "vcs.kind": "github.com",
        "vcs.owner": "acme",
        "vcs.repo": "shop",
        "vcs.root": "deploy",
    }


def test_a_changed_checkout(checkout: Path) -> None:
    """What is not committed makes it dirty; a detached HEAD has no branch."""
    run(checkout, "checkout", "--detach")
    (checkout / "new").write_text("")
    environment = git.Asked(checkout).answer().environment
    assert environment["git.dirty"] == "true"
    assert "git.headName" not in environment
    assert environment["vcs.root"] == "."


def test_a_checkout_without_commits(tmp_path: Path) -> None:
    """A checkout that is new, or broken, says nothing and fails nothing."""
    run(tmp_path, "init")
    assert git.Asked(tmp_path).answer() == git.Commit()
    (tmp_path / ".git" / "HEAD").write_text("what")
    assert git.Asked(tmp_path).answer() == git.Commit()


def test_git_that_does_not_answer(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git that hangs is ended, and holds nothing up."""
    monkeypatch.setattr(git, "_SECONDS", 0.0)
    assert git.Asked(checkout).answer().environment == {}


def test_without_git(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no git command, nothing is said of the commit."""
    monkeypatch.setenv("PATH", "")
    assert git.Asked(checkout).answer() == git.Commit()
