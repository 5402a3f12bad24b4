"""Schemas read as types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.schema.types import ANY, UNSET, Types

if TYPE_CHECKING:
    from embedded.cluster.schema.catalogue import Catalogue
    from embedded.cluster.schema.types import Type


def at(type_: Type, *path: str) -> Type:
    """The type at a path; "*" is a list's item."""
    for name in path:
        found = type_.items if name == "*" else type_.child(name)
        assert found is not None, path
        type_ = found
    return type_


def test_lists_say_how_they_go_together(catalogue: Catalogue) -> None:
    """Containers are told apart by name, their ports by number and protocol, and their arguments go as a whole."""
    deployment = catalogue.by_kind("apps/v1", "Deployment")
    assert deployment is not None
    containers = at(deployment.type, "spec", "template", "spec", "containers")
    assert (containers.list_type, containers.map_keys, containers.merge_key) == ("map", ("name",), "name")
    ports = at(containers, "*", "ports")
    assert (set(ports.map_keys), ports.merge_key) == ({"containerPort", "protocol"}, "containerPort")
    assert at(ports, "*", "protocol").default == "TCP"
    assert at(containers, "*", "args").list_type == "atomic"
    assert at(deployment.type, "metadata", "finalizers").list_type == "set"


def test_maps_have_one_owner_where_the_schema_says_so(catalogue: Catalogue) -> None:
    """A selector is one thing; labels are many."""
    deployment, service = catalogue.by_kind("apps/v1", "Deployment"), catalogue.by_kind("v1", "Service")
    assert deployment is not None
    assert service is not None
    assert at(deployment.type, "spec", "selector").atomic
    assert at(service.type, "spec", "selector").atomic
    assert not at(deployment.type, "metadata", "labels").atomic


def test_structs_that_are_always_there_are_known(catalogue: Catalogue) -> None:
    """A strategy is there even when empty; the parameters of a rolling update are not."""
    deployment = catalogue.by_kind("apps/v1", "Deployment")
    assert deployment is not None
    assert at(deployment.type, "spec", "strategy").always
    assert not at(deployment.type, "spec", "strategy", "rollingUpdate").always
    assert "retainKeys" in at(deployment.type, "spec", "strategy").strategies


def test_a_type_may_contain_itself(catalogue: Catalogue) -> None:
    """The schema of a schema has schemas in it, however deep one looks."""
    crd = catalogue.by_kind("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    assert crd is not None
    schema = at(crd.type, "spec", "versions", "*", "schema", "openAPIV3Schema")
    assert at(schema, "properties", "any", "properties", "any").name == schema.name


def test_every_built_in_type_can_be_read(catalogue: Catalogue) -> None:
    """No schema of the data file is in a form that nobody thought of."""
    for resource in catalogue.all():
        assert resource.type.kind == "struct"
        assert resource.type.fields["metadata"].kind == "struct" or not resource.verbs & {"get"}


@pytest.mark.parametrize(
    ("schema", "kind", "expected"),
    [
        ({"type": "string"}, "string", {}),
        ({"type": "string", "format": "date-time"}, "time", {}),
        ({"type": "string", "format": "byte"}, "bytes", {}),
        ({"type": "integer", "default": 3}, "integer", {"default": 3}),
        ({"type": "number", "nullable": True}, "number", {"nullable": True}),
        ({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}, "int-or-string", {"rules": {}}),
        ({"type": "array", "items": {"type": "string"}}, "list", {"list_type": "atomic"}),
        ({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}, "list", {"list_type": "set"}),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "map", {}),
        ({"type": "object", "additionalProperties": True}, "any", {}),
        ({"type": "object"}, "struct", {"open": False}),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, "struct", {"open": True}),
        ({"x-kubernetes-preserve-unknown-fields": True}, "any", {"open": True}),
        ({"type": "object", "x-kubernetes-map-type": "atomic", "properties": {}}, "struct", {"atomic": True}),
        ({"type": "string", "enum": ["a"], "description": "d"}, "string", {"rules": {"enum": ["a"]}}),
    ],
)
def test_schemas_of_custom_kinds(schema: dict[str, Any], kind: str, expected: dict[str, Any]) -> None:
    """Each form that a structural schema may have becomes a type."""
    read = Types({}).read(schema)
    assert read.kind == kind
    assert {name: getattr(read, name) for name in expected} == expected


def test_an_embedded_object_has_metadata(catalogue: Catalogue) -> None:
    """A schema that embeds an object needn't say what all objects have."""
    read = Types({}, catalogue.types).read(
        {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}
    )
    assert at(read, "metadata", "labels").kind == "map"
    assert read.child("spec") is ANY


def test_unknown_fields_have_no_type(catalogue: Catalogue) -> None:
    """A field that isn't there is told apart from one of any type; a type without a default says so."""
    pod = catalogue.by_kind("v1", "Pod")
    assert pod is not None
    assert pod.type.child("specc") is None
    assert pod.type.fields["spec"].fields["hostname"].default is UNSET
