"""Watches over HTTP: what is told, from when on, and how they end."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from embedded.cluster.cluster import Cluster

_MAPS = "/api/v1/namespaces/default/configmaps"


def config_map(name: str = "a", labels: dict[str, str] | None = None, **data: str) -> dict[str, Any]:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels or {}}, "data": data}


def version(http: httpx.Client) -> str:
    """The present version."""
    found: str = http.get(_MAPS).json()["metadata"]["resourceVersion"]
    return found


@contextmanager
def watching(http: httpx.Client, path: str = _MAPS, accept: str = "application/json", **query: str) -> Iterator[Iterator[dict[str, Any]]]:
    """The events of a watch, as they come."""
    with http.stream("GET", path, params={"watch": "true", **query}, headers={"Accept": accept}) as answer:
        answer.raise_for_status()
        yield (json.loads(line) for line in answer.iter_lines())


def told(event: dict[str, Any]) -> tuple[str, str]:
    """An event in two words."""
    return event["type"], event["object"]["metadata"].get("name", "")


def test_from_a_version_on(http: httpx.Client) -> None:
    """What has happened since, then what happens."""
    before = version(http)
    http.post(_MAPS, json=config_map(x="1"))
    with watching(http, resourceVersion=before) as events:
        assert told(next(events)) == ("ADDED", "a")
        http.patch(f"{_MAPS}/a", json={"data": {"x": "2"}}, headers={"Content-Type": "application/merge-patch+json"})
        assert told(next(events)) == ("MODIFIED", "a")
        http.delete(f"{_MAPS}/a")
        gone = next(events)
        assert told(gone) == ("DELETED", "a")
        assert gone["object"]["metadata"]["resourceVersion"] == version(http)


def test_from_nothing_on(http: httpx.Client) -> None:
    """First all that is there."""
    http.post(_MAPS, json=config_map())
    with watching(http) as events:
        assert [told(next(events)), told(next(events))] == [("ADDED", "a"), ("ADDED", "kube-root-ca.crt")]


def test_a_list_as_a_watch(http: httpx.Client) -> None:
    """All that is there, and a bookmark that says so."""
    asked = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    with watching(http, **asked) as events:
        assert told(next(events)) == ("ADDED", "kube-root-ca.crt")
        mark = next(events)
        assert mark["type"] == "BOOKMARK"
        assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_selectors_see_objects_come_and_go(http: httpx.Client) -> None:
    """One that no longer matches is told as deleted, one that does as added."""
    before = version(http)
    merge = {"Content-Type": "application/merge-patch+json"}
    with watching(http, resourceVersion=before, labelSelector="on=yes") as events:
        http.post(_MAPS, json=config_map(labels={"on": "no"}))
        http.patch(f"{_MAPS}/a", json={"metadata": {"labels": {"on": "yes"}}}, headers=merge)
        assert told(next(events)) == ("ADDED", "a")
        http.patch(f"{_MAPS}/a", json={"metadata": {"labels": {"on": "no"}}, "data": {"x": "1"}}, headers=merge)
        left = next(events)
        assert told(left) == ("DELETED", "a")
        assert left["object"]["metadata"]["labels"] == {"on": "yes"}


@pytest.mark.parametrize("path", [f"{_MAPS}/b", f"{_MAPS}?fieldSelector=metadata.name%3Db"])
def test_of_a_single_object(http: httpx.Client, path: str) -> None:
    """Others are none of its business."""
    url, _, query = path.partition("?")
    fields = {"fieldSelector": "metadata.name=b"} if query else {}
    with watching(http, url, resourceVersion=version(http), **fields) as events:
        http.post(_MAPS, json=config_map("a"))
        http.post(_MAPS, json=config_map("b"))
        assert told(next(events)) == ("ADDED", "b")


@pytest.mark.parametrize(("view", "kind"), [("Table", "Table"), ("PartialObjectMetadata", "PartialObjectMetadata")])
def test_in_other_views(http: httpx.Client, view: str, kind: str) -> None:
    """As rows, or as metadata alone."""
    accept = f"application/json;as={view};v=v1;g=meta.k8s.io"
    with watching(http, accept=accept) as events:
        assert next(events)["object"]["kind"] == kind


def test_it_ends_when_its_time_is_over(http: httpx.Client) -> None:
    """With a last bookmark for whoever wants to go on from there."""
    with watching(http, resourceVersion=version(http), timeoutSeconds="1", allowWatchBookmarks="true") as events:
        [last] = list(events)
    assert (last["type"], last["object"]["kind"]) == ("BOOKMARK", "ConfigMap")
    assert last["object"]["metadata"] == {"resourceVersion": version(http)}


def test_what_is_too_long_ago(cluster: Cluster, http: httpx.Client) -> None:
    """Is an error in the stream: the client has to list again."""
    before = version(http)
    cluster.call(lambda: setattr(cluster.store, "_forgotten", cluster.store.version + 1))
    with watching(http, resourceVersion=before) as events:
        [error] = list(events)
    assert (error["type"], error["object"]["code"], error["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_what_has_not_been_yet(http: httpx.Client) -> None:
    """Is another cluster's version."""
    with watching(http, resourceVersion="999999") as events:
        [error] = list(events)
    assert error["object"]["code"] == 504


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"sendInitialEvents": "true"}, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
        ({"resourceVersionMatch": "Exact"}, "resourceVersionMatch is forbidden for watch"),
        ({"fieldSelector": "a=b"}, "is not a known field selector"),
    ],
)
def test_wrong_questions(http: httpx.Client, query: dict[str, str], text: str) -> None:
    """Are refused before anything is told."""
    answer = http.get(_MAPS, params={"watch": "1", **query})
    assert answer.status_code in {400, 422}
    assert text in answer.json()["message"]


def test_many_watchers_hear_of_each_change(http: httpx.Client) -> None:
    """Each once, in order; and none is left when they are gone."""
    before, count = version(http), 80
    heard: list[list[tuple[str, str]]] = [[] for _ in range(count)]
    ready = threading.Barrier(count + 1)

    def watch(at: int) -> None:
        with watching(http, resourceVersion=before) as events:
            ready.wait(60)
            heard[at] = [told(next(events)) for _ in range(3)]

    threads = [threading.Thread(target=watch, args=(at,)) for at in range(count)]
    for thread in threads:
        thread.start()
    ready.wait(60)
    for name in ("a", "b", "c"):
        http.post(_MAPS, json=config_map(name))
    for thread in threads:
        thread.join(60)
    assert heard == [[("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]] * count
