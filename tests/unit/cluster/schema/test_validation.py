"""What the server refuses, and in which words."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.cluster.model.errors import StatusError, invalid
from embedded.cluster.schema.catalogue import Catalogue
from embedded.cluster.schema.defaults import apply_defaults
from embedded.cluster.schema.rules import names
from embedded.cluster.schema.validation import prune, unknown_fields, validate

Obj = dict[str, Any]
CATALOGUE = Catalogue.load()
LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
    "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
PORT = "must be between 1 and 65535, inclusive"


def found(obj: Obj, old: Obj | None = None) -> list[str]:
    """What is wrong with an object, each with its field."""
    resource = CATALOGUE.by_kind(obj["apiVersion"], obj["kind"])
    assert resource is not None
    obj = apply_defaults(resource, {"metadata": {"name": "x"}, **deepcopy(obj)})
    old = None if old is None else apply_defaults(resource, {"metadata": {"name": "x"}, **deepcopy(old)})
    return [f"{c.field}: {c.message}" for c in validate(resource, obj, old)]


def of(kind: str, api_version: str = "v1", **parts: Any) -> Obj:
    """An object."""
    return {"apiVersion": api_version, "kind": kind, **parts}


LABELS = {"a": "b"}
CONTAINER = {"name": "c", "image": "i:1"}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": {"containers": [CONTAINER]}}
RUN = {"selector": {"matchLabels": LABELS}, "template": TEMPLATE}


def deployment(**spec: Any) -> Obj:
    """A Deployment that is all right but for what is given."""
    return of("Deployment", "apps/v1", spec={**RUN, **spec})


def container(**parts: Any) -> Obj:
    """A Deployment whose container has these parts."""
    return deployment(template={**TEMPLATE, "spec": {"containers": [{**CONTAINER, **parts}]}})


def test_a_service_with_a_wrong_name_and_port_is_told_both() -> None:
    """All that is wrong is said at once, in the words and order of the real server."""
    obj = of("Service", metadata={"name": "Wrong_Name"}, spec={"ports": [{"port": 99999}]})
    resource = CATALOGUE.by_kind("v1", "Service")
    assert resource is not None
    error = invalid("", "Service", "Wrong_Name", validate(resource, apply_defaults(resource, obj)))
    assert error.code == 422
    assert error.message == (
        f'Service "Wrong_Name" is invalid: [metadata.name: Invalid value: "Wrong_Name": {LABEL}, '
        f"spec.ports[0].port: Invalid value: 99999: {PORT}, spec.ports[0].targetPort: Invalid value: 99999: {PORT}]"
    )


VALID: list[Obj] = [
    deployment(),
    deployment(replicas=0, strategy={"type": "Recreate"}),
    container(ports=[{"containerPort": 80, "name": "http"}], resources={"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}),
    of("StatefulSet", "apps/v1", spec={**RUN, "serviceName": "s"}),
    of("DaemonSet", "apps/v1", spec=RUN),
    of("Job", "batch/v1", spec={"template": {"spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}}),
    of("Pod", spec={"containers": [CONTAINER], "volumes": [{"name": "v"}]}),
    of("Service", spec={"ports": [{"port": 80, "targetPort": "http"}], "selector": LABELS}),
    of("Service", spec={"clusterIP": "None"}),
    of("Service", spec={"type": "ExternalName", "externalName": "example.org."}),
    of("ConfigMap", data={"a.b-c_d": "1"}),
    of("Secret", type="kubernetes.io/tls", data={"tls.crt": "", "tls.key": ""}),
    of("PersistentVolumeClaim", spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}),
    of("Ingress", "networking.k8s.io/v1", spec={"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}),
    of(
        "Role",
        "rbac.authorization.k8s.io/v1",
        metadata={"name": "system:x"},
        rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    ),
    of("PodDisruptionBudget", "policy/v1", spec={"minAvailable": "50%"}),
    of(
        "HTTPRoute",
        "gateway.networking.k8s.io/v1",
        spec={"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [{"name": "s", "port": 80}]}]},
    ),
]


@pytest.mark.parametrize("obj", VALID, ids=lambda obj: obj["kind"])
def test_good_objects_pass(obj: Obj) -> None:
    """What the real server takes is taken, as a new object and as an unchanged one."""
    assert found(obj) == []
    assert found(obj, obj) == []


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (deployment(selector=None), [
            "spec.selector: Required value",
            'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
        ]),
        (deployment(selector={}), ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
        (
            deployment(selector={"matchLabels": {"a": "c"}}),
            ['spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`'],
        ),
        (
            deployment(selector={"matchExpressions": [{"key": "a", "operator": "Is"}]}),
            [
                'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
                'spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Is"}]}: invalid label selector',
            ],
        ),
        (deployment(replicas=-1), ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
        (
            deployment(minReadySeconds=600),
            ["spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"],
        ),
        (
            deployment(strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
            ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
        ),
        (
            deployment(strategy={"type": "BlueGreen"}),
            ['spec.strategy: Unsupported value: {"Type":"BlueGreen","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"'],
        ),
        (
            deployment(strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
            ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"],
        ),
        (
            deployment(strategy={"rollingUpdate": {"maxUnavailable": "101%"}}),
            ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
        ),
        (
            deployment(template={**TEMPLATE, "spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}),
            ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
        ),
        (deployment(template={**TEMPLATE, "spec": {"containers": []}}), ["spec.template.spec.containers: Required value"]),
        (of("StatefulSet", "apps/v1", spec={**RUN, "podManagementPolicy": "All"}), [
            "spec.podManagementPolicy: Invalid value: \"All\": must be 'OrderedReady' or 'Parallel'"
        ]),
        (of("Job", "batch/v1", spec={"template": TEMPLATE}), [
            'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
        ]),
        (of("CronJob", "batch/v1", spec={
            "schedule": "* *", "jobTemplate": {"spec": {"template": {"spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}}}
        }), ['spec.schedule: Invalid value: "* *": expected exactly 5 fields, found 2: [* *]']),
    ],
)  # fmt: skip
def test_workloads(obj: Obj, expected: list[str]) -> None:
    """Selectors, strategies, numbers and restart policies of what makes pods."""
    assert found(obj) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"name": "C"}, [f'name: Invalid value: "C": {LABEL}']),
        ({"image": ""}, ["image: Required value"]),
        ({"ports": [{"containerPort": 70000}]}, [f"ports[0].containerPort: Invalid value: 70000: {PORT}"]),
        ({"ports": [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]}, ['ports[1].name: Duplicate value: "a"']),
        ({"ports": [{"containerPort": 1, "protocol": "ICMP"}]}, [
            'ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'
        ]),
        ({"ports": [{"containerPort": 1, "name": "0"}]}, ['ports[0].name: Invalid value: "0": must contain at least one letter (a-z)']),
        ({"env": [{"name": ""}]}, ["env[0].name: Required value"]),
        ({"env": [{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]}, [
            'env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'
        ]),
        ({"volumeMounts": [{"name": "v", "mountPath": "/v"}]}, ['volumeMounts[0].name: Not found: "v"']),
        ({"imagePullPolicy": "Sometimes"}, [
            'imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"'
        ]),
        ({"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}}, [
            'resources.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi'
        ]),
        ({"resources": {"limits": {"cpu": "-1"}}}, ['resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0']),
        ({"readinessProbe": {}}, ["readinessProbe: Required value: must specify a handler type"]),
        ({"readinessProbe": {"httpGet": {"port": 0}}}, [f"readinessProbe.httpGet.port: Invalid value: 0: {PORT}"]),
        ({"livenessProbe": {"tcpSocket": {"port": 1}, "successThreshold": 2}}, [
            "livenessProbe.successThreshold: Invalid value: 2: must be 1"
        ]),
        ({"livenessProbe": {"tcpSocket": {"port": 1}, "exec": {"command": ["x"]}}}, [
            "livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type"
        ]),
    ],
)  # fmt: skip
def test_containers(parts: Obj, expected: list[str]) -> None:
    """What may be wrong with a container, at its place in the template."""
    assert found(container(**parts)) == [f"spec.template.spec.containers[0].{e}" for e in expected]


def test_containers_have_names_of_their_own() -> None:
    """Two containers of a pod can't share a name, nor can volumes."""
    spec = {"containers": [CONTAINER, CONTAINER], "volumes": [{"name": "v"}, {"name": "v"}]}
    assert found(of("Pod", spec=spec)) == [
        'spec.volumes[1].name: Duplicate value: "v"',
        'spec.containers[1].name: Duplicate value: "c"',
    ]


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (of("Service", spec={"ports": []}), ["spec.ports: Required value"]),
        (of("Service", spec={"ports": [{"port": 1}, {"port": 2}]}), [
            "spec.ports[0].name: Required value", "spec.ports[1].name: Required value"
        ]),
        (of("Service", spec={"ports": [{"port": 1, "name": "a"}, {"port": 1, "name": "b"}]}), [
            'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}'
        ]),
        (of("Service", spec={"type": "External", "ports": [{"port": 1}]}), [
            'spec.type: Unsupported value: "External": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'
        ]),
        (of("Service", spec={"type": "ExternalName"}), ["spec.externalName: Required value"]),
        (of("ConfigMap", data={"a b": "1"}, binaryData={"c": "MQ=="}), [
            ("data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
            "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')")
        ]),
        (of("ConfigMap", data={"a": "x" * 1048577}), ["[]: Too long: may not be more than 1048576 bytes"]),
        (of("Secret", type="kubernetes.io/tls"), ["data[tls.crt]: Required value", "data[tls.key]: Required value"]),
        (of("Secret", type="kubernetes.io/dockerconfigjson", data={".dockerconfigjson": "eA=="}), [
            'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": is no JSON object'
        ]),
        (of("PersistentVolumeClaim", spec={}), [
            "spec.accessModes: Required value: at least 1 access mode is required", "spec.resources[storage]: Required value"
        ]),
        (of("HorizontalPodAutoscaler", "autoscaling/v2", spec={
            "minReplicas": 3, "maxReplicas": 2, "scaleTargetRef": {"apiVersion": "a/v1", "kind": "D", "name": "n"}
        }), [
            "spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`"
        ]),
        (of("PodDisruptionBudget", "policy/v1", spec={"minAvailable": 1, "maxUnavailable": 1}), [
            ('spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: '
            "minAvailable and maxUnavailable cannot be both set")
        ]),
        (of("Role", "rbac.authorization.k8s.io/v1", rules=[{"resources": ["pods"]}]), [
            "rules[0].verbs: Required value: verbs must contain at least one value",
            "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
        ]),
        (of("RoleBinding", "rbac.authorization.k8s.io/v1", roleRef={"kind": "Rule", "name": "r"}), [
            'roleRef.kind: Unsupported value: "Rule": supported values: "Role", "ClusterRole"'
        ]),
        (of("RoleBinding", "rbac.authorization.k8s.io/v1", roleRef={"kind": "Role", "name": "r"}, subjects=[{"kind": "ServiceAccount"}]), [
            "subjects[0].name: Required value"
        ]),
        (of("ClusterRoleBinding", "rbac.authorization.k8s.io/v1", roleRef={"kind": "ClusterRole", "name": "r"},
            subjects=[{"kind": "ServiceAccount", "name": "a"}]), [
            "subjects[0].namespace: Required value"
        ]),
        (of("Ingress", "networking.k8s.io/v1", spec={"rules": [{"http": {"paths": [{"path": "/"}]}}]}), [
            "spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"
        ]),
        (of("Service", spec={"ports": [{"port": 1}], "allocateLoadBalancerNodePorts": True, "externalTrafficPolicy": "Local"}), [
            "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
            'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
        ]),
        (of("ResourceQuota", spec={"hard": {"cows": "1", "count/cows.example.org": "1"}}), [
            'spec.hard[cows]: Invalid value: "cows": must be a standard resource type or fully qualified',
            'spec.hard[cows]: Invalid value: "cows": must be a standard resource for quota',
        ]),
        (of("StorageClass", "storage.k8s.io/v1"), ["provisioner: Required value"]),
        (of("PriorityClass", "scheduling.k8s.io/v1", value=2 * 10**9), [
            "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"
        ]),
        (of("ConfigMap", metadata={"name": "x", "finalizers": ["mine", "example.org/mine"]}), [
            'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'
        ]),
        (of("NetworkPolicy", "networking.k8s.io/v1", spec={"policyTypes": ["In"], "ingress": [{"from": [{}]}]}), [
            "spec.ingress[0].from[0]: Required value: must specify a peer",
            'spec.policyTypes[0]: Unsupported value: "In": supported values: "Ingress", "Egress"',
        ]),
    ],
)  # fmt: skip
def test_other_kinds(obj: Obj, expected: list[str]) -> None:
    """What may be wrong with what pods use and with what governs them."""
    assert found(obj) == expected


def claim(size: str, name: str = "") -> Obj:
    """A claim of a size."""
    volume = {"volumeName": name} if name else {}
    return of("PersistentVolumeClaim", spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **volume})


IMMUTABLE = "field is immutable when `immutable` is set"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (deployment(), deployment(replicas=3), []),
        (deployment(), deployment(selector={"matchExpressions": [{"key": "a", "operator": "Exists"}]}), [
            'spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Exists"}]}: field is immutable'
        ]),
        (of("StatefulSet", "apps/v1", spec={**RUN, "serviceName": "s"}), of("StatefulSet", "apps/v1", spec={**RUN, "serviceName": "t"}), [
            ("spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
            "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")
        ]),
        (of("StatefulSet", "apps/v1", spec={**RUN, "replicas": 1}), of("StatefulSet", "apps/v1", spec={**RUN, "replicas": 2}), []),
        (of("ConfigMap", immutable=True, data={"a": "1"}), of("ConfigMap", immutable=True, data={"a": "2"}), [
            f"data: Forbidden: {IMMUTABLE}"
        ]),
        (of("ConfigMap", immutable=True, data={"a": "1"}), of("ConfigMap", data={"a": "1"}), [f"immutable: Forbidden: {IMMUTABLE}"]),
        (of("ConfigMap", data={"a": "1"}), of("ConfigMap", immutable=True, data={"a": "2"}), []),
        (of("Secret", type="Opaque"), of("Secret", type="example.org/x"), ['type: Invalid value: "example.org/x": field is immutable']),
        (claim("1Gi"), claim("1Gi", "v"), []),
        (claim("1Gi", "v"), claim("1Gi", "w"), [
            "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
        ]),
        (of("RoleBinding", "rbac.authorization.k8s.io/v1", roleRef={"kind": "Role", "name": "r"}),
         of("RoleBinding", "rbac.authorization.k8s.io/v1", roleRef={"kind": "Role", "name": "s"}), [
            'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"s"}: cannot change roleRef'
        ]),
        (of("Service", spec={"ports": [{"port": 1}], "clusterIPs": ["10.0.0.1"]}),
         of("Service", spec={"ports": [{"port": 1}], "clusterIPs": ["10.0.0.2"]}), [
            'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set'
        ]),
        (of("Pod", spec={"containers": [CONTAINER]}), of("Pod", spec={"containers": [{**CONTAINER, "image": "i:2"}]}), []),
        (of("StorageClass", "storage.k8s.io/v1", provisioner="a"), of("StorageClass", "storage.k8s.io/v1", provisioner="b"), [
            'provisioner: Invalid value: "b": field is immutable'
        ]),
        (of("PriorityClass", "scheduling.k8s.io/v1", value=1), of("PriorityClass", "scheduling.k8s.io/v1", value=2), [
            "value: Forbidden: may not be changed in an update."
        ]),
    ],
)  # fmt: skip
def test_what_stays_as_it_was_made(old: Obj, new: Obj, expected: list[str]) -> None:
    """Fields that can't change once an object is there, and those beside them that can."""
    assert found(new, old) == expected


def test_a_pod_hardly_changes() -> None:
    """A running pod's specification is fixed but for its images, deadline and tolerations."""
    old, new = of("Pod", spec={"containers": [CONTAINER]}), of("Pod", spec={"containers": [{**CONTAINER, "args": ["x"]}]})
    (text,) = found(new, old)
    assert text.startswith("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,")


def test_a_job_runs_what_it_was_made_for() -> None:
    """A Job's template can't be changed."""
    once = {"spec": {"containers": [CONTAINER], "restartPolicy": "Never"}}
    other = {"spec": {"containers": [{**CONTAINER, "image": "i:2"}], "restartPolicy": "Never"}}
    (text,) = found(of("Job", "batch/v1", spec={"template": other}), of("Job", "batch/v1", spec={"template": once}))
    assert text.startswith("spec.template: Invalid value: ")
    assert text.endswith(": field is immutable")


KEY = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or "
    "'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"name": "a.b"}, []),
        ({"name": "A"}, [f'metadata.name: Invalid value: "A": {SUBDOMAIN}']),
        ({"name": "a" * 254}, [f'metadata.name: Invalid value: "{"a" * 254}": must be no more than 253 characters']),
        ({"name": "a", "labels": {"a/b/c": "1"}}, [
            (f'metadata.labels: Invalid value: "a/b/c": a valid label key {KEY} '
            "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')")
        ]),
        ({"name": "a", "labels": {"a": "-"}}, [f'metadata.labels: Invalid value: "-": {VALUE}']),
        ({"name": "a", "annotations": {"/": ""}}, [
            f'metadata.annotations: Invalid value: "/": {why}'
            for why in ("prefix part must be non-empty", "name part must be non-empty", f"name part {KEY}")
        ]),
        ({"name": "a", "annotations": {"a": "x" * 262144}}, ["metadata.annotations: Too long: may not be more than 262144 bytes"]),
        ({"name": "a", "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p"}]}, [
            'metadata.ownerReferences.uid: Invalid value: "": must not be empty'
        ]),
    ],
)  # fmt: skip
def test_metadata(metadata: Obj, expected: list[str]) -> None:
    """Names, labels, annotations and owners of any object."""
    assert found(of("ConfigMap", metadata=metadata)) == expected


@given(st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True))
def test_labels_of_dns_are_names_for_everything(name: str) -> None:
    """What is a label is a subdomain, a segment of a path, a label's key and its value."""
    assert not any(
        (names.label_name(name), names.subdomain(name), names.path_segment(name), names.qualified_name(name), names.label_value(name))
    )


@pytest.mark.parametrize(
    ("obj", "paths"),
    [
        (container(imagee="x"), ["spec.template.spec.containers[0].imagee"]),
        (of("ConfigMap", metadata={"name": "x", "label": {}}, datta={}), ["metadata.label", "datta"]),
        (of("ConfigMap", data={"anything": "goes"}), []),
        (of("HTTPRoute", "gateway.networking.k8s.io/v1", spec={"rules": [{"weight": 1}]}), ["spec.rules[0].weight"]),
    ],
)
def test_unknown_fields_are_found_and_pruned(obj: Obj, paths: list[str]) -> None:
    """Fields that a kind doesn't have are named by their paths, and can be taken out."""
    resource = CATALOGUE.by_kind(obj["apiVersion"], obj["kind"])
    assert resource is not None
    obj = deepcopy(obj)
    assert unknown_fields(resource, obj) == paths
    prune(resource, obj)
    assert unknown_fields(resource, obj) == []


IN_DEPLOYMENT = "DeploymentSpec.spec"
IN_CONTAINER = "Container.spec.template.spec.containers"
QUANTITY = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"


@pytest.mark.parametrize(
    ("obj", "why"),
    [
        (deployment(replicas="x"), "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (deployment(paused=1), "json: cannot unmarshal number into Go struct field DeploymentSpec.spec.paused of type bool"),
        (deployment(template=[]), f"json: cannot unmarshal array into Go struct field {IN_DEPLOYMENT}.template of type v1.PodTemplateSpec"),
        (container(image=1), f"json: cannot unmarshal number into Go struct field {IN_CONTAINER}.image of type string"),
        (container(args={}), f"json: cannot unmarshal object into Go struct field {IN_CONTAINER}.args of type []string"),
        (container(resources={"limits": {"cpu": "1 core"}}), f"quantities must match the regular expression '{QUANTITY}'"),
        (of("Secret", data={"a": "a%"}), "illegal base64 data at input byte 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_bad_request(obj: Obj, why: str) -> None:
    """A value of another type than its field is refused before anything else is looked at."""
    resource = CATALOGUE.by_kind(obj["apiVersion"], obj["kind"])
    assert resource is not None
    with pytest.raises(StatusError) as refused:
        unknown_fields(resource, obj)
    assert refused.value.code == 400
    assert refused.value.message == f'{obj["kind"]} in version "v1" cannot be handled as a {obj["kind"]}: {why}'


THING = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1, "maximum": 9},
        "ratio": {"type": "number", "multipleOf": 2},
        "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
        "code": {"type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 4},
        "port": {"x-kubernetes-int-or-string": True},
        "parts": {
            "type": "array",
            "maxItems": 2,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["id"],
            "items": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}, "note": {"type": "string", "nullable": True}},
            },
        },
        "tags": {"type": "array", "minItems": 1, "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "since": {"type": "string", "format": "date-time"},
        "either": {
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
        },
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def things() -> Catalogue:
    """A catalogue with a custom kind that has all sorts of rules."""
    catalogue = Catalogue.load()
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": THING}}},
    }
    names_ = {"plural": "things", "kind": "Thing"}
    spec = {"group": "example.org", "scope": "Cluster", "names": names_, "versions": [version]}
    catalogue.add_crd({"metadata": {"name": "things.example.org"}, "spec": spec})
    return catalogue


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"size": 1, "color": "blue", "port": "http", "parts": [{"id": "a", "note": None}], "free": {"any": [1, {}]}}, []),
        ({}, ["spec.size: Required value"]),
        ({"size": "1"}, ['spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"']),
        ({"size": 10}, ["spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9"]),
        ({"size": 0}, ["spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"]),
        ({"size": 1, "ratio": 3}, ["spec.ratio: Invalid value: 3: spec.ratio in body should be a multiple of 2"]),
        ({"size": 1, "color": "pink"}, ['spec.color: Unsupported value: "pink": supported values: "red", "blue"']),
        ({"size": 1, "code": "a"}, ['spec.code: Invalid value: "a": spec.code in body should be at least 2 chars long']),
        ({"size": 1, "code": "abcde"}, ["spec.code: Too long: may not be more than 4 bytes"]),
        ({"size": 1, "code": "A1"}, ["spec.code: Invalid value: \"A1\": spec.code in body should match '^[a-z]+$'"]),
        ({"size": 1, "port": []}, ['spec.port: Invalid value: "array": spec.port in body must be of type integer,string: "array"']),
        ({"size": 1, "parts": [{"id": "a"}, {"id": "a"}]}, ['spec.parts[1]: Duplicate value: {"id":"a"}']),
        ({"size": 1, "parts": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}, ["spec.parts: Too many: 3: must have at most 2 items"]),
        ({"size": 1, "parts": [{}]}, ["spec.parts[0].id: Required value"]),
        ({"size": 1, "tags": []}, ["spec.tags: Invalid value: 0: spec.tags in body should have at least 1 items"]),
        ({"size": 1, "since": "2026-01-01T00:00:00.5+01:00"}, []),
        ({"size": 1, "since": "today"}, [
            'spec.since: Invalid value: "today": spec.since in body must be of type date-time: "today"'
        ]),
        ({"size": 1, "either": {}}, [
            '<nil>: Invalid value: "": "spec.either" must validate one and only one schema (oneOf). Found none valid',
            "spec.either.a: Required value",
        ]),
        ({"size": 1, "either": {"a": "1", "b": "1"}}, [
            '<nil>: Invalid value: "": "spec.either" must validate one and only one schema (oneOf). Found 2 valid alternatives'
        ]),
    ],
)  # fmt: skip
def test_custom_resources(things: Catalogue, spec: Obj, expected: list[str]) -> None:
    """A custom resource must be what its definition's schema says, with the texts of the real server."""
    resource = things.by_kind("example.org/v1", "Thing")
    assert resource is not None
    obj = apply_defaults(resource, {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "x"}, "spec": deepcopy(spec)})
    assert [f"{c.field}: {c.message}" for c in validate(resource, obj)] == expected


def test_custom_resources_get_their_defaults_and_lose_their_nulls(things: Catalogue) -> None:
    """A default stands in for what is missing or null, and a null that isn't allowed is nothing."""
    resource = things.by_kind("example.org/v1", "Thing")
    assert resource is not None
    spec = {"size": 1, "color": None, "code": None, "parts": [{"id": "a", "note": None}]}
    obj = apply_defaults(resource, {"metadata": {"name": "x", "labels": {}}, "spec": spec})
    assert obj == {"metadata": {"name": "x"}, "spec": {"size": 1, "color": "red", "parts": [{"id": "a", "note": None}]}}


def definition(name: str = "things.example.org", **spec: Any) -> Obj:
    """A definition of things."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    usual = {"group": "example.org", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"}, "versions": [version]}
    return of("CustomResourceDefinition", "apiextensions.k8s.io/v1", metadata={"name": name}, spec={**usual, **spec})


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (definition(), []),
        (definition("thing.example.org"), ['metadata.name: Invalid value: "thing.example.org": must be spec.names.plural+"."+spec.group']),
        (definition(scope="Galaxy"), ['spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"']),
        (definition("things.org", group="org"), ['spec.group: Invalid value: "org": should be a domain with at least one dot']),
        (definition(versions=[{"name": "v1", "served": True, "storage": True}]), [
            "spec.versions[0].schema.openAPIV3Schema: Required value"
        ]),
        (definition(versions=[{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
            "type": "object", "properties": {"a": {}, "b": {"type": "array", "x-kubernetes-list-type": "map", "items": {"type": "object"}}}
        }}}]), [
            "spec.validation.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields",
            ("spec.validation.openAPIV3Schema.properties[b].x-kubernetes-list-map-keys: Required value: "
            "must not be empty if x-kubernetes-list-type is map"),
        ]),
    ],
)  # fmt: skip
def test_definitions(obj: Obj, expected: list[str]) -> None:
    """A definition must be named after what it defines, and have structural schemas."""
    assert found(obj) == expected


def test_a_definition_keeps_its_group_and_names() -> None:
    """What a definition is known by can't change."""
    new = definition(scope="Cluster")
    assert found(new, definition()) == ['spec.scope: Invalid value: "Cluster": field is immutable']
