"""The catalogue, and the objects that a real API server answered with."""

from __future__ import annotations

import pytest

from embedded.cluster.schema.catalogue import Catalogue


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """All built-in kinds; who adds some loads their own."""
    return Catalogue.load()
