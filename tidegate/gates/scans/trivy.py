"""Trivy's JSON, of an image, a file system, a repository (schema 2) or a cluster.

A clean scan lists what it has looked at in `Results`, each without findings. Without any it hasn't looked at anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field

from tidegate.gates.scans.findings import BrokenReportError, Finding, component, file_path, names, of_purl, severity_of, shown
from tidegate.gates.scans.parts import Part, taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.gates.scans.findings import Component

NAME: Final = "trivy"
_ECOSYSTEMS: Final = {
    **dict.fromkeys(("debian", "ubuntu", "echo"), "deb"),
    **dict.fromkeys(("alpine", "wolfi", "chainguard", "minimos"), "apk"),
    **dict.fromkeys(
        (
            "redhat", "centos", "rocky", "alma", "fedora", "oracle", "amazon", "photon", "azurelinux", "cbl-mariner",
            "opensuse", "opensuse.leap", "opensuse.tumbleweed", "suse linux enterprise server", "slem",
        ),
        "rpm",
    ),
    **dict.fromkeys(("pip", "pipenv", "poetry", "uv", "pylock", "python-pkg", "conda-pkg"), "pypi"),
    **dict.fromkeys(("npm", "yarn", "pnpm", "bun", "node-pkg"), "npm"),
    **dict.fromkeys(("gomod", "gobinary"), "golang"),
    **dict.fromkeys(("jar", "pom", "gradle", "sbt"), "maven"),
    **dict.fromkeys(("bundler", "gemspec"), "gem"),
    **dict.fromkeys(("cargo", "rustbinary"), "cargo"),
    **dict.fromkeys(("composer", "composer-vendor"), "composer"),
    **dict.fromkeys(("nuget", "dotnet-core", "packages-props"), "nuget"),
}  # fmt: skip
_KNOWN: Final = frozenset({"Vulnerabilities", "Misconfigurations", "Secrets", "Licenses"})
_NO_FINDINGS: Final = frozenset({"ExperimentalModifiedFindings", "ModifiedFindings"})


class _Identifier(Part):
    PURL: str = ""


class _Vulnerability(Part):
    VulnerabilityID: str
    VendorIDs: list[str] = []
    PkgName: str
    PkgIdentifier: _Identifier = _Identifier()
    InstalledVersion: str = ""
    FixedVersion: str = ""
    Severity: str
    Title: str = ""
    Status: str = ""
    PrimaryURL: str = ""


class _Cause(Part):
    StartLine: int | None = None
    Resource: str = ""


class _Misconfiguration(Part):
    ID: str
    AVDID: str = ""
    Title: str = ""
    Severity: str
    Status: Literal["FAIL", "PASS", "EXCEPTION"]
    PrimaryURL: str = ""
    Message: str = ""
    CauseMetadata: _Cause = _Cause()


class _Secret(Part):
    RuleID: str
    Severity: str
    Title: str = ""
    StartLine: int | None = None


class _Licence(Part):
    Severity: str
    Name: str
    PkgName: str = ""
    FilePath: str = ""
    Category: str = ""


class _Result(Part):
    Target: str
    Class: str = ""
    Type: str = ""
    Vulnerabilities: list[_Vulnerability] = []
    Misconfigurations: list[_Misconfiguration] = []
    Secrets: list[_Secret] = []
    Licenses: list[_Licence] = []


class _Os(Part):
    Family: str = ""
    Name: str = ""
    EOSL: bool = False


class _Metadata(Part):
    OS: _Os = _Os()


class _Report(Part):
    SchemaVersion: Literal[2]
    Metadata: _Metadata = _Metadata()
    Results: list[dict[str, Any]] = Field(default_factory=list)


class _Resource(Part):
    Kind: str
    Name: str
    Namespace: str = ""
    Results: list[dict[str, Any]] = Field(default_factory=list)
    Error: str = ""


class _Cluster(Part):
    Resources: list[_Resource]


def recognises(document: Any) -> bool:
    """Whether it is Trivy's."""
    return isinstance(document, dict) and ({"SchemaVersion", "ArtifactName"} <= document.keys() or "ClusterName" in document)


def read(document: Any) -> tuple[list[Finding], list[str]]:
    """All findings, and what else is to be said."""
    if "ClusterName" in document:
        return _of_cluster(taken(_Cluster, document)), []
    report = taken(_Report, document)
    if not report.Results:
        raise BrokenReportError("it has looked at nothing: there are no Results. Scan with --list-all-pkgs, to see what was looked at")
    system = report.Metadata.OS
    notes = [f"{shown(system.Family)} {shown(system.Name)} gets no fixes any more"] if system.EOSL else []
    return [finding for result in report.Results for finding in _findings(result, "")], notes


def _of_cluster(cluster: _Cluster) -> list[Finding]:
    failed = [one for one in cluster.Resources if one.Error]
    if failed:
        raise BrokenReportError(f"{shown(failed[0].Kind)} {shown(failed[0].Name)} could not be scanned")
    if not any(one.Results for one in cluster.Resources):
        raise BrokenReportError("it has looked at nothing: no resource has Results. Scan with --report all")
    return [
        finding
        for one in cluster.Resources
        for result in one.Results
        for finding in _findings(result, shown("/".join(part for part in (one.Namespace, one.Kind, one.Name) if part)))
    ]


def _findings(raw: Mapping[str, Any], subject: str) -> Iterator[Finding]:
    strange = [key for key, value in raw.items() if key not in _KNOWN | _NO_FINDINGS and _has_findings(value)]
    if strange:
        raise BrokenReportError(f"it has findings of a kind that isn't known: {shown(strange[0])}")
    result = taken(_Result, raw)
    ecosystem = _ECOSYSTEMS.get(result.Type.lower(), "")
    target = file_path(result.Target)
    for one in result.Vulnerabilities:
        yield Finding(
            NAME, "vulnerability", names(one.VulnerabilityID, *one.VendorIDs), severity_of(one.Severity), shown(one.Title),
            _component(one, ecosystem), fixed=shown(one.FixedVersion), url=shown(one.PrimaryURL),
            aside="not affected, says the distribution" if one.Status == "not_affected" else "",
        )  # fmt: skip
    for fault in result.Misconfigurations:
        if fault.Status == "FAIL":
            yield Finding(
                NAME, "misconfiguration", (shown(fault.ID),), severity_of(fault.Severity), shown(fault.Title), path=target,
                line=fault.CauseMetadata.StartLine or None, subject=subject or shown(fault.CauseMetadata.Resource),
                mark=shown(fault.Message), url=shown(fault.PrimaryURL),
            )  # fmt: skip
    for secret in result.Secrets:
        severity = severity_of(secret.Severity)
        yield Finding(NAME, "secret", (shown(secret.RuleID),), severity, shown(secret.Title), path=target, line=secret.StartLine)
    for licence in result.Licenses:
        yield Finding(
            NAME, "licence", (shown(licence.Name),), severity_of(licence.Severity), shown(licence.Category),
            component("", licence.PkgName, "") if licence.PkgName else None, path=file_path(licence.FilePath) or target,
        )  # fmt: skip


def _component(one: _Vulnerability, ecosystem: str) -> Component:
    if one.PkgIdentifier.PURL:
        found = of_purl(one.PkgIdentifier.PURL)
        return component(found.ecosystem, found.name, one.InstalledVersion or found.version)
    return component(ecosystem, one.PkgName, one.InstalledVersion)


def _has_findings(value: Any) -> bool:
    """Whether that is a list of what has a severity."""
    return isinstance(value, list) and any(isinstance(one, dict) and "Severity" in one for one in value)
