"""What a history entry says of how an update was run: command, flags, settings, runtime, commit, build.

Values of variables and flags may be secret, so only the fact that they are set is kept (and of switches, which way).
"""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from embedded.engine import ENGINE_VERSION
from embedded.engine.settings import ci, git

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.settings.project import Project

_KINDS: Final = ("auto.inline", "auto.local", "cli")
_ARCHITECTURES: Final = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386"}
_TOOLCHAINS: Final = {"pip": "Pip", "poetry": "Poetry", "uv": "Uv"}
_TRUE: Final = ("1", "true")
# The CLI's own switches; all other PULUMI_ variables are `set`.
_SWITCHES: Final = frozenset(
    """
    AUTOMATION_API_SKIP_VERSION_CHECK CONTINUE_ON_ERROR DEBUG_COMMANDS DEV DISABLE_AUTOMATIC_PLUGIN_ACQUISITION
    DISABLE_JOURNALING DISABLE_OUTPUT_VALUES DISABLE_PROVIDER_PREVIEW DISABLE_REGISTRY_RESOLVE DISABLE_RESOURCE_REFERENCES
    DISABLE_SECRET_CACHE DISABLE_VALIDATION DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS DIY_BACKEND_GZIP
    DIY_BACKEND_IGNORE_DEPRECATION_ERROR DIY_BACKEND_LEGACY_LAYOUT DIY_BACKEND_NO_LEGACY_WARNING
    DIY_BACKEND_RETAIN_CHECKPOINTS DIY_BACKEND_ZSTD ENABLE_LEGACY_DIFF ENABLE_LEGACY_REFRESH_DIFF
    ENABLE_STREAMING_JSON_PREVIEW ERROR_ON_DEPENDENCY_CYCLES ERROR_OUTPUT_STRING EXPERIMENTAL
    FALLBACK_TO_STATE_SECRETS_MANAGER GOROUTINE_PANIC_RECOVERY IGNORE_AMBIENT_PLUGINS NEO PARALLEL_DIFF RUN_PROGRAM
    SKIP_CHECKPOINTS SKIP_CONFIRMATIONS SKIP_UPDATE_CHECK SUPPRESS_NEO_LINK
    """.split()  # noqa: SIM905 - forty words
)


@dataclass(frozen=True, slots=True)
class Invocation:
    """How the engine was called. `flags` are those given: name (no dashes) to on or off, None for one with a value."""

    flags: Mapping[str, bool | None] = field(default_factory=dict)
    kind: str = "cli"
    agent: str = ""
    plan: bool = False


def describe(
    project: Project, message: str, invocation: Invocation, *, asked: git.Asked | None = None, executable: str = sys.executable
) -> tuple[str, dict[str, str]]:
    """The update's message (the commit's title if there is none) and its environment, sorted by key.

    Waits for git: who has something else to do meanwhile makes the `git.Asked` first.
    """
    build = ci.detect(os.environ)
    commit = (asked or git.Asked(project.root)).answer(build)
    found = {
        **_variables(os.environ),
        **{f"pulumi.flag.{name}": "set" if on is None else str(on).lower() for name, on in invocation.flags.items()},
        **_runtime(project, executable),
        **commit.environment,
        **(build.environment() if build else {}),
        "pulumi.version": f"v{ENGINE_VERSION}",
        "pulumi.os": "windows" if sys.platform == "win32" else sys.platform,
        "pulumi.arch": _ARCHITECTURES.get(platform.machine(), platform.machine()),
        "exec.kind": invocation.kind if invocation.kind in _KINDS else "cli",
        "updatePlan": str(invocation.plan).lower(),
        "stack.environments": "[]",
    }
    if invocation.agent:
        found["exec.agent"] = invocation.agent
    return message or commit.title, dict(sorted(found.items()))


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        f"pulumi.env.{name}": str(value.lower() in _TRUE).lower() if name.removeprefix("PULUMI_") in _SWITCHES else "set"
        for name, value in environ.items()
        if name.startswith("PULUMI_")
    }


def _runtime(project: Project, executable: str) -> dict[str, str]:
    if not project.runtime:
        return {}
    chosen = str(project.options.get("toolchain") or ("pip" if project.options.get("virtualenv") else ""))
    found = {
        "runtime.name": project.runtime,
        "runtime.executable": executable,
        "runtime.metadata.toolchain": _TOOLCHAINS.get(chosen, "Auto"),
        "runtime.metadata.typechecker": str(project.options.get("typechecker") or "None"),
    }
    if executable == sys.executable:
        found["runtime.version"] = platform.python_version()
    return found
