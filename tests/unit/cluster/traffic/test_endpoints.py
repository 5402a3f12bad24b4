"""The HTTP API speaks as Prometheus does."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from embedded.cluster.traffic.endpoints import Api
from embedded.cluster.traffic.promql.labels import labels_from
from embedded.cluster.traffic.series import SeriesStore

NOW = 1767225600.5


@pytest.fixture
def client() -> TestClient:
    """The API over three series, scraped three times."""
    store = SeriesStore()
    for i in range(3):
        found = {labels_from({"__name__": "up", "pod": pod, "zone": f"z{n}"}): float(n + i) for n, pod in enumerate("ab")}
        store.scrape(round(NOW * 1000) - 10_000 + i * 5000, found | {labels_from({"__name__": "other"}): 1.5})
    return TestClient(Api(store, lambda: NOW).app())


def success(data: Any) -> dict[str, Any]:
    """An answer's body."""
    return {"status": "success", "data": data}


def test_instant_query_of_now(client: TestClient) -> None:
    """Without a time the cluster's now is asked, by GET and by POST alike."""
    result = [{"metric": {"__name__": "up", "pod": "a", "zone": "z0"}, "value": [NOW, "2"]}]
    expected = success({"resultType": "vector", "result": result})
    assert client.get("/api/v1/query", params={"query": 'up{pod="a"}'}).json() == expected
    assert client.post("/api/v1/query", data={"query": 'up{pod="a"}'}).json() == expected


@pytest.mark.parametrize("time", ["1767225595.5", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00.25+01:00", "1.7672255998e9"])
def test_times(client: TestClient, time: str) -> None:
    """A time is unix seconds or RFC 3339."""
    assert client.get("/api/v1/query", params={"query": 'up{pod="a"}', "time": time}).json()["data"]["result"][0]["value"][1] == "1"


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ("1.5", {"resultType": "scalar", "result": [NOW, "1.5"]}),
        ('"word"', {"resultType": "string", "result": [NOW, "word"]}),
        (
            "other[8s]",
            {"resultType": "matrix", "result": [{"metric": {"__name__": "other"}, "values": [[NOW - 5, "1.5"], [NOW, "1.5"]]}]},
        ),
        ("nothing", {"resultType": "vector", "result": []}),
    ],
)
def test_result_types(client: TestClient, query: str, data: dict[str, Any]) -> None:
    """Each type of result has its shape."""
    assert client.get("/api/v1/query", params={"query": query}).json() == success(data)


@pytest.mark.parametrize("step", ["5", "5s", "5000ms"])
def test_range_query(client: TestClient, step: str) -> None:
    """A range query gives a matrix; whole seconds are written as such."""
    parameters: dict[str, Any] = {"query": "sum(up)", "start": int(NOW) - 5, "end": int(NOW), "step": step}
    result = [{"metric": {}, "values": [[int(NOW) - 5, "1"], [int(NOW), "3"]]}]
    assert client.get("/api/v1/query_range", params=parameters).json() == success({"resultType": "matrix", "result": result})


def test_lookback(client: TestClient) -> None:
    """How far an instant looks back may be said."""
    parameters: dict[str, Any] = {"query": "other", "time": NOW + 10}
    assert len(client.get("/api/v1/query", params=parameters).json()["data"]["result"]) == 1
    assert client.get("/api/v1/query", params={**parameters, "lookback_delta": "7s"}).json()["data"]["result"] == []


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/api/v1/labels", ["__name__", "pod", "zone"]),
        ("/api/v1/labels?limit=1", ["__name__"]),
        ("/api/v1/labels?match[]=other", ["__name__"]),
        ("/api/v1/label/pod/values", ["a", "b"]),
        ("/api/v1/label/pod/values?match[]=up{zone='z1'}", ["b"]),
        ("/api/v1/label/none/values", []),
        ("/api/v1/label/__name__/values?end=1", []),
        ("/api/v1/series?match[]=other&match[]=up{pod='b'}", [{"__name__": "other"}, {"__name__": "up", "pod": "b", "zone": "z1"}]),
        ("/api/v1/series?match[]=up&start=2026-01-02T00:00:00Z", []),
    ],
)
def test_metadata(client: TestClient, path: str, data: list[Any]) -> None:
    """Series, label names and label values can be listed."""
    assert client.get(path).json() == success(data)


@pytest.mark.parametrize(
    ("path", "status", "kind", "words"),
    [
        ("/api/v1/query", 400, "bad_data", 'invalid parameter "query": it is missing'),
        ("/api/v1/query?query=sum(", 400, "bad_data", 'invalid parameter "query": parse error: unclosed left parenthesis'),
        ("/api/v1/query?query=up&time=soon", 400, "bad_data", 'invalid parameter "time": cannot parse "soon" to a valid timestamp'),
        ("/api/v1/query?query=up&time=2026-01-01T00:00:00", 400, "bad_data", 'invalid parameter "time": cannot parse'),
        ("/api/v1/query?query=up&time=1e999", 400, "bad_data", 'invalid parameter "time": cannot parse'),
        ("/api/v1/query?query=info(up)", 400, "bad_data", "the function info() is not supported here"),
        ("/api/v1/query?query=up*on()up", 422, "execution", "many-to-many matching not allowed"),
        ("/api/v1/query_range?query=up&start=1&end=2", 400, "bad_data", 'invalid parameter "step": it is missing'),
        ("/api/v1/query_range?query=up&start=1&end=2&step=x", 400, "bad_data", 'cannot parse "x" to a valid duration'),
        ("/api/v1/query_range?query=up&start=1&end=2&step=-1", 400, "bad_data", "zero or negative"),
        ("/api/v1/series", 400, "bad_data", "no match[] parameter provided"),
        ("/api/v1/series?match[]=1", 400, "bad_data", 'invalid parameter "match[]": 1 is no series selector'),
        ("/api/v1/labels?limit=x", 400, "bad_data", 'invalid parameter "limit"'),
    ],
)
def test_errors(client: TestClient, path: str, status: int, kind: str, words: str) -> None:
    """An error has Prometheus's status, type and form."""
    answer = client.get(path)
    assert (answer.status_code, answer.json()["status"], answer.json()["errorType"]) == (status, "error", kind)
    assert words in answer.json()["error"]


def test_readiness(client: TestClient) -> None:
    """It is ready, and says whose answers it gives."""
    assert client.get("/-/ready").status_code == 200
    assert client.get("/api/v1/status/buildinfo").json()["data"]["version"].startswith("3.")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("query", "avg_over_time(up[6h:1ms])"),
        ("query", "max_over_time(avg_over_time(up[1h:1s])[1h:1s])"),
        ("query_range", "count_over_time(up[10s:1ms])"),
        ("query_range", "time()"),
    ],
)
def test_a_query_that_takes_too_long_is_ended(client: TestClient, path: str, query: str) -> None:
    """The cluster stands still while a query is evaluated: it has some seconds at most, and less if it says so."""
    asked = {"query": query, "timeout": "1ms", "start": str(NOW - 10_000), "end": str(NOW), "step": "1"}
    answer = client.get(f"/api/v1/{path}", params=asked)
    expected = {"status": "error", "errorType": "timeout", "error": "query timed out in expression evaluation"}
    assert (answer.status_code, answer.json()) == (503, expected)


def test_a_timeout_that_is_none_is_refused(client: TestClient) -> None:
    """As any other duration."""
    answer = client.get("/api/v1/query", params={"query": "up", "timeout": "soon"})
    assert answer.json()["error"] == 'invalid parameter "timeout": cannot parse "soon" to a valid duration'
