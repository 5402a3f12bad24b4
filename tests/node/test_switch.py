"""The benchmark of switches on a real node: it measures, users see no failure, and it leaves the node as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from lightkube.resources.core_v1 import Namespace

from benchmarks.switch.stand import NAMES, SPACE
from tests.node.ground import client

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.node.node import Node
    from tests.node.ground import Ground

pytestmark = [pytest.mark.node, pytest.mark.timeout(600, func_only=True)]

CYCLE = ["shift", "abort", "flip", "rollback"]
MOVES = {name: CYCLE if name.endswith("route") else ["flip", "rollback"] for name in NAMES}


def test_each_way_to_move_traffic_is_measured(program_node: Node, ground: Ground, tmp_path: Path) -> None:
    """By patches, driver and updates, in turns: each does what it was told, updates have nothing against the patches, no request fails."""
    little = ["--repetitions=1", "--updates=1", "--rate=50", "--connections=new", "--patience=60"]
    command = [sys.executable, "-m", "benchmarks.switch.on_node", f"--name={ground.name}", *little, f"--out={tmp_path / 'out'}"]
    done = subprocess.run(command, env=dict(ground.environment), capture_output=True, text=True, check=False, timeout=500)
    # 1 is for goals that were missed: how fast a busy machine is says nothing.
    assert done.returncode in {0, 1}, done.stderr
    figures = {one["switcher"]: one for one in json.loads((tmp_path / "out" / "figures.json").read_text())}
    assert tuple(figures) == NAMES
    for name, one in figures.items():
        assert one["failures"] == {}, name
        assert [[move["operation"] for move in moves] for moves in one["rounds"]] == [MOVES[name]]
        assert [move["error"] for moves in one["rounds"] for move in moves if move["error"]] == [], done.stdout
    assert program_node.status().ready
    with client(program_node) as api:
        assert SPACE not in {each.metadata.name for each in api.list(Namespace) if each.metadata}
