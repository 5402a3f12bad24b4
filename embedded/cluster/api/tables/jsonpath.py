"""As much of JSON paths as definitions use for columns: `.spec.hosts[*].name`, `.status.conditions[?(@.type=="Ready")].status`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

_STEP: Final = re.compile(
    r"\.(?P<field>(?:\\.|[^.\[\]])+)"
    r"|\['(?P<quoted>[^']+)'\]"
    r"|\[(?P<index>-?\d+)\]"
    r"|\[(?P<all>\*)\]"
    r"""|\[\?\(\s*@\.(?P<key>[\w./-]+)\s*==\s*(?P<value>"[^"]*"|'[^']*'|[\w.-]+)\s*\)\]"""
)


def find(obj: Any, path: str) -> list[Any]:
    """All values at the path; none when it leads nowhere, or can't be read."""
    values = [obj]
    for name, argument in _steps(path) or [("nothing", "")]:
        values = [found for value in values for found in _step(value, name, argument)]
    return values


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[tuple[str, str], ...]:
    text = path.strip().removeprefix("{").removesuffix("}")
    text = text if text.startswith((".", "[")) else f".{text}"
    steps, at = [], 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            return ()
        groups = {k: v for k, v in found.groupdict().items() if v is not None}
        if "key" in groups:
            steps.append(("filter", f"{groups['key']}={groups['value'].strip(chr(34) + chr(39))}"))
        else:
            name, argument = next(iter(groups.items()))
            steps.append(("field" if name == "quoted" else name, argument.replace("\\.", ".")))
        at = found.end()
    return tuple(steps)


def _step(value: Any, name: str, argument: str) -> list[Any]:
    match name:
        case "field":
            return [value[argument]] if isinstance(value, dict) and value.get(argument) is not None else []
        case "index":
            at = int(argument)
            return [value[at]] if isinstance(value, list) and -len(value) <= at < len(value) else []
        case "all":
            return value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
        case "filter":
            key, _, wanted = argument.partition("=")
            return [v for v in value if isinstance(v, dict) and str(v.get(key)) == wanted] if isinstance(value, list) else []
        case _:
            return []
