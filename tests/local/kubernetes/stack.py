"""A stack of Kubernetes objects in this process: program, engine, provider and state; the cluster is whatever a kubeconfig leads to."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from embedded.engine.api import Request, Session
from embedded.engine.backend.crypto import PassphraseSecrets
from embedded.engine.backend.diy import Backend
from embedded.engine.backend.naming import StackName
from embedded.engine.deploy.options import Options
from embedded.engine.hosts.in_process import InProcessProgram
from embedded.engine.hosts.plugins import PluginProviders
from embedded.engine.model import events
from embedded.engine.model import urn as urns
from embedded.engine.settings.project import load_project
from embedded.providers import EMBEDDED
from embedded.providers.kubernetes import client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pytest

    from embedded.engine.deploy.options import Kind, Outcome
    from embedded.engine.model.events import Event
    from embedded.engine.model.state import Resource

    Program = Callable[[], None]


@dataclass(slots=True)
class Run:
    """How an operation went: its outcome, and what it told."""

    outcome: Outcome
    told: list[Event] = field(default_factory=list)

    @property
    def messages(self) -> list[str]:
        """What people would read, without what a later line replaces."""
        return [e.message.strip() for e in self.told if isinstance(e, events.Diagnostic) and not e.ephemeral and e.severity != "debug"]

    @property
    def errors(self) -> str:
        """What went wrong, as people would read it."""
        said = [e.message.strip() for e in self.told if isinstance(e, events.Diagnostic) and e.severity == "error"]
        return "\n".join([*said, *([str(self.outcome.error)] if self.outcome.error else [])])

    @property
    def changes(self) -> dict[str, int]:
        """How many resources each operation had, those that stayed as they were left out."""
        return {str(op): n for op, n in self.outcome.changes.items() if op != "same"}

    def well(self) -> Run:
        """This run, which must have succeeded."""
        assert self.outcome.error is None, self.errors
        return self

    def failed(self, *texts: str) -> Run:
        """This run, which must have failed, with these texts in its errors."""
        assert self.outcome.error is not None, self.messages
        for text in texts:
            assert text in self.errors, self.errors
        return self


@functools.cache
def _salt() -> str:
    return PassphraseSecrets.create("password").salt


class Stack:
    """A stack in a folder of its own. Without a passphrase in the environment nothing works: see conftest."""

    def __init__(
        self, folder: Path, kubeconfig: Path, *, parallel: int = 16, config: dict[str, str] | None = None, project: str = "shop"
    ) -> None:
        self.folder, self.parallel, self._kubeconfig = folder, parallel, kubeconfig
        (folder / "backend").mkdir(parents=True)
        (folder / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
        self.configure(config or {})
        self.backend, self._name = Backend.open(f"file://{folder}/backend"), StackName(project, "dev")
        self.backend.create(self._name)

    def configure(self, config: Mapping[str, Any]) -> None:
        """Write the stack's file."""
        # All stacks of a run have the same key: deriving one takes longer than most tests.
        settings = {"encryptionsalt": _salt(), "config": {"kubernetes:kubeconfig": str(self._kubeconfig), **config}}
        self.file.write_text(yaml.safe_dump(settings, sort_keys=False))

    @property
    def file(self) -> Path:
        """Where its configuration is."""
        return self.folder / "Pulumi.dev.yaml"

    def run(self, kind: Kind, program: Program | None = None, **options: Any) -> Run:
        """Run an operation to its end."""
        session = Session.open(load_project(self.folder / "Pulumi.yaml"), self._name, self.backend)
        providers = PluginProviders(None, self.folder / "home", self.folder, embedded=EMBEDDED)
        request = Request(
            kind,
            Options(dry_run=kind == "preview", parallel=self.parallel, **options),
            providers,
            InProcessProgram(program) if program else None,
        )
        told: list[Event] = []
        return Run(session.run(request, told.append), told)

    def preview(self, program: Program, **options: Any) -> Run:
        """What an update would do."""
        return self.run("preview", program, **options)

    def up(self, program: Program, **options: Any) -> Run:
        """Update."""
        return self.run("update", program, **options)

    def refresh(self) -> Run:
        """Look at what is really there."""
        return self.run("refresh")

    def destroy(self) -> Run:
        """Delete everything."""
        return self.run("destroy")

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets as they are kept."""
        session = Session.open(load_project(self.folder / "Pulumi.yaml"), self._name, self.backend)
        root = next((r for r in session.snapshot().resources if r.type == urns.STACK_TYPE), None)
        return dict(root.outputs) if root else {}

    def resources(self) -> dict[str, Resource]:
        """The state's Kubernetes objects, by name."""
        session = Session.open(load_project(self.folder / "Pulumi.yaml"), self._name, self.backend)
        return {urns.name_of(r.urn): r for r in session.snapshot().resources if r.type.startswith("kubernetes:") and r.custom}


def lose_patience(patch: pytest.MonkeyPatch) -> None:
    """Have the provider try a request as often as ever, with pauses next to none."""
    patch.setattr(client.Client.__init__, "__defaults__", (client.Patience(initial=0.001, longest=0.01),))
