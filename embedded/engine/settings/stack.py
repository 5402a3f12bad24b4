"""Pulumi.<stack>.yaml: a stack's configuration and what its secrets are encrypted with."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.model.errors import NotSupportedError
from embedded.engine.settings.config import ConfigMap
from embedded.engine.settings.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.engine.settings.project import Project

_OURS: Final = ("secretsprovider", "encryptedkey", "encryptionsalt", "config")


@dataclass(slots=True)
class StackSettings:
    """A stack's settings file; a file that is not there is an empty one. `save` keeps comments, order and other keys."""

    file: Path
    project: str
    config: ConfigMap = field(default_factory=ConfigMap)
    encryption_salt: str = ""
    secrets_provider: str = ""
    encrypted_key: str = ""
    environment: Any = None
    _text: str = ""
    _data: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, file: Path, project: str) -> StackSettings:
        """The settings in a file; keys without a namespace are the project's. SettingsError if it cannot be read."""
        try:
            text = file.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return cls(file, project)
        except (OSError, UnicodeDecodeError) as e:
            msg = f"could not read '{file}': {e}"
            raise SettingsError(msg) from e
        data = _parse(file, text)
        config = data.get("config") or {}
        if not isinstance(config, dict):
            msg = f"could not unmarshal '{file}': `config` should be a map of keys to values"
            raise SettingsError(msg)
        return cls(
            file,
            project,
            ConfigMap.from_data({_full_key(file, str(key), project): value for key, value in config.items()}),
            str(data.get("encryptionsalt") or ""),
            str(data.get("secretsprovider") or ""),
            str(data.get("encryptedkey") or ""),
            data.get("environment"),
            text,
            data,
        )

    def refuse_environment(self) -> None:
        """Raises NotSupportedError if the file imports ESC environments, which only Pulumi Cloud has."""
        if self.environment:
            msg = f"environments ({self.file})"
            raise NotSupportedError(msg, "remove the `environment` section, or use Pulumi Cloud with the real `pulumi` CLI")

    def save(self) -> None:
        """Writes the file back; nothing but what changed is touched. Nothing is written if nothing changed."""
        data = self._new_data()
        text = self._render(data)
        if text == self._text and (self.file.exists() or not text):
            return
        temporary = self.file.with_name(f".{self.file.name}.{uuid.uuid4().hex}")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(text, encoding="utf-8")
            if self.file.exists():
                temporary.chmod(self.file.stat().st_mode & 0o777)
            temporary.replace(self.file.resolve())
        except OSError as e:
            temporary.unlink(missing_ok=True)
            msg = f"could not write '{self.file}': {e.strerror or e}"
            raise SettingsError(msg) from e
        self._text, self._data = text, data

    def _render(self, data: dict[str, Any]) -> str:
        if self.file.suffix == ".json":
            return json.dumps(data, indent=4, ensure_ascii=False) + "\n"
        from embedded.engine.settings import yamltext

        if not self._data:
            return yamltext.dump(data) if data else self._text
        return yamltext.edit(self._text, data)

    def _new_data(self) -> dict[str, Any]:
        """The file's data with ours put in: keys that were written without a namespace stay so."""
        spelled = {_full_key(self.file, str(key), self.project): str(key) for key in self._data.get("config") or {}}
        ours = {
            "secretsprovider": self.secrets_provider,
            "encryptedkey": self.encrypted_key,
            "encryptionsalt": self.encryption_salt,
            "config": {spelled.get(key, key): value for key, value in self.config.to_data().items()},
        }
        kept = {k: v for k, v in self._data.items() if k not in _OURS or ours[k]}
        return kept | {k: v for k, v in ours.items() if v}


def rename_settings(project: Project, old: str, new: str) -> None:
    """Moves the settings file of a stack that was renamed; a stack without one has nothing to move."""
    try:
        project.stack_file(old).replace(project.stack_file(new))
    except FileNotFoundError:
        return
    except OSError as e:
        msg = f"renaming configuration file to {project.stack_file(new).name}: {e.strerror or e}"
        raise SettingsError(msg) from e


def _parse(file: Path, text: str) -> dict[str, Any]:
    if file.suffix == ".json":
        try:
            data = json.loads(text) if text.strip() else None
        except ValueError as e:
            msg = f"could not unmarshal '{file}': {e}"
            raise SettingsError(msg) from e
    else:
        from embedded.engine.settings import yamltext

        data = yamltext.load(text, str(file))
    if data is None:
        return {}
    if not isinstance(data, dict):
        msg = f"could not unmarshal '{file}': expected a map at the top"
        raise SettingsError(msg)
    return data


def _full_key(file: Path, key: str, project: str) -> str:
    parts = key.split(":")
    if len(parts) == 1:
        return f"{project}:{key}"
    if len(parts) == 2:
        return key
    if len(parts) == 3 and parts[1] == "config":
        return f"{parts[0]}:{parts[2]}"
    msg = (
        f"could not unmarshal '{file}': could not parse {key} as a configuration key "
        "(configuration keys should be of the form `<namespace>:<name>`)"
    )
    raise SettingsError(msg)
