"""The same thing, counted once: a vulnerability of a component that two scanners have found, or one in two places, under any of its names.

What has several CVEs is as many findings. The order of reports doesn't matter.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidegate.gates.scans.findings import is_cve, names, worst
from tidegate.model.intent.scans import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from tidegate.gates.scans.findings import Component, Finding

    _Key = tuple[Hashable, ...]


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """All findings, each once; the worst first."""
    groups: dict[_Key, list[Finding]] = {}
    nameless: list[Finding] = []
    for one in sorted(_in_known_ecosystems({part for finding in findings for part in _parts(finding)}), key=_order):
        if one.component is None or one.kind != "vulnerability":
            groups.setdefault(_place(one), []).append(one)
        elif is_cve(one.id):
            groups.setdefault((one.component, one.id), []).append(one)
        else:
            nameless.append(one)
    numbered: dict[Component, list[_Key]] = {}
    for key, others in groups.items():
        if others[0].kind == "vulnerability" and (component := others[0].component) is not None:
            numbered.setdefault(component, []).append(key)
    for group in _by_names(nameless):
        groups.setdefault(_home(group, groups, numbered), []).extend(group)
    return tuple(sorted((_one(group) for group in groups.values()), key=_order))


def _parts(finding: Finding) -> Iterable[Finding]:
    """A finding a CVE."""
    cves = [one for one in finding.ids if is_cve(one)]
    if len(cves) < 2:
        return (finding,)
    others = [one for one in finding.ids if not is_cve(one)]
    return tuple(replace(finding, ids=names(cve, *others)) for cve in cves)


def _in_known_ecosystems(findings: set[Finding]) -> set[Finding]:
    """A component of which only name and version are told is the only one of these that more is told of."""
    known: dict[tuple[str, str], set[Component]] = {}
    for one in findings:
        if one.component is not None and one.component.ecosystem:
            known.setdefault(_spelled(one.component), set()).add(one.component)
    return {_at_home(one, known) for one in findings}


def _at_home(one: Finding, known: dict[tuple[str, str], set[Component]]) -> Finding:
    if one.component is None or one.component.ecosystem:
        return one
    homes = known.get(_spelled(one.component), set())
    return replace(one, component=next(iter(homes))) if len(homes) == 1 else one


def _spelled(component: Component) -> tuple[str, str]:
    return re.sub(r"[-_.:/]+", "-", component.name).lower(), component.version


def _place(one: Finding) -> _Key:
    """What makes two findings outside of components the same. Without a line, what was said of it tells."""
    mark = one.mark if one.line is None else ""
    return one.scanner, one.kind, one.id, one.component, one.path, one.line, one.subject, mark


def _by_names(findings: list[Finding]) -> Iterator[list[Finding]]:
    """Those that share a name, directly or by others, in the same component."""
    of_components: dict[Component | None, list[Finding]] = {}
    for one in findings:
        of_components.setdefault(one.component, []).append(one)
    for together in of_components.values():
        groups: list[tuple[set[str], list[Finding]]] = []
        for one in together:
            same = [group for group in groups if group[0].intersection(one.ids)]
            groups = [group for group in groups if not group[0].intersection(one.ids)]
            groups.append((set(one.ids).union(*(names for names, _ in same)), [one, *(other for _, found in same for other in found)]))
        yield from (found for _, found in groups)


def _home(group: list[Finding], groups: dict[_Key, list[Finding]], numbered: dict[Component, list[_Key]]) -> _Key:
    """Where findings without a CVE belong: with the first CVE of that component that shares a name with them, or with themselves."""
    ids = {name for one in group for name in one.ids}
    component = group[0].component
    near = numbered.get(component, ()) if component is not None else ()
    homes = [key for key in near if any(ids.intersection(other.ids) for other in groups[key])]
    return min(homes, key=str, default=(component, min(ids)))


def _one(group: list[Finding]) -> Finding:
    """What all of them say together. It counts unless each of them is set aside."""
    first = min(group, key=_order)
    ids = names(*(name for one in group for name in one.ids)) if first.kind == "vulnerability" else first.ids
    counting = [one for one in group if not one.aside]
    said: dict[str, Any] = {
        name: next((text for one in sorted(counting or group, key=_order) if (text := getattr(one, name))), "")
        for name in ("title", "fixed", "url", "mark")
    }
    return replace(
        first,
        ids=ids,
        severity=worst([one.severity for one in counting or group]),
        aside="" if counting else first.aside,
        sources=tuple(sorted({source for one in group for source in one.sources})),
        scanner=", ".join(sorted({one.scanner for one in group})),
        **said,
    )


def _order(one: Finding) -> tuple[Any, ...]:
    line = -1 if one.line is None else one.line
    return (
        SEVERITIES.index(one.severity), one.id, str(one.component or ""), one.path, line, one.subject, one.mark, one.scanner, one.kind,
        one.ids, one.title, one.fixed, one.url, one.aside, one.sources, one.component.ecosystem if one.component else "",
    )  # fmt: skip
