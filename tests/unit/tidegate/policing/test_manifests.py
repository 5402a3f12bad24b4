"""Manifests: read from files, folders and standard input, with the lines that things are at."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from tidegate.model.errors import ConfigurationError
from tidegate.policing.manifests import read

if TYPE_CHECKING:
    from pathlib import Path

TWO = """\
# Two objects, and nothing between them.
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: app
        image: web:1
"""
LIST = """\
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
- apiVersion: v1
  kind: PodList
  items: [{metadata: {name: b}}]
"""
# Each line stands for ten times what the one above does.
BOMB = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 10)}]\n" for n in range(9))


def written(place: Path, **files: str) -> str:
    """A folder of these files."""
    for name, text in files.items():
        (place / name.replace("__", ".")).write_text(text)
    return str(place)


def test_each_object_has_its_lines(tmp_path: Path) -> None:
    """Its own, and those of its fields; of one that isn't there, the nearest above."""
    found = read([written(tmp_path, a__yaml=TWO)])
    first, second = found.subjects
    assert (first.shown, second.shown) == ("ConfigMap/a", "Deployment/web")
    assert second.source is not None
    assert (second.source.file, second.source.line) == (str(tmp_path / "a.yaml"), 7)
    image = ("spec", "template", "spec", "containers", 0, "image")
    assert found.line(second, image) == 16
    assert found.line(second, (*image[:-1], "securityContext", "privileged")) == 15
    assert found.line(second, ()) == 7


def test_a_plain_equals_sign_is_a_text(tmp_path: Path) -> None:
    """As definitions of custom resources have them among the values of an enumeration."""
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  sign: =\n")
    [subject] = read([str(tmp_path / "a.yaml")]).subjects
    assert subject.at("data", "sign").text == "="


def test_lists_are_what_is_in_them(tmp_path: Path) -> None:
    """Also lists in lists, and those whose items don't say what they are."""
    found = read([written(tmp_path, a__yml=LIST)])
    assert [(one.kind, one.name) for one in found.subjects] == [("ConfigMap", "a"), ("Pod", "b")]
    assert found.line(found.subjects[1], ("metadata", "name")) == 7


def test_json_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON is YAML; a day is a text."""
    monkeypatch.setattr("sys.stdin", io.StringIO('{"apiVersion": "v1", "kind": "ConfigMap", "data": {"day": 2026-01-01}}'))
    (found,) = read(["-"]).subjects
    assert found.at("data", "day").value == "2026-01-01"
    assert found.source is not None
    assert found.source.file == "<stdin>"
    assert read([written(tmp_path, a__json='{"apiVersion": "v1", "kind": "ConfigMap"}')]).subjects


def test_a_folder_may_have_other_files(tmp_path: Path) -> None:
    """They are told of; what is hidden isn't looked at."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_text("{")
    found = read([written(tmp_path, a__yaml=TWO, values__yaml="replicas: 3", README__md="# no")])
    assert (len(found.subjects), found.skipped) == (2, (str(tmp_path / "values.yaml"),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "can't be read as YAML"),
        ("a: {{ .Values.x }}\nb: }", "Render it first"),
        ("a: &a\n  b: *a", "can't be read as YAML"),
        ("replicas: 3", "has no Kubernetes object"),
        ("", "has no Kubernetes object"),
        ("apiVersion: 1\nkind: ConfigMap", "has no Kubernetes object"),
        ("apiVersion: v1\nkind: List\nitems: null", "has no Kubernetes object"),
        (f"{TWO}---\napiversion: v1\nkind: Pod\n", "a.yaml:18: this has no `apiVersion` and `kind`"),
        ("apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod}\n- {kind: Pod}\n", "a.yaml:5: this has no"),
        (BOMB, "its aliases stand for too much"),
    ],
)
def test_what_cannot_be_read_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    """A broken manifest is no good one."""
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        read([str(tmp_path / "a.yaml")])


def test_a_link_to_nothing_is_an_error(tmp_path: Path) -> None:
    """What is in a folder and can't be read isn't left out."""
    place = written(tmp_path, a__yaml=TWO)
    (tmp_path / "b.yaml").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigurationError, match=r"b\.yaml can't be read"):
        read([place])


def test_aliases_are_what_they_stand_for(tmp_path: Path) -> None:
    """Within reason; merges too."""
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: &m {name: a}\ndata: {<<: *m, b: c}\nother: [*m, *m]\n"
    [subject] = read([written(tmp_path, a__yaml=text)]).subjects
    assert subject.at("data").value == {"name": "a", "b": "c"}


@pytest.mark.parametrize("path", ["nothing.yaml", "empty"])
def test_what_is_not_there_is_an_error(tmp_path: Path, path: str) -> None:
    """A slip in a name must not look like a pass."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match=path):
        read([str(tmp_path / path)])
