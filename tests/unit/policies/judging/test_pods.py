"""The pods that objects make, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import judge, of_manifest, of_resource
from policies.judging.fields import UNKNOWN
from policies.judging.pods import pods_of
from tests.unit.policies.judging.examples import privileged
from tests.unit.policies.wrapping import KINDS, pod, wrapped


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_makes_pods(kind: str) -> None:
    """With all their containers, each by its path."""
    spec = {**pod(), "initContainers": [{"name": "a", "restartPolicy": "Always"}], "ephemeralContainers": [{"name": "z"}]}
    (found,) = pods_of(of_manifest(wrapped(kind, spec, annotations={"a": "b"})))
    assert [(one.shown, one.is_sidecar) for one in found.containers] == [
        ("init container 'a'", True),
        ("container 'app'", False),
        ("ephemeral container 'z'", False),
    ]
    assert found.containers[1].field.path == f"{KINDS[kind][0]}spec.containers[0]"
    assert found.annotation("a").value == "b"


@pytest.mark.parametrize(
    ("version", "kind", "spec", "count"),
    [
        ("argoproj.io/v1alpha1", "Rollout", {"workloadRef": {"kind": "Deployment", "name": "web"}}, 0),
        ("serving.knative.dev/v1", "Service", {"template": {"spec": pod()}}, 1),
        ("jobset.x-k8s.io/v1alpha2", "JobSet", {"replicatedJobs": [{"template": {"spec": {"template": {"spec": pod()}}}}] * 2}, 2),
        ("example.com/v1", "Fleet", {"podTemplates": [{"spec": pod()}, {"spec": pod()}]}, 2),
        ("example.com/v1", "Tool", {"template": {"spec": {"containers": "none"}}}, 0),
        ("example.com/v1", "Tool", {"containers": [{"name": "app"}]}, 0),
        ("v1", "ConfigMap", {"template": {"spec": pod()}}, 0),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", {"template": {"spec": pod()}}, 0),
    ],
)
def test_other_kinds_make_pods_where_there_is_a_template(version: str, kind: str, spec: dict[str, Any], count: int) -> None:
    """Of any kind that isn't Kubernetes' own, wherever in it."""
    assert len(pods_of(of_manifest({"apiVersion": version, "kind": kind, "spec": spec}))) == count


def test_what_is_not_known_makes_no_pods_of_other_kinds() -> None:
    """Nothing can be said of it yet; where there is a template, that much is said."""
    template = {"spec": {"template": UNKNOWN}}
    assert [one.at.path for one in judge(privileged, of_resource("kubernetes:argoproj.io/v1alpha1:Rollout", template))] == [
        "spec.template.spec.initContainers"
    ]
    assert [one.at.path for one in judge(privileged, of_resource("kubernetes:argoproj.io/v1alpha1:Rollout", {"spec": UNKNOWN}))] == ["spec"]
    assert pods_of(of_resource("aws:s3/bucket:Bucket", {"template": {"spec": pod()}})) == ()
