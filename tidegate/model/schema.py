"""The JSON Schema of a stack file, made from the models: for editors, and for saying what is allowed where something is wrong.

`stack.schema.json` beside this file is what it makes: `tidegate config schema` prints it, `make docs` writes it, and a test holds it to
the models.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import GenerateJsonSchema

from tidegate.model.base import NAMESPACE, Model
from tidegate.model.events import Event  # noqa: TC001 - pydantic reads it
from tidegate.model.intent.intent import Intent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core.core_schema import ModelSchema

FILE: Final = Path(__file__).with_name("stack.schema.json")

ENCRYPTED: Final = {
    "type": "object",
    "description": "A value that `pulumi config set --secret --path` encrypted.",
    "properties": {"secure": {"type": "string", "description": "The value, encrypted."}},
    "required": ["secure"],
    "additionalProperties": False,
}
_PULUMIS: Final = {
    "secretsprovider": "What the stack's secrets are encrypted with, if not a passphrase.",
    "encryptedkey": "The key of the stack's secrets, encrypted by the secrets provider.",
    "encryptionsalt": "The salt of the passphrase that the stack's secrets are encrypted with.",
}


class Keys(Intent):
    """All keys `tidegate:...` of a stack's configuration."""

    event: Event | None = None
    """What is to happen to the stack's releases. Commands put it here for one update; it is not for people."""


@cache
def keys() -> dict[str, Any]:
    """The schema of what is under `tidegate:`."""
    made: dict[str, Any] = _tidy(Keys.model_json_schema(schema_generator=_Described))
    return made


def document() -> dict[str, Any]:
    """The schema of a whole stack file."""
    ours = keys()
    names = {f"{NAMESPACE}:{name}": schema for name, schema in ours["properties"].items()}
    others = "|".join(ours["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of Tidegate",
        "description": "Pulumi.<stack>.yaml: what is to run in a stack, and how its releases go.",
        "type": "object",
        "properties": {
            "config": {
                "description": "The stack's configuration: the keys tidegate:..., and those of others.",
                "type": "object",
                "properties": names,
                "patternProperties": {f"^{NAMESPACE}:(?!({others})$)": False},
                "required": [f"{NAMESPACE}:{name}" for name in ours["required"]],
            },
            **{name: {"description": text, "type": "string"} for name, text in _PULUMIS.items()},
            "environment": {"description": "Environments of Pulumi ESC that the stack imports."},
        },
        "required": ["config"],
        "$defs": ours["$defs"],
    }


class _Described(GenerateJsonSchema):
    """A schema that says of each setting what its docstring says."""

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """A model's schema."""
        made = super().model_schema(schema)
        for model in schema["cls"].__mro__:
            if issubclass(model, Model):
                for name, text in _docstrings(model.__module__).get(model.__name__, {}).items():
                    made["properties"][name].setdefault("description", text)
        return made


@cache
def said_of(model: type[Model]) -> dict[str, str]:
    """What a model's fields' docstrings say, by field; those of what it is made from, too."""
    said: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if issubclass(one, Model):
            said |= _docstrings(one.__module__).get(one.__name__, {})
    return said


def _docstrings(module: str) -> dict[str, dict[str, str]]:
    """What follows a field's declaration and says what it is, by class and field."""
    classes = [node for node in ast.parse(inspect.getsource(sys.modules[module])).body if isinstance(node, ast.ClassDef)]
    return {found.name: dict(_of_fields(found.body)) for found in classes}


def _of_fields(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, after in pairwise(body):
        match field, after:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                yield name, inspect.cleandoc(text)


def _tidy(node: Any) -> Any:
    """The same schema, without what says nothing, with keys of mappings checked, and secrets taken encrypted too."""
    if isinstance(node, list):
        return [_tidy(part) for part in node]
    if not isinstance(node, dict):
        return node
    names = node.get("propertyNames")
    if isinstance(names, dict) and isinstance(node.get("patternProperties"), dict):
        ((pattern, values),) = node["patternProperties"].items()
        rest = {key: value for key, value in node.items() if key != "patternProperties"}
        node = {**rest, "propertyNames": {"pattern": pattern, **names}, "additionalProperties": values}
    if node.get("writeOnly"):
        plain = {key: value for key, value in node.items() if key not in {"writeOnly", "description"}}
        return {"writeOnly": True, "anyOf": [plain, ENCRYPTED]}
    # `title` may be the name of a setting, whose schema is a mapping.
    return {key: _tidy(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
