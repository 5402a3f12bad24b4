"""`tidegate gate`: what must hold before a release, asked for by itself. What a gate says is in tidegate/gates/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tidegate.cli.output import print_json, show_table, show_text
from tidegate.model.errors import ConfigurationError, GateRefusedError

if TYPE_CHECKING:
    from tidegate.gates.scans.judging import Verdict

app = typer.Typer(help="What must hold before a release, asked for by itself: scanners' reports.", no_args_is_help=True)
SCANS: Final = """\b
Examples:
  tidegate gate scans reports/trivy.json reports/bandit.json
  tidegate gate scans reports/*.json --threshold critical=0 --threshold high=5
  tidegate gate scans reports/*.json gitleaks=reports/leaks.json --settings scans.yaml
  tidegate gate scans reports/*.json --baseline known.json --write-baseline
  tidegate gate scans reports/*.json --sarif verdict.sarif --json"""
_ROWS: Final = 50
_WIDEST: Final = 60

Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Reports, and VEX. FORMAT=FILE says whose it is; else it is told by what is in it.")
]
Thresholds = Annotated[
    list[str] | None,
    typer.Option("--threshold", "-t", metavar="SEVERITY=N", help="How many are borne: critical=0. Without any: critical=0, high=5."),
]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="YAML with `thresholds`, and `exemptions` (id, owner, reason, until).")
]
BaselineFile = Annotated[Path | None, typer.Option("--baseline", metavar="FILE", help="What was there before: it doesn't count.")]
WriteBaseline = Annotated[bool, typer.Option("--write-baseline", help="Write all that is there now to --baseline, and pass.")]
Sarif = Annotated[Path | None, typer.Option("--sarif", metavar="FILE", help="Write all findings there, as SARIF.")]
Json = Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")]


@app.command(epilog=SCANS)
def scans(
    *,
    files: Files,
    threshold: Thresholds = None,
    settings: SettingsFile = None,
    baseline: BaselineFile = None,
    write_baseline: WriteBaseline = False,
    sarif: Sarif = None,
    json: Json = False,
) -> None:
    """Hold scanners' reports against what is borne: one verdict over all of them. Exit code 20 when it isn't passed.

    Reads SARIF, and the JSON of Trivy, Grype, Bandit, Semgrep, pip-audit, Safety, Checkov, Kubesec, ZAP and gitleaks; CycloneDX VEX takes
    findings away. A report that is missing, empty or broken, or of a scan that has failed or looked at nothing, is a failure.
    """
    from datetime import UTC, datetime
    from json import dumps

    from tidegate.gates.scans import borne, judging, reading, telling
    from tidegate.model.intent.scans import Borne

    told = borne.load(settings) if settings is not None else Borne()
    told = told.model_copy(update={"thresholds": borne.thresholds(threshold or (), told.thresholds)})
    if write_baseline and baseline is None:
        raise ConfigurationError("--write-baseline writes to the file of --baseline: name one")
    before = borne.baseline(baseline) if baseline is not None and not write_baseline else borne.Baseline()
    reports, failures = reading.read_all(reading.Given.of(text) for text in files)
    verdict = judging.judge(reports, failures, told, before, datetime.now(UTC).date())
    if sarif is not None:
        _write(sarif, dumps(telling.as_sarif(verdict), indent=2))
    if json:
        print_json(telling.as_json(verdict))
    else:
        _show(verdict)
    if write_baseline and baseline is not None and not verdict.failures:
        _write(baseline, borne.baseline_of(verdict.acceptable).model_dump_json(indent=2))
        show_text(f"{baseline}: {len(verdict.acceptable)} findings are accepted from now on")
    elif not verdict.passed:
        raise GateRefusedError(f"fail: {'; '.join(verdict.refused)}")
    else:
        show_text("pass: no more is found than is borne")


def _show(verdict: Verdict) -> None:
    rows = [(one.severity, one.id, one.where, one.fixed or "-", one.scanner, _short(one.title)) for one in verdict.counting[:_ROWS]]
    if rows:
        show_table(("severity", "id", "where", "fixed in", "found by", "what"), rows)
    if (more := len(verdict.counting) - len(rows)) > 0:
        show_text(f"and {more} more; --json has them all")
    for one in verdict.aside:
        show_text(f"set aside: {one.finding.id} in {one.finding.where}: {one.why}")
    for note in verdict.notes:
        show_text(f"note: {note}")
    counts = ", ".join(f"{count} {severity}" for severity, count in verdict.counts.items() if count) or "nothing"
    show_text(f"in {len(verdict.reports)} report{'s' if len(verdict.reports) != 1 else ''}: {counts}")


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file} can't be written: {error.strerror}") from None
