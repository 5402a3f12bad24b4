"""The data file's maker, on a tree of a few files."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.schema import generate
from embedded.cluster.schema.gostructs import zeros

if TYPE_CHECKING:
    from pathlib import Path

META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
REF = "#/components/schemas/"


def schema(kind: str, group: str = "", **properties: Any) -> dict[str, Any]:
    """A schema as the server writes it."""
    declared = [{"group": group, "version": "v1", "kind": kind}]
    metadata = {"allOf": [{"$ref": REF + META}], "default": {}, "description": "Its metadata."}
    return {
        "type": "object",
        "description": "A kind.",
        "properties": {"metadata": metadata, **properties},
        "x-kubernetes-group-version-kind": declared,
    }


@pytest.fixture
def api(tmp_path: Path) -> Path:
    """A folder like `api` of Kubernetes' source."""
    groups = {
        "groups": [
            {"name": "apps", "versions": [{"version": "v1"}, {"version": "v1beta1"}]},
            {"name": "new", "versions": [{"version": "v1alpha1"}]},
        ]
    }
    thing = {"name": "things", "kind": "Thing", "singularName": "thing", "namespaced": True, "verbs": ["get"], "shortNames": ["th"]}
    scale = {"name": "things/scale", "kind": "Scale", "group": "autoscaling", "version": "v1", "namespaced": True, "verbs": ["get"]}
    core = {"name": "notes", "kind": "Note", "singularName": "note", "namespaced": False, "verbs": ["get", "list"]}
    schemas = {
        META: {"type": "object", "properties": {"name": {"type": "string", "description": "The name."}}},
        "api.v1.Thing": schema("Thing", "apps", note={"$ref": REF + "api.v1.Text"}, count={"type": "integer", "default": 0}),
        "api.v1.Text": {"type": "object", "properties": {"lines": {"type": "array", "items": {"type": "string", "default": ""}}}},
        "api.v1.Note": schema("Note", protocol={"type": "string", "default": "TCP"}),
        "api.v1.Scale": schema("Scale", "autoscaling"),
        "api.v1beta1.Old": schema("Old", "apps"),
    }
    files: dict[str, Any] = {
        "discovery/apis.json": groups,
        "discovery/apis__apps__v1.json": {"resources": [thing, scale]},
        "discovery/api__v1.json": {"resources": [core]},
        "openapi-spec/v3/api__v1_openapi.json": {"components": {"schemas": schemas}},
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return tmp_path


def test_stable_kinds_with_all_that_they_refer_to(api: Path) -> None:
    """Alpha and beta versions are left out, and so are schemas that nothing refers to."""
    data = generate.collect(api, "v1.2.3")
    assert (data["version"], data["groups"]) == ("v1.2.3", [("", ["v1"]), ("apps", ["v1"])])
    assert [r["kind"] for r in data["resources"]] == ["Note", "Thing"]
    assert data["resources"][1]["subresources"] == {"scale": {"kind": ["autoscaling", "v1", "Scale"], "verbs": ["get"]}}
    assert data["types"].keys() == {META, "api.v1.Note", "api.v1.Scale", "api.v1.Text", "api.v1.Thing"}


def test_schemas_are_trimmed_to_what_counts(api: Path) -> None:
    """Descriptions and the defaults of Go go; references, structs that are always there and real defaults stay."""
    types = generate.collect(api, "v1.2.3")["types"]
    assert types["api.v1.Thing"]["properties"] == {
        "metadata": {"$ref": META, "default": {}},
        "note": {"$ref": "api.v1.Text"},
        "count": {"type": "integer"},
    }
    assert types["api.v1.Note"]["properties"]["protocol"] == {"type": "string", "default": "TCP"}
    assert types["api.v1.Text"]["properties"]["lines"] == {"type": "array", "items": {"type": "string"}}


STRUCTS = """
package v1

// Thing is a thing.
type Thing struct {
	metav1.TypeMeta `json:",inline"`
	// Its metadata.
	metav1.ObjectMeta `json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"`

	Note  *Text `json:"note,omitempty" protobuf:"bytes,2,opt,name=note"`
	Count int32 `json:"count" protobuf:"varint,3,opt,name=count"`
	Paused bool `json:"paused,omitempty"`
	ThingSource `json:",inline" protobuf:"bytes,4,opt,name=source"`
	When metav1.Time `json:"when,omitempty"`
	Since metav1.Time `json:"since,omitempty,omitzero"`
	Lists []string `json:"lists"`
	Others []string `json:"others,omitempty"`
	Hidden string `json:"-"`
}

type ThingSource struct {
	Path string `json:"path,omitempty"`
	Size resource.Quantity `json:"size,omitempty"`
}
"""


def test_structs_say_what_becomes_of_nothing(tmp_path: Path) -> None:
    """Pointers may be absent; of what is no pointer, the tag says whether nothing is written or left out."""
    package = tmp_path / "apps/v1"
    package.mkdir(parents=True)
    (package / "types.go").write_text(STRUCTS)
    assert zeros("io.k8s.api.apps.v1.Thing", {"io.k8s.api": tmp_path}) == {
        "metadata": "omit",
        "count": "write",
        "paused": "omit",
        "path": "omit",
        "size": "write",
        "when": "write",
        "lists": "write",
    }
    assert zeros("io.k8s.api.apps.v1.Other", {"io.k8s.api": tmp_path}) == {}
    assert zeros("org.example.v1.Thing", {"io.k8s.api": tmp_path}) == {}


def test_the_file_is_the_same_each_time(api: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same sources make the same bytes, so that a change in the file is a change in the API."""
    made = []
    for number in range(2):
        out = tmp_path / f"{number}.json.gz"
        monkeypatch.setattr("sys.argv", ["generate", str(api), "v1.2.3", "--out", str(out)])
        generate.main()
        made.append(out.read_bytes())
    assert made[0] == made[1]
    assert json.loads(gzip.decompress(made[0]))["version"] == "v1.2.3"
