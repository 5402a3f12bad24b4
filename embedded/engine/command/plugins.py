"""`plugin` and `install`: what provider plugins are there. This engine downloads none."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from embedded.engine.command.common import JSON, OUTPUT, YES
from embedded.engine.command.flags import Flag, Verb
from embedded.engine.command.terminal import ago, complain, say, say_json, size, table, unix_time
from embedded.engine.model.errors import ConfigurationError, EngineError, NotSupportedError
from embedded.engine.settings import workspace

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.engine.command.context import Context

_KINDS: Final = ("resource", "language", "analyzer", "converter", "tool")
_INSTALL_SECONDS: Final = 1800


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin's folder under the CLI's home, `resource-NAME-vVERSION`."""

    kind: str
    name: str
    version: str
    path: Path

    @property
    def bytes(self) -> int:
        """What it takes on disk."""
        return sum(f.stat().st_size for f in self.path.rglob("*") if f.is_file() and not f.is_symlink())

    @property
    def time(self) -> float:
        """When it was installed."""
        return self.path.stat().st_mtime

    @property
    def used(self) -> float:
        """When it was last looked at."""
        return self.path.stat().st_atime


def installed() -> list[Installed]:
    """The plugins that are there, sorted by name and version."""
    folder = workspace.home() / "plugins"
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        kind, _, rest = path.name.partition("-")
        name, _, version = rest.rpartition("-v")
        if kind in _KINDS and name and path.is_dir() and not (folder / f"{path.name}.partial").exists():
            found.append(Installed(kind, name, version, path))
    return sorted(found, key=lambda p: (p.name, p.kind, p.version))


def ls(context: Context) -> None:
    """List the plugins."""
    plugins = installed()
    if context.json:
        say_json(
            [
                {
                    "name": p.name,
                    "kind": p.kind,
                    "version": p.version,
                    "size": p.bytes,
                    "installTime": unix_time(p.time),
                    "lastUsedTime": unix_time(p.used),
                }
                for p in plugins
            ]
        )
        return
    rows = [(p.name, p.kind, p.version, size(p.bytes), _since(p.time), _since(p.used)) for p in plugins]
    say(table(("NAME", "KIND", "VERSION", "SIZE", "INSTALLED", "LAST USED"), rows))
    say(f"\nTOTAL plugin cache size: {size(sum(p.bytes for p in plugins))}")


def _since(seconds: float) -> str:
    return ago(datetime.fromtimestamp(seconds, UTC))


def install_plugin(context: Context) -> None:
    """Say that a plugin is there; refuse to download one."""
    if not context.args:
        return
    if len(context.args) < 2 or context.args[0] not in _KINDS:
        msg = f"expected the plugin's kind ({', '.join(_KINDS)}) and name, got {' '.join(context.args)}"
        raise ConfigurationError(msg)
    kind, name, *version = context.args
    wanted = version[0].removeprefix("v") if version else ""
    if any(p.kind == kind and p.name == name and wanted in ("", p.version) for p in installed()):
        return
    what = f"installing plugins ({kind} {name} {wanted}".rstrip() + ")"
    folder = f"{workspace.home() / 'plugins'}/{kind}-{name}-v{wanted or 'VERSION'}"
    raise NotSupportedError(what, f"put its files into {folder}, put `pulumi-{kind}-{name}` on PATH, or use the real `pulumi` CLI once")


def rm(context: Context) -> None:
    """Delete plugins."""
    import shutil

    args = context.args
    if not args and not context.given.on("all"):
        msg = "please pass --all if you'd like to remove all plugins"
        raise ConfigurationError(msg)
    kind, name, version = (*args, "", "", "")[:3]
    gone = [p for p in installed() if kind in ("", p.kind) and name in ("", p.name) and version.removeprefix("v") in ("", p.version)]
    if not gone:
        complain("no plugins found to uninstall")
        return
    if not context.given.on("yes"):
        msg = "--yes must be passed in to remove plugins"
        raise ConfigurationError(msg)
    for plugin in gone:
        shutil.rmtree(plugin.path)
        plugin.path.with_name(plugin.path.name + ".lock").unlink(missing_ok=True)
        say(f"removed: {plugin.kind} {plugin.name} v{plugin.version}")


def install(context: Context) -> None:
    """Install the program's Python dependencies. Providers in Python come with them; other plugins are not downloaded."""
    if context.given.on("no-dependencies"):
        return
    project = context.project
    if project.runtime != "python":
        what = f"programs in {project.runtime or 'no language'}"
        raise NotSupportedError(what)
    requirements = project.program / "requirements.txt"
    if not requirements.is_file():
        return
    python = sys.executable
    if project.options.get("virtualenv"):
        folder = project.root / str(project.options["virtualenv"])
        python = str(folder / "bin" / "python")
        if not (folder / "bin" / "python").exists():
            _run([sys.executable, "-m", "venv", str(folder)])
    _run([python, "-m", "pip", "install", "-r", str(requirements)])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, timeout=_INSTALL_SECONDS)
    if done.returncode:
        msg = f"`{' '.join(command)}` failed with exit code {done.returncode}"
        raise EngineError(msg)


_NO_DOWNLOADS: Final = "this engine downloads no plugins; use the real `pulumi` CLI once"

VERBS = (
    Verb(
        "plugin",
        "Manage provider plugins",
        children=(
            Verb(
                "list",
                "List plugins",
                ls,
                (JSON, OUTPUT, Flag("project", short="p", refused="leave it out: all plugins are listed")),
                aliases=("ls",),
            ),
            Verb(
                "install",
                "Check that a plugin is there (none is downloaded)",
                install_plugin,
                (
                    Flag("server", "Where the plugin could be downloaded from", "text"),
                    Flag("exact", "Accepted: versions are matched exactly"),
                    Flag("parallel", "Accepted", "int"),
                    Flag("checksum", kind="text", refused=_NO_DOWNLOADS),
                    Flag("file", kind="text", short="f", refused=_NO_DOWNLOADS),
                    Flag("reinstall", refused=_NO_DOWNLOADS),
                ),
                args="[kind name [version]]",
                most=3,
            ),
            Verb(
                "remove",
                "Delete plugins",
                rm,
                (YES, Flag("all", "Delete all plugins", short="a")),
                args="[kind [name [version]]]",
                most=3,
                aliases=("rm", "delete"),
            ),
            Verb("run", "", refused="run the plugin's program itself"),
        ),
    ),
    Verb(
        "install",
        "Install the program's Python dependencies",
        install,
        (
            Flag("no-dependencies", "Skip installing dependencies"),
            Flag("no-plugins", "Accepted: plugins are never downloaded"),
            Flag("parallel", "Accepted", "int"),
            Flag("reinstall", refused=_NO_DOWNLOADS),
            Flag("use-language-version-tools", refused="install the Python version yourself"),
        ),
    ),
)
