"""What is reached from outside the cluster."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Given, Violation, judge, of_manifest
from policies.security.network.exposed_services import Exposed, exposed_services


def service(spec: dict[str, Any], version: str = "v1") -> Any:
    """A Service `shop/web`."""
    return of_manifest({"apiVersion": version, "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec})


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        ({"type": "ClusterIP"}, []),
        ({}, []),
        ({"type": "ExternalName", "externalName": "db.example"}, []),
        ({"type": "LoadBalancer"}, ["spec.type"]),
        ({"type": "NodePort"}, ["spec.type"]),
        ({"externalIPs": []}, []),
        ({"externalIPs": ["203.0.113.1"]}, ["spec.externalIPs"]),
        ({"type": "NodePort", "externalIPs": ["203.0.113.1"]}, ["spec.type", "spec.externalIPs"]),
    ],
)
@pytest.mark.parametrize(
    ("services", "allowed"),
    [((), False), (("shop/web",), True), (("shop/*",), True), (("*/web",), True), (("web",), False), (("shop/web2", "other/*"), False)],
)
def test_what_is_exposed(spec: dict[str, Any], wrong: list[str], services: tuple[str, ...], allowed: bool) -> None:
    """Is named in the settings, or refused."""
    found = judge(exposed_services, service(spec), Given(Exposed(services=services)))
    assert [one.at.path for one in found] == ([] if allowed else wrong)


def test_other_services_are_none_of_ours() -> None:
    """Knative's is no Service of Kubernetes. The offender is named."""
    assert judge(exposed_services, service({"type": "LoadBalancer"}, "serving.knative.dev/v1")) == []
    (found,) = judge(exposed_services, service({"type": "NodePort"}))
    assert isinstance(found, Violation)
    assert found.reason == "shop/Service/web is a NodePort: it is reached from outside the cluster"
