"""What can go wrong, one class an exit code: Pulumi's own codes up to 9, ours from 20.

A script that calls `tidegate` tells by the code alone what happened. An error's text says what is wrong, where, and what to do.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Every exit code of the `tidegate` command."""

    OK = 0
    ERROR = 1
    CONFIGURATION = 2
    AUTHENTICATION = 3
    RESOURCE = 4
    POLICY = 5
    NO_SUCH_STACK = 6
    NO_CHANGES = 7
    CANCELLED = 8
    TIMEOUT = 9
    GATE_REFUSED = 20
    WAITING_FOR_APPROVAL = 21
    ROLLED_BACK = 22


class TidegateError(Exception):
    """Something went wrong that has no code of its own."""

    code: ClassVar[ExitCode] = ExitCode.ERROR


class ConfigurationError(TidegateError):
    """Settings, flags or environment are wrong."""

    code = ExitCode.CONFIGURATION


class AuthenticationError(TidegateError):
    """A passphrase or credential is missing or wrong."""

    code = ExitCode.AUTHENTICATION


class ResourceError(TidegateError):
    """A resource could not be brought to what was wanted."""

    code = ExitCode.RESOURCE


class PolicyError(TidegateError):
    """A mandatory policy was violated."""

    code = ExitCode.POLICY


class NoSuchStackError(TidegateError):
    """There is no stack of that name."""

    code = ExitCode.NO_SUCH_STACK


class NoChangesError(TidegateError):
    """Changes were expected and there were none, or the other way round."""

    code = ExitCode.NO_CHANGES


class CancelledError(TidegateError):
    """The user ended it."""

    code = ExitCode.CANCELLED


class TimedOutError(TidegateError):
    """Something did not answer, or did not come about, in its time."""

    code = ExitCode.TIMEOUT


class GateRefusedError(TidegateError):
    """A gate did not let the release take its next step."""

    code = ExitCode.GATE_REFUSED


class WaitingForApprovalError(TidegateError):
    """The release waits for a person's approval."""

    code = ExitCode.WAITING_FOR_APPROVAL


class RolledBackError(TidegateError):
    """The release did not hold and was taken back."""

    code = ExitCode.ROLLED_BACK


class BusyError(TidegateError):
    """Another has the stack's lock."""


class UnreachableError(TidegateError):
    """Where the state is kept, or the cluster, doesn't answer."""


class UpdateFailedError(ResourceError):
    """An update was begun and failed; how far it came only the state says."""


class DriftError(ResourceError):
    """Somebody else has changed what is to be changed, and is named."""
