"""What a request is about, read off its line and headers."""

from __future__ import annotations

import pytest

from embedded.cluster.faults.requests import Request, parse

POD = "/api/v1/namespaces/shop/pods/web"
PODS = "/api/v1/namespaces/shop/pods"
DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/web"


@pytest.mark.parametrize(
    ("method", "path", "query", "content_type", "text"),
    [
        ("GET", POD, "", "", "get pods shop/web"),
        ("HEAD", POD, "", "", "get pods shop/web"),
        ("GET", PODS, "labelSelector=watch%3D1", "", "list pods shop"),
        ("GET", PODS, "watch=0", "", "list pods shop"),
        ("GET", PODS, "watch=true&resourceVersion=7", "", "watch pods shop"),
        ("GET", POD, "watch=1", "", "watch pods shop/web"),
        ("GET", "/api/v1/pods", "", "", "list pods"),
        ("POST", PODS, "", "", "create pods shop"),
        ("POST", f"{POD}/eviction", "", "", "create pods/eviction shop/web"),
        ("PUT", f"{DEPLOYMENT}/status", "", "", "update deployments.apps/status shop/web"),
        ("PATCH", DEPLOYMENT, "", "application/merge-patch+json", "patch deployments.apps shop/web"),
        ("PATCH", DEPLOYMENT, "", "application/apply-patch+yaml; charset=utf-8", "apply deployments.apps shop/web"),
        ("DELETE", DEPLOYMENT, "", "", "delete deployments.apps shop/web"),
        ("DELETE", "/apis/apps/v1/namespaces/shop/deployments", "", "", "deletecollection deployments.apps shop"),
        ("GET", "/api/v1/namespaces", "", "", "list namespaces"),
        ("GET", "/api/v1/namespaces/shop", "", "", "get namespaces shop"),
        ("PUT", "/api/v1/namespaces/shop/finalize", "", "", "update namespaces/finalize shop"),
        ("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/x", "", "", "get clusterroles.rbac.authorization.k8s.io x"),
        ("GET", "/apis/apps/v1", "", "", "get /apis/apps/v1"),
        ("GET", "/api", "", "", "get /api"),
        ("GET", "/", "", "", "get /"),
        ("GET", "/openapi/v3/apis/apps/v1", "", "", "get /openapi/v3/apis/apps/v1"),
    ],
)
def test_a_request_is_told_by_its_line(method: str, path: str, query: str, content_type: str, text: str) -> None:
    """Verb, resource, namespace and name are those by which Kubernetes itself speaks of the request."""
    assert str(parse(method, path, query, content_type)) == text


def test_the_namespace_of_a_namespace_is_its_own() -> None:
    """A rule for a namespace means the namespace's own object too, as Kubernetes' authorization does."""
    assert parse("DELETE", "/api/v1/namespaces/shop").namespace == "shop"


def test_the_subject_is_the_same_in_another_run() -> None:
    """What clients differ in from run to run is no part of what a request is about."""
    first = parse("GET", POD, "resourceVersion=1", agent="kubectl/1")
    assert first.subject == parse("GET", POD, "resourceVersion=2", agent="kubectl/2").subject
    assert first.subject != parse("GET", PODS).subject
    assert Request("get", "/api").subject != Request("get", "/apis").subject
