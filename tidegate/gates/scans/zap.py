"""ZAP's traditional JSON: sites, their alerts. What was sent and answered isn't shown, nor what an address was asked with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from tidegate.gates.scans.findings import BrokenReportError, Finding, file_path, severity_of, shown
from tidegate.gates.scans.parts import Part, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME: Final = "zap"
_RISKS: Final = {"3": "high", "2": "medium", "1": "low", "0": "info"}


class _Instance(Part):
    uri: str


class _Alert(Part):
    pluginid: str
    alertRef: str = ""
    name: str
    riskcode: Literal["0", "1", "2", "3"]
    confidence: Literal["0", "1", "2", "3", "4"]
    instances: list[_Instance] = []


class _Report(Part):
    site: list[dict[str, Any]]


def recognises(document: Any) -> bool:
    """Whether it is ZAP's."""
    return isinstance(document, dict) and "site" in document and ("@version" in document or "@programName" in document)


def read(document: Any) -> tuple[list[Finding], list[str]]:
    """All findings, and what else is to be said."""
    sites = taken(_Report, document).site
    if not sites:
        raise BrokenReportError("ZAP has looked at no site: was it reachable?")
    return [finding for raw in sites for finding in _of_site(raw)], []


def _of_site(raw: dict[str, Any]) -> Iterator[Finding]:
    name, alerts = raw.get("@name"), raw.get("alerts")
    if not isinstance(name, str) or not isinstance(alerts, list):
        raise BrokenReportError("a site has no @name, or no list of alerts")
    for one in (taken(_Alert, alert) for alert in alerts):
        rule = shown(one.alertRef or one.pluginid)
        pages = sorted({file_path(instance.uri) for instance in one.instances})
        more = f" (and {len(pages) - 1} more)" if len(pages) > 1 else ""
        yield Finding(
            NAME, "web", (rule,), severity_of(_RISKS[one.riskcode]), shown(f"{one.name}{f', at {pages[0]}{more}' if pages else ''}"),
            path=file_path(name), url=f"https://www.zaproxy.org/docs/alerts/{rule}/",
            aside="marked as a false positive in ZAP" if one.confidence == "0" else "",
        )  # fmt: skip
