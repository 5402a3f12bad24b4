"""What the server adds to objects."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.cluster.model.quantities import quantity
from embedded.cluster.schema.catalogue import Catalogue
from embedded.cluster.schema.defaults import apply_defaults
from embedded.cluster.schema.shape import canonical

RECORDINGS = Path(__file__).parents[3] / "conformance/recordings"
# What is set by others than the defaults: addresses that are given out, and what the namespace's controller takes away at the end.
ELSEWHERE = {"Service": ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"), "Namespace": ("finalizers",)}
LOADED = Catalogue.load()


@cache
def recorded() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Objects as they were sent to a real server, and as it answered."""
    found = []
    for path in sorted(RECORDINGS.glob("2[0-4]-*/*.state.json")):
        state = json.loads(path.read_text())
        latest = state.get("deployment") or state["checkpoint"]["latest"]
        for resource in latest.get("resources", []):
            sent, got = resource.get("inputs") or {}, resource.get("outputs") or {}
            if sent.get("kind") not in {None, "Secret"} and LOADED.by_kind(sent["apiVersion"], sent["kind"]):
                found.append((f"{path.parent.name}/{path.name}:{resource['urn'].rpartition('::')[2]}", sent, got))
    return found


def defaulted(obj: dict[str, Any]) -> dict[str, Any]:
    """A copy of the object with its defaults."""
    resource = LOADED.by_kind(obj["apiVersion"], obj["kind"])
    assert resource is not None
    return apply_defaults(resource, {"metadata": {"name": "x"}, **deepcopy(obj)})


def dash(value: Any) -> Any:
    """Field names as Kubernetes has them: states have underscores in those that start with x-kubernetes."""
    if isinstance(value, dict):
        return {k.replace("_", "-") if k.startswith("x_kubernetes") else k: dash(v) for k, v in value.items()}
    return [dash(v) for v in value] if isinstance(value, list) else value


def test_there_are_recordings() -> None:
    """The comparison below compares something."""
    assert len(recorded()) > 50


@pytest.mark.parametrize(("sent", "got"), [pytest.param(s, g, id=name) for name, s, g in recorded()])
def test_defaults_are_those_of_the_real_server(sent: dict[str, Any], got: dict[str, Any]) -> None:
    """An object with its defaults is what a real server made of it."""
    mine = defaulted(sent)
    for part in mine.keys() - {"metadata", "status"}:
        theirs = dash(got[part])
        if isinstance(theirs, dict):
            theirs = {k: v for k, v in theirs.items() if k not in ELSEWHERE.get(sent["kind"], ())}
        assert mine[part] == theirs


CONTAINER = {"name": "c", "image": "i:1"}
TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [CONTAINER]}}
ONCE = {"spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}
FULL_CONTAINER = {
    **CONTAINER,
    "imagePullPolicy": "IfNotPresent",
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
FULL_POD = {
    "containers": [FULL_CONTAINER],
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}
FULL_TEMPLATE = {**TEMPLATE, "spec": FULL_POD}


@pytest.mark.parametrize(
    ("api_version", "kind", "given_spec", "expected"),
    [
        pytest.param("v1", "Pod", {"containers": [CONTAINER]}, {**FULL_POD, "enableServiceLinks": True}, id="pod"),
        pytest.param(
            "apps/v1",
            "StatefulSet",
            {"serviceName": "s", "template": TEMPLATE},
            {
                "serviceName": "s",
                "template": FULL_TEMPLATE,
                "replicas": 1,
                "revisionHistoryLimit": 10,
                "podManagementPolicy": "OrderedReady",
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
                "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            },
            id="stateful set",
        ),
        pytest.param(
            "apps/v1",
            "DaemonSet",
            {"template": TEMPLATE},
            {
                "template": FULL_TEMPLATE,
                "revisionHistoryLimit": 10,
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
            },
            id="daemon set",
        ),
        pytest.param("apps/v1", "ReplicaSet", {"template": TEMPLATE}, {"template": FULL_TEMPLATE, "replicas": 1}, id="replica set"),
        pytest.param(
            "apps/v1",
            "Deployment",
            {"strategy": {"type": "Recreate"}, "replicas": 0, "template": TEMPLATE},
            {
                "strategy": {"type": "Recreate"},
                "replicas": 0,
                "template": FULL_TEMPLATE,
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
            },
            id="deployment that recreates",
        ),
        pytest.param(
            "batch/v1",
            "Job",
            {"template": ONCE},
            {
                "template": {"metadata": {}, "spec": {**FULL_POD, "restartPolicy": "Never"}},
                "parallelism": 1,
                "completions": 1,
                "backoffLimit": 6,
                "completionMode": "NonIndexed",
                "suspend": False,
                "podReplacementPolicy": "TerminatingOrFailed",
                "manualSelector": False,
            },
            id="job",
        ),
        pytest.param(
            "batch/v1",
            "CronJob",
            {
                "schedule": "* * * * *",
                "jobTemplate": {"spec": {"template": {"spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}}},
            },
            {
                "schedule": "* * * * *",
                "concurrencyPolicy": "Allow",
                "suspend": False,
                "successfulJobsHistoryLimit": 3,
                "failedJobsHistoryLimit": 1,
                "jobTemplate": {"metadata": {}, "spec": {"template": {"metadata": {}, "spec": {**FULL_POD, "restartPolicy": "Never"}}}},
            },
            id="cron job",
        ),
        pytest.param(
            "v1",
            "Service",
            {"type": "LoadBalancer", "ports": [{"port": 80}]},
            {
                "type": "LoadBalancer",
                "ports": [{"port": 80, "targetPort": 80, "protocol": "TCP"}],
                "sessionAffinity": "None",
                "externalTrafficPolicy": "Cluster",
                "internalTrafficPolicy": "Cluster",
                "allocateLoadBalancerNodePorts": True,
            },
            id="load balancer",
        ),
        pytest.param(
            "v1",
            "Service",
            {"type": "ExternalName", "externalName": "example.org", "sessionAffinity": "ClientIP"},
            {
                "type": "ExternalName",
                "externalName": "example.org",
                "sessionAffinity": "ClientIP",
                "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}},
            },
            id="external name",
        ),
        pytest.param(
            "v1",
            "PersistentVolumeClaim",
            {"resources": {"requests": {"storage": "1024Mi"}}},
            {"resources": {"requests": {"storage": "1Gi"}}, "volumeMode": "Filesystem"},
            id="claim",
        ),
        pytest.param(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "x"}, "behavior": {"scaleDown": {"selectPolicy": "Min"}}},
            {
                "maxReplicas": 3,
                "minReplicas": 1,
                "scaleTargetRef": {"kind": "Deployment", "name": "x"},
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}],
                "behavior": {
                    "scaleUp": {
                        "stabilizationWindowSeconds": 0,
                        "selectPolicy": "Max",
                        "policies": [
                            {"type": "Pods", "value": 4, "periodSeconds": 15},
                            {"type": "Percent", "value": 100, "periodSeconds": 15},
                        ],
                    },
                    "scaleDown": {"selectPolicy": "Min", "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]},
                },
            },
            id="autoscaler",
        ),
        pytest.param(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            {"egress": [{"ports": [{"port": 53}]}]},
            {"podSelector": {}, "egress": [{"ports": [{"port": 53, "protocol": "TCP"}]}], "policyTypes": ["Ingress", "Egress"]},
            id="network policy",
        ),
        pytest.param(
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            {"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [{"name": "s", "port": 80}]}]},
            {
                "parentRefs": [{"name": "g", "group": "gateway.networking.k8s.io", "kind": "Gateway"}],
                "rules": [
                    {
                        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                        "backendRefs": [{"name": "s", "port": 80, "group": "", "kind": "Service", "weight": 1}],
                    }
                ],
            },
            id="route",
        ),
    ],
)
def test_defaults_of_specifications(api_version: str, kind: str, given_spec: dict[str, Any], expected: dict[str, Any]) -> None:
    """Each kind gets its own defaults, and a second time nothing more."""
    obj = defaulted({"apiVersion": api_version, "kind": kind, "spec": given_spec})
    assert obj["spec"] == expected
    assert defaulted(obj) == obj


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({"image": "app"}, {"imagePullPolicy": "Always"}),
        ({"image": "registry:5000/app"}, {"imagePullPolicy": "Always"}),
        ({"image": "registry:5000/app:latest"}, {"imagePullPolicy": "Always"}),
        ({"image": "app:1"}, {"imagePullPolicy": "IfNotPresent"}),
        ({"image": "app@sha256:0"}, {"imagePullPolicy": "IfNotPresent"}),
        ({"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]}, {
            "env": [{"name": "A", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}}]
        }),
        ({"ports": [{"containerPort": 80}]}, {"ports": [{"containerPort": 80, "protocol": "TCP"}]}),
        ({"livenessProbe": {"httpGet": {"port": 80}}}, {
            "livenessProbe": {
                "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
                "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
            }
        }),
        ({"lifecycle": {"preStop": {"httpGet": {"port": 80}}}}, {
            "lifecycle": {"preStop": {"httpGet": {"port": 80, "path": "/", "scheme": "HTTP"}}}
        }),
        ({"resources": {"limits": {"cpu": 1, "memory": "0.5Gi"}}}, {
            "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "requests": {"cpu": "1", "memory": "512Mi"}}
        }),
    ],
)  # fmt: skip
def test_defaults_of_containers(container: dict[str, Any], expected: dict[str, Any]) -> None:
    """Images, probes, ports, variables and limits of a pod's container."""
    pod = defaulted({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{**CONTAINER, **container}]}})
    found = pod["spec"]["containers"][0]
    assert {k: found[k] for k in expected} == expected


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ({}, {"emptyDir": {}}),
        ({"secret": {"secretName": "s"}}, {"secret": {"secretName": "s", "defaultMode": 420}}),
        ({"configMap": {"name": "c", "defaultMode": 256}}, {"configMap": {"name": "c", "defaultMode": 256}}),
        ({"hostPath": {"path": "/x"}}, {"hostPath": {"path": "/x", "type": ""}}),
        ({"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}, {
            "projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}]}
        }),
    ],
)  # fmt: skip
def test_defaults_of_volumes(volume: dict[str, Any], expected: dict[str, Any]) -> None:
    """Modes of files, and what a volume without a source is."""
    pod = defaulted({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [CONTAINER], "volumes": [{"name": "v", **volume}]}})
    assert pod["spec"]["volumes"] == [{"name": "v", **expected}]


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (
            {"apiVersion": "v1", "kind": "Secret", "data": {"a": "YQ=="}, "stringData": {"b": "ü"}},
            {"type": "Opaque", "data": {"a": "YQ==", "b": "w7w="}},
        ),
        ({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": None}, "binaryData": {}}, {"data": {"a": ""}}),
        (
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "roleRef": {"kind": "Role", "name": "r"},
                "subjects": [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s", "namespace": "n"}],
            },
            {
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
                "subjects": [
                    {"kind": "User", "name": "u", "apiGroup": "rbac.authorization.k8s.io"},
                    {"kind": "ServiceAccount", "name": "s", "namespace": "n"},
                ],
            },
        ),
        ({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}, {"rules": None}),
        (
            {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "p"},
            {"provisioner": "p", "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
        ),
        (
            {"apiVersion": "v1", "kind": "Endpoints", "subsets": [{"ports": [{"port": 1}]}]},
            {"subsets": [{"ports": [{"port": 1, "protocol": "TCP"}]}]},
        ),
        (
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "endpoints": [], "ports": [{"port": 1}]},
            {"addressType": "IPv4", "endpoints": None, "ports": [{"port": 1, "name": "", "protocol": "TCP"}]},
        ),
        (
            {
                "apiVersion": "v1",
                "kind": "LimitRange",
                "spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}, "min": {"memory": "1Mi"}}]},
            },
            {
                "spec": {
                    "limits": [
                        {
                            "type": "Container",
                            "max": {"cpu": "2"},
                            "min": {"memory": "1Mi"},
                            "default": {"cpu": "2"},
                            "defaultRequest": {"cpu": "2", "memory": "1Mi"},
                        }
                    ]
                }
            },
        ),
    ],
    ids=lambda value: value.get("kind", ""),
)
def test_defaults_outside_of_specifications(obj: dict[str, Any], expected: dict[str, Any]) -> None:
    """What kinds without a specification get."""
    found = defaulted(obj)
    assert {k: v for k, v in found.items() if k not in {"apiVersion", "kind", "metadata"}} == expected
    assert defaulted(found) == found


def test_a_namespace_is_labelled_with_its_name() -> None:
    """The label that selectors of namespaces rely on is always there, and always right."""
    made = defaulted(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"kubernetes.io/metadata.name": "no"}}}
    )
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "shop"}


def test_a_status_is_left_alone() -> None:
    """Defaults belong to what the client writes; a status with nulls stays as its controller wrote it."""
    obj = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": TEMPLATE}, "status": {"conditions": None}}
    assert defaulted(obj)["status"] == {"conditions": None}


def test_nothing_is_the_same_as_null() -> None:
    """A null, an empty list and an empty map are what they are to a server that reads them into structs: nothing."""
    obj = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "x", "labels": {}, "annotations": None},
        "spec": {"containers": [{**CONTAINER, "env": [], "command": None}], "nodeSelector": {}, "volumes": [{"name": "v", "emptyDir": {}}]},
    }
    found = defaulted(obj)
    assert found["metadata"] == {"name": "x"}
    assert found["spec"]["containers"] == [FULL_CONTAINER]
    assert "nodeSelector" not in found["spec"]
    assert found["spec"]["volumes"] == [{"name": "v", "emptyDir": {}}]


def test_what_holds_nothing_is_left_out_or_written() -> None:
    """A flag that isn't set is not there, a number that may be 0 stays, and some texts are there even when they are empty."""
    found = defaulted({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"paused": False, "minReadySeconds": 0, "replicas": 0}})
    assert "paused" not in found["spec"]
    assert "minReadySeconds" not in found["spec"]
    assert found["spec"]["replicas"] == 0
    assert defaulted({"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {}})["spec"]["serviceName"] == ""
    event = defaulted({"apiVersion": "v1", "kind": "Event", "involvedObject": {"kind": "Pod"}})
    assert (event["firstTimestamp"], event["reportingComponent"], event["source"]) == (None, "", {})
    limits = {"resourceFieldRef": {"resource": "limits.cpu"}}
    spec = {"containers": [{**CONTAINER, "env": [{"name": "A", "valueFrom": limits}, {"name": "B", "value": ""}]}]}
    variables = defaulted({"apiVersion": "v1", "kind": "Pod", "spec": spec})["spec"]["containers"][0]["env"]
    assert variables == [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "0"}}}, {"name": "B"}]


def test_ports_of_the_host_are_for_pods_only() -> None:
    """In the host's network a pod's ports are the host's; a template is left as it is."""
    spec = {"hostNetwork": True, "containers": [{**CONTAINER, "ports": [{"containerPort": 80}]}]}
    pod = defaulted({"apiVersion": "v1", "kind": "Pod", "spec": spec})
    assert pod["spec"]["containers"][0]["ports"][0]["hostPort"] == 80
    template = {"metadata": {"labels": {"a": "b"}}, "spec": spec}
    found = defaulted({"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"template": template}})
    assert "hostPort" not in found["spec"]["template"]["spec"]["containers"][0]["ports"][0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1000m", "1"), ("1", "1"), (2, "2"), (0.5, "500m"), ("1500m", "1500m"), ("1.5", "1500m"), ("0", "0"), ("0m", "0"),
        ("1024Ki", "1Mi"), ("1024", "1024"), ("1.5Gi", "1536Mi"), ("512Mi", "512Mi"), ("0.5Ki", "512"), ("1000Ki", "1000Ki"),
        ("1000k", "1M"), ("100e3", "100e3"), ("-100m", "-100m"), ("+1", "1"), ("1n", "1n"), ("0.1n", "1n"), ("1000000", "1M"),
    ],
)  # fmt: skip
def test_quantities_are_spelled_in_one_way(text: str | float, expected: str) -> None:
    """Quantities have a canonical form, in the system of units that they were written in."""
    assert canonical(text) == expected


@given(st.integers(-(10**9), 10**9), st.sampled_from(["", "m", "k", "M", "Ki", "Mi", "Gi"]))
def test_a_canonical_quantity_is_the_same_quantity(number: int, unit: str) -> None:
    """The canonical spelling changes no value, and is its own canonical spelling."""
    text = canonical(f"{number}{unit}")
    assert quantity(text) == quantity(f"{number}{unit}")
    assert canonical(text) == text
