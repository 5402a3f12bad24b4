"""The order of changes, who hears of them, and how far back a watch can go."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.cluster.model.errors import StatusError
from embedded.cluster.store.store import Change, Store


def _map(name: str, **data: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "a"}, "data": data}


def test_each_change_has_a_version_of_its_own() -> None:
    """Put, put again, remove: three versions, told in order, with what was there before."""
    store, heard = Store(), list[Change]()
    store.subscribe(heard.append)
    first = store.put("/configmaps", _map("m", v="1"))
    store.put("/configmaps", _map("m", v="2"))
    last = store.remove("/configmaps", "a", "m")
    assert [(c.type, c.obj["data"]["v"], c.old and c.old["data"]["v"]) for c in heard] == [
        ("ADDED", "1", None),
        ("MODIFIED", "2", "1"),
        ("DELETED", "2", "2"),
    ]
    versions = [int(c.obj["metadata"]["resourceVersion"]) for c in heard]
    assert versions == sorted(set(versions)) == [c.version for c in heard]
    assert last is not None
    assert (first["metadata"]["resourceVersion"], last["metadata"]["resourceVersion"]) == (str(versions[0]), str(versions[2]))
    assert store.remove("/configmaps", "a", "m") is None


def test_lists_are_ordered_and_by_namespace() -> None:
    """Objects come in the order of namespace and name."""
    store = Store()
    for space, name in (("b", "x"), ("a", "z"), ("a", "y")):
        store.put("/configmaps", {"metadata": {"name": name, "namespace": space}})
    assert [o["metadata"]["name"] for o in store.all("/configmaps")] == ["y", "z", "x"]
    assert [o["metadata"]["name"] for o in store.all("/configmaps", "b")] == ["x"]
    assert list(store.all("/secrets")) == []


def test_a_watch_resumes_or_is_told_to_list_again() -> None:
    """Changes after a version are all there, or the answer is 410; never a gap."""
    store = Store(history=3)
    versions = [int(store.put("/configmaps", _map(f"m{n}"))["metadata"]["resourceVersion"]) for n in range(5)]
    assert [c.version for c in store.changes_since(versions[1], "/configmaps")] == versions[2:]
    assert store.changes_since(versions[1], "/secrets") == []
    with pytest.raises(StatusError) as caught:
        store.changes_since(versions[0], "/configmaps")
    assert (caught.value.code, caught.value.reason) == (410, "Expired")


def test_who_stops_listening_hears_no_more() -> None:
    """Also when stopping while a change is being told."""
    store, heard = Store(), list[str]()

    def once(change: Change) -> None:
        heard.append(change.name)
        stop()

    stop = store.subscribe(once)
    store.put("/configmaps", _map("m"))
    store.put("/configmaps", _map("n"))
    assert heard == ["m"]
