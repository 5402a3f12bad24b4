"""Policy violations and remediations as text, and the `Policies:` block that groups them by pack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.engine.display.changes import compare
from embedded.engine.display.style import plural, type_name
from embedded.engine.display.valuetext import ValueText, text
from embedded.engine.model import urn as urns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.engine.display.options import DisplayOptions
    from embedded.engine.display.style import Style
    from embedded.engine.model.events import PolicyRemediation, PolicyViolation

_ENFORCEMENTS: Final = ("remediate", "mandatory", "advisory")
_SEVERITIES: Final = ("critical", "high", "medium", "low")
_SUB: Final = "        "


def violation_text(event: PolicyViolation, options: DisplayOptions, *, first: str, rest: str) -> str:
    """A violation: its line begins with `first`, its message's lines with `rest`."""
    severity = f" [severity: {event.severity}]" if event.severity else ""
    colour = "red" if event.enforcement == "mandatory" else "yellow"
    title = options.style.paint(colour, f"[{event.enforcement}]{severity}  {event.policy}")
    message = event.message.rstrip("\n").replace("\n", "\n" + rest)
    return f"{first}{title}{_resource(event.urn, options)}\n{rest}{message}\n"


def _resource(urn: str, options: DisplayOptions) -> str:
    if not urns.is_valid(urn):
        return ""
    name = urn if options.show_urns else urns.name_of(urn)
    return f"  ({type_name(urns.type_of(urn))}: {name})"


def remediation_text(event: PolicyRemediation, options: DisplayOptions, first: str) -> str:
    """A remediation with what it changed; "" if it changed nothing."""
    change = compare(event.before, event.after)
    if change is None:
        return ""
    title = options.style.paint("magenta", f"[remediate]  {event.policy}")
    drawer = ValueText(show_secrets=options.show_secrets, summary=True)
    return f"{first}{title}{_resource(event.urn, options)}\n{text(drawer.changes(change, 3), options.style)}"


def pack_title(name: str, version: str, style: Style) -> str:
    """`    pack@v1.2.3 `, before a violation that stands alone."""
    return f"    {style.paint('magenta', f'{name}@v{version}')} "


def policies_text(
    packs: dict[str, str], violations: Iterable[PolicyViolation], remediations: Iterable[PolicyRemediation], options: DisplayOptions
) -> str:
    """The `Policies:` block. `packs` is the summary event's: `name|local|path` or `name` -> version."""
    found: dict[str, list[str]] = {}
    for key, version in packs.items():
        name, local, path = key.partition("|local|")
        found.setdefault(f"{name}@v{version}", []).extend([path] if local else [])
    broken: dict[str, list[PolicyViolation]] = {}
    for violation in violations:
        broken.setdefault(f"{violation.pack}@v{violation.pack_version}", []).append(violation)
    mended: dict[str, list[PolicyRemediation]] = {}
    for remediation in remediations:
        mended.setdefault(f"{remediation.pack}@v{remediation.pack_version}", []).append(remediation)
    text_ = options.style.headline("Policies:") + "\n"
    for pack in sorted(found.keys() | broken.keys() | mended.keys()):
        paths = f" (local: {'; '.join(sorted(found[pack]))})" if found.get(pack) else ""
        text_ += f"    {_verdict(broken.get(pack, []))} {options.style.paint('magenta', pack)}{paths}\n"
        text_ += _remediations(mended.get(pack, []), options)
        for violation in sorted(broken.get(pack, []), key=_rank):
            text_ += violation_text(violation, options, first=_SUB + "- ", rest=_SUB + "  ")
    return text_ + "\n"


def _verdict(violations: list[PolicyViolation]) -> str:
    if any(v.enforcement == "mandatory" for v in violations):
        return "\N{CROSS MARK}"
    return "\N{WARNING SIGN}\N{VARIATION SELECTOR-16}" if violations else "\N{WHITE HEAVY CHECK MARK}"


def _remediations(events: list[PolicyRemediation], options: DisplayOptions) -> str:
    if options.show_remediations:
        return "".join(remediation_text(event, options, _SUB + "- ") for event in events)
    counts: dict[str, int] = {}
    for event in events:
        counts[event.policy] = counts.get(event.policy, 0) + 1
    paint = options.style.paint
    return "".join(f"{_SUB}- {paint('magenta', f'[remediate]  {name}')}  ({plural(n, 'resource')})\n" for name, n in sorted(counts.items()))


def _rank(event: PolicyViolation) -> tuple[int, int, str, str]:
    severity = _SEVERITIES.index(event.severity) if event.severity in _SEVERITIES else len(_SEVERITIES)
    return _ENFORCEMENTS.index(event.enforcement), severity, event.policy, event.urn
