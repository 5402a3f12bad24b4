"""Whatever an object has where something else belongs, there is an answer: a manifest needn't be one that Kubernetes takes."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.judging import judge, of_manifest, of_resource, stack_of
from policies.judging.fields import UNKNOWN, Hidden
from policies.security import access, images, network, secrets, workloads
from tests.unit.policies.security.access.roles import binding, role, rule
from tests.unit.policies.security.network.objects import DENY, policy
from tests.unit.policies.wrapping import KINDS, pod, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICIES = (*access.POLICIES, *images.POLICIES, *network.POLICIES, *secrets.POLICIES, *workloads.POLICIES)
POD = {
    **pod(env=[{"name": "A", "value": "b"}], args=["--a=b"], ports=[{"containerPort": 80}], resources={"limits": {"memory": "1Gi"}}),
    "volumes": [{"name": "files", "image": {"reference": "web:1"}}],
    "serviceAccountName": "web",
}
METADATA = {"name": "web", "namespace": "shop"}
OBJECTS: list[dict[str, Any]] = [
    *(wrapped(kind, POD, annotations={"a": "b"}, labels={"a": "b"}) for kind in KINDS),
    role(rule("get", "pods"), rule("*", "secrets", "*", resourceNames=["a"]), kind="ClusterRole"),
    binding("view", ("Group", "ci")),
    policy(DENY | {"ingress": [{"from": [{"podSelector": {}}]}]}),
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": METADATA, "automountServiceAccountToken": False},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": METADATA, "data": {"a": "b"}, "binaryData": {"c": "ZA=="}},
    {"apiVersion": "v1", "kind": "Service", "metadata": METADATA, "spec": {"type": "NodePort", "externalIPs": ["203.0.113.1"]}},
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": METADATA,
        "spec": {"rules": [{"host": "a.example"}], "tls": [{"hosts": ["a.example"]}]},
    },
]
ODD: list[Any] = [
    None,
    1,
    "",
    "x",
    "@:",
    True,
    1.5,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"a": 1},
    UNKNOWN,
    Hidden("x"),
    Hidden({"a": 1}),
    Hidden([UNKNOWN]),
]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Everything in an object, but what says which it is."""
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if (*at, key) not in {("apiVersion",), ("kind",)}:
            yield (*at, key)
            yield from places(one, (*at, key))


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_there_is_an_answer(data: st.DataObject) -> None:
    """By each policy, whatever is wrong with up to three places."""
    made = deepcopy(data.draw(st.sampled_from(OBJECTS)))
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from([*places(made)]))
        holder: Any = made
        for key in way:
            holder = holder[key]
        holder[last] = deepcopy(data.draw(st.sampled_from(ODD)))
    token = of_manifest(made).type
    stack = stack_of(of_resource(token, made))
    for one in POLICIES:
        for finding in judge(one, stack):
            assert finding.at.subject is stack.subjects[0]
