"""`tidegate policies`, on manifests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from policies.judging.rulebook import Rulebook
from tests.unit.policies.wrapping import pod, wrapped
from tidegate.cli.app import run
from tidegate.model.errors import ExitCode
from tidegate.policing.packs import packs
from tidegate.policing.telling import policy_json

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
BASELINE = pod()
RESTRICTED = {**pod(securityContext=CONTEXT), "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}}
PRIVILEGED = pod(securityContext={"privileged": True})


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manifest's file, in a folder without a project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "web.yaml"


def standards(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, set[str]]:
    """The exit code, and the Pod Security Standards that are violated."""
    code = run(["policies", "check", *arguments, "--json"])
    told = json.loads(capsys.readouterr().out)
    return code, {one["standard"] for one in told["violations"] if one["standard"].startswith("pod-security/")}


@pytest.mark.parametrize(
    ("spec", "level", "violated"),
    [
        (PRIVILEGED, "baseline", {"pod-security/baseline"}),
        (PRIVILEGED, "restricted", {"pod-security/baseline", "pod-security/restricted"}),
        (BASELINE, "baseline", set()),
        (BASELINE, "restricted", {"pod-security/restricted"}),
        (RESTRICTED, "restricted", set()),
    ],
)
def test_manifests_are_judged_up_to_a_level(
    file: Path, capsys: pytest.CaptureFixture[str], spec: dict[str, Any], level: str, violated: set[str]
) -> None:
    """Each violation names its standard; exit code 5 when a mandatory one is found."""
    file.write_text(yaml.safe_dump(wrapped("Deployment", spec)))
    code, found = standards(capsys, str(file), "--level", level, "--kubernetes", "1.36")
    assert found == violated
    assert code == ExitCode.POLICY or not violated


def test_people_are_told_where_and_what_to_do(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr; nothing is on stdout."""
    file.write_text(yaml.safe_dump(wrapped("Deployment", PRIVILEGED)))
    assert run(["policies", "check", str(file)]) == ExitCode.POLICY
    told = capsys.readouterr()
    assert told.out == ""
    assert f"{file}:14: shop/Deployment/web: security/privileged (pod-security/baseline), mandatory, critical" in told.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing.yaml",), "nothing.yaml can't be read"),
        (("web.yaml", "--kubernetes", "2.1"), "a minor version from 1.28 to 1.37"),
        (("web.yaml", "--pack", "securty"), "do you mean security"),
        (("web.yaml", "--json", "--sarif"), "choose one of"),
        (("web.yaml", "--stack", "dev"), "Pulumi"),
    ],
)
def test_what_cannot_be_judged_is_an_error(
    file: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    """Exit code 2, never a pass."""
    file.write_text(yaml.safe_dump(wrapped("Deployment", RESTRICTED)))
    assert run(["policies", "check", *arguments]) == ExitCode.CONFIGURATION
    assert message in " ".join(capsys.readouterr().err.split())


STACK = """\
config:
  tidegate:environment: {tier: local}
  tidegate:policies:
    enforcement: {security: disabled, security/privileged: advisory}
    exemptions: []
"""


def test_a_stack_says_how_strictly(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also one that is none of Tidegate's."""
    (file.parent / "Pulumi.yaml").write_text("name: shop\nruntime: yaml\n")
    (file.parent / "Pulumi.dev.yaml").write_text(STACK)
    file.write_text(yaml.safe_dump(wrapped("Deployment", PRIVILEGED)))
    assert run(["policies", "check", str(file), "-s", "dev", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["policy"], one["level"]) for one in told["violations"]] == [("security/privileged", "advisory")]
    (file.parent / "Pulumi.dev.yaml").write_text(STACK.replace("security/privileged: advisory", "security/privileged: strict"))
    assert run(["policies", "check", str(file), "-s", "dev"]) == ExitCode.CONFIGURATION
    assert "enforcement.security/privileged" in capsys.readouterr().err


def test_policies_are_listed_and_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each name that is listed can be shown, and its header says what it looks at."""
    assert run(["policies", "list", "--json"]) == 0
    listed = [one["policy"] for one in json.loads(capsys.readouterr().out)["policies"]]
    assert len(set(listed)) == len(listed)
    rules = Rulebook.of(packs()).rules
    assert [rule.name for rule in rules] == listed
    for rule in rules:
        told, name = policy_json(rule, whole=True), rule.name
        assert "Looks at:" in told["text"], name
        assert "Allowed:" in told["text"], name
        assert told["fix"], name
        assert all(one.get("description") for one in told["settings"].values()), name
    assert run(["policies", "show", listed[0], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["policy"] == listed[0]
    assert run(["policies", "show", "privilegd"]) == ExitCode.CONFIGURATION
    assert "do you mean" in capsys.readouterr().err
    assert file.parent.is_dir()


@pytest.mark.parametrize("form", [(), ("--json",), ("--sarif",), ("--html",)])
def test_coverage_is_reported(file: Path, capsys: pytest.CaptureFixture[str], form: tuple[str, ...]) -> None:
    """By framework, in each form."""
    file.write_text(yaml.safe_dump(wrapped("Deployment", PRIVILEGED)))
    assert run(["policies", "report", str(file), *form]) == 0
    told = capsys.readouterr()
    assert "privileged" in told.out + told.err
    assert run(["policies", "report", "--framework", "iso-0815"]) == ExitCode.CONFIGURATION
