"""The coverage as a page of HTML that needs nothing else. All that is told is escaped: names of objects are anybody's."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judging.rulebook import Ruling
    from tidegate.policing.checking import Report
    from tidegate.policing.coverage import Control, Framework

_STYLE: Final = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 2rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid #8884; }
th { font-weight: 600; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
.state { white-space: nowrap; font-weight: 600; }
.violated { color: #c62828; } .unknown { color: #b26a00; } .exempt { color: #6a4fb3; } .held { color: #2e7d32; }
"""


def page(title: str, frameworks: Sequence[Framework], report: Report) -> str:
    """The whole page."""
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        (
            f"<p>{len(report.subjects)} objects, {len(report.rules.rules)} policies, {len(report.violations)} violations, "
            f"{len(report.mandatory)} of them mandatory.</p>"
        ),
        *(line for framework in frameworks for line in _framework(framework)),
        *_violations(report.violations),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _framework(framework: Framework) -> Iterator[str]:
    yield f"<h2>{escape(f'{framework.name} {framework.version}'.strip())}</h2>"
    yield f"<p>{escape(', '.join(f'{count} {state}' for state, count in framework.counts.items()))}</p>"
    yield "<table><thead><tr><th>Control</th><th>State</th><th>Policies</th></tr></thead><tbody>"
    for control in framework.controls:
        yield _control(control)
    yield "</tbody></table>"


def _control(control: Control) -> str:
    policies = "<br>".join(
        f"<code>{escape(one.policy)}</code> {escape(one.title)} ({escape(one.level)}"
        + (f", {one.violations} violation{'s' if one.violations != 1 else ''})" if one.violations else ")")
        for one in control.policies
    )
    state = f'<td class="state {escape(control.state.replace(" ", "-"))}">{escape(control.state)}</td>'
    name = " ".join(escape(part) for part in (control.id, control.title) if part) or "–"
    return f"<tr><td>{name}</td>{state}<td>{policies}</td></tr>"


def _violations(rulings: Sequence[Ruling]) -> Iterator[str]:
    if not rulings:
        return
    yield "<h2>Violations</h2>"
    yield "<table><thead><tr><th>Object</th><th>Policy</th><th>Level</th><th>What is wrong</th></tr></thead><tbody>"
    for one in rulings:
        where = f"{one.subject.source.file}: " if one.subject.source else ""
        yield (
            f"<tr><td><code>{escape(where + one.subject.shown)}</code></td><td><code>{escape(one.rule.name)}</code></td>"
            f"<td>{escape(one.level)}, {escape(one.rule.policy.severity)}</td><td>{escape(one.text)}</td></tr>"
        )
    yield "</tbody></table>"
