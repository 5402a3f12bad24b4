"""A real Prometheus on loopback, and pods for it to scrape: services with two slots, whose counters a test moves."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PROMETHEUS: Final = shutil.which("prometheus")
BOUNDS: Final = (0.1, 0.5, 1.0, 2.5, 5.0)


@dataclass
class Pods:
    """What pods have counted."""

    requests: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By service, slot and code."""
    times: Counter[tuple[str, str, float]] = field(default_factory=Counter)
    """By service, slot and how long it took."""
    scrapes: int = 0

    def serve(self, service: str, slot: str, good: int, bad: int = 0, takes: float = 0.2) -> None:
        """Answer so many requests."""
        self.requests[service, slot, "200"] += good
        if bad:
            self.requests[service, slot, "500"] += bad
        self.times[service, slot, takes] += good + bad

    def text(self) -> str:
        """What a scrape gets."""
        place = 'namespace="test", service="{}", slot="{}", pod="{}-1"'
        lines = ["# TYPE http_requests_total counter"]
        lines += [f'http_requests_total{{{place.format(s, slot, s)}, code="{code}"}} {n}' for (s, slot, code), n in self.requests.items()]
        lines.append("# TYPE http_request_duration_seconds histogram")
        for service, slot in dict.fromkeys((s, slot) for s, slot, _ in self.times):
            took = [(t, n) for (s, other, t), n in self.times.items() if (s, other) == (service, slot)]
            for bound in (*map(str, BOUNDS), "+Inf"):
                number = sum(n for t, n in took if t <= float(bound))
                lines.append(f'http_request_duration_seconds_bucket{{{place.format(service, slot, service)}, le="{bound}"}} {number}')
        return "\n".join(lines) + "\n"


@contextmanager
def http(answer: Callable[[BaseHTTPRequestHandler, bytes], tuple[int, str]]) -> Iterator[str]:
    """A server on loopback; where it is."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            code, text = answer(self, body)
            self.send_response(code)
            self.send_header("content-type", "application/json" if text.startswith(("{", "[")) else "text/plain")
            self.send_header("content-length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815 - the server's naming

        def log_message(self, *_: Any) -> None:
            """Nobody wants to know."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


@contextmanager
def prometheus(folder: Path, pods: Pods) -> Iterator[str]:
    """A Prometheus that scrapes them ten times a second; where it is."""

    def scraped(_: BaseHTTPRequestHandler, __: bytes) -> tuple[int, str]:
        pods.scrapes += 1
        return 200, pods.text()

    with http(scraped) as target, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
        probe.close()
        job = {"job_name": "pods", "honor_labels": True, "static_configs": [{"targets": [target.removeprefix("http://")]}]}
        config = {"global": {"scrape_interval": "100ms", "scrape_timeout": "100ms"}, "scrape_configs": [job]}
        (folder / "prometheus.yml").write_text(json.dumps(config))
        command = [str(PROMETHEUS), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
        process = subprocess.Popen([*command, f"--web.listen-address={address}", "--log.level=error"])
        try:
            wait(lambda: _ready(f"http://{address}"), "Prometheus is ready")
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(20)


def wait(condition: Callable[[], bool], what: str) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within 30 s: {what}")
        time.sleep(0.02)


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=5).is_success
    except httpx.TransportError:
        return False
