"""What engines say when something can't be done, as they really say it, and which of our errors that is."""

from __future__ import annotations

import pytest

from tidegate.model.errors import (
    AuthenticationError,
    BusyError,
    CancelledError,
    ConfigurationError,
    NoSuchStackError,
    TidegateError,
    UnreachableError,
)
from tidegate.planner.refusals import RULES
from tidegate.stack import failures
from tidegate.stack.process import Ended

_LOCK = "file:///state/.pulumi/locks/organization/tidegate/dev/1.json?no_tmp_dir=true: created by a@b (pid 1) at 2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("code", "err", "kind"),
    [
        (1, f"error: the stack is currently locked by 1 lock(s). Either wait or `pulumi cancel`.\n  {_LOCK}", BusyError),
        (1, "error: [409] Conflict: Another update is currently in progress.", BusyError),
        (6, "error: no stack named 'dev' found", NoSuchStackError),
        (255, "error: no stack named 'dev' found", NoSuchStackError),
        (1, "error: incorrect passphrase, please set PULUMI_CONFIG_PASSPHRASE to the correct passphrase", AuthenticationError),
        (1, "error: get stack secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or ...", AuthenticationError),
        (1, "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", AuthenticationError),
        (3, "error: could not list s3://b/.pulumi/: Access Denied", AuthenticationError),
        (3, "error: who are you?", AuthenticationError),
        (1, 'error: unable to open state directory "file:///gone": stat /gone: no such file or directory', UnreachableError),
        (
            1,
            "error: unable to check if bucket s3://b is accessible: blob (code=Unknown): send request failed",
            UnreachableError,
        ),
        (1, "error: could not read /state/.pulumi/stacks/tidegate/dev.json: Permission denied", UnreachableError),
        (1, "error: [503] Service Unavailable", UnreachableError),
        (1, "error: getting user: dial tcp 1.2.3.4:443: connect: connection refused", UnreachableError),
        (2, "error: unknown flag: --nonsense", ConfigurationError),
        (8, "error: canceled", CancelledError),
        (1, "warning: old\nerror: something else", TidegateError),
        (1, "", TidegateError),
    ],
)
def test_which_error_it_is(code: int, err: str, kind: type[TidegateError]) -> None:
    """By the engine's words first, and by its exit code where they are unknown."""
    found = failures.failure(Ended(code, "", err), lambda text: text.replace("gone", "[secret]"))
    assert type(found) is kind
    assert "gone" not in str(found)
    assert not str(found).startswith(("error:", "warning:"))


def test_the_last_word_counts() -> None:
    """Warnings before it are not the error; one that was killed said nothing."""
    assert failures.said(Ended(1, "", "warning: a\nerror: b\n  more\n")) == "b\n  more"
    assert failures.said(Ended(1, "Diagnostics:\n  dev:\n    error: c\n", "")) == "c"
    assert failures.said(Ended(4, "", "")) == "the engine ended with exit code 4"
    assert "killed (signal 9)" in failures.said(Ended(-9, "error: d", ""))


@pytest.mark.parametrize("rule", RULES)
def test_refusals_come_back_as_themselves(rule: str) -> None:
    """With their rule, which the text ends with; other brackets are none."""
    found = failures.refusal(f"it can't be [{rule}]\n", str)
    assert found is not None
    assert (found.rule, str(found)) == (rule, f"it can't be [{rule}]")
    assert failures.refusal(f"[{rule}] is what it said", str) is None
    assert failures.refusal("it can't be [no-such-rule]", str) is None
