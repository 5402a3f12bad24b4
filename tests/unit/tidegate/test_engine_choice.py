"""Which engine is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tidegate.model.errors import ConfigurationError
from tidegate.stack.engine import choose, real_cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Put = Callable[[str, bytes, int], Path]

BINARY = b"\x7fELF and so on"


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Put a `pulumi` into a folder; returns the folder."""

    def do(folder: str, content: bytes = BINARY, mode: int = 0o755) -> Path:
        file = tmp_path / folder / "pulumi"
        file.parent.mkdir()
        file.write_bytes(content)
        file.chmod(mode)
        return file.parent

    return do


@pytest.mark.parametrize(
    ("wanted", "installed", "kind", "reason"),
    [
        (None, True, "pulumi", "there is a pulumi CLI on PATH"),
        (None, False, "embedded", "there is no pulumi CLI on PATH"),
        ("", True, "pulumi", "there is a pulumi CLI on PATH"),
        ("pulumi", True, "pulumi", "TIDEGATE_ENGINE is 'pulumi'"),
        ("embedded", True, "embedded", "TIDEGATE_ENGINE is 'embedded'"),
        ("embedded", False, "embedded", "TIDEGATE_ENGINE is 'embedded'"),
    ],
)
def test_choice(put: Put, tmp_path: Path, wanted: str | None, installed: bool, kind: str, reason: str) -> None:
    """The real CLI where there is one, unless the environment says otherwise."""
    path = put("bin", BINARY, 0o755) if installed else tmp_path
    environment = {"PATH": str(path)} | ({} if wanted is None else {"TIDEGATE_ENGINE": wanted})
    engine = choose(environment)
    assert (engine.kind, engine.reason) == (kind, reason)
    assert engine.executable == (path / "pulumi" if kind == "pulumi" else None)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("go", "TIDEGATE_ENGINE is 'go'; allowed are 'pulumi' (the real CLI) and 'embedded'"),
        ("pulumi", "TIDEGATE_ENGINE is 'pulumi', but there is no pulumi CLI on PATH"),
    ],
)
def test_a_choice_that_cannot_be_met_is_refused(tmp_path: Path, wanted: str, text: str) -> None:
    """A wrong or impossible TIDEGATE_ENGINE is a configuration error that names what is allowed."""
    with pytest.raises(ConfigurationError) as error:
        choose({"PATH": str(tmp_path), "TIDEGATE_ENGINE": wanted})
    assert text in str(error.value)


@pytest.mark.parametrize(
    ("content", "mode"),
    [
        (b'#!/bin/sh\nexec tidegate pulumi "$@"\n', 0o755),
        (b"#!/usr/bin/env python3\nfrom tidegate.cli.main import main\n", 0o755),
        (BINARY, 0o644),
    ],
    ids=["shell script of ours", "Python script of ours", "not executable"],
)
def test_what_is_not_the_real_cli_is_passed_over(put: Put, content: bytes, mode: int) -> None:
    """A script that calls Tidegate would call itself for ever; the search goes on behind it."""
    ours, real = put("ours", content, mode), put("real", BINARY, 0o755)
    assert real_cli(str(ours)) is None
    assert real_cli(f"{ours}:{real}") == real / "pulumi"


def test_a_foreign_script_is_taken(put: Put) -> None:
    """Version managers put scripts in front of the real CLI."""
    shim = put("shims", b'#!/bin/sh\nexec some-manager pulumi "$@"\n', 0o755)
    assert real_cli(str(shim)) == shim / "pulumi"
