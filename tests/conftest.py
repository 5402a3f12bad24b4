"""What holds for all tests: nobody's Pulumi settings, home folder or cache are read or written."""

from __future__ import annotations

import gc
import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A tenth of all tests' time went into looking for garbage among modules and collected tests, which stay until the end.
gc.set_threshold(50_000, 20, 20)

# A shell has what it starts in the background ignore interrupts, and so all that is started from there: tests that interrupt would fail.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How fast a machine is just now is no matter of a law. A change is judged by the same examples each time; who works on it gets new ones.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ)
settings.load_profile("tests")


def pytest_collection_finish() -> None:
    """What there is by now, stays."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in os.environ:
        if name.startswith(("PULUMI_", "TIDEGATE_", "AWS_")):
            monkeypatch.delenv(name)
    home: Path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PULUMI_HOME", str(home / ".pulumi"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this checkout."""
    return Path(__file__).resolve().parent.parent
