"""What can go wrong, one class an exit code; the codes are the Pulumi CLI's own."""

from __future__ import annotations

from typing import ClassVar


class EngineError(Exception):
    """Says what is wrong, where, and what to do; the command prints it as `error: ...` and exits with `code`."""

    code: ClassVar[int] = 1


class Bail(EngineError):  # noqa: N818 - it says that an error was told, not that there is one
    """The error has been shown already: nothing more is printed than the line that the operation failed."""


class ConfigurationError(EngineError):
    """Project, stack settings, flags or environment are wrong."""

    code = 2


class AuthenticationError(EngineError):
    """A passphrase or credential is missing or wrong."""

    code = 3


class ResourceError(EngineError):
    """A resource operation failed."""

    code = 4


class NoSuchStackError(EngineError):
    """There is no stack of that name."""

    code = 6

    def __init__(self, stack: str) -> None:
        super().__init__(f"no stack named '{stack}' found")


class UnexpectedChangesError(EngineError):
    """Changes were proposed or made, and none were expected."""

    code = 7


class CancelledError(EngineError):
    """The user ended it."""

    code = 8


class TimedOutError(EngineError):
    """Something did not answer in its time."""

    code = 9


class LockedError(EngineError):
    """Another process holds the stack."""


class NotSupportedError(EngineError):
    """A real Pulumi feature that this engine does not have: refused by name, never half done."""

    def __init__(self, what: str, instead: str = "install the real `pulumi` CLI and run the same command with it") -> None:
        super().__init__(f"the embedded engine does not support {what}; {instead}")
