"""What the server says about itself in OpenAPI."""

from __future__ import annotations

import json
from typing import Any

import pytest

from embedded.cluster.schema import openapi
from embedded.cluster.schema.catalogue import Catalogue
from embedded.cluster.schema.openapi import OpenAPI
from tests.unit.cluster.schema.test_catalogue import things

Obj = dict[str, Any]
KINDS = "x-kubernetes-group-version-kind"


def references(value: Any) -> set[str]:
    """All references in a document."""
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(v) for v in value.values()))
    return set().union(*(references(v) for v in value)) if isinstance(value, list) else set()


def messages(data: bytes) -> list[tuple[int, bytes]]:
    """The fields of a protobuf message that has only texts and messages."""
    found, at = [], 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key, length = number(), number()
        assert key & 7 == 2
        found.append((key >> 3, data[at : at + length]))
        at += length
    return found


def test_the_index_names_every_version(catalogue: Catalogue) -> None:
    """Each version of each group has a document of its own, found by its address."""
    index = json.loads(OpenAPI(catalogue).index())["paths"]
    assert {"api/v1", "apis/apps/v1", "apis/gateway.networking.k8s.io/v1"} <= index.keys()
    assert index["apis/apps/v1"]["serverRelativeURL"].startswith("/openapi/v3/apis/apps/v1?hash=")


@pytest.mark.parametrize(("group", "version"), [("", "v1"), ("apps", "v1"), ("gateway.networking.k8s.io", "v1beta1")])
def test_a_document_refers_to_nothing_that_it_lacks(catalogue: Catalogue, group: str, version: str) -> None:
    """All references of a document lead somewhere in it."""
    document = openapi.v3(catalogue, group, version)
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document) <= schemas
    whole = openapi.v2(catalogue)
    assert references(whole) <= {f"#/definitions/{name}" for name in whole["definitions"]}


def test_a_patch_says_what_the_server_can_do(catalogue: Catalogue) -> None:
    """Clients see that a dry run, validation and a strategic merge are possible, and of which kind the object is."""
    paths = openapi.v3(catalogue, "apps", "v1")["paths"]
    patch = paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert patch[KINDS] == {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert {p["name"] for p in patch["parameters"]} == {"dryRun", "fieldManager", "fieldValidation", "force"}
    assert "application/strategic-merge-patch+json" in patch["requestBody"]["content"]


def test_custom_kinds_cannot_be_merged_strategically(catalogue: Catalogue) -> None:
    """Their schemas have no merge keys, and the server refuses such a patch."""
    paths = openapi.v3(catalogue, "gateway.networking.k8s.io", "v1")["paths"]
    patch = paths["/apis/gateway.networking.k8s.io/v1/namespaces/{namespace}/httproutes/{name}"]["patch"]
    assert "application/strategic-merge-patch+json" not in patch["requestBody"]["content"]
    assert "application/apply-patch+yaml" in patch["requestBody"]["content"]


def test_a_kind_is_found_by_its_schema(catalogue: Catalogue) -> None:
    """The schema of a kind says which one it is, with its lists' keys; a custom one, too."""
    schemas = openapi.v3(catalogue, "", "v1")["components"]["schemas"]
    assert schemas["io.k8s.api.core.v1.ConfigMap"][KINDS] == [{"group": "", "version": "v1", "kind": "ConfigMap"}]
    ports = schemas["io.k8s.api.core.v1.ServiceSpec"]["properties"]["ports"]
    assert (ports["x-kubernetes-list-type"], ports["x-kubernetes-patch-merge-key"]) == ("map", "port")
    route = openapi.v2(catalogue)["definitions"]["io.k8s.networking.gateway.v1.HTTPRoute"]
    assert route[KINDS][0]["kind"] == "HTTPRoute"


def test_documents_follow_the_catalogue() -> None:
    """A new definition is in the documents, and changes only the digest of its own version."""
    catalogue = Catalogue.load()
    documents = OpenAPI(catalogue)
    before = json.loads(documents.index())["paths"]
    assert documents.v3("example.org", "v1") is None
    catalogue.add_crd(things(properties={"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}))
    after = json.loads(documents.index())["paths"]
    assert {k: v for k, v in after.items() if k != "apis/example.org/v1"} == before
    catalogue.add_crd(things())
    assert json.loads(documents.index())["paths"]["apis/example.org/v1"] != after["apis/example.org/v1"]
    assert b"org.example.v1.Thing" in (documents.v3("example.org", "v1") or b"")


def test_documents_are_made_once(catalogue: Catalogue) -> None:
    """As long as nothing changes, the same bytes are served."""
    documents = OpenAPI(catalogue)
    assert documents.v2() is documents.v2()
    assert documents.v3("apps", "v1") is documents.v3("apps", "v1")


def test_protobuf_has_what_json_has(catalogue: Catalogue) -> None:
    """The document as protobuf has the same definitions, fields, paths and extensions."""
    documents = OpenAPI(catalogue)
    plain = json.loads(documents.v2())
    whole = dict(messages(documents.v2_protobuf()))
    assert whole[1] == b"2.0"
    definitions = {dict(messages(d))[1].decode(): dict(messages(d))[2] for _, d in messages(whole[9])}
    assert definitions.keys() == plain["definitions"].keys()
    service_port = messages(definitions["io.k8s.api.core.v1.ServicePort"])
    properties = {dict(messages(p))[1].decode(): dict(messages(p))[2] for _, p in messages(dict(service_port)[25])}
    assert properties.keys() == plain["definitions"]["io.k8s.api.core.v1.ServicePort"]["properties"].keys()
    assert (2, b"int32") in messages(properties["port"])
    assert (1, b"#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString") in messages(properties["targetPort"])
    extensions = [messages(e) for number, e in messages(definitions["io.k8s.api.apps.v1.Deployment"]) if number == 31]
    assert [(dict(e)[1], json.loads(dict(messages(dict(e)[2]))[2])) for e in extensions] == [
        (KINDS.encode(), [{"group": "apps", "kind": "Deployment", "version": "v1"}])
    ]
    assert len(messages(whole[8])) == len(plain["paths"])
