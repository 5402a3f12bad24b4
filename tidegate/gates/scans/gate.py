"""Whether scanners' reports let a release begin: the driver's port for them. They are read and judged as `tidegate gate scans` does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import ConfigurationError, GateRefusedError
from tidegate.model.intent.scans import PLACEHOLDER, parted
from tidegate.model.ledger import Held
from tidegate.model.phrases import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from tidegate.gates.scans.judging import Verdict
    from tidegate.model.intent.scans import Scan
    from tidegate.model.intent.service import Service
    from tidegate.model.told import Told

_SHOWN: Final = 3
"""Findings that are named where it is refused."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """The reports in a folder."""

    folder: Path
    """Of Pulumi.yaml."""

    def held(self, told: Told, names: Sequence[str], now: datetime) -> Sequence[Held]:
        """Each of `gates.scans`: for each of these services if it has reports of its own, else once."""
        return tuple(self._held(told, names, now)) if names else ()

    def _held(self, told: Told, names: Sequence[str], now: datetime) -> Iterator[Held]:
        for title, scan in told.intent.gates.scans.items():
            if not scan.apart:
                yield self._judged(scan, title, {}, now)
                continue
            for name in names:
                service = told.intent.services[name]
                yield self._judged(scan, f"{title}: {name} {service.version}", _filling(name, service), now)

    def _judged(self, scan: Scan, title: str, filling: Mapping[str, str], now: datetime) -> Held:
        try:
            reports = [_filled(report, filling) for report in scan.reports]
            baseline = _filled(scan.baseline, filling) if scan.baseline is not None else None
            verdict = self._verdict(scan, reports, baseline, now)
        except (ConfigurationError, GateRefusedError) as error:
            return Held(gate="scans", verdict="fail", text=f"{title}: {error}")
        said = _passed(verdict, reports) if verdict.passed else _refused(verdict, reports, baseline)
        return Held(gate="scans", verdict="pass" if verdict.passed else "fail", text=f"{title}: {said}")

    def _verdict(self, scan: Scan, reports: list[str], baseline: str | None, now: datetime) -> Verdict:
        # The readers of a dozen formats take their time to load, and most stacks have no reports.
        from tidegate.gates.scans import borne, judging, reading

        root = self.folder.resolve()
        for file in (*(parted(report)[1] for report in reports), *([baseline] if baseline is not None else [])):
            _within(root, file)
        before = borne.baseline(root / baseline) if baseline is not None else borne.Baseline()
        found, failures = reading.read_all(reading.Given.of(report, root) for report in reports)
        return judging.judge(found, failures, scan, before, now.date())


def _filling(name: str, service: Service) -> dict[str, str]:
    """What stands for the placeholders; there may be no digest."""
    return {"service": name, "version": service.version} | ({"digest": service.digest} if service.digest is not None else {})


def _filled(text: str, filling: Mapping[str, str]) -> str:
    missing = [name for name in PLACEHOLDER.findall(text) if name not in filling]
    if missing:
        service = filling["service"]
        raise GateRefusedError(
            f"{text} takes the {missing[0]} of its image, and it has none: release it by that (--image {service}=IMAGE@sha256:..), "
            f"or set tidegate:services.{service}.digest"
        )
    return PLACEHOLDER.sub(lambda found: filling[found[1]], text)


def _within(root: Path, file: str) -> None:
    """What a link leads to is nobody's review."""
    try:
        inside = (root / file).resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        inside = False
    if not inside:
        raise GateRefusedError(f"{file} leads out of {root}")


def _passed(verdict: Verdict, reports: list[str]) -> str:
    counts = [f"{count} {severity}" for severity, count in verdict.counts.items() if count]
    aside = [f"{len(verdict.aside)} set aside"] if verdict.aside else []
    return f"{', '.join([*counts, *aside]) or 'nothing'} in {listed(reports, 'and')}"


def _refused(verdict: Verdict, reports: list[str], baseline: str | None) -> str:
    """Why, the first of the findings that it is for, and how to see the others."""
    named = [f"{one.id} in {one.where}" for one in verdict.excess]
    more = [f"and {len(named) - _SHOWN} more"] if len(named) > _SHOWN else []
    found = f" ({', '.join([*named[:_SHOWN], *more])})" if named else ""
    command = " ".join(["tidegate gate scans", *reports, *([f"--baseline {baseline}"] if baseline is not None else [])])
    return f"{'; '.join((*verdict.refused, *verdict.again))}{found}. `{command}` shows all"
