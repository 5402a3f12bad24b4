"""What is borne of what scanners find, and whose reports must be there before a release begins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, Literal, get_args

from pydantic import Field

from tidegate.model.base import Finding, Model, Text, leading_out, shape
from tidegate.model.intent.exempting import Exempting
from tidegate.model.phrases import close, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Severity = Literal["critical", "high", "medium", "low", "info", "unknown"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""From the worst to the least; of an unknown one nothing is known, so it is no comfort either."""
DEFAULTS: Final[dict[Severity, int]] = {"critical": 0, "high": 5}
Count = Annotated[int, Field(ge=0)]

FORMATS: Final = (
    "sarif", "trivy", "grype", "bandit", "semgrep", "pip-audit", "safety", "checkov", "kubesec", "zap", "gitleaks", "cyclonedx",
)  # fmt: skip
"""Whose reports can be read."""

PLACEHOLDERS: Final = ("service", "version", "digest")
"""What is filled in for each service of a release."""
PLACEHOLDER: Final = re.compile(r"\{\{([a-z]+)\}\}")
_PART: Final = r"([-._A-Za-z0-9]|\{\{[a-z]+\}\})+"
_FILE: Final = f"{_PART}(/{_PART})*"
_EXAMPLE: Final = "reports/{{service}}-{{version}}.json"
ReportName = Annotated[
    str,
    shape(
        f"^([-a-z]+=)?{_FILE}$",
        f"a path from the folder of Pulumi.yaml on, after FORMAT= if need be: {_EXAMPLE}, gitleaks=reports/leaks.json",
        _EXAMPLE,
    ),
]
BaselineName = Annotated[str, shape(f"^{_FILE}$", "a path from the folder of Pulumi.yaml on: scans/known.json", "scans/known.json")]


class FindingExemption(Exempting):
    """A finding that is borne for a while."""

    id: Text
    """What it goes by: CVE-2026-1234, B602, or the fingerprint that `tidegate gate scans --json` has."""
    component: str = ""
    """Only in this component, by its name; with its version as well: `jinja2 2.10`."""
    path: str = ""
    """Only in this file."""

    def __str__(self) -> str:
        place = self.component or self.path
        return f"{self.id}{f' in {place}' if place else ''}"


class Borne(Model):
    """How much is borne."""

    thresholds: dict[Severity, Count] = Field(default=dict(DEFAULTS), examples=[{"critical": 0, "high": 5, "unknown": 0}])
    """How many findings of a severity are borne; of one that isn't named, any number. One of which no severity is known counts as high."""
    exemptions: tuple[FindingExemption, ...] = ()
    """What is borne for a while."""


class Scan(Borne):
    """Scanners' reports that are judged before a release begins, all of them together, and how much of what they have found is borne."""

    reports: tuple[ReportName, ...] = Field(min_length=1)
    """The files, VEX too, as `tidegate gate scans` takes them. {{service}}, {{version}} and {{digest}} are filled in for each service."""
    baseline: BaselineName | None = None
    """What was there before, and doesn't count: a file that `tidegate gate scans --write-baseline` has written."""

    @property
    def apart(self) -> bool:
        """Whether each service has reports of its own."""
        return any(PLACEHOLDER.search(name) for name in (*self.reports, self.baseline or ""))

    def findings(self) -> Iterable[Finding]:
        """Formats and placeholders that there aren't, and ways out of the repository."""
        for i, name in enumerate(self.reports):
            form, file = parted(name)
            if not form and "=" in file:
                yield Finding(("reports", i), _no_format(file.partition("=")[0]))
            yield from _file(("reports", i), file.rpartition("=")[2])
        if self.baseline is not None:
            yield from _file(("baseline",), self.baseline)


def parted(report: str) -> tuple[str, str]:
    """Whose a report is, if `FORMAT=FILE` says it, and its file."""
    form, equals, file = report.partition("=")
    return (form, file) if equals and form in FORMATS else ("", report)


def _no_format(name: str) -> str:
    near = close(name, FORMATS)
    return f"there is no format {name}; " + (f"did you mean {near}?" if near else f"there are {listed(FORMATS, 'and')}")


def _file(path: tuple[str | int, ...], file: str) -> Iterator[Finding]:
    yield from leading_out(path, file)
    for name in PLACEHOLDER.findall(file):
        if name not in PLACEHOLDERS:
            known = listed([f"{{{{{one}}}}}" for one in PLACEHOLDERS], "and")
            yield Finding(path, f"{{{{{name}}}}} is nothing that is filled in; there are {known}")
