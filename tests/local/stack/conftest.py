"""What all tests of the port need."""

from __future__ import annotations

import hashlib
import tempfile
from typing import TYPE_CHECKING

import pytest

from tests.local.stack.place import Place
from tidegate.stack.warm import Warm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.stack.port import PulumiStack


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The project, made once: what is kept warm for it serves all tests."""
    yield Place.make(tmp_path_factory.mktemp("project"))
    Warm.forget()


@pytest.fixture
def place(made: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The project, as it is found by this process's environment; keys are as cheap to derive here as for the commands."""
    derive = hashlib.pbkdf2_hmac

    def cheaply(hash_name: str, password: bytes, salt: bytes, iterations: int, dklen: int | None = None) -> bytes:
        return derive(hash_name, password, salt, min(iterations, 10), dklen)

    monkeypatch.setattr(hashlib, "pbkdf2_hmac", cheaply)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(made.folder / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    for left in ("begun", "open"):
        (made.folder / left).unlink(missing_ok=True)
    return made


@pytest.fixture
def stack(place: Place) -> PulumiStack:
    """The port."""
    return place.stack()
