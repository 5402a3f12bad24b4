"""Project-level configuration under a stack's own: defaults and values of Pulumi.yaml, and its types, checked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from embedded.engine.settings.config import parse_key
from embedded.engine.settings.errors import SettingsError
from embedded.engine.settings.project import has_type

if TYPE_CHECKING:
    from embedded.engine.settings.config import Cipher, ConfigMap
    from embedded.engine.settings.project import Project


def with_project_config(project: Project, stack: str, config: ConfigMap, cipher: Cipher | None = None, *, check: bool = True) -> ConfigMap:
    """The stack's configuration completed by the project's.

    Unless `check` is false, SettingsError if a key that the project requires is missing, or a value has not the type
    that the project declares. Secret values are only looked at when there is a cipher.
    """
    merged = config.copy()
    missing = []
    for name in sorted(project.config):
        declared = project.config[name]
        key = parse_key(name, project.name)
        given = declared.value if declared.value is not None else declared.default
        if merged.get(key, path=True) is not None:
            continue
        if given is not None:
            merged.put_project_value(key, given)
        elif key.startswith(f"{project.name}:"):
            missing.append(name)
    if check and missing:
        values = "values" if len(missing) > 1 else "value"
        msg = f"Stack '{stack}' is missing configuration {values} {_names(missing)}"
        raise SettingsError(msg)
    if check:
        for name in sorted(project.config):
            if project.config[name].type:
                _check(stack, project, name, merged, cipher)
    return merged


def _check(stack: str, project: Project, name: str, config: ConfigMap, cipher: Cipher | None) -> None:
    declared, key = project.config[name], parse_key(name, project.name)
    value = config.get(key, path=True)
    if value is None:
        return
    if declared.secret and not value.secret:
        msg = f"Stack '{stack}' with configuration key '{name}' must be encrypted as it's secret"
        raise SettingsError(msg)
    if value.secret and cipher is None:
        return
    text = config.plain(key, cipher, path=True)
    if not has_type(json.loads(text) if value.object else text, declared.type, declared.items):
        msg = f"Stack '{stack}' with configuration key '{name}' must be of type '{declared.type_name}'"
        raise SettingsError(msg)


def _names(keys: list[str]) -> str:
    """`'a'`, `'a' and 'b'`, `'a', 'b' and 'c'`."""
    quoted = [f"'{k}'" for k in sorted(keys)]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
