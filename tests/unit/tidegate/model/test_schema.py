"""The JSON Schema is what the models are, says everything that people need, and refuses what loading refuses."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from embedded.engine.settings import yamltext
from tidegate.model import schema
from tidegate.model.loading import load

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[4]
STACKS = sorted(ROOT.glob("Pulumi.*.yaml"))
MODELINE = "# yaml-language-server: $schema=tidegate/model/stack.schema.json"


def nodes(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of a schema that says what a value may be."""
    if isinstance(node, dict):
        if "type" in node or "anyOf" in node or "oneOf" in node:
            yield path, node
        for key, part in node.items():
            if key not in {"default", "examples"}:
                yield from nodes(part, f"{path}/{key}")
    elif isinstance(node, list):
        for i, part in enumerate(node):
            yield from nodes(part, f"{path}/{i}")


def test_the_schema_has_not_drifted() -> None:
    """stack.schema.json is what the models say today."""
    assert json.loads(schema.FILE.read_text()) == schema.document(), "stack.schema.json has drifted: run `make docs`"


def test_the_page_of_settings_has_not_drifted() -> None:
    """The tables of docs/configuration.md are what the models say today."""
    page = (ROOT / "docs" / "configuration.md").read_text()
    generated = runpy.run_path(str(ROOT / "docs" / "generate.py"))["settings"](page)
    assert page == generated, "docs/configuration.md has drifted: run `make docs`"


def test_the_schema_is_one() -> None:
    """By the standard's own schema of schemas."""
    jsonschema.Draft202012Validator.check_schema(schema.document())


@pytest.mark.parametrize("file", STACKS, ids=lambda file: file.name)
def test_the_stacks_here_are_right(file: Path) -> None:
    """They fit the schema, are an intent, and tell editors where the schema is."""
    text = file.read_text()
    assert text.startswith(MODELINE + "\n")
    jsonschema.Draft202012Validator(schema.document()).validate(yamltext.load(text, file.name))
    assert load(file).problems == ()


def test_every_setting_says_what_it_is() -> None:
    """Editors and the page of settings show it; what is told of a missing one is made of it. Events are not for people."""
    found = schema.keys()
    settings = {name: node for name, node in found["properties"].items() if name != "event"}
    seen: dict[str, Any] = {}
    while settings.keys() - seen.keys():
        name = next(iter(settings.keys() - seen.keys()))
        seen[name] = settings[name]
        text = json.dumps(settings[name])
        for reference in re.findall(r'"#/\$defs/(\w+)"', text):
            below = found["$defs"][reference]
            assert below["description"], reference
            settings |= {f"{reference}.{key}": part for key, part in below.get("properties", {}).items()}
    assert [name for name, node in seen.items() if not node.get("description") and "$ref" not in node] == []


def test_every_pattern_says_what_is_allowed_and_gives_an_example() -> None:
    """A regular expression tells people nothing; the example has to fit it."""
    for path, node in nodes(schema.keys()):
        if "pattern" in node:
            assert node.get("patternErrorMessage"), path
            assert node.get("examples"), path
            for example in node["examples"]:
                assert re.search(node["pattern"], example), (path, example)


def test_only_forms_are_used_that_reading_knows() -> None:
    """Alternatives are: something or nothing, a text or one of a few words, or mappings told apart by a key."""
    for path, node in nodes(schema.keys()):
        if "writeOnly" in node:
            continue
        if "anyOf" in node:
            others = [part for part in node["anyOf"] if part != {"type": "null"} and "const" not in part]
            assert len(others) == 1, path
        assert "oneOf" not in node or "discriminator" in node, path
        assert "allOf" not in node, path


REFUSED: list[dict[str, Any]] = [
    {"tidegate:service": {}},
    {"tidegate:environment": None},
    {"tidegate:services": {}},
    {"tidegate:services": {"Web": {"image": "web", "version": "v1"}}},
    {"tidegate:services": {"web": {"image": "web", "version": 1.0}}},
    {"tidegate:services": {"web": {"image": "web", "version": "v1", "replica": 1}}},
    {"tidegate:services": {"web": {"image": "web", "version": "v1", "env": {"A": {"secure": "v1:abc"}}}}},
    {"tidegate:data": {"database": {"kind": "postgres", "secret": "a"}}},
    {"tidegate:secrets": {"a": {"required": ["b"], "values": {"b": 5}}}},
    {"tidegate:secrets": {"a": {"required": ["b"], "values": {"b": {"secure": "v1:abc", "more": 1}}}}},
]


@pytest.mark.parametrize("wrong", REFUSED, ids=str)
def test_editors_refuse_what_is_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    """By the schema alone, and by loading."""
    right = yamltext.load((ROOT / "Pulumi.local.yaml").read_text(), "")
    validator = jsonschema.Draft202012Validator(schema.document())
    validator.validate(right)
    document = {"config": {**right["config"], **wrong}}
    assert not validator.is_valid(document)
    file = tmp_path / "Pulumi.local.yaml"
    file.write_text(json.dumps(document))
    assert load(file).problems


def test_others_keys_and_encrypted_values_are_taken() -> None:
    """aws:region is none of our business, and neither are the salt and the secrets provider."""
    right = yamltext.load((ROOT / "Pulumi.local.yaml").read_text(), "")
    secrets = {"a": {"required": ["b"], "values": {"b": {"secure": "v1:abc"}}}}
    config = {**right["config"], "aws:region": "eu", "other": 5, "tidegate:secrets": secrets}
    document = {"config": config, "encryptionsalt": "v1:abc", "secretsprovider": "passphrase", "encryptedkey": "abc"}
    jsonschema.Draft202012Validator(schema.document()).validate(document)
