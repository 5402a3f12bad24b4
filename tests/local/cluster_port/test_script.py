"""What a check does in its pod: the script itself, by a real shell and curl."""

from __future__ import annotations

import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.local.program.stack import shop
from tidegate.model import errand
from tidegate.model.intent.intent import Intent
from tidegate.model.intent.service import Check
from tidegate.model.slots import desired

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
HEADER = "X-Candidate: yes, please"


class Gateway(BaseHTTPRequestHandler):
    """Lets testers through, by host and header; everybody finds /open."""

    def do_GET(self) -> None:
        tester = self.headers["Host"] == "www.shop.example" and self.headers["X-Candidate"] == "yes, please"
        self.send_response(200 if tester or self.path == "/open" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Where it listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def looked(port: int, *paths: str, **more: str) -> subprocess.CompletedProcess[str]:
    """What a check of these paths says."""
    variables = {name: text.format(port=port) for name, text in more.items()}
    spec = desired(Intent.model_validate(shop(), strict=False), "web")
    (container,) = errand.pod(Check(paths=paths), spec, "web", variables)["containers"]
    command = [*container["command"], *container["args"]]
    return subprocess.run(command, env={**variables, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=30, check=False)


def test_testers_requests_go_to_the_gateway_wherever_their_host_leads(port: int) -> None:
    """With host and header, a value of several words, too; without the header they are nobody's."""
    testers = {"TARGET": "http://www.shop.example", "CONNECT": "::127.0.0.1:{port}"}
    well = looked(port, "/health", "/open", HEADER=HEADER, **testers)
    assert (well.returncode, well.stdout) == (0, "GET /health: 200\nGET /open: 200\n")
    bad = looked(port, "/open", "/health", "/never", **testers)
    assert (bad.returncode, bad.stdout) == (1, "GET /open: 200\n")
    assert bad.stderr == "GET http://www.shop.example/health: 503, where 2xx was expected\n"


def test_a_slot_is_asked_straight(port: int) -> None:
    """And who isn't there doesn't answer."""
    assert looked(port, "/open", TARGET="http://127.0.0.1:{port}").returncode == 0
    away = looked(1, "/open", TARGET="http://127.0.0.1:{port}")
    assert away.returncode == 1
    assert away.stderr.endswith("GET http://127.0.0.1:1/open: no answer, where 2xx was expected\n")
