"""One verdict over all reports: what counts, what is set aside and why, and whether there is more than is borne."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from tidegate.gates.scans.cyclonedx import TAKES_AWAY
from tidegate.gates.scans.merging import merged
from tidegate.model.intent.scans import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from tidegate.gates.scans.borne import Accepted, Baseline
    from tidegate.gates.scans.findings import Component, Finding, Report, Statement
    from tidegate.gates.scans.reading import Failure
    from tidegate.model.intent.scans import Borne, FindingExemption, Severity

By = Literal["vex", "report", "exemption", "baseline"]
_NOTHING: Final = "there is no report of a scan among the files: nothing has been scanned"


@dataclass(frozen=True, slots=True)
class Aside:
    """A finding that doesn't count."""

    finding: Finding
    by: By
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it."""

    counting: tuple[Finding, ...]
    """The worst first."""
    aside: tuple[Aside, ...]
    thresholds: Mapping[Severity, int]
    refused: tuple[str, ...]
    """Why it isn't passed: broken reports first, then what there is too much of."""
    again: tuple[str, ...]
    """What was borne once and counts now: exemptions that have ended, findings that have become worse."""
    notes: tuple[str, ...]
    reports: tuple[Report, ...]
    failures: tuple[str, ...]
    """What of the files is no report, and why."""

    @property
    def passed(self) -> bool:
        """Whether the gate is open."""
        return not self.refused

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings count, by severity."""
        found = Counter(one.severity for one in self.counting)
        return {severity: found[severity] for severity in SEVERITIES}

    @property
    def excess(self) -> tuple[Finding, ...]:
        """The findings of those severities of which there are more than are borne, the worst first."""
        found = Counter(_counts_as(one.severity, self.thresholds) for one in self.counting)
        over = {severity for severity, most in self.thresholds.items() if found[severity] > most}
        return tuple(one for one in self.counting if _counts_as(one.severity, self.thresholds) in over)

    @property
    def acceptable(self) -> tuple[Finding, ...]:
        """What a baseline would accept: all that counts, and what the last one has accepted."""
        return (*self.counting, *(one.finding for one in self.aside if one.by == "baseline"))


def judge(reports: Iterable[Report], failures: Iterable[Failure], borne: Borne, before: Baseline, today: date) -> Verdict:
    """Judge all reports together."""
    reports = tuple(sorted(reports, key=lambda one: one.source))
    said = sorted(map(str, failures))
    if not any(one.scan for one in reports):
        said.append(_NOTHING)
    findings = merged(finding for report in reports for finding in report.findings)
    sorting = _Sorting(reports, borne, before, today)
    judged = [(one, sorting.aside(one)) for one in findings]
    counting = tuple(one for one, aside in judged if aside is None)
    thresholds = {severity: borne.thresholds[severity] for severity in SEVERITIES if severity in borne.thresholds}
    return Verdict(
        counting=counting,
        aside=tuple(aside for _, aside in judged if aside is not None),
        thresholds=thresholds,
        refused=(*said, *_too_many(counting, thresholds)),
        again=tuple(sorted(sorting.again())),
        notes=tuple(sorted({*(note for report in reports for note in report.notes), *sorting.again(), *sorting.unused()})),
        reports=reports,
        failures=tuple(said),
    )


def _too_many(counting: tuple[Finding, ...], thresholds: Mapping[Severity, int]) -> Iterator[str]:
    found = Counter(_counts_as(one.severity, thresholds) for one in counting)
    for severity, most in thresholds.items():
        if found[severity] > most:
            unrated = sum(one.severity == "unknown" for one in counting) if severity == "high" and "unknown" not in thresholds else 0
            said = f"{found[severity]} {severity} finding{'s' if found[severity] != 1 else ''}"
            also = f", {unrated} of them of unknown severity" if unrated else ""
            yield f"{said}{also}; {most} {'is' if most == 1 else 'are'} borne"


def _counts_as(severity: Severity, thresholds: Mapping[Severity, int]) -> Severity:
    """Of what isn't known nothing good is supposed."""
    return "high" if severity == "unknown" and "unknown" not in thresholds else severity


class _Sorting:
    """What doesn't count, and what there is to say of those who say so."""

    def __init__(self, reports: tuple[Report, ...], borne: Borne, before: Baseline, today: date) -> None:
        self._statements: dict[str, list[Statement]] = {}
        for statement in (one for report in reports for one in report.statements):
            for name in statement.ids:
                self._statements.setdefault(name, []).append(statement)
        self._exemptions = borne.exemptions
        self._accepted = before.by_fingerprint()
        self._today = today
        self._used: set[int] = set()
        self._ended: set[int] = set()
        self._worse: list[str] = []

    def aside(self, finding: Finding) -> Aside | None:
        """Why a finding doesn't count, if it doesn't."""
        if finding.aside:
            return Aside(finding, "report", finding.aside)
        if why := self._by_statement(finding):
            return Aside(finding, "vex", why)
        if (one := self._exemption(finding)) is not None:
            return Aside(finding, "exemption", f"{one.owner}, until {one.until}: {one.reason}")
        if (accepted := self._baseline(finding)) is not None:
            return Aside(finding, "baseline", f"it was there before, as {accepted.severity}")
        return None

    def again(self) -> Iterator[str]:
        """What was set aside once, and counts."""
        for place in sorted(self._ended):
            one = self._exemptions[place]
            yield f"the exemption of {one} ended on {one.until} ({one.owner}: {one.reason})"
        yield from self._worse

    def unused(self) -> Iterator[str]:
        """What counted for nothing."""
        for place, one in enumerate(self._exemptions):
            if place not in self._ended | self._used:
                yield f"the exemption of {one} is about nothing that was found; take it out"

    def _by_statement(self, finding: Finding) -> str:
        """What a statement says, if all that speak of it agree."""
        if finding.component is None or finding.kind != "vulnerability":
            return ""
        about = {id(one): one for name in finding.ids for one in self._statements.get(name, ()) if _speaks_of(one, finding.component)}
        if not about or any(one.state not in TAKES_AWAY for one in about.values()):
            return ""
        first = min(about.values(), key=lambda one: (one.source, one.state, one.detail))
        return f"{first.state.replace('_', ' ')}, says {first.source}{f': {first.detail}' if first.detail else ''}"

    def _exemption(self, finding: Finding) -> FindingExemption | None:
        for place, one in enumerate(self._exemptions):
            if _means(one, finding):
                if one.last >= self._today:
                    self._used.add(place)
                    return one
                self._ended.add(place)
        return None

    def _baseline(self, finding: Finding) -> Accepted | None:
        near = (one for fingerprint in finding.fingerprints for one in self._accepted.get(fingerprint, ()))
        found = [one for one in near if not one.is_another(finding)]
        if not found:
            return None
        accepted = min(found, key=lambda one: SEVERITIES.index(one.severity))
        if _badness(finding.severity) > _badness(accepted.severity):
            self._worse.append(
                f"{finding.id} in {finding.where} was accepted as {accepted.severity} and is {finding.severity} now: it counts"
            )
            return None
        return accepted


def _means(exemption: FindingExemption, finding: Finding) -> bool:
    """Whether an exemption is about a finding."""
    named = exemption.id.upper() in {one.upper() for one in finding.ids} or exemption.id in finding.fingerprints
    part = finding.component
    in_component = not exemption.component or (part is not None and exemption.component in {part.name, str(part)})
    return named and in_component and (not exemption.path or exemption.path == finding.path)


def _badness(severity: Severity) -> int:
    """Unknown is as bad as high."""
    return -SEVERITIES.index("high" if severity == "unknown" else severity)


def _speaks_of(statement: Statement, component: Component) -> bool:
    """Whether a statement is about that component, in that version. A component that nothing more is known of is only known by its name."""
    said = statement.component
    if said.name != component.name or (said.ecosystem and component.ecosystem and said.ecosystem != component.ecosystem):
        return False
    if said.version and said.version != component.version:
        return False
    return not statement.versions or component.version in statement.versions
