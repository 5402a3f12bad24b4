"""A release that is planned, as people read it: its steps with their gates and times, and what stands in its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.cli.board import spell
from tidegate.cli.output import show_table, show_text

if TYPE_CHECKING:
    from tidegate.driver.results import Box, Gate, Planned


def show(planned: Planned) -> None:
    """Show a person what a release would be."""
    if planned.begins:
        show_table(["STEP", "SERVICES", "TRAFFIC", "LASTS", "GATES", "WHAT HAPPENS"], [_row(box) for box in planned.boxes])
        brought = ", ".join(f"{name} {version}" for name, version in planned.brings.items())
        changed = ", ".join(
            f"{number} to {operation}" for operation, number in planned.changes.items() if operation not in {"same", "read"} and number
        )
        lasts = f" It takes {spell(planned.lasts)} at least." if planned.lasts else ""
        show_text(f"Brings {brought}.{lasts}{f' First, of resources: {changed}.' if changed else ''}")
    for gate in planned.gates:
        if gate.verdict != "pass":
            show_text(_said(gate))
    for note in planned.notes:
        show_text(note)


def _row(box: Box) -> list[str]:
    weight = f"{box.weight}%" if box.step in {"shift", "promote", "bake"} else ""
    lasts = spell(box.lasts) if box.lasts else ""
    return [box.step, ", ".join(box.services), weight, lasts, ", ".join(box.gates), box.text]


def _said(gate: Gate) -> str:
    return f"{'passed by' if gate.overridden else 'in the way'}: {gate.gate}: {gate.text}"
