"""The operators' kinds: there from the start, strict where the real ones are, and replaced by the upstream definitions."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from embedded.cluster.schema.catalogue import Catalogue
from embedded.cluster.schema.defaults import apply_defaults
from embedded.cluster.schema.operators import definitions
from embedded.cluster.schema.validation import unknown_fields, validate

Obj = dict[str, Any]
CATALOGUE = Catalogue.load()
MONITORING, SECRETS, CERTIFICATES = "monitoring.coreos.com/v1", "external-secrets.io/v1", "cert-manager.io/v1"
REMOTE = {"key": "shop/production", "property": "password", "version": "3"}
DATA = [{"secretKey": "PASSWORD", "remoteRef": REMOTE}]
EXTERNAL = {"secretStoreRef": {"name": "vault", "kind": "ClusterSecretStore"}, "target": {"name": "shop", "immutable": True}, "data": DATA}
LABELS = {"matchLabels": {"app": "web"}}
RULE = {"alert": "Slow", "expr": "x > 1", "for": "5m", "labels": {"severity": "warning"}, "annotations": {"summary": "slow"}}
CERTIFICATE = {"secretName": "tls", "dnsNames": ["shop.example"], "issuerRef": {"name": "letsencrypt", "kind": "ClusterIssuer"}}


def of(api_version: str, kind: str, spec: Obj) -> Obj:
    """An object."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "spec": deepcopy(spec)}


def groups(*rules: Obj) -> Obj:
    """A PrometheusRule with one group."""
    return of(MONITORING, "PrometheusRule", {"groups": [{"name": "shop", "interval": "30s", "rules": list(rules)}]})


def external(**spec: Any) -> Obj:
    """An ExternalSecret that is all right but for what is given; None takes a part away."""
    return of(SECRETS, "ExternalSecret", {k: v for k, v in {**EXTERNAL, **spec}.items() if v is not None})


def monitor(kind: str = "ServiceMonitor", **spec: Any) -> Obj:
    """A monitor."""
    return of(MONITORING, kind, spec)


def found(obj: Obj) -> list[str]:
    """What is wrong with an object, and what it has that its kind doesn't."""
    resource = CATALOGUE.by_kind(obj["apiVersion"], obj["kind"])
    assert resource is not None
    unknown = [f"unknown {name}" for name in unknown_fields(resource, obj)]
    return unknown + [f"{c.field}: {c.message}" for c in validate(resource, apply_defaults(resource, deepcopy(obj)))]


ENDPOINT = {"port": "http", "path": "/metrics", "interval": "15s", "relabelings": [{"sourceLabels": ["a"], "targetLabel": "b"}]}
SLACK = {"apiURL": {"name": "hooks", "key": "slack"}, "channel": "#ops", "sendResolved": True, "title": "x"}
ROUTE = {"receiver": "team", "groupBy": ["alertname"], "groupWait": "30s", "routes": [{"receiver": "team", "matchers": []}]}
GOOD: list[Obj] = [
    monitor(selector=LABELS, endpoints=[ENDPOINT], namespaceSelector={"matchNames": ["shop"]}),
    monitor("PodMonitor", selector=LABELS, podMetricsEndpoints=[{"port": "http", "portNumber": 8080}]),
    groups(RULE, {"record": "a:b", "expr": 1}),
    of("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig", {"route": ROUTE, "receivers": [{"name": "team", "slackConfigs": [SLACK]}]}),
    external(),
    {**external(), "apiVersion": "external-secrets.io/v1beta1"},
    external(data=None, dataFrom=[{"extract": {"key": "shop"}}]),
    of(SECRETS, "SecretStore", {"provider": {"vault": {"server": "https://vault", "auth": {}}}}),
    of(SECRETS, "ClusterSecretStore", {"provider": {"fake": {"data": [{"key": "a", "value": "b"}]}}}),
    of(CERTIFICATES, "Certificate", CERTIFICATE),
    of(
        CERTIFICATES,
        "ClusterIssuer",
        {"acme": {"server": "https://acme", "privateKeySecretRef": {"name": "k"}, "solvers": [{"dns01": {}}]}},
    ),
    of(CERTIFICATES, "Issuer", {"selfSigned": {}}),
]


@pytest.mark.parametrize("obj", GOOD, ids=lambda o: o["kind"])
def test_usual_objects_are_taken(obj: Obj) -> None:
    """As examples of the operators have them."""
    assert found(obj) == []


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        (monitor(endpoints=[ENDPOINT]), "spec.selector: Required value"),
        (monitor(selector=LABELS), "spec.endpoints: Required value"),
        (monitor(selector=LABELS, endpoints=[{"prot": "http"}]), "unknown spec.endpoints[0].prot"),
        (monitor(selector=LABELS, endpoints=[{"port": 80}]), "spec.endpoints[0].port: Invalid value"),
        (monitor(selector=LABELS, endpoints=[{"interval": "15 s"}]), "spec.endpoints[0].interval: Invalid value"),
        (groups({"alert": "Slow"}), "spec.groups[0].rules[0].expr: Required value"),
        (groups({"expr": "x"}), "must validate one and only one schema (oneOf)"),
        (groups({"alert": "a", "record": "b", "expr": "x"}), "must validate one and only one schema (oneOf)"),
        (groups({**RULE, "for": "5 minutes"}), "spec.groups[0].rules[0].for: Invalid value"),
        (groups({**RULE, "annotation": {}}), "unknown spec.groups[0].rules[0].annotation"),
        (of(MONITORING, "PrometheusRule", {"groups": [{"rules": []}]}), "spec.groups[0].name: Required value"),
        (external(secretStoreRef=None), "spec.secretStoreRef: Required value"),
        (external(secretStoreRef={"name": "vault", "kind": "Store"}), "spec.secretStoreRef.kind: Unsupported value"),
        (external(data=None), "must validate at least one schema (anyOf)"),
        (external(data=[{"secretKey": "A", "remoteRef": {"property": "p"}}]), "spec.data[0].remoteRef.key: Required value"),
        (external(data=[{"remoteRef": REMOTE}]), "spec.data[0].secretKey: Required value"),
        (external(target={"name": "Shop"}), "spec.target.name: Invalid value"),
        (of(CERTIFICATES, "Certificate", {"secretName": "tls"}), "spec.issuerRef: Required value"),
        (of(CERTIFICATES, "Certificate", {**CERTIFICATE, "hosts": []}), "unknown spec.hosts"),
        (of(CERTIFICATES, "Issuer", {"selfSigned": {}, "ca": {"secretName": "a"}}), "spec: Too many: 2"),
        (of(SECRETS, "SecretStore", {}), "spec.provider: Required value"),
    ],
)
def test_usual_mistakes_are_refused(obj: Obj, text: str) -> None:
    """With the field's name, in the words of the real server."""
    assert any(text in problem for problem in found(obj)), found(obj)


def test_defaults_are_those_of_the_operators() -> None:
    """They are seen in the object, as on a real cluster."""
    resource = CATALOGUE.by_kind(SECRETS, "ExternalSecret")
    assert resource is not None
    spec = apply_defaults(resource, external(target=None))["spec"]
    assert spec["refreshInterval"] == "1h0m0s"
    assert spec["target"] == {"creationPolicy": "Owner", "deletionPolicy": "Retain"}


@pytest.mark.parametrize("own", definitions(), ids=lambda d: d["spec"]["names"]["kind"])
def test_upstream_definitions_stand_before_the_built_in_ones(own: Obj) -> None:
    """A definition of the same name replaces the kind while it is there."""
    catalogue, upstream = Catalogue.load(), deepcopy(own)
    version = upstream["spec"]["versions"][0]
    version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["later"] = {"type": "string"}
    upstream["spec"]["versions"] = [version]
    group, kind = upstream["spec"]["group"], upstream["spec"]["names"]["kind"]
    assert catalogue.is_own(upstream["metadata"]["name"])
    catalogue.add_crd(upstream)
    replaced = catalogue.by_kind(f"{group}/{version['name']}", kind)
    assert replaced is not None
    assert "later" in replaced.type.fields["spec"].fields
    assert (catalogue.by_kind(f"{group}/v1beta1", kind) is None) or version["name"] == "v1beta1"
    catalogue.remove_crd(upstream["metadata"]["name"])
    restored = catalogue.by_kind(f"{group}/{version['name']}", kind)
    assert restored is not None
    assert "later" not in restored.type.fields["spec"].fields


def test_patterns_are_read_as_the_real_server_reads_them() -> None:
    """The operator's own definition of PrometheusRule has Go's flag for either case in the middle of a pattern."""
    catalogue, upstream = Catalogue.load(), deepcopy(next(d for d in definitions() if d["spec"]["names"]["kind"] == "PrometheusRule"))
    groups_ = upstream["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["groups"]
    groups_["items"]["properties"]["partial_response_strategy"] = {"type": "string", "pattern": "^(?i)(abort|warn)?$"}
    catalogue.add_crd(upstream)
    resource = catalogue.by_kind(MONITORING, "PrometheusRule")
    assert resource is not None
    for word, well in (("Abort", True), ("", True), ("stop", False)):
        obj = of(MONITORING, "PrometheusRule", {"groups": [{"name": "a", "partial_response_strategy": word}]})
        assert (validate(resource, obj) == []) is well
