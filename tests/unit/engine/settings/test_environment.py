"""What history entries say of how an update was run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from embedded.engine import ENGINE_VERSION
from embedded.engine.settings import ci, environment, git
from embedded.engine.settings.environment import Invocation
from embedded.engine.settings.project import Project

if TYPE_CHECKING:
    from pathlib import Path

CI_VARIABLES = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "TRAVIS", "CIRCLECI", "BUILDKITE", "TF_BUILD")


@pytest.fixture(autouse=True)
def _no_build(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CI_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("PULUMI_HOME", raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project outside of any checkout."""
    return Project("shop", "python", tmp_path, tmp_path / "Pulumi.yaml")


def test_a_plain_update(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of variables and flags are never recorded, only that they are set; of switches, which way."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "hush")
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
    monkeypatch.setenv("PULUMI_DEBUG_COMMANDS", "0")
    message, found = environment.describe(project, "why", Invocation({"yes": True, "message": None}), executable="/python")
    assert message == "why"
    assert list(found) == sorted(found)
    assert found.pop("pulumi.arch")
    assert found.pop("pulumi.os") == sys.platform
    assert found == {
        "exec.kind": "cli",
        "pulumi.env.PULUMI_CONFIG_PASSPHRASE": "set",
        "pulumi.env.PULUMI_DEBUG_COMMANDS": "false",
        "pulumi.env.PULUMI_SKIP_UPDATE_CHECK": "true",
        "pulumi.flag.message": "set",
        "pulumi.flag.yes": "true",
        "pulumi.version": f"v{ENGINE_VERSION}",
        "runtime.executable": "/python",
        "runtime.metadata.toolchain": "Auto",
        "runtime.metadata.typechecker": "None",
        "runtime.name": "python",
        "stack.environments": "[]",
        "updatePlan": "false",
    }


@pytest.mark.parametrize(
    ("invocation", "key", "value"),
    [
        (Invocation(kind="auto.inline"), "exec.kind", "auto.inline"),
        (Invocation(kind="something"), "exec.kind", "cli"),
        (Invocation(agent="robot"), "exec.agent", "robot"),
        (Invocation(plan=True), "updatePlan", "true"),
        (Invocation({"refresh": False}), "pulumi.flag.refresh", "false"),
    ],
)
def test_invocations(project: Project, invocation: Invocation, key: str, value: str) -> None:
    """How the engine was called is recorded."""
    assert environment.describe(project, "", invocation)[1][key] == value


@pytest.mark.parametrize(
    ("options", "toolchain"),
    [({}, "Auto"), ({"virtualenv": "venv"}, "Pip"), ({"toolchain": "uv"}, "Uv"), ({"toolchain": "poetry"}, "Poetry")],
)
def test_toolchains(project: Project, options: dict[str, str], toolchain: str) -> None:
    """The runtime's options are recorded, and its version where this is it."""
    own = Project("shop", "python", project.root, project.file, options)
    found = environment.describe(own, "", Invocation())[1]
    assert found["runtime.metadata.toolchain"] == toolchain
    assert found["runtime.version"] == ".".join(map(str, sys.version_info[:3]))


BUILD = {"PULUMI_CI_SYSTEM": "house", "PULUMI_CI_BUILD_ID": "7", "PULUMI_COMMIT_MESSAGE": "title\n\nmore", "PULUMI_CI_BRANCH_NAME": "main"}


def test_a_build_outside_of_a_checkout(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no checkout, the build's variables say what is known of the commit."""
    for name, value in BUILD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PULUMI_GIT_HEAD", "abc")
    message, found = environment.describe(project, "", Invocation())
    assert message == "title"
    assert {k: v for k, v in found.items() if k.startswith(("ci.", "git."))} == {
        "ci.system": "house",
        "ci.build.id": "7",
        "git.head": "abc",
        "git.headName": "main",
    }


@pytest.mark.parametrize(
    ("variables", "build"),
    [
        ({}, None),
        (BUILD | {"PULUMI_DISABLE_CI_DETECTION": "1"}, None),
        (BUILD, ci.Build("house", id="7", branch="main", message="title\n\nmore")),
        (
            {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "5", "GITHUB_REPOSITORY": "a/b", "GITHUB_SHA": "s", "GITHUB_REF": "refs/heads/x"},
            ci.Build("GitHub", id="5", url="https://github.com/a/b/actions/runs/5", sha="s", branch="refs/heads/x"),
        ),
        ({"GITLAB_CI": "1", "CI_PIPELINE_ID": "9", "CI_MERGE_REQUEST_IID": "3"}, ci.Build("GitLab", id="9", pull_request="3")),
        ({"JENKINS_URL": "u", "BUILD_NUMBER": "4"}, ci.Build("Jenkins", id="4")),
        ({"TEAMCITY_VERSION": "1"}, ci.Build("TeamCity")),
    ],
)
def test_build_services(variables: dict[str, str], build: ci.Build | None) -> None:
    """A build is known by its service's variables."""
    assert ci.detect(variables) == build


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://github.com/acme/shop.git", ("acme", "shop", "github.com")),
        ("https://user:token@gitlab.com/acme/team/shop.git", ("acme", "team/shop", "gitlab.com")),
        ("git@github.com:acme/shop.git", ("acme", "shop", "github.com")),
        ("ssh://git@host:22/acme/shop", ("acme", "shop", "host")),
        ("/srv/git/shop.git", None),
        ("https://host/shop.git", None),
    ],
)
def test_remotes(tmp_path: Path, url: str, found: tuple[str, str, str] | None) -> None:
    """Owner, repository and host of the remote are recorded, never a token in its URL."""
    folder = tmp_path / "deploy"
    folder.mkdir()
    expected = dict(zip(("vcs.owner", "vcs.repo", "vcs.kind"), found, strict=True)) | {"vcs.root": "deploy"} if found else {}
    assert git._remote(url, tmp_path, folder) == expected


def test_the_branch(tmp_path: Path) -> None:
    """The branch is read from HEAD, also of a worktree; a detached HEAD has none."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".git").write_text("gitdir: ../.git\n")
    assert git._head_name(tmp_path) == git._head_name(tree) == "refs/heads/main"
    (tmp_path / ".git" / "HEAD").write_text("0123\n")
    assert git._head_name(tmp_path) == ""
    assert git._head_name(tmp_path / "nowhere") == ""
