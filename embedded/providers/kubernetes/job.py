"""One operation on one resource: where it is carried out, and how it speaks to the user."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedded.engine.model import urn as urns
from embedded.engine.model.values import Secret, walk

if TYPE_CHECKING:
    from embedded.engine.model.events import Severity
    from embedded.engine.model.ports import Log
    from embedded.engine.model.values import Value
    from embedded.providers.kubernetes.cluster import Cluster
    from embedded.providers.kubernetes.discovery import Resource
    from embedded.providers.kubernetes.replacing import Obj
    from embedded.providers.kubernetes.settings import Settings


@dataclass(slots=True)
class Job:
    """An operation. `cancelled` is set when the user wants it to end."""

    urn: str
    cluster: Cluster
    settings: Settings
    log: Log
    cancelled: asyncio.Event
    timeout: float = 0
    preview: bool = False
    _said: bool = field(default=False, init=False)

    def say(self, severity: Severity, message: str, *, ephemeral: bool = False) -> None:
        """Tell the user something about the resource; what is ephemeral stands beside it for a while."""
        self._said = self._said or ephemeral
        self.log(severity, message, urn=self.urn, ephemeral=ephemeral)

    def done(self) -> None:
        """Take back what was said for a while."""
        if self._said:
            self.say("info", "", ephemeral=True)

    def warn(self, message: str) -> None:
        """Hand on a warning of the API server's: a deprecated version, an unknown field."""
        if not self.settings.quiet:
            self.say("warning", message)

    def unchecked(self, error: Exception) -> None:
        """Say, once for the whole cluster, that a preview had to do without it."""
        if not self.cluster.missed:
            self.cluster.missed = True
            self.say("warning", f"the cluster can't be reached, so what is previewed has not been checked by its API server: {error}")

    async def pause(self, seconds: float) -> bool:
        """Wait; False if the operation was cancelled meanwhile."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.cancelled.wait(), seconds)
        return not self.cancelled.is_set()

    async def resource(self, obj: Obj) -> Resource:
        """How the cluster serves the object's kind; NoSuchKindError if it doesn't."""
        version, kind = kind_of(self.urn, obj)
        return await self.cluster.discovery.resource(version, kind)

    def is_patch(self, obj: Obj) -> bool:
        """Whether the resource (ConfigMapPatch, ...) is about some fields of an object that is somebody else's."""
        return urns.type_of(self.urn).rpartition(":")[2] == f"{obj.get('kind')}Patch"


def kind_of(urn: str, obj: Obj) -> tuple[str, str]:
    """The object's API version and kind; where it says none, its resource type's."""
    _, version, kind = urns.type_of(urn).split(":", 2)
    return str(obj.get("apiVersion") or version).removeprefix("core/"), str(obj.get("kind") or kind)


def masked(text: str, values: Value) -> str:
    """The text without the secrets that are in the values: servers quote what they refuse."""
    for secret in (v.value for v in walk(values) if isinstance(v, Secret)):
        for hidden in sorted({str(v) for v in walk(secret) if _is_telling(v)}, key=len, reverse=True):
            text = text.replace(hidden, "[secret]")
    return text


def _is_telling(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and len(str(value)) > 2
