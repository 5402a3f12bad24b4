"""The law of list and watch: who lists, and then follows what is told from that version on, knows what a new list would say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedded.cluster.api.forms import PLAIN
from embedded.cluster.api.options import Listing
from embedded.cluster.api.watching import Watch
from embedded.cluster.model.clock import Clock
from embedded.cluster.model.draws import Draws
from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.journal import Journal
from embedded.cluster.model.objects import Selector, name_of
from embedded.cluster.registry.registry import Registry
from embedded.cluster.registry.requests import Write
from embedded.cluster.registry.selection import FieldSelector
from embedded.cluster.schema.catalogue import Catalogue
from embedded.cluster.store.store import Store

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.resource import Resource

_CATALOGUE = Catalogue.load()
_ME = Write("tester")
_deeds = st.tuples(st.sampled_from(["create", "label", "delete"]), st.sampled_from("abc"), st.sampled_from(["yes", "no"]))
_listings = st.sampled_from(
    [
        Listing(),
        Listing(labels=Selector.parse("on=yes")),
        Listing(labels=Selector.parse("on!=yes")),
        Listing(fields=FieldSelector((("metadata.name", True, "b"),))),
    ]
)


def _registry() -> tuple[Registry, Resource]:
    clock = Clock()
    registry = Registry(Store(), _CATALOGUE, clock, Draws(), Journal(clock))
    return registry, registry.resource("v1", "Namespace")


def _do(registry: Registry, kind: Resource, deed: str, name: str, value: str) -> None:
    try:
        match deed:
            case "create":
                registry.create(kind, "", {"metadata": {"name": name, "labels": {"on": value}}}, _ME)
            case "label":
                registry.patch(kind, "", name, {"metadata": {"labels": {"on": value}}}, "merge", _ME)
            case "delete":
                registry.delete(kind, "", name)
                registry.update(kind, "", name, {"spec": {"finalizers": []}}, _ME, "finalize")
    except StatusError as error:
        if error.code not in {404, 409}:
            raise


def _known(registry: Registry, kind: Resource, listing: Listing) -> dict[str, Obj]:
    return {name_of(o): o for o in registry.list(kind, None, listing.labels, listing.fields)}


def _follow(known: dict[str, Obj], watch: Watch) -> dict[str, Obj]:
    known = dict(known)
    for line in watch.taken().splitlines():
        event: dict[str, Any] = json.loads(line)
        name = name_of(event["object"])
        assert (event["type"] == "ADDED") is (name not in known)
        if event["type"] == "DELETED":
            del known[name]
        else:
            known[name] = event["object"]
    return known


@settings(max_examples=200)
@given(st.lists(_deeds, max_size=12), st.lists(_deeds, max_size=12), _listings)
def test_list_and_watch(before: list[tuple[str, str, str]], after: list[tuple[str, str, str]], listing: Listing) -> None:
    """Whether it is told of a change as it happens, or afterwards."""
    registry, kind = _registry()
    for deed in before:
        _do(registry, kind, *deed)
    known, version = _known(registry, kind, listing), str(registry.store.version)
    asked = Listing(listing.labels, listing.fields, watch=True, version=version)
    live = Watch(registry, kind, None, asked, PLAIN, "Metadata")
    registry.store.subscribe(lambda change: live.tell(change) if change.storage == kind.storage else None)
    for deed in after:
        _do(registry, kind, *deed)
    now = _known(registry, kind, listing)
    assert _follow(known, live) == now
    assert _follow(known, Watch(registry, kind, None, asked, PLAIN, "Metadata")) == now


@pytest.mark.parametrize(("namespace", "told"), [("default", 1), ("elsewhere", 0), (None, 1)])
def test_other_namespaces_are_not_told(namespace: str | None, told: int) -> None:
    """Unless all are watched."""
    registry, spaces = _registry()
    registry.create(spaces, "", {"metadata": {"name": "default"}}, _ME)
    kind = registry.resource("v1", "ConfigMap")
    watch = Watch(registry, kind, namespace, Listing(watch=True, version=str(registry.store.version)), PLAIN, "Metadata")
    registry.store.subscribe(watch.tell)
    registry.create(kind, "default", {"metadata": {"name": "a"}}, _ME)
    assert len(watch.taken().splitlines()) == told
