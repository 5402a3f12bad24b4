"""What an update is told: from a stack's file or its past, with versions and images given, to the private file that an engine gets.

How each configuration was written is remembered, secrets encrypted as they are there, so that they need not be encrypted again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.settings.errors import SettingsError
from embedded.engine.settings.stack import StackSettings
from embedded.engine.settings.yamltext import dump
from tidegate.model.errors import ConfigurationError, NoSuchStackError, TidegateError
from tidegate.model.loading import from_config, load
from tidegate.model.told import Told
from tidegate.stack import failures
from tidegate.stack.overriding import SERVICES, difference, merged, overridden, overrides
from tidegate.stack.private import folder as private_folder
from tidegate.stack.private import write
from tidegate.stack.records import EVENT, Written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from embedded.engine.settings.project import Project
    from tidegate.model.comparing import Values
    from tidegate.stack.overriding import Overrides
    from tidegate.stack.records import Asked, Records

_OTHERS: Final = ("secretsprovider", "encryptedkey", "encryptionsalt", "environment")


class Telling:
    """A stack's file, and how all configurations are written that were told since."""

    def __init__(self, project: Project, stack: str) -> None:
        self._project = project
        self.file = project.stack_file(stack.rpartition("/")[2])
        self._written: dict[str, Written] = {}
        self._given: dict[str, Overrides] = {}
        self._read: tuple[str, StackSettings] | None = None

    def told(self, records: Records, versions: Mapping[str, str], images: Mapping[str, str]) -> Told:
        """What the file says, with these versions and images in their place."""
        while True:
            text = self._text()
            told = self._told(text, records, versions, images)
            # It is read several times, and somebody may be writing it.
            if self._text() == text:
                return told

    def _told(self, text: str, records: Records, versions: Mapping[str, str], images: Mapping[str, str]) -> Told:
        load(self.file, self._project.name).required()
        values = without_event(self._values(text, records))
        intent = from_config(values.texts, self.file, self._project.name).required()
        given = overrides(intent, versions, images)
        if given:
            values = overridden(values, given)
            intent = _checked(values, given)
        told = Told(values, intent, self.file.name)
        self.learn(told, self._as_written(text, given))
        self._given[_digest(values)] = given
        return told

    def values(self, records: Records) -> Values:
        """What the file says, whether an intent can be made of it or not, and with the event, if there is one."""
        try:
            return self._values(self._text(), records)
        except SettingsError as error:
            raise ConfigurationError(str(error)) from error

    def _values(self, text: str, records: Records) -> Values:
        return records.clear(text, self._settings(text))

    @property
    def salt(self) -> str:
        """Of the stack's secrets, as its file has it; nothing if they are encrypted otherwise."""
        return str(self._provider().get("encryptionsalt", ""))

    def given(self, told: Told) -> Overrides:
        """The versions and images that it was given beside the file; for another's, those that the file hasn't."""
        known = self._given.get(_digest(told.values))
        return known if known is not None else difference(load(self.file, self._project.name).required(), told.intent)

    def learn(self, told: Told, written: Written | None) -> None:
        """Remember how a configuration is written."""
        if written is not None:
            self._written[_digest(told.values)] = written

    def write(self, told: Told, event: str, folder: Path, encrypt: Callable[[Path, str, str], None]) -> Path:
        """Write what is told, and the event, into a file of that folder; `encrypt` sets one secret of a file."""
        file = folder / self.file.name
        written = self._written.get(_digest(told.values))
        if written is not None:
            write(file, _rendered(file, {**written.provider, "config": {**written.config, EVENT: event}}))
            return file
        plain = {key: text for key, text in told.values.texts.items() if key not in told.values.secret}
        write(file, _rendered(file, {**self._provider(), "config": {**plain, EVENT: event}}))
        for key in sorted(told.values.secret):
            encrypt(file, key, told.values.texts[key])
        file.chmod(0o600)
        return file

    def _text(self) -> str:
        try:
            return self.file.read_bytes().decode()
        except FileNotFoundError:
            raise NoSuchStackError(f"the stack has no {self.file.name} in {self.file.parent}; is its name right?") from None
        except UnicodeDecodeError:
            raise ConfigurationError(f"{self.file.name} is not in UTF-8; save it in that encoding") from None
        except OSError as error:
            raise ConfigurationError(f"{self.file.name} can't be read: {error.strerror or error}") from error

    def _settings(self, text: str) -> StackSettings:
        """What the engine makes of the file's text. Parsing it takes long where there are hundreds of services."""
        if self._read is None or self._read[0] != text:
            with private_folder() as place:
                file = place / self.file.name
                write(file, text.encode())
                self._read = (text, StackSettings.load(file, self._project.name))
        return self._read[1]

    def _as_written(self, text: str, given: Overrides) -> Written:
        config = self._settings(text).config.to_data()
        config.pop(EVENT, None)
        services: Any = config.get(SERVICES)
        if given and isinstance(services, str):
            config[SERVICES] = json.dumps(merged(json.loads(services), given), ensure_ascii=False)
        elif given:
            config[SERVICES] = merged(services, given)
        return Written(config, self._provider())

    def _provider(self) -> dict[str, Any]:
        try:
            found = self._settings(self._text())
        except (SettingsError, TidegateError):
            # Somebody is at work on it, or has taken it away.
            return {}
        values = (found.secrets_provider, found.encrypted_key, found.encryption_salt, found.environment)
        return {name: value for name, value in zip(_OTHERS, values, strict=True) if value}


def without_event(values: Values) -> Values:
    """A configuration without what was asked for once."""
    texts = {key: text for key, text in values.texts.items() if key != EVENT}
    return replace(values, texts=texts, secret=values.secret - {EVENT})


def encrypt(asked: Asked) -> Callable[[Path, str, str], None]:
    """How a secret is set in a file, by the engine's own command: it knows all ways of encrypting there are."""

    def set_secret(file: Path, key: str, text: str) -> None:
        # Without this flag, which older releases don't know, a text loses the newline at its end.
        raw = ["--raw"] if text.endswith("\n") else []
        ended = asked.run("config", "set", "--secret", *raw, key, "--config-file", str(file), given=text)
        if ended.code:
            raise failures.failure(ended, str)

    return set_secret


def _checked(values: Values, given: Overrides) -> Any:
    loaded = from_config(values.texts)
    if loaded.intent is None:
        problems = "\n  ".join(map(str, loaded.problems))
        raise ConfigurationError(f"what was given for {', '.join(given)} is wrong:\n  {problems}")
    return loaded.intent


def _rendered(file: Path, data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, ensure_ascii=False) if file.suffix == ".json" else dump(dict(data))).encode()


def _digest(values: Values) -> str:
    """Which configuration it is, secrets' values included; kept in memory only."""
    return hashlib.sha256(json.dumps([dict(values.texts), sorted(values.secret)], sort_keys=True).encode()).hexdigest()
