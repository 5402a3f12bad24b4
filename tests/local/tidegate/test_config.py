"""`tidegate config` from outside: what stacks are told is checked, shown, compared, and found again in their history."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tidegate.cli.app import run

STACK = """\
config:
  tidegate:environment: {name: NAME, tier: TIER, domain: team.example, registry: ghcr.io/a, namespace: a, team: a, cost_centre: "1"}
  tidegate:services:
    web: {image: web, version: v1, secrets: [keys]}
  tidegate:secrets:
    keys: {required: [token]}
"""
SECRETS = ("topsecret-one", "topsecret-two", "topsecret-three")


class Project:
    """A project with two stacks, of which one has had two updates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "tides",
            "PULUMI_HOME": str(folder / "home"),
            "TIDEGATE_ENGINE": "embedded",
        }
        (folder / "state").mkdir()
        (folder / "Pulumi.yaml").write_text("name: tidegate\nruntime: python\n")
        (folder / "__main__.py").write_text("import pulumi\n")
        for name, tier in (("production", "production"), ("staging", "staging")):
            (folder / f"Pulumi.{name}.yaml").write_text(STACK.replace("NAME", name).replace("TIER", tier))
            self.pulumi("stack", "init", name, "--no-select")
        self.set("production", "token", SECRETS[0])
        self.set("staging", "token", SECRETS[1])
        self.pulumi("up", "--yes", "--skip-preview", "--stack", "staging", "--message", "the first")
        self.set("staging", "token", SECRETS[2])
        self.pulumi("config", "set", "--path", "tidegate:services.web.version", "v2", "--stack", "staging")
        self.pulumi("up", "--yes", "--skip-preview", "--stack", "staging", "--message", "the second")

    def pulumi(self, *arguments: str) -> str:
        """A command of the embedded engine."""
        return subprocess.run(
            [sys.executable, "-m", "embedded.engine.command", *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment, "PYTHONPATH": str(Path(__file__).parents[3])},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout

    def set(self, stack: str, key: str, value: str) -> None:
        """Set a secret, as people do."""
        self.pulumi("config", "set", "--secret", "--path", f"tidegate:secrets.keys.values.{key}", value, "--stack", stack)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project, made once: nothing here changes it."""
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def project(made: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project, with its folder as the current one."""
    monkeypatch.chdir(made.folder)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def files(folder: Path) -> Path:
    """A project with two stacks that the engine knows nothing of."""
    for name in ("production", "staging"):
        text = STACK.replace("NAME", name).replace("TIER", name).replace("[token]", "[token], values: {token: {secure: v1:abc}}")
        (folder / f"Pulumi.{name}.yaml").write_text(text)
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of a test's own, with no stack, as the current folder."""
    (tmp_path / "Pulumi.yaml").write_text("name: tidegate\nruntime: python\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    """Run the command; both streams, after a look for secrets in them."""
    capsys.readouterr()
    assert run(["config", *arguments]) == code
    out, err = capsys.readouterr()
    assert not any(secret in out + err for secret in SECRETS)
    return out, err


def data(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    """Run the command with --json; nothing but data is on stdout."""
    return json.loads(answer(capsys, *arguments, "--json", code=code)[0])


def test_validate_checks_one_stack_or_all(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is right is told to people, and is no problem to programs."""
    _, err = answer(capsys, "validate")
    assert err.splitlines() == [
        "Pulumi.production.yaml: all right: 1 service, 1 set of secrets.",
        "Pulumi.staging.yaml: all right: 1 service, 1 set of secrets.",
    ]
    assert data(capsys, "validate", "--stack", "staging") == {"problems": []}
    assert data(capsys, "validate", "--stack", "organization/tidegate/staging") == {"problems": []}
    assert data(capsys, "validate", "--file", str(files / "Pulumi.staging.yaml")) == {"problems": []}


def test_validate_tells_every_problem_and_exits_with_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with file, line, path and message."""
    (folder / "Pulumi.dev.yaml").write_text(
        STACK.replace("NAME", "dev").replace("TIER", "developer").replace("version: v1", "version: 1.10")
    )
    path = "tidegate:environment.tier"
    assert data(capsys, "validate", "--stack", "dev", code=2) == {
        "problems": [
            {"file": "Pulumi.dev.yaml", "line": 2, "path": path, "message": 'must be local, staging or production, not "developer"'},
            {
                "file": "Pulumi.dev.yaml",
                "line": 4,
                "path": "tidegate:services.web.version",
                "message": 'is read as a number, but must be a text: quote it: "1.10"',
            },
            {
                "file": "Pulumi.dev.yaml",
                "line": 6,
                "path": "tidegate:secrets.keys.values.token",
                "message": "is required, but has no value: set it with `pulumi config set --secret --path`, or name a store with external",
            },
        ]
    }
    out, err = answer(capsys, "validate", "--stack", "dev", code=2)
    assert out == ""
    assert err.splitlines()[0] == f'Pulumi.dev.yaml:2: {path}: must be local, staging or production, not "developer"'
    assert err.splitlines()[-1] == "error: 3 problems found; nothing was changed"


MISTAKES: list[tuple[tuple[str, ...], int, str]] = [
    (("validate", "--stack", "stagin"), 6, "the stack stagin has no Pulumi.stagin.yaml; there are production, staging"),
    (("validate", "--file", "nope.yaml"), 2, "there is no file nope.yaml"),
    (("validate", "--stack", "staging", "--file", "x"), 2, "give --stack or --file, not both"),
    (("show",), 2, "say which stack: --stack STACK (there are production, staging)"),
    (("show", "--stack", "staging", "--json", "--yaml"), 2, "give --json or --yaml, not both"),
    (("diff", "staging"), 2, "name two stacks: `tidegate config diff staging production`"),
    (("diff", "staging", "nope"), 6, "the stack nope has no Pulumi.nope.yaml"),
    (("versions",), 2, "say which stack"),
]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("arguments", "code", "message"), MISTAKES, ids=[" ".join(arguments) for arguments, *_ in MISTAKES])
def test_a_mistake_is_told_with_what_to_do(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, message: str) -> None:
    """By exit code and text."""
    assert message in answer(capsys, *arguments, code=code)[1]


def test_outside_of_a_project_there_is_nothing_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said so; a file may be checked all the same."""
    monkeypatch.chdir(tmp_path)
    assert "no Pulumi.yaml project file found" in answer(capsys, "validate", code=2)[1]
    (tmp_path / "some.yaml").write_text("config: {}\n")
    assert [problem["path"] for problem in data(capsys, "validate", "--file", "some.yaml", code=2)["problems"]] == [
        "tidegate:environment",
        "tidegate:services",
    ]


@pytest.mark.usefixtures("folder")
def test_a_project_without_stacks_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """And names the way out."""
    assert "there is no Pulumi.<stack>.yaml in" in answer(capsys, "validate", code=2)[1]
    assert "no Pulumi.<stack>.yaml is here" in answer(capsys, "show", code=2)[1]


@pytest.mark.usefixtures("folder")
def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Any JSON Schema validator takes it."""
    jsonschema.Draft202012Validator.check_schema(json.loads(answer(capsys, "schema")[0]))


@pytest.mark.usefixtures("files")
def test_show_tells_all_settings_and_where_they_come_from(capsys: pytest.CaptureFixture[str]) -> None:
    """To people on stderr, as YAML or JSON on stdout."""
    found = data(capsys, "show", "--stack", "staging")
    assert found["file"] == "Pulumi.staging.yaml"
    assert found["intent"]["services"]["web"]["replicas"] == 2
    assert found["intent"]["secrets"]["keys"]["values"] == {"token": "[secret]"}
    assert found["origins"]["tidegate:services.web.replicas"] == "tier staging"
    assert found["origins"]["tidegate:services.web.drain"] == "default"
    assert "tidegate:services.web.version" not in found["origins"]
    out, err = answer(capsys, "show", "--stack", "staging", "--yaml")
    assert "    replicas: 2  # tier staging\n" in out
    assert err == ""
    assert answer(capsys, "show", "--stack", "staging") == ("", out)


def test_show_of_what_is_wrong_tells_what_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to show then."""
    (folder / "Pulumi.dev.yaml").write_text("config: {}\n")
    out, err = answer(capsys, "show", "--stack", "dev", code=2)
    assert out == ""
    assert "Pulumi.dev.yaml:1: tidegate:environment: is missing" in err


@pytest.mark.usefixtures("project")
def test_diff_of_two_stacks(capsys: pytest.CaptureFixture[str]) -> None:
    """Defaults filled in; of secrets only that they differ."""
    _, err = answer(capsys, "diff", "staging", "production")
    assert "tidegate:services.web.replicas                   2                  5" in err
    assert "tidegate:secrets.keys.values.token               [secret, changed]  [secret, changed]" in err


@pytest.mark.usefixtures("project")
def test_diff_without_the_passphrase_compares_all_but_secrets(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    _, err = answer(capsys, "diff", "staging", "production")
    assert "note: secrets of staging can't be compared: incorrect passphrase" in err
    assert "tidegate:services.web.version" in err
    assert "[secret, can't be compared]" in err


@pytest.mark.usefixtures("project")
def test_versions_tell_what_a_stack_was_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Each update with its number, time, result, message, the configuration's hash and the services' versions, the newest first."""
    second, first = data(capsys, "versions", "--stack", "staging")["versions"]
    assert (first["number"], second["number"]) == (1, 2)
    assert (first["kind"], first["result"], first["message"]) == ("update", "succeeded", "the first")
    assert (first["services"], second["services"]) == ({"web": "v1"}, {"web": "v2"})
    assert first["config"] != second["config"]
    assert first["begun"] <= first["ended"] <= second["begun"]
    _, err = answer(capsys, "versions", "--stack", "staging")
    assert err.splitlines()[0].split() == ["UPDATE", "BEGUN", "KIND", "RESULT", "WHO", "CONFIG", "VERSIONS", "MESSAGE"]
    assert err.splitlines()[1].split()[-3:] == ["web=v2", "the", "second"]


@pytest.mark.usefixtures("project")
def test_diff_against_an_update(capsys: pytest.CaptureFixture[str]) -> None:
    """What has changed since; the last update is what there is."""
    told = data(capsys, "diff", "--stack", "staging", "--version", "1")["differences"]
    assert [(difference["path"], difference["kind"], difference["before"], difference["after"]) for difference in told] == [
        ("tidegate:services.web.version", "changed", "v1", "v2"),
        ("tidegate:secrets.keys.values.token", "changed", None, None),
    ]
    assert "there are updates 1 to 2" in answer(capsys, "diff", "--stack", "staging", "--version", "9", code=2)[1]
    assert "it has had none" in answer(capsys, "diff", "--stack", "production", "--version", "1", code=2)[1]


@pytest.mark.usefixtures("project")
def test_the_history_needs_the_passphrase(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash of what can't be decrypted would say nothing; exit code 3."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    assert "passphrase" in answer(capsys, "versions", "--stack", "staging", code=3)[1]


@pytest.mark.usefixtures("project")
def test_a_stack_that_the_backend_doesnt_know(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It has a file, but nobody has made it: exit code 6."""
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    assert "no stack named 'staging' found" in answer(capsys, "versions", "--stack", "staging", code=6)[1]
