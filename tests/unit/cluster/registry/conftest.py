"""A registry whose time stands still, and a client of it."""

from __future__ import annotations

import pytest

from embedded.cluster.model.clock import Clock
from embedded.cluster.model.draws import Draws
from embedded.cluster.model.journal import Journal
from embedded.cluster.registry import bootstrap
from embedded.cluster.registry.registry import Registry
from embedded.cluster.schema.catalogue import Catalogue
from embedded.cluster.store.store import Store
from tests.unit.cluster.registry.clients import Client


@pytest.fixture
def registry() -> Registry:
    """An empty cluster's registry; its time goes by hand."""
    clock = Clock()
    return Registry(Store(), Catalogue.load(), clock, Draws(0), Journal(clock))


@pytest.fixture
def client(registry: Registry) -> Client:
    """A client of a cluster with the namespace `shop`."""
    bootstrap.populate(registry)
    made = Client(registry)
    made.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    return made
