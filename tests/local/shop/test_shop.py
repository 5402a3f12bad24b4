"""The shop's service, as it is: what it answers, what can be wrong with it, and how it ends."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from embedded.node.images import static
from examples.shop.images import MODULE, SERVICES, VERSIONS, images

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# With nothing in Go's cache, the first of them compiles its standard library.
pytestmark = [pytest.mark.matrix, pytest.mark.timeout(900)]


def metrics(shop: Any) -> dict[str, float]:
    """The metrics, by their series."""
    lines = shop.client.get("/metrics").text.splitlines()
    return {series: float(value) for series, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}


def test_its_pages(start: Callable[..., Any]) -> None:
    """Each page has its code, and says which version answers."""
    with start(SERVICE="dashboard", VERSION="v1") as shop:
        pages = {
            "/health": 200,
            "/ready": 200,
            "/": 200,
            "/api/version": 200,
            "/api/health": 200,
            "/metrics": 200,
            "/nothing": 404,
            "/control": 404,
        }
        answers = {path: shop.client.get(path) for path in pages}
        assert {path: answer.status_code for path, answer in answers.items()} == pages
        assert {answer.headers["X-Version"] for answer in answers.values()} == {"v1"}
        body = answers["/api/version"].json()
        assert (body["service"], body["version"]) == ("dashboard", "v1")


def test_metrics_are_requests_errors_and_durations(start: Callable[..., Any]) -> None:
    """Users' requests are counted by code and duration, under the names and bounds that alerts look for; probes are not."""
    with start(ERROR_RATE="0.5", LATENCY="20ms") as shop:
        for _ in range(4):
            shop.code("/")
        shop.code("/health")
        shop.client.post("/api/version", content=b"something")
        shop.client.request("BREW", "/nothing")
        found = metrics(shop)
    assert found['http_requests_total{code="200",method="GET"}'] == 2
    assert found['http_requests_total{code="500",method="GET"}'] == 2
    assert found['http_requests_total{code="200",method="POST"}'] == 1
    assert sum(value for series, value in found.items() if series.startswith("http_requests_total")) == 6
    assert found['http_requests_total{code="500",method="other"}'] == 1
    buckets = {series.split('"')[1]: value for series, value in found.items() if series.startswith("http_request_duration_seconds_bucket")}
    assert buckets["0.01"] == 0
    assert buckets["2"] == buckets["5"] == buckets["+Inf"] == found["http_request_duration_seconds_count"] == 6
    assert list(buckets.values()) == sorted(buckets.values())
    assert found["http_request_duration_seconds_sum"] >= 0.12
    assert found["process_resident_memory_bytes"] > 2**20


@pytest.mark.parametrize(("rate", "requests", "errors"), [("0", 300, 0), ("0.002", 1000, 2), ("0.1", 100, 10), ("1", 20, 20)])
def test_errors_are_as_many_as_were_set(start: Callable[..., Any], rate: str, requests: int, errors: int) -> None:
    """Not about as many: exactly, so that what is measured can be held against it."""
    with start(ERROR_RATE=rate) as shop:
        assert [shop.code("/") for _ in range(requests)].count(500) == errors
        assert {shop.code(path) for path in ("/health", "/ready")} == {200}


def test_answers_take_what_was_set(start: Callable[..., Any]) -> None:
    """Those of users; probes are answered at once."""
    with start(LATENCY="150ms", JITTER="10ms") as shop:
        assert shop.client.get("/").elapsed.total_seconds() >= 0.15
        assert shop.client.get("/health").elapsed.total_seconds() < 0.15


def test_a_late_start_takes_no_connections(start: Callable[..., Any]) -> None:
    """It listens when it is ready to, and not before."""
    began = time.monotonic()
    with start(START_DELAY="300ms") as shop:
        assert time.monotonic() - began >= 0.3
        assert shop.code("/ready") == 200


def test_a_crash_is_an_exit_code_and_a_last_word(start: Callable[..., Any]) -> None:
    """What the pod's status shows."""
    with start(CRASH_AFTER="200ms") as shop:
        code, said = shop.ended()
    assert (code, "crashed, as it was to, after 200ms" in said) == (2, True)


def test_a_leak_takes_memory_to_its_bound(start: Callable[..., Any]) -> None:
    """Really: the process is bigger by it; and no bigger than allowed."""
    with start(LEAK="64Mi", MEMORY_MAX="16Mi") as shop:
        deadline = time.monotonic() + 10
        while (found := metrics(shop))["shop_leaked_bytes"] < 16 * 2**20:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert found["process_resident_memory_bytes"] > 16 * 2**20
        time.sleep(0.2)
        assert metrics(shop)["shop_leaked_bytes"] == 16 * 2**20


def test_faults_change_while_it_runs(start: Callable[..., Any]) -> None:
    """Where that is allowed: some of them, all at once, or none if one is wrong."""
    with start(CONTROL="true") as shop:
        assert shop.client.post("/control", content="error_rate=1&latency=20ms&unready=true").json()["error_rate"] == 1
        assert (shop.code("/"), shop.code("/ready"), shop.code("/health")) == (500, 503, 200)
        refused = shop.client.post("/control", content="error_rate=0&latency=1h&speed=5")
        assert refused.status_code == 400
        assert sorted(line.partition(" is ")[0] for line in refused.json()["error"].splitlines()) == ["latency", "speed"]
        assert shop.client.get("/control").json()["error_rate"] == 1
        assert shop.client.delete("/control").status_code == 405
        shop.client.post("/control", content="crash_after=100ms")
        assert shop.ended()[0] == 2


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"ERROR_RATE": "2"}, 'SHOP_ERROR_RATE is "2": give a share from 0 to 1'),
        ({"LATENCY": "31s"}, 'SHOP_LATENCY is "31s": give a time of at most 30s'),
        ({"LEAK": "1Gi"}, 'SHOP_LEAK is "1Gi": give bytes, at most 64Mi'),
        ({"CONTROL": "yes", "PORT": "x"}, 'SHOP_CONTROL is "yes": give true or false'),
        ({"UPSTREAMS": "agent-manager"}, "give URLs like http://agent-manager"),
    ],
)
def test_a_wrong_setting_is_no_start(program: Path, settings: dict[str, str], says: str) -> None:
    """It says what is wrong, and what would be right."""
    env = {f"SHOP_{key}": value for key, value in settings.items()}
    done = subprocess.run([program], env=env, capture_output=True, text=True, timeout=10, check=False)
    assert (done.returncode, says in done.stderr) == (1, True)


def test_a_chain_says_which_versions_work_together(start: Callable[..., Any]) -> None:
    """Of a service and of those that it calls; one that fails makes it fail."""
    with (
        start(SERVICE="mcp-manager", VERSION="v2") as last,
        start(SERVICE="agent-manager", VERSION="v1", UPSTREAMS=last.address) as first,
    ):
        body = first.client.get("/api/chain").json()
        assert (body["version"], [called["version"] for called in body["calls"]]) == ("v1", ["v2"])
        last.process.terminate()
        last.ended()
        assert first.code("/api/chain") == 502


def test_no_request_is_lost_when_it_ends(start: Callable[..., Any]) -> None:
    """Requests under way are answered, and so are new ones for a while; connections that were kept say goodbye with their last answer."""
    codes: list[int] = []
    goodbyes = threading.Event()
    with start(LATENCY="20ms", DRAIN="400ms") as shop:

        def ask() -> None:
            with httpx.Client(base_url=shop.address, timeout=10, trust_env=False) as client:
                while not goodbyes.is_set():
                    answer = client.get("/")
                    codes.append(answer.status_code)
                    if answer.headers.get("Connection") == "close":
                        goodbyes.set()

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        while len(codes) < 50:
            time.sleep(0.01)
        shop.process.terminate()
        for thread in threads:
            thread.join()
        assert shop.code("/ready") == 503
        late = threading.Thread(target=lambda: codes.append(shop.code("/")))
        late.start()
        assert shop.ended()[0] == 0
        late.join()
    assert goodbyes.is_set()
    assert set(codes) == {200}


def test_images_are_each_service_in_each_version(program: Path) -> None:
    """By their names, not root's, with one layer between them, and the same each time."""
    made = images(program.read_bytes(), "host/shop")
    assert [image.name for image in made] == [f"host/shop/{service.name}:{version}" for service in SERVICES for version in VERSIONS]
    assert (len(made), len({image.digest for image in made}), len({image.layers[0].digest for image in made})) == (35, 35, 1)
    assert {image.config.user for image in made} == {"65532:65532"}
    assert images(program.read_bytes(), "host/shop") == made


def test_the_program_is_the_same_bytes_wherever_it_is_built(
    program: Path, go_cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So images have the same digests for everybody with the same Go."""
    monkeypatch.setenv("GOCACHE", go_cache)
    shutil.copytree(MODULE, tmp_path / "elsewhere", ignore=shutil.ignore_patterns("__pycache__"))
    assert static.build(tmp_path / "elsewhere") == program.read_bytes()
