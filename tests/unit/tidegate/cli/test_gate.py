"""`tidegate gate scans`, as it is typed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.tidegate.gates.scans.test_reading import REPORTS, SECRETS
from tidegate.cli.app import run
from tidegate.model.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

CLEAN = str(REPORTS / "trivy-clean.json")
BAD = str(REPORTS / "trivy-image.json")


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """What was printed, as data."""
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([CLEAN], ExitCode.OK),
        ([BAD], ExitCode.GATE_REFUSED),
        ([BAD, "--threshold", "critical=2"], ExitCode.OK),
        ([CLEAN, str(REPORTS / "absent.json")], ExitCode.GATE_REFUSED),
        ([str(REPORTS)], ExitCode.GATE_REFUSED),
        ([f"trivy={CLEAN}"], ExitCode.OK),
        ([f"grype={CLEAN}"], ExitCode.GATE_REFUSED),
        ([CLEAN, "--threshold", "critical"], ExitCode.CONFIGURATION),
        ([CLEAN, "--settings", "absent.yaml"], ExitCode.CONFIGURATION),
        ([CLEAN, "--baseline", "absent.json"], ExitCode.CONFIGURATION),
        ([CLEAN, "--write-baseline"], ExitCode.CONFIGURATION),
        ([], ExitCode.CONFIGURATION),
    ],
)
def test_exit_codes(arguments: list[str], code: ExitCode, capsys: pytest.CaptureFixture[str]) -> None:
    """0 when it is passed, 20 when it isn't, whatever the reason; 2 when it was asked for wrongly. No secret is ever said."""
    assert run(["gate", "scans", *arguments]) == code
    said = capsys.readouterr()
    assert not [secret for secret in SECRETS if secret in said.out + said.err]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The verdict as data, also when it is no."""
    assert run(["gate", "scans", BAD, "--json"]) == ExitCode.GATE_REFUSED
    said = printed(capsys)
    assert said["verdict"] == "fail"
    assert said["counts"] == {"critical": 2, "high": 3, "medium": 0, "low": 1, "info": 0, "unknown": 0}
    assert said["thresholds"] == {"critical": 0, "high": 5}
    assert [one["id"] for one in said["findings"]][:2] == ["CVE-2026-0001", "github-pat"]
    assert said["notes"] == ["debian 10.13 gets no fixes any more"]


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    """People see what counts, what doesn't and why, and what refused it."""
    assert run(["gate", "scans", BAD, str(REPORTS / "vex.json")]) == ExitCode.GATE_REFUSED
    said = capsys.readouterr().err
    assert "critical  CVE-2026-0001  libssl1.1 1:1.1.1n-0+deb10u6" in said
    assert "set aside: CVE-2019-10906 in jinja2 2.10: not affected" in said
    assert "2 critical findings; 0 are borne" in said


def test_baseline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Written once, all that was there passes; what is new doesn't. Nothing is written where a report is broken."""
    file = tmp_path / "known.json"
    with_failure = [BAD, str(REPORTS / "absent.json"), "--baseline", str(file), "--write-baseline"]
    assert run(["gate", "scans", *with_failure]) == ExitCode.GATE_REFUSED
    assert not file.exists()
    assert run(["gate", "scans", BAD, "--baseline", str(file), "--write-baseline"]) == ExitCode.OK
    assert run(["gate", "scans", BAD, "--baseline", str(file)]) == ExitCode.OK
    assert run(["gate", "scans", BAD, str(REPORTS / "kubesec.json"), "--baseline", str(file)]) == ExitCode.GATE_REFUSED
    assert "6 findings are accepted" in capsys.readouterr().err


def test_settings_and_sarif(tmp_path: Path) -> None:
    """Exemptions of a file count; findings are written as SARIF, also those that don't count."""
    settings, sarif = tmp_path / "scans.yaml", tmp_path / "out.sarif"
    lines = [f"- {{id: {name}, owner: ada, reason: it is a test, until: 2999-12-31}}" for name in ("CVE-2026-0001", "github-pat")]
    settings.write_text("\n".join(["exemptions:", *lines]), encoding="utf-8")
    assert run(["gate", "scans", BAD, "--settings", str(settings), "--sarif", str(sarif)]) == ExitCode.OK
    results = json.loads(sarif.read_text(encoding="utf-8"))["runs"][0]["results"]
    assert len(results) == 6
    assert sum("suppressions" in one for one in results) == 2
    assert run(["gate", "scans", BAD, "--sarif", str(tmp_path / "absent" / "out.sarif")]) == ExitCode.CONFIGURATION
