"""Pulumi.yaml: the project's name, runtime, and what it says of its stacks' configuration."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

from embedded.engine.settings.errors import SettingsError

_EXTENSIONS: Final = (".json", ".yaml", ".yml")
_TYPES: Final = ("string", "integer", "boolean", "array", "object")


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """What Pulumi.yaml declares of one configuration key. `default` and `value` None: none is given."""

    type: str = ""
    items: dict[str, Any] | None = None
    description: str = ""
    default: Any = None
    value: Any = None
    secret: bool = False

    @property
    def type_name(self) -> str:
        """The type with its items' types: `array<array<string>>`."""
        return _type_name(self.type, self.items)


@dataclass(frozen=True, slots=True)
class Project:
    """A project. `runtime` is the language's name, `options` its options, `root` the folder of `file`, `main` as written."""

    name: str
    runtime: str
    root: Path
    file: Path
    options: dict[str, Any] = field(default_factory=dict)
    main: str = ""
    description: str = ""
    config: dict[str, ProjectConfig] = field(default_factory=dict)
    stack_config_dir: str = ""
    backend_url: str = ""
    refresh: bool = False
    plugins: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    packages: dict[str, Any] = field(default_factory=dict)

    @property
    def program(self) -> Path:
        """The program's folder or file."""
        return self.root / self.main if self.main else self.root

    def stack_file(self, stack: str) -> Path:
        """Where the settings of the stack of that (short) name are."""
        return self.root / self.stack_config_dir / f"Pulumi.{stack.replace('/', '-')}{self.file.suffix}"


def find_project(start: Path) -> Project:
    """The project of a folder: its Pulumi.yaml is there or above. SettingsError if there is none, or it is wrong."""
    folder = Path(os.path.abspath(start))  # noqa: PTH100 - symlinks stay, as in the CLI's paths
    for candidate in (folder, *folder.parents):
        for extension in _EXTENSIONS:
            file = candidate / f"Pulumi{extension}"
            if file.is_file():
                return load_project(file)
    msg = (
        f"no Pulumi.yaml project file found (searching upwards from {folder}). If you have not created a project yet, "
        "use `pulumi new` to do so: no project file found"
    )
    raise SettingsError(msg)


def load_project(file: Path) -> Project:
    """The project that the file describes."""
    data = _read(file)
    if not isinstance(data, dict):
        _invalid(file, "expected project to be an object")
    name = data.get("name")
    if "name" not in data:
        _invalid(file, "project is missing a 'name' attribute")
    if not isinstance(name, str) or not name:
        _invalid(file, "project is missing a non-empty string 'name' attribute")
    runtime, options = _runtime(file, data.get("runtime"))
    config, stack_config_dir = data.get("config") or {}, data.get("stackConfigDir") or ""
    if isinstance(config, str):
        if stack_config_dir:
            _invalid(file, "Should not use both config and stackConfigDir to define the stack directory. Use only stackConfigDir instead.")
        config, stack_config_dir = {}, config
    if not isinstance(config, dict):
        _invalid(file, "#/config: expected an object")
    return Project(
        name=name,
        runtime=runtime,
        root=file.parent,
        file=file,
        options=options,
        main=_text(file, data, "main"),
        description=_text(file, data, "description"),
        config={key: _config(file, name, key, value) for key, value in config.items()},
        stack_config_dir=stack_config_dir,
        backend_url=str((data.get("backend") or {}).get("url") or ""),
        refresh=(data.get("options") or {}).get("refresh") == "always",
        plugins=data.get("plugins") or {},
        packages=data.get("packages") or {},
    )


def _read(file: Path) -> Any:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as e:
        msg = f"could not read '{file}': {e}"
        raise SettingsError(msg) from e
    if file.suffix == ".json":
        try:
            return json.loads(text)
        except ValueError as e:
            msg = f"could not unmarshal '{file}': {e}"
            raise SettingsError(msg) from e
    from embedded.engine.settings import yamltext

    return yamltext.load(text, str(file))


def _runtime(file: Path, runtime: Any) -> tuple[str, dict[str, Any]]:
    if runtime is None:
        return "", {}
    if isinstance(runtime, str):
        return runtime, {}
    options = runtime.get("options") if isinstance(runtime, dict) else None
    if not isinstance(runtime, dict) or not isinstance(runtime.get("name"), str) or not isinstance(options, dict | None):
        _invalid(file, "runtime section must be a string or an object with name and options attributes")
    return runtime["name"], options or {}


def _text(file: Path, data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        _invalid(file, f"#/{key}: expected a string, got {type(value).__name__}")
    return value or ""


def _config(file: Path, project: str, key: str, declared: Any) -> ProjectConfig:
    own = ":" not in key or key.startswith(f"{project}:")
    if isinstance(declared, str | int | bool | list):
        return ProjectConfig(default=declared) if own else ProjectConfig(value=declared)
    if not isinstance(declared, dict) or declared.keys() - {"type", "items", "description", "secret", "default", "value"}:
        _invalid(file, f"#/config/{key}: expected a value, or an object of type, items, description, secret, default, value")
    config = ProjectConfig(
        type=declared.get("type") or "",
        items=declared.get("items"),
        description=declared.get("description") or "",
        default=declared.get("default"),
        value=declared.get("value"),
        secret=bool(declared.get("secret")),
    )
    problem = _own_problem(key, config) if own else _foreign_problem(key, config)
    if config.default is not None and config.value is not None:
        problem = f"project config '{key}' cannot have both a 'default' and 'value' attribute"
    if problem:
        _invalid(file, problem)
    return config


def _own_problem(key: str, config: ProjectConfig) -> str:
    if config.type and config.type not in _TYPES:
        return f"#/config/{key}/type: value must be one of {', '.join(_TYPES)}"
    if config.type == "array" and config.items is None:
        return f"The configuration key '{key}' declares an array but does not specify the underlying type via the 'items' attribute"
    if config.type and config.default is not None and not has_type(config.default, config.type, config.items):
        return f"The default value specified for configuration key '{key}' is not of the expected type '{config.type_name}'"
    return ""


def _foreign_problem(key: str, config: ProjectConfig) -> str:
    if config.type:
        return f"Configuration key '{key}' is not namespaced by the project and should not define a type"
    if config.default is not None:
        return (
            f"Configuration key '{key}' is not namespaced by the project and should not define a default value. "
            "Did you mean to use the 'value' attribute instead of 'default'?"
        )
    if config.value is None:
        return f"Configuration key '{key}' is namespaced and must provide an attribute 'value'"
    return ""


def has_type(value: Any, type_: str, items: dict[str, Any] | None) -> bool:
    """Whether the value is of a declared type; texts that read as an integer or a boolean are."""
    if type_ == "string":
        return isinstance(value, str)
    if type_ == "integer":
        return _is_integer(value)
    if type_ == "boolean":
        return isinstance(value, bool) or value in ("true", "false")
    if type_ == "object":
        return isinstance(value, dict)
    if not isinstance(value, list) or items is None:
        return False
    return all(has_type(v, items.get("type", ""), items.get("items")) for v in value)


def _is_integer(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        digits = value[1:] if value[:1] in ("+", "-") else value
        return digits.isascii() and digits.isdigit()
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _type_name(type_: str, items: dict[str, Any] | None) -> str:
    return type_ if items is None else f"array<{_type_name(str(items.get('type', '')), items.get('items'))}>"


def _invalid(file: Path, message: str) -> NoReturn:
    msg = f"could not validate '{file}': {message}"
    raise SettingsError(msg)
