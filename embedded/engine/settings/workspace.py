"""Which stack is selected and which backend one is logged in to: the CLI's own files under PULUMI_HOME, shared with it."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.settings.errors import SettingsError

if TYPE_CHECKING:
    from embedded.engine.settings.project import Project

HOME: Final = "PULUMI_HOME"
BACKEND_URL: Final = "PULUMI_BACKEND_URL"
STACK: Final = "PULUMI_STACK"


def home() -> Path:
    """The CLI's folder: PULUMI_HOME, else ~/.pulumi."""
    given = os.environ.get(HOME)
    return Path(given) if given else Path.home() / ".pulumi"


def settings_file(project: Project) -> Path:
    """Where the project's selected stack is kept."""
    digest = hashlib.sha1(str(project.file).encode(), usedforsecurity=False).hexdigest()
    return home() / "workspaces" / f"{project.name}-{digest}-workspace.json"


def selected_stack(project: Project, backend_url: str) -> str | None:
    """The stack selected for that backend, fully qualified; PULUMI_STACK goes first. None if none is."""
    named = os.environ.get(STACK)
    if named:
        return named
    settings = _read(settings_file(project))
    chosen = (settings.get("stacks") or {}).get(backend_url) or settings.get("stack")
    return str(chosen) if chosen else None


def select_stack(project: Project, backend_url: str, stack: str | None) -> None:
    """Remembers the stack (its full name) as selected for that backend; None: no stack is."""
    file = settings_file(project)
    settings = _read(file)
    stacks = dict(settings.get("stacks") or {})
    if stack is None:
        stacks.pop(backend_url, None)
        settings.pop("stack", None)
    else:
        stacks[backend_url] = stack
    settings["stacks"] = stacks
    settings = {k: v for k, v in settings.items() if v}
    if settings:
        _write(file, settings)
    else:
        file.unlink(missing_ok=True)


def backend_url(project: Project | None) -> str | None:
    """The backend to use: PULUMI_BACKEND_URL, else the project's, else the one logged in to; None if there is none."""
    given = os.environ.get(BACKEND_URL)
    if given:
        return given
    if project is not None and project.backend_url:
        return project.backend_url
    current = _read(home() / "credentials.json").get("current")
    return str(current) if current else None


def login(url: str) -> None:
    """Remembers the backend as the current one."""
    file = home() / "credentials.json"
    credentials = _read(file)
    accounts = dict(credentials.get("accounts") or {})
    accounts.setdefault(url, {"lastValidatedAt": "0001-01-01T00:00:00Z"})
    _write(file, {**credentials, "current": url, "accounts": accounts})


def logout(url: str | None = None) -> None:
    """Forgets the backend, or the current one."""
    file = home() / "credentials.json"
    credentials = _read(file)
    gone = url or credentials.get("current")
    accounts = {k: v for k, v in (credentials.get("accounts") or {}).items() if k != gone}
    current = None if credentials.get("current") == gone else credentials.get("current")
    _write(file, {k: v for k, v in {**credentials, "current": current, "accounts": accounts}.items() if v})


def _read(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as e:
        msg = f"could not parse file {file}: {e}; delete it to start afresh"
        raise SettingsError(msg) from e
    return data if isinstance(data, dict) else {}


def _write(file: Path, data: dict[str, Any]) -> None:
    temporary = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(data, indent=4), encoding="utf-8")
        temporary.replace(file)
    except OSError as e:
        temporary.unlink(missing_ok=True)
        msg = f"could not write {file}: {e.strerror or e}"
        raise SettingsError(msg) from e
