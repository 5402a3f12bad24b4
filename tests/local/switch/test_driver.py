"""The driver as a switcher, on the simulated cluster: it takes its step when it is told to, and what is judged as bad goes back."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from benchmarks.switch.stand import _PROJECT, _begin, _settings
from benchmarks.switch.switchers.driver import Driver
from benchmarks.switch.switchers.switcher import Operation
from benchmarks.switch.switchers.up import ROOT, Stack
from embedded.cluster.cluster import Cluster
from tests.local.program.stack import ROUTES, SPACE, shop

if TYPE_CHECKING:
    from pathlib import Path

JUDGED = {"web": {"analysis": {"interval": "1s"}, "steps": [{"weight": 50}, {"weight": 100}]}}


@pytest.mark.slow
def test_a_release_steps_and_goes_back_when_it_is_told_to(tmp_path: Path) -> None:
    """Not before; and afterwards the stack's file is what it was."""
    config = shop(canary=True, more=JUDGED)
    for service in config["services"].values():
        del service["checks"]
    with Cluster(rate=20) as cluster, _settings(tmp_path):
        kubeconfig = cluster.kubeconfig_file(tmp_path / "kubeconfig")

        def weight() -> int:
            route = cluster.call(lambda: cluster.store.get(ROUTES, SPACE, "web"))
            return next(int(b["weight"]) for b in (route or {})["spec"]["rules"][0]["backendRefs"] if b["name"] == "web-green")

        stack = Stack(str(tmp_path / "project"), "bench", str(kubeconfig), timeout=90)
        stack.folder.mkdir()
        for part in _PROJECT:
            shutil.copy(ROOT / part, stack.folder / part)
        _begin(stack, {f"tidegate:{key}": value for key, value in config.items()})
        before = stack.file.read_text()
        driver = Driver(stack, "web", ("v1", "v2"))
        try:
            driver.prepare(Operation.SHIFT)
            assert (weight(), driver.status()) == (0, 0)
            driver.shift(50)
            assert (weight(), driver.status()) == (50, 50)
            driver.abort()
            assert (weight(), driver.status()) == (0, 0)
        finally:
            driver.close()
        assert stack.file.read_text() == before
