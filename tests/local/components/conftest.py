"""What all tests of components on a cluster need."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """State is stored with a passphrase, as everywhere."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "password")
