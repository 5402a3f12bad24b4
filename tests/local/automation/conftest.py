"""The released Automation API, unmodified, on the embedded engine: `root` is what `tidegate engine --json` says."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from pulumi import automation

from tests.local.automation.place import REPOSITORY, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder that `PulumiCommand` is to be given."""
    own = {"TIDEGATE_ENGINE": "embedded", "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    answer = subprocess.run(
        [sys.executable, "-m", "tidegate.cli.main", "engine", "--json"],
        env=os.environ | own,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return str(json.loads(answer.stdout)["root"])


@pytest.fixture(scope="session")
def command(root: str) -> automation.PulumiCommand:
    """The embedded engine, as the Automation API calls it."""
    return automation.PulumiCommand(root=root)


@pytest.fixture
def place(tmp_path: Path, command: automation.PulumiCommand) -> Place:
    """A backend, a PULUMI_HOME and working folders of the test's own."""
    return Place(tmp_path, command)


@pytest.fixture
def collected() -> Iterator[None]:
    """Have what the SDK leaves open when a program is cut off found in the test that left it, where that is no error."""
    yield
    gc.collect()
