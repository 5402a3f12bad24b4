"""What is told of a check: data, SARIF, coverage, and a page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from policies.judging import Violation, of_stack
from policies.judging.rulebook import Pack, Rulebook
from policies.judging.subjects import Source, of_manifest, of_resource
from tests.unit.policies.judging.examples import PACK
from tests.unit.policies.wrapping import KINDS, pod, wrapped
from tidegate.model.intent.policies import Policies
from tidegate.policing.checking import check, rulebook
from tidegate.policing.coverage import coverage
from tidegate.policing.page import page
from tidegate.policing.sarif import Result, sarif
from tidegate.policing.telling import as_json, as_sarif

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judging import Finding, Given, Settings, Stack

NASTY = "<script>alert('x')</script>"
EXEMPT = {"policy": "test/privileged", "objects": ["shop/Job/web"], "owner": "ann", "reason": NASTY, "until": "2999-01-01"}


def reported(**told: Any) -> Any:
    """What is said of some objects."""
    bad = of_manifest(wrapped("Deployment", pod(securityContext={"privileged": True}, name=NASTY)), Source("a b/ü.yaml", 3))
    job = of_manifest(wrapped("Job", pod(securityContext={"privileged": True})), Source("job.yaml"))
    good = of_manifest({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NASTY}}, Source("c.yaml"))
    return check(Rulebook.of([PACK], Policies.model_validate_json(json.dumps({"exemptions": (EXEMPT,), **told}))), [bad, job, good])


def test_data_has_all_that_is_known() -> None:
    """Each violation with file, policy, standard, object, path, reason and fix; what is mandatory first."""
    told = as_json(reported(enforcement={"test/broken": "disabled"}))
    first = told["violations"][0]
    assert first["path"] == "spec.template.spec.containers[0].securityContext.privileged"
    assert (first["file"], first["policy"], first["standard"], first["object"]) == (
        "a b/ü.yaml",
        "test/privileged",
        "pod-security/baseline",
        "shop/Deployment/web",
    )
    assert (first["reason"], first["fix"], first["level"]) == (f"container {NASTY!r} is privileged", "Leave it out.", "mandatory")
    assert [one["level"] for one in told["violations"]] == ["mandatory", "advisory"]
    assert told["violations"][1]["exemption"]["owner"] == "ann"
    assert (told["mandatory"], told["objects"]) == (1, 3)
    assert first["line"] == 3
    assert json.dumps(told)


# As much of SARIF's schema as code hosts insist on.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs", "$schema"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "results": {
                        "items": {
                            "required": ["ruleId", "ruleIndex", "message", "locations", "partialFingerprints"],
                            "properties": {
                                "level": {"enum": ["error", "warning", "note"]},
                                "message": {"required": ["text"]},
                                "locations": {
                                    "items": {
                                        "properties": {
                                            "physicalLocation": {
                                                "properties": {
                                                    "artifactLocation": {"properties": {"uri": {"pattern": "^[!-~]+$"}}},
                                                    "region": {"properties": {"startLine": {"minimum": 1}}},
                                                }
                                            }
                                        }
                                    }
                                },
                            },
                        }
                    }
                },
            },
        },
    },
}


def test_sarif_is_for_code_hosts() -> None:
    """Rules once, results with their places; what is exempt is suppressed with its reason."""
    log = as_sarif(reported())
    jsonschema.validate(log, SCHEMA)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert len({rule["id"] for rule in rules}) == len(rules)
    suppressed = [one for one in run["results"] if "suppressions" in one]
    assert [NASTY in one["suppressions"][0]["justification"] for one in suppressed] == [True]
    assert rules[0]["properties"]["security-severity"] == "9.5"


def test_a_finding_is_known_again() -> None:
    """Whatever its words and its line; two different ones are never the same."""
    one = Result("r", "error", "text", file="a", line=1, what="x", path="p")
    prints = [
        found["partialFingerprints"]["tidegate/v1"]
        for found in sarif(
            "t",
            "1",
            [
                one,
                Result("r", "error", "other", file="a", line=9, what="x", path="p"),
                Result("r", "error", "text", file="a", what="y", path="p"),
            ],
        )["runs"][0]["results"]
    ]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({}, "violated"),
        ({"enforcement": {"test/privileged": "disabled"}}, "disabled"),
        ({"exemptions": ({**EXEMPT, "objects": ["*"]},)}, "exempt"),
    ],
)
def test_controls_are_covered_by_policies(told: dict[str, Any], state: str) -> None:
    """A control is as its worst policy is."""
    found = coverage(reported(**told))
    assert [(one.name, one.version) for one in found] == [("cis-kubernetes", "1.9"), ("pod-security/baseline", "")]
    (control,) = [one for one in found[0].controls if one.policies]
    assert (control.id, control.state) == ("5.2.2", state)
    assert [one.name for one in coverage(reported(), "pod-security")] == ["pod-security/baseline"]


def test_what_nothing_was_judged_by_is_not_held() -> None:
    """No object: nothing is known."""
    empty = check(Rulebook.of([PACK]), [])
    controls = [control for framework in coverage(empty) for control in framework.controls]
    assert {control.state for control in controls if control.policies} == {"not judged"}
    assert {control.state for control in controls if not control.policies} == {"no policy"}


@pytest.mark.parametrize(
    ("policy", "settings", "there", "state"),
    [
        # What looks at a whole stack, at what isn't in it.
        ("security/s3-versioning", {}, ["Deployment"], "not judged"),
        ("release/disruption-budgets", {}, ["ConfigMap"], "not judged"),
        ("release/weight-steps", {}, ["Deployment"], "not judged"),
        ("security/service-account-tokens", {}, ["ConfigMap"], "not judged"),
        ("security/network-policies", {"ignored": ["shop"]}, ["Deployment"], "held"),
        # What asks for nothing, as long as it isn't told what.
        ("security/signed-images", {}, ["Deployment"], "not judged"),
        ("security/allowed-registries", {}, ["Deployment"], "not judged"),
        ("security/allowed-registries", {"registries": ["registry.example"]}, ["Deployment"], "held"),
        ("compliance/allowed-licences", {}, ["Deployment"], "not judged"),
    ],
)
def test_what_was_not_looked_at_is_not_held(policy: str, settings: dict[str, Any], there: list[str], state: str) -> None:
    """An auditor would be told what nobody has asked."""
    objects = [
        of_manifest(
            wrapped(kind, pod()) if kind in KINDS else {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x", "namespace": "shop"}}
        )
        for kind in there
    ]
    told = Policies.model_validate({"settings": {policy: settings}})
    report = check(rulebook([policy.partition("/")[0]], told, "staging"), objects)
    states = {one.state for found in coverage(report) for control in found.controls for one in control.policies if one.policy == policy}
    assert states == {state}


@pytest.mark.parametrize(
    ("kind", "aws", "kubernetes"), [("PersistentVolumeClaim", "not judged", "violated"), ("", "violated", "not judged")]
)
def test_a_platforms_framework_is_about_that_platform(kind: str, aws: str, kubernetes: str) -> None:
    """A claim of Kubernetes breaks no rule on buckets, though the same policy looks at both."""
    claim = of_manifest({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x", "namespace": "default"}})
    bucket = of_resource("aws:s3/bucket:Bucket", {}, label="logs")
    found = coverage(check(rulebook(["compliance"], None, "staging"), [claim if kind else bucket]))
    states = {(one.name, control.id): control.state for one in found for control in one.controls}
    assert (states["cis-aws", "2.1.3"], states["cis-kubernetes", "5.7.4"]) == (aws, kubernetes)
    assert states["soc2", "C1.1"] == "violated"


def test_a_page_escapes_everything() -> None:
    """Whatever objects and people are called."""
    report = reported()
    made = page(NASTY, coverage(report), report)
    assert "<script" not in made
    assert "&lt;script&gt;" in made
    assert made.count("<table>") == made.count("</table>") == 3


@pytest.mark.parametrize(("space", "level"), [(False, "advisory"), (True, "mandatory")])
def test_what_may_be_elsewhere_is_not_missed(space: bool, level: str) -> None:
    """A few manifests are not all that is in a namespace, unless they have the namespace itself."""
    made = of_manifest(wrapped("Deployment", pod()))
    there = [of_manifest({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})] if space else []
    found = check(Rulebook.of([Pack("test", "", (alone,))]), [made, *there], whole=False)
    assert [one.level for one in found.violations] == [level]


@of_stack("Nothing is alone.", severity="low", fix="Add something.")
def alone(stack: Stack, given: Given[Settings]) -> Iterator[Finding]:  # noqa: ARG001 - a policy's signature
    """Each Deployment."""
    for one in stack.of("Deployment"):
        yield Violation(one.root, "it is alone")
