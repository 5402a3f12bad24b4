"""YAML documents as objects, read as Kubernetes' own tools read them.

PyYAML makes dates of what looks like one, and numbers of `1:30`; those tools don't. Keys that are no strings become their JSON spelling.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import yaml

from embedded.engine.model.ports import ProviderError

Obj = dict[str, Any]

_Base: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# PyYAML takes what begins so for the whole.
_INTEGER: Final = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$")
_FLOAT: Final = re.compile(r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$")


class _Loader(_Base):  # type: ignore[misc]
    """A safe loader without dates and sexagesimal numbers."""

    yaml_implicit_resolvers: Final = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] not in {"timestamp", "int", "float"}]
        for first, resolvers in _Base.yaml_implicit_resolvers.items()
    }


def _integer(loader: Any, node: Any) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "")
    sign, digits = (-1 if text.startswith("-") else 1), text.lstrip("+-")
    if digits.startswith("0") and digits.isdecimal() and len(digits) > 1:
        return sign * int(digits, 8)
    return sign * int(digits, 0)


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-+0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))


def decoded(text: str) -> list[Obj]:
    """The objects of a YAML or JSON text, in order; documents without a kind or version are left out."""
    try:
        documents = list(yaml.load_all(text, Loader=_Loader))
    except (yaml.YAMLError, ValueError) as error:
        raise ProviderError(f"the YAML can't be read: {error}") from error
    found = []
    for number, document in enumerate(documents, 1):
        if document is None:
            continue
        if not isinstance(document, dict):
            raise ProviderError(f"the YAML can't be read: document {number} is no object")
        if document.get("kind") and document.get("apiVersion"):
            found.append(_plain(document))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k if isinstance(k, str) else json.dumps(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value
