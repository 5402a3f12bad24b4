"""The operators' kinds over HTTP: found, refused where they are wrong, seen to, and replaced by definitions that are applied."""

from __future__ import annotations

import time
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.schema.operators import definitions

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

_PATIENCE = 30.0
_EXTERNAL = "/apis/external-secrets.io/v1/namespaces/default/externalsecrets"
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def external(store: str = "vault", api_version: str = "external-secrets.io/v1") -> dict[str, Any]:
    """An ExternalSecret."""
    data = [{"secretKey": "PASSWORD", "remoteRef": {"key": "shop", "property": "password", "version": "1"}}]
    spec = {"secretStoreRef": {"name": store, "kind": "ClusterSecretStore"}, "data": data}
    return {"apiVersion": api_version, "kind": "ExternalSecret", "metadata": {"name": "shop"}, "spec": spec}


def eventually(http: httpx.Client, path: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What is at a path, once something holds of it."""
    end = time.monotonic() + _PATIENCE
    while True:
        answer = http.get(path)
        if answer.status_code == 200:
            found: dict[str, Any] = answer.json()
            if holds(found):
                return found
        assert time.monotonic() < end, answer.text
        time.sleep(0.02)


def ready(obj: dict[str, Any]) -> tuple[str, str]:
    """What the condition Ready says."""
    conditions = (obj.get("status") or {}).get("conditions") or []
    return next(((c["status"], c["reason"]) for c in conditions if c["type"] == "Ready"), ("", ""))


def test_a_secret_comes_from_its_store(http: httpx.Client) -> None:
    """With the status that clients wait for, in both versions."""
    made = http.post(_EXTERNAL, json=external())
    assert made.status_code == 201
    assert made.json()["spec"]["target"] == {"creationPolicy": "Owner", "deletionPolicy": "Retain"}
    eventually(http, _EXTERNAL + "/shop", lambda o: ready(o) == ("True", "SecretSynced"))
    secret = http.get("/api/v1/namespaces/default/secrets/shop").json()
    assert list(secret["data"]) == ["PASSWORD"]
    older = http.get(_EXTERNAL.replace("/v1/", "/v1beta1/") + "/shop").json()
    assert (older["apiVersion"], ready(older)[0]) == ("external-secrets.io/v1beta1", "True")


def test_a_store_that_isnt_there(http: httpx.Client) -> None:
    """Is said, and leaves no Secret."""
    assert http.post(_EXTERNAL, json=external("missing")).status_code == 201
    eventually(http, _EXTERNAL + "/shop", lambda o: ready(o) == ("False", "SecretSyncedError"))
    assert http.get("/api/v1/namespaces/default/secrets/shop").status_code == 404


@pytest.mark.parametrize(
    ("group", "plural", "kind", "spec", "text"),
    [
        ("monitoring.coreos.com/v1", "servicemonitors", "ServiceMonitor", {"endpoints": []}, "spec.selector: Required value"),
        ("monitoring.coreos.com/v1", "prometheusrules", "PrometheusRule", {"group": []}, 'unknown field "spec.group"'),
        ("external-secrets.io/v1", "externalsecrets", "ExternalSecret", {"data": []}, "spec.secretStoreRef: Required value"),
        ("cert-manager.io/v1", "certificates", "Certificate", {"secretName": "a"}, "spec.issuerRef: Required value"),
    ],
)
def test_mistakes_are_told(http: httpx.Client, group: str, plural: str, kind: str, spec: dict[str, Any], text: str) -> None:
    """As they are of custom resources: by their schemas, and strictly for who asks for that."""
    body = {"apiVersion": group, "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    answer = http.post(f"/apis/{group}/namespaces/default/{plural}", params={"fieldValidation": "Strict"}, json=body)
    assert answer.status_code in {400, 422}
    assert text in answer.json()["message"]


def test_upstream_definitions_can_be_applied_over_them(http: httpx.Client) -> None:
    """The objects that are there stay, the definition's own schema holds, and the controllers go on."""
    assert http.post(_EXTERNAL, json=external()).status_code == 201
    own = deepcopy(next(d for d in definitions() if d["spec"]["names"]["kind"] == "ExternalSecret"))
    own["spec"]["versions"] = own["spec"]["versions"][:1]
    own["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["later"] = {"type": "string"}
    assert http.post(_DEFINITIONS, json=own).status_code == 201
    eventually(http, _EXTERNAL + "/shop", lambda o: ready(o) == ("True", "SecretSynced"))
    second = external()
    second["metadata"]["name"], second["spec"]["later"] = "second", "x"
    assert http.post(_EXTERNAL, params={"fieldValidation": "Strict"}, json=second).status_code == 201
    eventually(http, _EXTERNAL + "/second", lambda o: ready(o) == ("True", "SecretSynced"))
    assert http.get(_EXTERNAL.replace("/v1/", "/v1beta1/")).status_code == 404
