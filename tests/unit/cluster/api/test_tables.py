"""Tables: the cells that people read."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.cluster.api.tables import table
from embedded.cluster.api.tables.column import duration
from embedded.cluster.api.tables.jsonpath import find
from embedded.cluster.schema.catalogue import Catalogue

_CATALOGUE = Catalogue.load()
_NOW = 1767225600.0


def cells(api_version: str, kind: str, *, wide: bool = False, **parts: Any) -> dict[str, Any]:
    """An object's row, by the columns' names; without its name and age."""
    resource = _CATALOGUE.by_kind(api_version, kind)
    assert resource is not None
    obj = {"apiVersion": api_version, "kind": kind, **parts}
    obj["metadata"] = {"name": "x", "creationTimestamp": "2025-12-31T23:59:00Z", **parts.get("metadata", {})}
    found = table(resource, [obj], "v1", "None", _NOW)
    shown = {c["name"]: v for c, v in zip(found["columnDefinitions"], found["rows"][0]["cells"], strict=True) if wide or not c["priority"]}
    return {k: v for k, v in shown.items() if k not in {"Name", "Age"}}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (600, "10m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 60, "3h1m"),
        (9 * 3600, "9h"),
        (50 * 3600, "2d2h"),
        (9 * 86400, "9d"),
        (800 * 86400, "2y70d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    """In two units at most, ever coarser."""
    assert duration(seconds) == text


def _container(state: dict[str, Any], *, ready: bool = False, restarts: int = 0, last: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": "app", "state": state, "ready": ready, "restartCount": restarts, "lastState": last or {}}


_SPEC = {"containers": [{"name": "app", "image": "web:1"}]}
_READY = {"conditions": [{"type": "Ready", "status": "True"}]}
_INIT = {**_SPEC, "initContainers": [{"name": "a"}, {"name": "b"}]}


@pytest.mark.parametrize(
    ("spec", "status", "metadata", "expected"),
    [
        (_SPEC, {"phase": "Pending"}, {}, ("0/1", "Pending", "0")),
        (
            _SPEC,
            {"phase": "Running", "containerStatuses": [_container({"running": {}}, ready=True)], **_READY},
            {},
            ("1/1", "Running", "0"),
        ),
        (_SPEC, {"phase": "Running", "containerStatuses": [_container({"running": {}})]}, {}, ("0/1", "Running", "0")),
        (
            _SPEC,
            {
                "phase": "Running",
                "containerStatuses": [
                    _container(
                        {"waiting": {"reason": "CrashLoopBackOff"}},
                        restarts=3,
                        last={"terminated": {"exitCode": 1, "finishedAt": "2025-12-31T23:59:30Z"}},
                    )
                ],
            },
            {},
            ("0/1", "CrashLoopBackOff", "3 (30s ago)"),
        ),
        (
            _SPEC,
            {"phase": "Pending", "containerStatuses": [_container({"waiting": {"reason": "ImagePullBackOff"}})]},
            {},
            ("0/1", "ImagePullBackOff", "0"),
        ),
        (
            _SPEC,
            {"phase": "Failed", "containerStatuses": [_container({"terminated": {"exitCode": 137, "reason": "OOMKilled"}})]},
            {},
            ("0/1", "OOMKilled", "0"),
        ),
        (_SPEC, {"phase": "Failed", "containerStatuses": [_container({"terminated": {"exitCode": 2}})]}, {}, ("0/1", "ExitCode:2", "0")),
        (
            _SPEC,
            {"phase": "Succeeded", "containerStatuses": [_container({"terminated": {"exitCode": 0, "reason": "Completed"}})]},
            {},
            ("0/1", "Completed", "0"),
        ),
        (_SPEC, {"phase": "Failed", "reason": "Evicted"}, {}, ("0/1", "Evicted", "0")),
        (_SPEC, {"phase": "Running"}, {"deletionTimestamp": "2026-01-01T00:00:00Z"}, ("0/1", "Terminating", "0")),
        (
            _INIT,
            {
                "phase": "Pending",
                "initContainerStatuses": [{"name": "a", "state": {"terminated": {"exitCode": 0}}}, {"name": "b", "state": {"running": {}}}],
            },
            {},
            ("0/1", "Init:1/2", "0"),
        ),
        (
            _INIT,
            {"phase": "Pending", "initContainerStatuses": [{"name": "a", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]},
            {},
            ("0/1", "Init:Error", "0"),
        ),
    ],
)
def test_pods(spec: dict[str, Any], status: dict[str, Any], metadata: dict[str, Any], expected: tuple[str, str, str]) -> None:
    """Ready containers, a status in one word, restarts."""
    row = cells("v1", "Pod", spec=spec, status=status, metadata=metadata)
    assert (row["Ready"], row["Status"], row["Restarts"]) == expected


_TEMPLATE = {"template": {"spec": {"containers": [{"name": "app", "image": "web:1"}]}}}


@pytest.mark.parametrize(
    ("api_version", "kind", "parts", "expected"),
    [
        (
            "apps/v1",
            "Deployment",
            {"spec": {"replicas": 3, **_TEMPLATE}, "status": {"readyReplicas": 2, "updatedReplicas": 1}},
            {"Ready": "2/3", "Up-to-date": 1, "Available": 0},
        ),
        ("apps/v1", "StatefulSet", {"spec": {"replicas": 1, **_TEMPLATE}}, {"Ready": "0/1"}),
        (
            "apps/v1",
            "ReplicaSet",
            {"spec": {"replicas": 2, **_TEMPLATE}, "status": {"replicas": 1}},
            {"Desired": 2, "Current": 1, "Ready": 0},
        ),
        (
            "batch/v1",
            "Job",
            {
                "spec": {"completions": 1, **_TEMPLATE},
                "status": {
                    "succeeded": 1,
                    "startTime": "2025-12-31T23:59:00Z",
                    "completionTime": "2025-12-31T23:59:07Z",
                    "conditions": [{"type": "Complete", "status": "True"}],
                },
            },
            {"Status": "Complete", "Completions": "1/1", "Duration": "7s"},
        ),
        (
            "batch/v1",
            "CronJob",
            {"spec": {"schedule": "@daily", "jobTemplate": {"spec": _TEMPLATE}}},
            {"Schedule": "@daily", "Timezone": "<none>", "Suspend": False, "Active": 0, "Last Schedule": "<none>"},
        ),
        (
            "v1",
            "Service",
            {"spec": {"type": "LoadBalancer", "clusterIP": "10.96.0.9", "ports": [{"port": 80, "nodePort": 30080}]}},
            {"Type": "LoadBalancer", "Cluster-IP": "10.96.0.9", "External-IP": "<pending>", "Port(s)": "80:30080/TCP"},
        ),
        ("v1", "ConfigMap", {"data": {"a": "1"}, "binaryData": {"b": ""}}, {"Data": 2}),
        ("v1", "Secret", {"type": "Opaque"}, {"Type": "Opaque", "Data": 0}),
        ("v1", "Namespace", {"status": {"phase": "Active"}}, {"Status": "Active"}),
        (
            "v1",
            "Node",
            {
                "spec": {"unschedulable": True},
                "status": {"conditions": [{"type": "Ready", "status": "False"}], "nodeInfo": {"kubeletVersion": "v1"}},
            },
            {"Status": "NotReady,SchedulingDisabled", "Roles": "<none>", "Version": "v1"},
        ),
        (
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            {
                "spec": {
                    "scaleTargetRef": {"kind": "Deployment", "name": "web"},
                    "maxReplicas": 4,
                    "metrics": [
                        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
                    ],
                },
                "status": {"currentMetrics": [{"resource": {"name": "cpu", "current": {"averageUtilization": 50}}}], "currentReplicas": 2},
            },
            {"Reference": "Deployment/web", "Targets": "cpu: 50%/80%", "MinPods": "<unset>", "MaxPods": 4, "Replicas": 2},
        ),
        (
            "networking.k8s.io/v1",
            "Ingress",
            {"spec": {"rules": [{"host": f"{n}.org"} for n in "abcd"]}},
            {"Class": "<none>", "Hosts": "a.org,b.org,c.org + 1 more...", "Address": "", "Ports": "80"},
        ),
        (
            "discovery.k8s.io/v1",
            "EndpointSlice",
            {"addressType": "IPv4", "ports": [{"port": 80}], "endpoints": [{"addresses": [f"10.0.0.{n}"]} for n in range(4)]},
            {"AddressType": "IPv4", "Ports": "80", "Endpoints": "10.0.0.0,10.0.0.1,10.0.0.2 + 1 more..."},
        ),
        (
            "policy/v1",
            "PodDisruptionBudget",
            {"spec": {"minAvailable": 1}, "status": {"disruptionsAllowed": 2}},
            {"Min Available": "1", "Max Unavailable": "N/A", "Allowed Disruptions": 2},
        ),
        (
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            {"roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "ServiceAccount", "name": "a", "namespace": "n"}]},
            {"Role": "Role/r"},
        ),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", {"spec": {"hostnames": ["a.dev", "b.dev"]}}, {"Hostnames": '["a.dev","b.dev"]'}),
        (
            "v1",
            "Event",
            {
                "type": "Normal",
                "reason": "Started",
                "message": " hi ",
                "involvedObject": {"kind": "Pod", "name": "p"},
                "lastTimestamp": "2025-12-31T23:59:50Z",
            },
            {"Last Seen": "10s", "Type": "Normal", "Reason": "Started", "Object": "pod/p", "Message": "hi"},
        ),
    ],
)
def test_rows(api_version: str, kind: str, parts: dict[str, Any], expected: dict[str, Any]) -> None:
    """As the real server's."""
    assert cells(api_version, kind, **parts) == expected


def test_every_kind_has_a_table() -> None:
    """Even of an object with nothing in it but a name: what is asked for before it is whole must not fail."""
    for resource in _CATALOGUE.all():
        if "list" in resource.verbs and resource.storage not in {"autoscaling/horizontalpodautoscalers", "apps/daemonsets"}:
            obj = {"metadata": {"name": "x"}, "roleRef": {"kind": "Role", "name": "r"}}
            assert table(resource, [obj], "v1", "None", _NOW)["rows"][0]["cells"]


_OBJ = {
    "spec": {"size": 3, "hosts": [{"name": "a"}, {"name": "b"}], "on": False},
    "metadata": {"labels": {"a.b/c": "d"}},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Old", "status": "False"}]},
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (".spec.size", [3]),
        ("spec.size", [3]),
        ("{.spec.size}", [3]),
        (".spec.hosts[*].name", ["a", "b"]),
        (".spec.hosts[1].name", ["b"]),
        (".spec.hosts[7].name", []),
        (".spec.hosts[-1].name", ["b"]),
        (".spec.on", [False]),
        (".spec.none", []),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type=='Gone')].status", []),
        (r".metadata.labels.a\.b/c", ["d"]),
        (".metadata.labels['a.b/c']", ["d"]),
        (".spec..size", []),
    ],
)
def test_json_paths(path: str, values: list[Any]) -> None:
    """As definitions write them."""
    assert find(_OBJ, path) == values
