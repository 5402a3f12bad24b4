"""The command by which a stack is updated: what goes wrong with it is said, and it isn't left half-way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.switch.switchers.switcher import SwitchError
from benchmarks.switch.switchers.up import Stack

if TYPE_CHECKING:
    from pathlib import Path


def test_what_the_command_says_is_the_error(tmp_path: Path) -> None:
    """With the command's name, and the stack's."""
    with pytest.raises(SwitchError, match=r"`pulumi up` of the stack bench ended with \d+: error: .*no Pulumi.yaml"):
        Stack(str(tmp_path), "bench").run("up", "--yes")


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """By the interrupt that it knows, and with its time in the error."""
    with pytest.raises(SwitchError, match=r"`pulumi up` of the stack bench took longer than 0.05 s"):
        Stack(str(tmp_path), "bench", timeout=0.05).run("up", "--yes")


def test_a_file_that_is_no_stacks_is_said(tmp_path: Path) -> None:
    """Before anything is run."""
    (tmp_path / "Pulumi.bench.yaml").write_text("- x\n")
    with pytest.raises(SwitchError, match=r"Pulumi\.bench\.yaml has no config"):
        Stack(str(tmp_path), "bench").settings()
