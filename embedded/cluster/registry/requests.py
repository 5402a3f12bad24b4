"""What a client asks for besides the object itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Validation = Literal["Ignore", "Warn", "Strict"]
PatchKind = Literal["apply", "merge", "json", "strategic"]
Propagation = Literal["Foreground", "Background", "Orphan"]


@dataclass(frozen=True, slots=True)
class Write:
    """How an object is written.

    `manager` owns the fields, `force` takes them from others (server-side apply only), `validation` says what becomes of unknown fields,
    and `warnings` collects what the client should be told. `trusted` is for the cluster's own controllers: what they write is taken as it
    is.
    """

    manager: str = "unknown"
    dry_run: bool = False
    force: bool = False
    validation: Validation = "Ignore"
    trusted: bool = False
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How an object goes. None: as is usual for its kind."""

    propagation: Propagation | None = None
    grace: int | None = None
    uid: str = ""
    resource_version: str = ""
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list)
