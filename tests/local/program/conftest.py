"""What all tests of the program need."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.local.program.stack import RATE, place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local.program.stack import Place


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """State is stored with a passphrase, as everywhere."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "password")


@pytest.fixture(autouse=True)
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No machine fails here, so nobody waits for its disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def rate() -> float:
    """How fast the cluster's time passes."""
    return RATE


@pytest.fixture
def there(tmp_path: Path, rate: float) -> Iterator[Place]:
    """A cluster and an empty stack; whatever happens in a test, no request of a user fails."""
    with place(tmp_path, rate=rate) as made:
        yield made
        made.pass_time("2s")
        made.unharmed()
