"""Exit codes are a promise to scripts."""

from __future__ import annotations

from unittest import mock

import pytest

from tidegate.cli.app import run
from tidegate.model import errors
from tidegate.model.errors import ExitCode, TidegateError

PROMISED = {
    TidegateError: 1,
    errors.ConfigurationError: 2,
    errors.AuthenticationError: 3,
    errors.ResourceError: 4,
    errors.PolicyError: 5,
    errors.NoSuchStackError: 6,
    errors.NoChangesError: 7,
    errors.CancelledError: 8,
    errors.TimedOutError: 9,
    errors.GateRefusedError: 20,
    errors.WaitingForApprovalError: 21,
    errors.RolledBackError: 22,
}


@pytest.mark.parametrize(("error", "code"), PROMISED.items())
def test_each_error_has_its_promised_code(error: type[TidegateError], code: int) -> None:
    """A script tells from the exit code alone what went wrong."""
    assert error.code == code


def test_every_code_has_one_class() -> None:
    """No code is left without a class, and none has two."""
    assert sorted(error.code for error in PROMISED) == sorted(code for code in ExitCode if code is not ExitCode.OK)


def test_an_interrupt_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """However early it comes."""
    with mock.patch("tidegate.cli.app.app", side_effect=KeyboardInterrupt):
        assert run(["local", "up"]) == ExitCode.CANCELLED
    assert capsys.readouterr().err == "error: interrupted\n"
