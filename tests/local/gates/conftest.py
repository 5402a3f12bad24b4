"""What all tests of gates need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local.gates.issuer import issuing
from tidegate.gates import oidc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.gates.issuer import Issuer


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting between two tries is for real issuers."""
    monkeypatch.setattr(oidc, "_WAITS", (0.01, 0.01))


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An issuer with one RSA key."""
    with issuing() as found:
        yield found
