"""What the settings' tests share."""

from __future__ import annotations

import pytest


class Rot:
    """Secrets for tests: a text backwards."""

    def encrypt(self, text: str) -> str:
        """The text backwards."""
        return text[::-1]

    def decrypt(self, ciphertext: str) -> str:
        """The text forwards."""
        return ciphertext[::-1]


@pytest.fixture
def cipher() -> Rot:
    """Something that encrypts."""
    return Rot()
