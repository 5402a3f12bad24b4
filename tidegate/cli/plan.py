"""`tidegate plan`: what the next update would do to the services, as a table; or what a release of versions would be, step by step."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Final

from tidegate.cli import config, release, verbs
from tidegate.cli.output import print_json, show_table, show_text
from tidegate.model.errors import ExitCode

EXAMPLES: Final = """\b
Examples:
  tidegate plan -s production
  tidegate plan -s production web=v1.4.2 api=v1.4.0"""


def plan(
    *,
    versions: release.Versions = None,
    image: release.Images = None,
    stack: verbs.Stack = None,
    yes: verbs.Yes = False,
    json: config.Json = False,
) -> None:
    """Say what the next `pulumi up` would do to the services, from the stack's configuration and state; the cluster isn't asked.

    With versions: what `tidegate release` of them would be, each step with its gates and times, and what stands in its way.

    Exit code 2 when the configuration is wrong, 20 when it would be refused.
    """
    del yes  # nothing is asked
    if versions or image:
        _released(stack, versions, image, json=json)
    else:
        _updated(stack, json=json)


def _released(stack: str | None, versions: list[str] | None, image: list[str] | None, *, json: bool) -> None:
    """What a release of these would be."""
    from tidegate.cli import planned

    with verbs.releases(stack, quiet=True) as found:
        answer = found.plan(*release.wanted(versions, image))
    if json:
        print_json(asdict(answer))
    else:
        planned.show(answer)
    if answer.code:
        raise SystemExit(answer.code)


def _updated(stack: str | None, *, json: bool) -> None:
    """What an update would do."""
    from tidegate.model.events import Apply
    from tidegate.model.loading import from_config
    from tidegate.planner import words
    from tidegate.planner.planning import next_ledger
    from tidegate.stack.port import PulumiStack

    source = config.source(stack, None)
    found = PulumiStack(Path.cwd(), source.stack or "")
    loaded = from_config(found.values().texts, source.file, source.project)
    if loaded.intent is None:
        config.show_problems(loaded.problems)
        raise SystemExit(ExitCode.CONFIGURATION)
    reading, event = found.read(), loaded.event or Apply()
    before = reading.ledger
    after = next_ledger(before, loaded.intent, event, reading.standing)
    rows = words.rows(before, after.ledger, after.order)
    release = words.release(before, after.ledger)
    if json:
        print_json({"event": event.kind, "release": release, "services": [asdict(row) for row in rows], "notes": list(after.notes)})
        return
    table = [[row.service, row.version, row.candidate, row.weight, "; ".join(row.happens) or "-"] for row in rows]
    show_table(["SERVICE", "LIVE", "OTHER SLOT", "WEIGHT", "WHAT HAPPENS"], table)
    for sentence in [*([release] if release else []), *after.notes]:
        show_text(sentence)
