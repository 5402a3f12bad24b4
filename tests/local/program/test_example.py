"""The example that comes with Tidegate, as it is: installed, released, and taken away."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.local.program.stack import ROOT, changes, event

if TYPE_CHECKING:
    from tests.local.program.stack import Place

HOST = "http://team-dashboard.localhost/"
INSIDE = "http://agent-manager.team-dashboard.svc:80/"


def example() -> dict[str, Any]:
    """The stack file of the example."""
    settings = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text())["config"]
    return {key.removeprefix("tidegate:"): value for key, value in settings.items() if key.startswith("tidegate:")}


@pytest.mark.matrix
@pytest.mark.timeout(240)
def test_the_example_from_its_first_update_to_its_last(there: Place) -> None:
    """Install, nothing to do, a canary of one service with a flip of another, a bad version, and all of it gone: no request fails."""
    first = example()
    there.install(first, host=HOST, inside=INSIDE)
    assert changes(there.preview(first).well()) == {}
    second = deepcopy(first)
    for name in ("dashboard", "agent-manager"):
        second["services"][name]["version"] = "v1.1.0"
    there.up(second).well()
    there.up(second, event("shift", weight=100)).well()
    there.up(second, event("promote")).well()
    assert there.serving() == {"host": {"v1.1.0"}, "inside": {"v1.1.0"}}
    assert changes(there.up(second).well()) == {}
    bad = deepcopy(second)
    bad["services"]["agent-manager"]["version"] = "v1.2.0-broken"
    there.up(bad).failed("/health: 500")
    assert there.serving() == {"host": {"v1.1.0"}, "inside": {"v1.1.0"}}
    there.unharmed()
    for name in ("host", "inside"):
        there.cluster.call(partial(there.cluster.traffic.end_flow, name))
    there.stack.destroy().well()
    assert there.stack.resources() == {}
