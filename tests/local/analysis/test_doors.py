"""The ways to a Prometheus, when they are blocked, closed, or lead elsewhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import stamina

from components.access import roles
from tests.local.analysis.servers import http
from tests.unit.tidegate.planner.world import intended
from tidegate.analysis.doors import HttpDoor
from tidegate.analysis.places import Places
from tidegate.analysis.prometheus import Prometheus
from tidegate.model.comparing import Values
from tidegate.model.errors import ConfigurationError, UnreachableError
from tidegate.model.told import Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from http.server import BaseHTTPRequestHandler

    from tidegate.model.errors import TidegateError

AT = datetime(2026, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)
GOOD = json.dumps({"status": "success", "data": {"resultType": "vector", "result": [{"metric": {"a": "b"}, "value": [1.5, "2"]}]}})
WRONG = json.dumps({"status": "error", "errorType": "bad_data", "error": "parse error"})
BUSY = json.dumps({"status": "error", "errorType": "timeout", "error": "query timed out"})
SECRET = "s3cret"


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Nobody waits between attempts."""
    with stamina.set_testing(True, attempts=4):
        yield


class Server:
    """Answers one after the other; the last one again and again."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self.answers, self.asked, self.credentials = list(answers), list[str](), list[str | None]()

    def __call__(self, request: BaseHTTPRequestHandler, _: bytes) -> tuple[int, str]:
        self.asked.append(request.path)
        self.credentials.append(request.headers.get("authorization"))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_it_is_asked_again() -> None:
    """A server that is busy for a moment is no reason to fail; the question names its moment."""
    server = Server((503, BUSY), (502, "<html>"), (200, GOOD))
    with http(server) as url:
        found = Prometheus(HttpDoor(f"{url}/prom/")).query("up", AT)
    assert (found[0].labels, found[0].points) == ({"a": "b"}, ((1.5, 2.0),))
    assert len(server.asked) == 3
    assert server.asked[0].startswith(f"/prom/api/v1/query?query=up&time={AT.timestamp():.3f}")


@pytest.mark.parametrize(
    ("answer", "error", "text", "times"),
    [
        ((503, BUSY), UnreachableError, "can't answer the query `up`: HTTP 503: query timed out", 4),
        ((400, WRONG), ConfigurationError, "refuses the query `up`: parse error", 1),
        ((401, "no"), UnreachableError, "HTTP 401: it doesn't let Tidegate ask", 1),
        ((404, "no"), UnreachableError, "HTTP 404: is it there", 1),
        ((302, ""), UnreachableError, "sends its visitors elsewhere", 1),
        ((200, "<html>Welcome</html>"), UnreachableError, "what answers there is no Prometheus", 1),
        ((200, "{}"), UnreachableError, "what answers there is no Prometheus", 1),
    ],
)
def test_what_is_no_answer(answer: tuple[int, str], error: type[TidegateError], text: str, times: int) -> None:
    """Each says who was asked what, and never with which credentials."""
    server = Server(answer)
    with http(server) as url, pytest.raises(error, match=text) as raised:
        Prometheus(HttpDoor(url, token=SECRET)).query("up", AT)
    assert (len(server.asked), set(server.credentials)) == (times, {f"Bearer {SECRET}"})
    assert SECRET not in str(raised.value)
    assert url in str(raised.value)


def test_nobody_there() -> None:
    """A refused connection is tried again, and then says where."""
    with http(Server((200, GOOD))) as url:
        pass
    with pytest.raises(UnreachableError, match=f"{url} doesn't answer: .*refused"):
        Prometheus(HttpDoor(url)).query("up", AT)


def told(**monitoring: Any) -> Told:
    """A stack that is watched so."""
    values = {"prometheus-token": SECRET, "grafana-password": "x"}
    intent = intended({"web": {}}, monitoring=monitoring, secrets={"keys": {"required": ["grafana-password"], "values": values}})
    return Told(Values({}, frozenset()), intent, "Pulumi.test.yaml")


class Cluster:
    """An API server's answers."""

    def __init__(self, simulated: str | None = None) -> None:
        self.asked: list[str] = []
        self._simulated = simulated

    def __call__(self, path: str, params: Mapping[str, str]) -> tuple[int, Any]:
        if path == "/control/":
            return (200, {"prometheus": self._simulated}) if self._simulated else (403, "no")
        self.asked.append(f"{path}?{params['query']}")
        return 200, json.loads(GOOD)


def test_where_a_stack_s_prometheus_is() -> None:
    """At the address that is said, with the credentials of the set or the environment; else in the cluster, by the API server's proxy."""
    server = Server((200, GOOD))
    with http(server) as url, Places(None, {}) as plain, Places(None, {"TIDEGATE_PROMETHEUS_TOKEN": "other"}) as told_otherwise:
        stack = told(kind="none", prometheus=url, secret="keys")
        for places in (plain, told_otherwise, plain):
            places(stack).query("up", AT)
        assert plain(stack) is plain(stack)
    assert server.credentials == [f"Bearer {SECRET}", "Bearer other", f"Bearer {SECRET}"]
    for kind, path in (
        ("own", "/api/v1/namespaces/test/services/http:prometheus:9090/proxy/api/v1/query?up"),
        ("operator", "/api/v1/namespaces/monitoring/services/http:prometheus-operated:web/proxy/api/v1/query?up"),
    ):
        cluster = Cluster()
        Places(cluster, {})(told(kind=kind, secret="keys")).query("up", AT)
        assert cluster.asked == [path]
        # Who releases may ask the stack's own.
        allowed = [name for rule in roles()["deployer"] for name in rule.get("resourceNames", [])]
        assert (path.split("/")[6] in allowed) == (kind == "own")


def test_a_simulated_cluster_measures_by_itself() -> None:
    """It says where."""
    server = Server((200, GOOD))
    with http(server) as url, Places(Cluster(url), {}) as places:
        places(told(kind="own", secret="keys")).query("up", AT)
    assert len(server.asked) == 1


@pytest.mark.parametrize("cluster", [None, Cluster()])
def test_nobody_measures(cluster: Cluster | None) -> None:
    """It says what to set."""
    with pytest.raises(UnreachableError, match=r"Pulumi.test.yaml: .* set monitoring.prometheus"):
        Places(cluster, {})(told(kind="none"))


@pytest.mark.parametrize("address", ["https://user:word@prometheus.example", "prometheus.example", "https://prometheus.example/?a=b"])
def test_an_address_has_no_credentials(address: str) -> None:
    """They belong into a set of secrets."""
    with pytest.raises(ValueError, match="prometheus"):
        told(kind="none", prometheus=address)
