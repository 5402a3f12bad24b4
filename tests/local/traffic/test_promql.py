"""The same queries over the same series give the same answers as a real Prometheus, where there is one."""

from __future__ import annotations

import math
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.testclient import TestClient

from embedded.cluster.traffic.endpoints import Api
from tests.local.traffic.generated import EVERY, NUMBER, START, Generated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
pytestmark = pytest.mark.skipif(
    PROMETHEUS is None or PROMTOOL is None, reason="prometheus and promtool (Debian: prometheus) aren't installed"
)

FIRST, LAST = START // 1000, (START + NUMBER * EVERY) // 1000
# No multiple of a subquery's step, for the reason that the samples are at no range's edge.
TIMES = [FIRST + 311, FIRST + 1807, LAST - 1, LAST + 203, LAST + 301, FIRST - 53]
QUERIES = [
    # selectors
    "temperature",
    'http_requests_total{code="200"}',
    'http_requests_total{code!="200",slot=~"bl.*|x"}',
    'http_requests_total{code=~"4..|5..",pod!~".*-b"}',
    '{__name__=~"temp.*|limit",zone=~"north|south"}',
    'temperature{missing=""}',
    'temperature{zone=~".+"} offset 10m',
    "temperature offset -7m",
    f"temperature @ {FIRST + 901}",
    f"rate(http_requests_total[5m] @ {FIRST + 901} offset 1m)",
    "temperature @ start() - temperature @ end()",
    "nothing_of_this_name",
    # functions over ranges
    "rate(http_requests_total[5m])",
    "rate(http_requests_total[40s])",
    "rate(http_requests_total[1h])",
    'increase(http_requests_total{code="500"}[10m])',
    "irate(http_requests_total[5m])",
    "delta(temperature[10m])",
    "idelta(temperature[10m])",
    "deriv(temperature[10m])",
    "predict_linear(temperature[10m], 3600)",
    "predict_linear(temperature[10m] offset 3m, 600)",
    "avg_over_time(temperature[5m])",
    "sum_over_time(temperature[5m])",
    "min_over_time(temperature[5m])",
    "max_over_time(temperature[5m])",
    "count_over_time(http_requests_total[20m])",
    "stddev_over_time(temperature[5m])",
    "stdvar_over_time(level[30m])",
    "quantile_over_time(0.9, temperature[7m])",
    "last_over_time(http_requests_total[20m])",
    "present_over_time(http_requests_total[20m])",
    "changes(level[20m])",
    "resets(http_requests_total[30m])",
    "absent_over_time(nothing[5m])",
    'absent_over_time(temperature{zone="north"}[5m])',
    # functions of instants
    "abs(level)",
    "ceil(temperature / 3)",
    "floor(temperature / 3)",
    "round(temperature, 0.5)",
    "round(temperature)",
    "sqrt(level)",
    "ln(level)",
    "log2(level)",
    "log10(level)",
    "exp(level)",
    "sgn(level)",
    "sinh(level) + cosh(level) + tanh(level)",
    "acos(level) or asin(level)",
    "acosh(level) or atanh(level)",
    "sin(temperature) + cos(temperature) * tan(temperature)",
    "deg(temperature) + rad(temperature) + pi()",
    "clamp(temperature, 19, 22)",
    "clamp(temperature, 22, 19)",
    "clamp_min(temperature, 21)",
    "clamp_max(temperature, 21)",
    "scalar(level) + 1",
    "scalar(temperature)",
    "vector(time())",
    "timestamp(temperature)",
    "timestamp(temperature + 0)",
    'absent(temperature{zone="nowhere",floor=~"1"})',
    "absent(sum(nothing))",
    "absent(temperature)",
    "hour() + minute() / 100",
    "day_of_week() * 1000 + day_of_month() + days_in_month() / 100",
    "year(vector(0)) + month(temperature) + day_of_year()",
    "sort(temperature)",
    "sort_desc(temperature)",
    # histograms
    "histogram_quantile(0.9, rate(latency_bucket[5m]))",
    "histogram_quantile(0.5, sum by (le) (rate(latency_bucket[5m])))",
    "histogram_quantile(0.01, latency_bucket)",
    "histogram_quantile(1, latency_bucket)",
    "histogram_quantile(1.1, latency_bucket)",
    'histogram_quantile(0.9, latency_bucket{le!="+Inf"})',
    'histogram_quantile(0.9, latency_bucket{le=~"0.05|1.*|.Inf"})',
    "histogram_quantile(0.9, temperature)",
    # aggregations
    "sum(rate(http_requests_total[5m]))",
    "sum by (service, slot) (rate(http_requests_total[5m]))",
    "sum without (pod, code) (rate(http_requests_total[5m]))",
    "avg by (service) (http_requests_total)",
    "min(temperature)",
    "max by (floor) (temperature)",
    "count by (code) (http_requests_total)",
    "group by (slot) (http_requests_total)",
    "stddev(temperature)",
    "stdvar by (floor) (temperature)",
    "topk(2, temperature)",
    "topk by (service) (1, http_requests_total)",
    "bottomk(1, temperature) by (floor)",
    "topk(0, temperature)",
    "quantile(0.75, temperature)",
    "quantile by (floor) (1.5, temperature)",
    'count_values("value", limit)',
    'count_values by (zone) ("value", round(temperature))',
    # operators
    "1 + 2 * 3 ^ 2 ^ 0.5 - 7 % 4 / 3",
    "-2 ^ 2",
    "-temperature",
    "1 / 0",
    "-1 / 0",
    "0 / 0",
    "3 > bool 2",
    "temperature * 2",
    "100 - temperature",
    "temperature % 7",
    "level % 0",
    "level ^ 0.5",
    "2 ^ level",
    "abs(level atan2 3)",
    "temperature > 21",
    "21 > temperature",
    "temperature > bool 21",
    "temperature == temperature",
    "temperature - on(zone) limit",
    "temperature > on(zone) limit",
    "temperature > bool on(zone) limit",
    "temperature - ignoring(floor, owner) limit",
    "temperature * on(zone) group_left(owner) limit",
    "limit * on(zone) group_right(owner) temperature",
    "http_requests_total / on(service) group_left() sum by (service) (http_requests_total)",
    'sum by (service) (rate(http_requests_total{code="500"}[5m])) / sum by (service) (rate(http_requests_total[5m]))',
    "temperature and on(zone) limit > 22",
    'temperature unless temperature{zone="west"}',
    "temperature or limit",
    "temperature or on(zone) limit",
    "nothing or vector(0)",
    "nothing + temperature",
    "sum(nothing) or on() vector(0)",
    # labels, subqueries
    'label_replace(temperature, "where", "$1-$2", "zone", "(.)(.*)")',
    'label_replace(temperature, "zone", "", "zone", "west")',
    'label_replace(temperature, "x", "${a}_$$", "zone", "(?P<a>no).*")',
    'label_join(temperature, "both", "/", "zone", "floor", "none")',
    "max_over_time(rate(http_requests_total[2m])[20m:1m])",
    "avg_over_time(temperature[10m:20s])",
    "avg_over_time((temperature > 20)[30m:])",
    "sum_over_time(sum(rate(http_requests_total[1m]))[10m:30s] offset 5m)",
    "rate(sum(http_requests_total)[10m:30s])",
    "min_over_time((0 / (temperature - temperature))[5m:1m])",
]
REFUSED = [
    "sum(",
    "rate(temperature)",
    "temperature + on(zone) group_left temperature * on(floor) limit",
    "limit + on(none) temperature",
    "temperature * on(floor) limit",
    "temperature + on(floor) limit",
    '-{__name__=~"temperature|limit",zone="north"} + label_replace(temperature, "zone", "x", "zone", ".*")',
    'label_replace(temperature, "zone", "x", "zone", ".*")',
    "nonsense(temperature)",
    'temperature{zone=~"("}',
    "{}",
    "1 > 2",
]


class Real:
    """A Prometheus process."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def ask(self, path: str, parameters: dict[str, Any]) -> tuple[int, Any]:
        answer = self._client.get(path, params=parameters)
        return answer.status_code, answer.json()


@pytest.fixture(scope="module")
def generated() -> Generated:
    """The series that are asked about."""
    return Generated()


@pytest.fixture(scope="module")
def real(generated: Generated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """A real Prometheus that has the generated series, on loopback."""
    place = tmp_path_factory.mktemp("prometheus")
    (place / "series.om").write_text(generated.openmetrics())
    (place / "prometheus.yml").write_text("")
    command = [str(PROMTOOL), "tsdb", "create-blocks-from", "openmetrics", str(place / "series.om"), str(place / "data")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    process = subprocess.Popen(
        [
            str(PROMETHEUS),
            f"--config.file={place / 'prometheus.yml'}",
            f"--storage.tsdb.path={place / 'data'}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address={address}",
            "--log.level=error",
        ]
    )
    try:
        _await_ready(process, f"http://{address}", place)
        with httpx.Client(base_url=f"http://{address}", timeout=30) as client:
            yield Real(client)
    finally:
        process.terminate()
        process.wait(20)


def _await_ready(process: subprocess.Popen[bytes], url: str, place: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/-/ready", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"prometheus did not get ready; its data are in {place}")


@pytest.fixture(scope="module")
def ours(generated: Generated) -> TestClient:
    """Our API over them."""
    return TestClient(Api(generated, lambda: float(LAST)).app())


def _same(ours: Any, real: Any) -> bool:
    """Equal JSON, numbers' texts within rounding."""
    if isinstance(ours, list) and isinstance(real, list):
        return len(ours) == len(real) and all(_same(a, b) for a, b in zip(ours, real, strict=True))
    if isinstance(ours, dict) and isinstance(real, dict):
        return ours.keys() == real.keys() and all(_same(ours[key], real[key]) for key in ours)
    if ours == real:
        return True
    try:
        a, b = float(ours), float(real)
    except (TypeError, ValueError):
        return False
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def _ordered(data: Any, query: str) -> Any:
    """Vectors have no order, unless they are sorted."""
    if data["resultType"] == "vector" and not query.startswith(("sort", "topk(2", "bottomk(1")):
        data["result"].sort(key=lambda sample: sorted(sample["metric"].items()))
    return data


@pytest.mark.parametrize("query", QUERIES)
def test_instant(query: str, ours: TestClient, real: Real) -> None:
    """An instant query's answer is the real one's."""
    for at in TIMES:
        parameters: dict[str, Any] = {"query": query, "time": at}
        status, expected = real.ask("/api/v1/query", parameters)
        answer = ours.get("/api/v1/query", params=parameters)
        assert (answer.status_code, status) == (200, 200), (answer.text, expected)
        found = answer.json()["data"]
        assert _same(_ordered(found, query), _ordered(expected["data"], query)), (at, found, expected["data"])


@pytest.mark.parametrize("query", QUERIES)
def test_range(query: str, ours: TestClient, real: Real) -> None:
    """A range query's answer is the real one's."""
    parameters: dict[str, Any] = {"query": query, "start": FIRST - 99, "end": LAST + 400, "step": "100s"}
    status, expected = real.ask("/api/v1/query_range", parameters)
    answer = ours.get("/api/v1/query_range", params=parameters)
    assert (answer.status_code, status) == (200, 200), (answer.text, expected)
    found = answer.json()["data"]
    expected["data"]["result"].sort(key=lambda track: sorted(track["metric"].items()))
    assert _same(found, expected["data"]), (found, expected["data"])


@pytest.mark.parametrize("query", REFUSED)
def test_refused(query: str, ours: TestClient, real: Real) -> None:
    """What a real Prometheus can't answer isn't answered, for the same kind of reason."""
    parameters: dict[str, Any] = {"query": query, "time": FIRST + 1807}
    status, expected = real.ask("/api/v1/query", parameters)
    answer = ours.get("/api/v1/query", params=parameters)
    assert (answer.status_code, answer.json()["errorType"]) == (status, expected["errorType"]), (answer.text, expected)


@pytest.mark.parametrize("path", ["/api/v1/labels", "/api/v1/label/zone/values", "/api/v1/label/__name__/values"])
def test_metadata(path: str, ours: TestClient, real: Real) -> None:
    """Labels and their values are listed alike."""
    parameters: dict[str, Any] = {"start": FIRST, "end": LAST}
    assert ours.get(path, params=parameters).json() == real.ask(path, parameters)[1]


def test_series(ours: TestClient, real: Real) -> None:
    """Series are found alike."""
    parameters: dict[str, Any] = {"start": FIRST, "end": LAST, "match[]": ['temperature{floor="1"}', "level"]}
    found, (_, expected) = ours.get("/api/v1/series", params=parameters).json(), real.ask("/api/v1/series", parameters)
    assert found["data"] == sorted(expected["data"], key=lambda labels: sorted(labels.items()))
