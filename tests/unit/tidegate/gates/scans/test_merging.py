"""The same thing is counted once, whoever has found it, and in whatever order reports come."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.gates.scans.findings import Component, Finding, component, file_path, names, of_purl
from tidegate.gates.scans.merging import merged
from tidegate.model.intent.scans import SEVERITIES

JINJA = Component("pypi", "jinja2", "2.10")
APT = Component("deb", "apt", "1.8")
CVE = "CVE-2019-10906"


def vulnerability(*ids: str, part: Component = JINJA, severity: Any = "high", scanner: str = "trivy", aside: str = "") -> Finding:
    """A vulnerability of a component."""
    return Finding(scanner, "vulnerability", names(*ids), severity, "", part, aside=aside, sources=(f"{scanner}.json",))


def said(findings: Any) -> list[str]:
    """What came of it, in short."""
    return [f"{one.severity} {'='.join(one.ids)} {one.component or one.where} by {one.scanner}" for one in merged(findings)]


@pytest.mark.parametrize(
    ("findings", "found"),
    [
        ([vulnerability(CVE), vulnerability(CVE, scanner="grype")], [f"high {CVE} jinja2 2.10 by grype, trivy"]),
        (
            [vulnerability(CVE), vulnerability("GHSA-1", CVE, scanner="grype"), vulnerability("GHSA-1", scanner="z")],
            [f"high {CVE}=GHSA-1 jinja2 2.10 by grype, trivy, z"],
        ),
        (
            [vulnerability("PYSEC-1", "GHSA-1", scanner="b"), vulnerability("PYSEC-1", scanner="c"), vulnerability(CVE, "GHSA-1")],
            [f"high {CVE}=GHSA-1=PYSEC-1 jinja2 2.10 by b, c, trivy"],
        ),
        ([vulnerability("PYSEC-1"), vulnerability("PYSEC-2")], ["high PYSEC-1 jinja2 2.10 by trivy", "high PYSEC-2 jinja2 2.10 by trivy"]),
        ([vulnerability(CVE), vulnerability(CVE, part=APT)], [f"high {CVE} apt 1.8 by trivy", f"high {CVE} jinja2 2.10 by trivy"]),
        (
            [
                vulnerability("GHSA-1", "CVE-2026-0001", "CVE-2026-0002"),
                vulnerability("CVE-2026-0002", scanner="grype", severity="critical"),
            ],
            ["critical CVE-2026-0002=GHSA-1 jinja2 2.10 by grype, trivy", "high CVE-2026-0001=GHSA-1 jinja2 2.10 by trivy"],
        ),
        (
            [vulnerability(CVE, severity="unknown"), vulnerability(CVE, severity="low", scanner="grype")],
            [f"low {CVE} jinja2 2.10 by grype, trivy"],
        ),
    ],
)
def test_counted_once(findings: list[Finding], found: list[str]) -> None:
    """By any of its names in the same component; as bad as the worst that is known; what has two CVEs is two."""
    assert said(findings) == found


def test_components_of_no_known_ecosystem() -> None:
    """What SARIF tells of a package is its name and version: it is the one that is told more of, if there is one such and no other."""
    told = vulnerability(CVE, part=Component("", "Jinja2", "2.10"), scanner="x")
    assert said([told, vulnerability(CVE)]) == [f"high {CVE} jinja2 2.10 by trivy, x"]
    assert len(merged([told, vulnerability(CVE), vulnerability(CVE, part=Component("npm", "jinja2", "2.10"))])) == 3
    assert len(merged([told, vulnerability(CVE, part=Component("pypi", "jinja2", "2.11"))])) == 2


def test_lines_tell_findings_in_files_apart() -> None:
    """In files it is the scanner, the rule and the line; the same report in two formats is one."""
    one = Finding("bandit", "code", ("B602",), "high", "shell", path="app.py", line=10, mark="a", sources=("a.json",))
    other = Finding("bandit", "code", ("B602",), "high", "shell", path="app.py", line=11, mark="a", sources=("a.json",))
    again = Finding("bandit", "code", ("B602",), "high", "shell", path="app.py", line=10, mark="b", sources=("b.sarif",))
    assert [(found.line, found.sources) for found in merged([one, other, again])] == [(10, ("a.json", "b.sarif")), (11, ("a.json",))]


def test_aside_is_what_everybody_sets_aside() -> None:
    """What one scanner's own settings ignore still counts if another has found it."""
    ignored = vulnerability("CVE-2019-10906", aside="ignored", severity="critical")
    assert [one.aside for one in merged([ignored])] == ["ignored"]
    both = merged([ignored, vulnerability("CVE-2019-10906", scanner="grype")])
    assert [(one.aside, one.severity) for one in both] == [("", "high")]


IDS = st.lists(st.sampled_from(["CVE-2026-0001", "CVE-2026-0002", "GHSA-1", "GHSA-2", "PYSEC-1", "PYSEC-2"]), min_size=1, max_size=3)
FOUND = st.builds(
    lambda ids, part, severity, scanner: vulnerability(*ids, part=part, severity=severity, scanner=scanner),
    IDS,
    st.sampled_from([JINJA, APT]),
    st.sampled_from(SEVERITIES),
    st.sampled_from(["trivy", "grype", "safety"]),
)


@settings(deadline=None, max_examples=80)
@given(st.lists(FOUND, max_size=8), st.randoms(use_true_random=False))
def test_order_doesnt_matter(findings: list[Finding], chance: Any) -> None:
    """Whatever comes first, the same comes out; putting it together again changes nothing, and everything that was named still is."""
    shuffled = [*findings]
    chance.shuffle(shuffled)
    once = merged(findings)
    assert merged(shuffled) == once
    assert {name for one in once for name in one.ids} == {name for one in findings for name in one.ids}
    cves = {(one.component, name) for one in findings for name in one.ids if name.startswith("CVE-")}
    assert len(once) >= len(cves)
    assert {(one.component, one.id) for one in once} >= cves


@pytest.mark.parametrize(
    ("purl", "found"),
    [
        ("pkg:pypi/Jinja2@2.10", Component("pypi", "jinja2", "2.10")),
        ("pkg:deb/debian/apt@1.8.2.3?arch=amd64&distro=debian-10", Component("deb", "apt", "1.8.2.3")),
        ("pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&epoch=1", Component("rpm", "openssl-libs", "1:3.0.7-27.el9")),
        ("pkg:rpm/redhat/bash@5.1.8-9.el9?epoch=0", Component("rpm", "bash", "5.1.8-9.el9")),
        ("pkg:npm/%40angular/core@20.0.0", Component("npm", "@angular/core", "20.0.0")),
        ("pkg:npm/@angular/core", Component("npm", "@angular/core", "")),
        ("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", Component("maven", "org.apache.logging.log4j/log4j-core", "2.14.1")),
        ("pkg:golang/github.com/gin-gonic/gin@v1.7.0#sub", Component("golang", "github.com/gin-gonic/gin", "1.7.0")),
    ],
)
def test_package_urls(purl: str, found: Component) -> None:
    """A component is the same one, however scanners spell it."""
    assert of_purl(purl) == found


def test_spellings() -> None:
    """As scanners write names and paths."""
    assert component("pypi", "Zope.Interface", "1") == component("pypi", "zope_interface", "1")
    assert component("maven", "org.x:y", "1") == of_purl("pkg:maven/org.x/y@1")
    assert {file_path(one) for one in ("./src/a.py", "src\\a.py", "src/a.py")} == {"src/a.py"}
    assert file_path("https://ada:word@shop.example/a?token=1") == "https://shop.example/a"
    assert file_path("file:///src/a%20b.py") == "/src/a b.py"
