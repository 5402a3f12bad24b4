"""A place of their own for one test's stacks, and what is asked of the events of an operation."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pulumi import automation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REPOSITORY: Final = Path(__file__).resolve().parents[3]
PASSPHRASE: Final = "correct horse"
PROJECT: Final = "shop"


@dataclass(frozen=True, slots=True)
class Place:
    """A backend, a PULUMI_HOME and folders for programs; the command that the Automation API is to call."""

    folder: Path
    command: automation.PulumiCommand

    @property
    def backend(self) -> Path:
        """Where the state is kept."""
        return self.folder / "backend"

    @property
    def home(self) -> Path:
        """What is PULUMI_HOME."""
        return self.folder / "pulumi-home"

    @property
    def environment(self) -> dict[str, str]:
        """What all commands are given. Programs and dynamic providers find the tests' modules."""
        self.backend.mkdir(exist_ok=True)
        return {
            "PULUMI_BACKEND_URL": f"file://{self.backend}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PYTHONPATH": f"{REPOSITORY / 'tests' / 'cheap_keys'}{os.pathsep}{REPOSITORY}",
        }

    def options(self, **more: Any) -> automation.LocalWorkspaceOptions:
        """The options of a workspace here."""
        environment = self.environment | more.pop("env_vars", {})
        return automation.LocalWorkspaceOptions(
            pulumi_home=str(self.home), pulumi_command=self.command, **{"env_vars": environment, **more}
        )

    def work(self, name: str = "work") -> Path:
        """A working folder."""
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path

    def inline(self, program: Callable[[], Any], stack: str = "dev", project: str = PROJECT, **options: Any) -> automation.Stack:
        """A new stack of a program in this process. Stacks of one project share a working folder, and so its settings."""
        options.setdefault("work_dir", str(self.work(f"work-{project}")))
        return automation.create_stack(stack, project_name=project, program=program, opts=self.options(**options))

    def local(self, source: str, stack: str = "dev", *, settings: str = "", **options: Any) -> automation.Stack:
        """A new stack of a program in a folder."""
        return automation.create_stack(stack, work_dir=str(self.project(source, settings)), opts=self.options(**options))

    def project(self, source: str, settings: str = "") -> Path:
        """A folder with a program."""
        folder = self.work("program")
        (folder / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n{settings}")
        (folder / "__main__.py").write_text(source)
        return folder


class Heard(list[automation.EngineEvent]):
    """The events of an operation (`on_event=heard.append`)."""

    @property
    def complete(self) -> bool:
        """Whether every event arrived, in order, up to the last. One that the SDK cannot read would be missing."""
        return [e.sequence for e in self] == list(range(len(self))) and bool(self) and self[-1].cancel_event is not None

    def steps(self) -> set[tuple[str, str]]:
        """What was begun: operation and resource, without the providers."""
        started = [e.resource_pre_event.metadata for e in self if e.resource_pre_event]
        return {(m.op.value, name_of(m.urn)) for m in started if not m.type.startswith("pulumi:providers:")}

    def failed(self) -> set[str]:
        """The resources whose operation failed."""
        return {name_of(e.res_op_failed_event.metadata.urn) for e in self if e.res_op_failed_event}

    def said(self, severity: str) -> str:
        """All that was said with this severity."""
        return "".join(e.diagnostic_event.message for e in self if e.diagnostic_event and e.diagnostic_event.severity == severity)


def name_of(urn: str) -> str:
    """A resource's name."""
    return urn.rsplit("::", 1)[1]


def urn(name: str, stack: str = "dev") -> str:
    """The URN of a thing."""
    return f"urn:pulumi:{stack}::{PROJECT}::pulumi-python:dynamic:Resource::{name}"


def plain(outputs: automation.OutputMap) -> dict[str, Any]:
    """Outputs' values."""
    return {k: v.value for k, v in outputs.items()}


def resources(stack: automation.Stack) -> dict[str, dict[str, Any]]:
    """What is in the stack's state, by name, without the root and the providers."""
    state: Sequence[dict[str, Any]] = (stack.export_stack().deployment or {}).get("resources", [])
    return {name_of(r["urn"]): r for r in state if not r["type"].startswith("pulumi:")}
