"""Pulumi.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.model.errors import ConfigurationError
from embedded.engine.settings.project import ProjectConfig, find_project, has_type

if TYPE_CHECKING:
    from pathlib import Path


def test_a_full_project(tmp_path: Path) -> None:
    """Everything that this engine uses is read."""
    (tmp_path / "Pulumi.yaml").write_text("""\
name: shop
description: a shop
runtime:
  name: python
  options: {virtualenv: venv, toolchain: uv}
main: app
stackConfigDir: stacks
backend: {url: "file:///state"}
options: {refresh: always}
config:
  size: 3
  flag: {type: boolean, default: true, description: a flag}
  names: {type: array, items: {type: array, items: {type: string}}, secret: true}
  aws:region: eu
  gcp:zone: {value: a}
plugins:
  providers: [{name: x, path: ../x}]
packages: {p: ./p}
template: {quickstart: hello}
""")
    project = find_project(tmp_path / "deep" / "er")
    assert (project.name, project.runtime, project.description) == ("shop", "python", "a shop")
    assert project.options == {"virtualenv": "venv", "toolchain": "uv"}
    assert (project.root, project.file, project.program) == (tmp_path, tmp_path / "Pulumi.yaml", tmp_path / "app")
    assert project.stack_file("dev") == tmp_path / "stacks" / "Pulumi.dev.yaml"
    assert (project.backend_url, project.refresh) == ("file:///state", True)
    assert project.plugins == {"providers": [{"name": "x", "path": "../x"}]}
    assert project.packages == {"p": "./p"}
    assert project.config["size"] == ProjectConfig(default=3)
    assert project.config["flag"] == ProjectConfig(type="boolean", default=True, description="a flag")
    assert project.config["names"].type_name == "array<array<string>>"
    assert project.config["aws:region"] == project.config["gcp:zone"].__class__(value="eu")


@pytest.mark.parametrize(
    ("name", "text"),
    [("Pulumi.yaml", "name: shop"), ("Pulumi.yml", "name: shop"), ("Pulumi.json", '{"name": "shop"}'), ("Pulumi.yaml", "\ufeffname: shop")],
)
def test_names_of_the_file(tmp_path: Path, name: str, text: str) -> None:
    """The file may be YAML or JSON; a project may have no runtime yet."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    project = find_project(tmp_path)
    assert (project.name, project.runtime, project.program) == ("shop", "", tmp_path)
    assert project.stack_file("dev").suffix == (tmp_path / name).suffix


def test_no_project(tmp_path: Path) -> None:
    """The text is the CLI's, with the folder that the search began in."""
    with pytest.raises(ConfigurationError) as caught:
        find_project(tmp_path)
    assert str(caught.value) == (
        f"no Pulumi.yaml project file found (searching upwards from {tmp_path}). If you have not created a project yet, "
        "use `pulumi new` to do so: no project file found"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "expected project to be an object"),
        ("runtime: python", "project is missing a 'name' attribute"),
        ("name: 1", "project is missing a non-empty string 'name' attribute"),
        ("name: ''", "project is missing a non-empty string 'name' attribute"),
        ("name: [", "invalid YAML file"),
        ("name: x\nruntime: [1]", "runtime section must be a string or an object with name and options attributes"),
        ("name: x\nmain: 1", "#/main: expected a string, got int"),
        ("name: x\nconfig: dir\nstackConfigDir: dir", "Use only stackConfigDir instead"),
        ("name: x\nconfig: 1", "#/config: expected an object"),
        ("name: x\nconfig: {k: {colour: red}}", "#/config/k: expected a value, or an object"),
        ("name: x\nconfig: {k: {type: colour}}", "#/config/k/type: value must be one of"),
        ("name: x\nconfig: {k: {type: array}}", "declares an array but does not specify the underlying type"),
        ("name: x\nconfig: {k: {type: integer, default: x}}", "'k' is not of the expected type 'integer'"),
        ("name: x\nconfig: {k: {default: 1, value: 2}}", "cannot have both a 'default' and 'value' attribute"),
        ("name: x\nconfig: {'a:k': {type: string}}", "'a:k' is not namespaced by the project and should not define a type"),
        ("name: x\nconfig: {'a:k': {default: 1}}", "Did you mean to use the 'value' attribute instead of 'default'?"),
        ("name: x\nconfig: {'a:k': {description: d}}", "'a:k' is namespaced and must provide an attribute 'value'"),
    ],
)
def test_broken_projects(tmp_path: Path, text: str, message: str) -> None:
    """What is wrong is said with the file's name, in the CLI's words."""
    (tmp_path / "Pulumi.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        find_project(tmp_path)
    assert message in str(caught.value)
    assert str(tmp_path / "Pulumi.yaml") in str(caught.value)


def test_an_old_place_for_stack_settings(tmp_path: Path) -> None:
    """`config` as a text was the name of the folder of stack settings."""
    (tmp_path / "Pulumi.yaml").write_text("name: x\nconfig: stacks\n")
    assert find_project(tmp_path).stack_file("dev") == tmp_path / "stacks" / "Pulumi.dev.yaml"


@pytest.mark.parametrize(
    ("value", "type_", "items", "fits"),
    [
        ("x", "string", None, True),
        (1, "string", None, False),
        (1, "integer", None, True),
        (1.0, "integer", None, True),
        (1.5, "integer", None, False),
        ("12", "integer", None, True),
        ("-12", "integer", None, True),
        ("1x", "integer", None, False),
        (True, "integer", None, False),
        (True, "boolean", None, True),
        ("true", "boolean", None, True),
        ("yes", "boolean", None, False),
        ({}, "object", None, True),
        ([], "object", None, False),
        (["a"], "array", {"type": "string"}, True),
        (["a", 1], "array", {"type": "string"}, False),
        ([["a"]], "array", {"type": "array", "items": {"type": "string"}}, True),
        ("a", "array", {"type": "string"}, False),
        ([], "array", None, False),
    ],
)
def test_types(value: Any, type_: str, items: dict[str, Any] | None, fits: bool) -> None:
    """Texts that read as an integer or a boolean are one; everything else must be of its type."""
    assert has_type(value, type_, items) is fits
