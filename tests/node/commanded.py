"""An operation carried out by the command that people type, told as the operations are that run in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from embedded.engine.deploy.options import Outcome
from embedded.engine.model.errors import EngineError
from embedded.engine.model.events import Diagnostic
from embedded.engine.model.state import Snapshot
from tests.local.kubernetes.stack import Run

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess


def run(done: CompletedProcess[str], log: Path) -> Run:
    """How it went, out of the command's end and the events that it has logged."""
    logged: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    told = [_diagnostic(event["diagnosticEvent"]) for event in logged if "diagnosticEvent" in event]
    summaries = [event["summaryEvent"] for event in logged if "summaryEvent" in event]
    changes = summaries[-1]["resourceChanges"] if summaries else {}
    error = EngineError(f"{done.stdout}\n{done.stderr}") if done.returncode else None
    return Run(Outcome(Snapshot(), changes or {}, error), list(told))


def _diagnostic(event: dict[str, Any]) -> Diagnostic:
    return Diagnostic(
        event["message"], event["severity"], event.get("urn", ""), event.get("prefix", ""), ephemeral=event.get("ephemeral", False)
    )
