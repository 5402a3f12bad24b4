"""What the embedded engine knows of a stack, read without starting it: a process less for each question.

Nothing of the stack is changed here. It is for the environment of this very process, because that is where the engine looks.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.backend.crypto import open_provider
from embedded.engine.backend.diy import Backend
from embedded.engine.backend.naming import StackName
from embedded.engine.model.errors import EngineError, LockedError
from embedded.engine.settings import workspace
from embedded.engine.settings.config import ConfigMap
from embedded.engine.settings.merge import with_project_config
from embedded.engine.settings.stack import StackSettings
from tidegate.model.comparing import Values
from tidegate.model.errors import AuthenticationError, BusyError
from tidegate.stack import failures
from tidegate.stack.records import EVENT, Entry, Written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from embedded.engine.backend.crypto import PassphraseSecrets
    from embedded.engine.settings.project import Project

_PROVIDER: Final = ("encryptionsalt", "secretsprovider", "encryptedkey", "environment")


class Inside:
    """By the engine's own modules."""

    def __init__(self, project: Project, stack: str) -> None:
        self._project, self._name = project, stack

    @cached_property
    def _backend(self) -> Backend:
        url = workspace.backend_url(self._project)
        if not url:
            raise AuthenticationError(
                f"no backend is chosen: set {workspace.BACKEND_URL} (`file://FOLDER` or `s3://BUCKET`), or `pulumi login` to one"
            )
        return Backend.open(url, self._project.name)

    @cached_property
    def _stack(self) -> StackName:
        return StackName.parse(self._name, self._project.name)

    def deployment(self) -> Mapping[str, Any]:
        """The state, as it is kept."""
        with _translated():
            return dict(self._backend.deployment(self._stack).get("deployment") or {})

    def busy(self) -> str | None:
        """Who has the stack's lock, in words."""
        with _translated():
            found = self._backend.holders(self._stack)
        return f"by {' and '.join(found)}" if found else None

    def clear(self, _: str, settings: StackSettings) -> Values:
        """The configuration of a file with these settings."""
        with _translated():
            settings.refuse_environment()
            return self._decrypted(settings.config, settings.encryption_salt, settings.secrets_provider)

    def entries(self) -> Sequence[Entry]:
        """The updates, as they are kept."""
        with _translated():
            if not self._backend.exists(self._stack):
                self._backend.read(self._stack)
            found = self._backend.history(self._stack)
            provider = self._provider()
        return [self._entry(entry, len(found) - i, provider) for i, entry in enumerate(found)]

    def _entry(self, entry: Mapping[str, Any], count: int, provider: Mapping[str, Any]) -> Entry:
        environment, config = entry.get("environment") or {}, entry.get("config") or {}
        event = config.get(EVENT)
        return Entry(
            number=entry.get("version") or count,
            kind=entry["kind"],
            result=entry["result"],
            begun=_moment(entry["startTime"]),
            ended=_moment(entry["endTime"]) if entry.get("endTime") else None,
            message=entry.get("message") or "",
            author=environment.get("git.author") or environment.get("git.committer") or None,
            event=event if isinstance(event, str) or event is None else ConfigMap.from_data({EVENT: event}).plain(EVENT, None),
            values=partial(self._past, config, provider),
            written=Written(config, provider),
        )

    def _past(self, config: Mapping[str, Any], provider: Mapping[str, Any]) -> Values:
        with _translated():
            return self._decrypted(ConfigMap.from_data(config), provider.get("encryptionsalt", ""), provider.get("secretsprovider", ""))

    def _decrypted(self, config: ConfigMap, salt: str, provider: str) -> Values:
        # Deriving the key takes a good part of a second.
        cipher = self._cipher(salt, provider) if config.has_secrets() else None
        return Values(*with_project_config(self._project, self._stack.name, config, cipher).decrypted(cipher))

    @cache  # noqa: B019 - as long as the stack, which is as long as the process
    def _cipher(self, salt: str, provider: str) -> PassphraseSecrets:
        state = {"salt": salt} if salt else self._kept_by().get("state")
        if provider not in ("", "passphrase", "default"):
            state, kind = {}, provider
        else:
            kind = "passphrase"
        found = open_provider({"type": kind, "state": state})
        if found is None:
            raise AuthenticationError("the stack's file has secrets, but does not say how they are encrypted: it has no encryptionsalt")
        return found

    def _provider(self) -> dict[str, Any]:
        """How the stack encrypts: as its file says, or, without one that can be read, its state."""
        try:
            settings = StackSettings.load(self._project.stack_file(self._stack.name), self._project.name)
        except EngineError:
            settings = None
        if settings is not None and (settings.encryption_salt or settings.secrets_provider):
            values = (settings.encryption_salt, settings.secrets_provider, settings.encrypted_key, settings.environment)
            return {name: value for name, value in zip(_PROVIDER, values, strict=True) if value}
        salt = (self._kept_by().get("state") or {}).get("salt")
        return {"encryptionsalt": salt} if salt else {}

    def _kept_by(self) -> Mapping[str, Any]:
        return (self._backend.deployment(self._stack).get("deployment") or {}).get("secrets_providers") or {}


@contextmanager
def _translated() -> Iterator[None]:
    """The engine's errors as ours."""
    try:
        yield
    except LockedError as error:
        raise BusyError(str(error)) from error
    except EngineError as error:
        raise failures.of_text(str(error), error.code, str) from error


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
