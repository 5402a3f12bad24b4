"""What a verb works with: its flags, the project around it, the backend, the chosen stack."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from embedded.engine.backend.diy import Backend
from embedded.engine.backend.naming import StackName
from embedded.engine.command import terminal
from embedded.engine.model.errors import AuthenticationError, ConfigurationError, EngineError, NoSuchStackError
from embedded.engine.settings import workspace
from embedded.engine.settings.project import find_project
from embedded.engine.settings.stack import StackSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.api import Session
    from embedded.engine.command.flags import Given
    from embedded.engine.settings.project import Project


class NoStackSelectedError(EngineError):
    """No stack is named and none is selected."""

    code = 1


class NoStackNamedError(NoStackSelectedError):
    """As above, where the CLI has the exit code of a stack that is not there."""

    code = 6


class Context:
    """One call of the command. Everything is found when it is first asked for."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.args = given.args

    # How to talk

    @cached_property
    def interactive(self) -> bool:
        """Whether a person can be asked."""
        return not self.given.on("non-interactive") and terminal.is_terminal()

    @cached_property
    def colour(self) -> bool:
        """Whether to colour."""
        return terminal.wants_colour(self.given.text("color") or "auto")

    @property
    def json(self) -> bool:
        """Whether the answer is to be JSON: `--json`, or `--output json` as newer releases say it."""
        return self.given.on("json") or self.given.text("output") == "json"

    # Where we are

    @cached_property
    def project(self) -> Project:
        """The project around the working folder."""
        return find_project(Path.cwd())

    @cached_property
    def maybe_project(self) -> Project | None:
        """The project, if there is one."""
        try:
            return self.project
        except ConfigurationError as e:
            if "no Pulumi.yaml project file found" in str(e):
                return None
            raise

    @cached_property
    def backend_url(self) -> str:
        """The URL of the backend in use."""
        url = workspace.backend_url(self.maybe_project)
        if not url:
            msg = (
                f"no backend is chosen: set {workspace.BACKEND_URL} (`file://FOLDER` or `s3://BUCKET`), "
                "or log in to one with `pulumi login file://FOLDER` or `pulumi login --local`"
            )
            raise AuthenticationError(msg)
        return url

    @cached_property
    def backend(self) -> Backend:
        """The backend in use."""
        return Backend.open(self.backend_url)

    # Which stack

    @property
    def project_name(self) -> str | None:
        """The name of the project, if there is one."""
        return self.maybe_project.name if self.maybe_project else None

    def parse(self, name: str) -> StackName:
        """The stack that a name means here."""
        try:
            return StackName.parse(name, self.project_name)
        except ConfigurationError as e:
            # As the CLI has it: a wrong name is no wrong configuration.
            raise EngineError(str(e)) from None

    def selected(self) -> StackName | None:
        """The selected stack, if there is one and it still exists."""
        if self.maybe_project is None:
            return None
        chosen = workspace.selected_stack(self.maybe_project, self.backend_url)
        if not chosen:
            return None
        name = self.parse(chosen)
        return name if self.backend.exists(name) else None

    def stack(self, named: str = "", *, may_init: bool = False) -> StackName:
        """The stack that is named, by argument or `--stack`, or selected. NoSuchStackError, NoStackSelectedError."""
        named = named or self.given.text("stack")
        if named:
            name = self.parse(named)
            if not self.backend.exists(name):
                raise NoSuchStackError(named)
            return name
        chosen = self.selected()
        if chosen is None:
            choices = "`pulumi stack select` or `pulumi stack init`" if may_init else "`pulumi stack select`"
            msg = f"no stack selected; please use {choices} to choose one"
            raise NoStackSelectedError(msg)
        return chosen

    def shown(self, name: StackName) -> str:
        """The stack's name as people see it."""
        return name.full if self.given.on("fully-qualify-stack-names") else name.short(self.project_name)

    # What is in it

    def settings_file(self, name: StackName) -> Path:
        """The stack's settings file, or the one that `--config-file` names."""
        given = self.given.text("config-file")
        return Path(given) if given else self.project.stack_file(name.name)

    def settings(self, name: StackName) -> StackSettings:
        """The stack's settings."""
        return StackSettings.load(self.settings_file(name), self.project.name)

    def session(self, name: StackName) -> Session:
        """The stack, open for use."""
        from embedded.engine.api import Session

        session = Session.open(self.project, name, self.backend, config_file=self.settings_file(name), ask=self.ask)
        session.check_integrity = not self.given.on("disable-integrity-checking")
        return session

    @property
    def ask(self) -> Callable[[], str] | None:
        """How to ask for the passphrase; None where nobody can be asked."""
        return _ask_passphrase if self.interactive else None


def _ask_passphrase() -> str:
    import getpass

    prompt = (
        "Enter your passphrase to unlock config/secrets\n    (set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to remember): "
    )
    return getpass.getpass(prompt, sys.stderr)


def user() -> str:
    """Who runs the command."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
