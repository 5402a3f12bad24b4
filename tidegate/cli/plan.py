"""`tidegate plan`: what the next update would do to the services, as a table."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from tidegate.cli import config
from tidegate.cli.output import print_json, show_table, show_text
from tidegate.model.errors import ExitCode


def plan(*, stack: config.Stack = None, json: config.Json = False) -> None:
    """Say what the next `pulumi up` would do to the services, from the stack's configuration and state; the cluster isn't asked.

    Exit code 2 when the configuration is wrong, 20 when the update would be refused.
    """
    from tidegate.model.events import Apply
    from tidegate.model.ledger import migrate
    from tidegate.model.loading import from_config
    from tidegate.planner import words
    from tidegate.planner.planning import next_ledger
    from tidegate.planner.standing import Standing
    from tidegate.stack.history import configuration
    from tidegate.stack.state import state

    source = config.source(stack, None)
    folder, name = Path.cwd(), source.stack or ""
    loaded = from_config(configuration(folder, name).texts, source.file, source.project)
    if loaded.intent is None:
        config.show_problems(loaded.problems)
        raise SystemExit(ExitCode.CONFIGURATION)
    found = state(folder, name)
    before = migrate(found.outputs["ledger"]) if "ledger" in found.outputs else None
    event = loaded.event or Apply()
    planned = next_ledger(before, loaded.intent, event, Standing.of(found.resources) if before else None)
    rows = words.rows(before, planned.ledger, planned.order)
    release = words.release(before, planned.ledger)
    if json:
        print_json({"event": event.kind, "release": release, "services": [asdict(row) for row in rows], "notes": list(planned.notes)})
        return
    table = [[row.service, row.version, row.candidate, row.weight, "; ".join(row.happens) or "-"] for row in rows]
    show_table(["SERVICE", "LIVE", "OTHER SLOT", "WEIGHT", "WHAT HAPPENS"], table)
    for sentence in [*([release] if release else []), *planned.notes]:
        show_text(sentence)
