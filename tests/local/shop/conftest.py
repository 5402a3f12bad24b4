"""The shop's program, built once, and started as each test wants it, on loopback."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from embedded.node.images import static
from examples.shop.images import MODULE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Shop:
    """One that runs."""

    process: subprocess.Popen[str]
    address: str
    client: httpx.Client

    def code(self, path: str) -> int:
        """The code of an answer."""
        return self.client.get(path).status_code

    def ended(self) -> tuple[int, str]:
        """Wait for its end: the exit code, and what it said."""
        said, wrong = self.process.communicate(timeout=20)
        return self.process.returncode, said + wrong


@pytest.fixture(scope="session")
def go_cache() -> str:
    """Where this machine's Go keeps what it has compiled. Each test has a home of its own, in which nothing is."""
    if (go := shutil.which("go")) is None:
        pytest.skip("no go found on PATH")
    return subprocess.run([go, "env", "GOCACHE"], capture_output=True, text=True, check=True, timeout=30).stdout.strip()


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program. Tests that run beside each other build it once."""
    shared = tmp_path_factory.getbasetemp().parent
    path = shared / "shop"
    with (shared / "shop.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            try:
                built = static.build(MODULE)
            except static.NoGoError as error:
                pytest.skip(str(error))
            path.write_bytes(built)
            path.chmod(0o755)
    return path


@pytest.fixture
def start(program: Path) -> Callable[..., AbstractContextManager[Shop]]:
    """Start one with these settings; it is gone when the block ends."""

    @contextmanager
    def run(**settings: str) -> Iterator[Shop]:
        env = {"SHOP_HOST": "127.0.0.1", "SHOP_PORT": "0", "SHOP_DRAIN": "0s"} | {f"SHOP_{key}": value for key, value in settings.items()}
        with subprocess.Popen([program], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                found = re.search(r"listens on (\S+)", process.stdout.readline())
                assert found, process.stderr and process.stderr.read()
                address = f"http://{found[1]}"
                with httpx.Client(base_url=address, timeout=10, trust_env=False) as client:
                    yield Shop(process, address, client)
            finally:
                process.kill()

    return run
