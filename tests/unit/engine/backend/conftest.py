"""What the backend's tests share: cheap keys, a backend in a folder, a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded.engine.backend import crypto
from embedded.engine.backend.diy import Backend
from embedded.engine.backend.naming import StackName

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> crypto.PassphraseSecrets:
    """Secrets whose key is cheap to derive."""
    monkeypatch.setattr(crypto, "_ROUNDS", 10)
    return crypto.PassphraseSecrets.create("password")


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    """An empty backend in a folder of its own."""
    return Backend.open(f"file://{tmp_path}", "shop")


@pytest.fixture
def stack() -> StackName:
    """The name of a stack that is not there yet."""
    return StackName("shop", "dev")
