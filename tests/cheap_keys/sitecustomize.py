"""Makes keys cheap to derive in every Python that finds this on its PYTHONPATH.

Each command derives its stack's key anew, and that takes longer than most of what tests let it do. How keys are really derived is tested
with recordings of the real CLI, and in tests/unit/engine/backend.
"""

from __future__ import annotations

import hashlib
from functools import wraps
from typing import Final

_ROUNDS: Final = 10
_derive = hashlib.pbkdf2_hmac


@wraps(_derive)
def _cheaply(hash_name: str, password: bytes, salt: bytes, iterations: int, dklen: int | None = None) -> bytes:
    return _derive(hash_name, password, salt, min(iterations, _ROUNDS), dklen)


vars(hashlib)["pbkdf2_hmac"] = _cheaply
