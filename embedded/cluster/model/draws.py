"""Chance that can be repeated: what is drawn depends on the seed and on what it is for, never on the order of requests."""

from __future__ import annotations

import hashlib
import uuid
from typing import Final

# Kubernetes' own alphabet for generated names: no vowels, so no words.
ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_SCALE: Final = 1 << 64


class Draws:
    """Draws by key. The same key gives the same draw: count where one recurs."""

    def __init__(self, seed: int = 0) -> None:
        self.seed: Final = seed
        self._counts: dict[tuple[object, ...], int] = {}

    def fraction(self, *key: object) -> float:
        """A number from 0 up to, not including, 1."""
        return int.from_bytes(self._bytes(key)[:8], "big") / _SCALE

    def suffix(self, length: int, *key: object) -> str:
        """The random end of a generated name."""
        return "".join(ALPHABET[byte % len(ALPHABET)] for byte in self._bytes(key)[:length])

    def uid(self, *key: object) -> str:
        """An object's uid."""
        return str(uuid.UUID(bytes=self._bytes(key)[:16], version=4))

    def count(self, *key: object) -> int:
        """How often this key has been counted before."""
        number = self._counts.get(key, 0)
        self._counts[key] = number + 1
        return number

    def _bytes(self, key: tuple[object, ...]) -> bytes:
        return hashlib.blake2b("\0".join(map(str, (self.seed, *key))).encode(), digest_size=32).digest()
