"""The project's own program on a simulated cluster: steps of a release, what the planner refuses, and pods that don't get ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from embedded.cluster.cluster import Cluster
from tests.local.program.stack import RATE, ROOT, shop
from tests.local.stack.place import SECRET
from tidegate.model.errors import UpdateFailedError
from tidegate.model.events import Shift, Stage
from tidegate.model.ledger import Stamp
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local.stack.place import Place
    from tidegate.model.events import Event
    from tidegate.stack.port import PulumiStack


@pytest.fixture
def shopping(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PulumiStack]:
    """A shop with a secret, that has nothing yet; its engine is the one that is kept warm for all places."""
    config: dict[str, Any] = shop(canary=True, more={"web": {"secrets": ["keys"]}, "api": {"ready_within": "5s"}})
    config["secrets"] = {"keys": {"required": ["token"]}}
    with Cluster(rate=RATE) as cluster:
        kubeconfig = str(cluster.kubeconfig_file(tmp_path / "kubeconfig"))
        keys = {"kubernetes:kubeconfig": kubeconfig, **{f"tidegate:{key}": value for key, value in config.items()}}
        program = f"import runpy\nrunpy.run_path({str(ROOT / '__main__.py')!r}, run_name='program')\n"
        there = place.make(tmp_path / "shop", program, yaml.safe_dump({"config": keys}, sort_keys=False))
        for name, value in there.environment.items():
            monkeypatch.setenv(name, value)
        yield there.stack()


def stamped(event: type[Stage | Shift], **more: Any) -> Event:
    """An event of today."""
    return event(stamp=Stamp(at="2100-01-01T00:00:00+00:00", by="alice"), **more)


def test_a_release(shopping: PulumiStack) -> None:
    """Pods that don't get ready, then installed, previewed, staged and shifted; what was decided for another step is refused."""
    stack, lines = shopping, list[str]()
    with pytest.raises(UpdateFailedError, match=r"(?s)Deployment api-blue: .*ready"):
        stack.update(stack.told({"api": "v1-never-ready"}, {}), stamped(Stage), lines.append)
    assert stack.read().ledger is None
    stack.update(stack.told({}, {}), stamped(Stage), lines.append)
    reading = stack.read()
    assert reading.ledger is not None
    assert {name: service.live for name, service in reading.ledger.services.items()} == {"api": "blue", "web": "blue"}
    assert any(found.get("metadata", {}).get("name") == "web-blue" for found in reading.inputs.values())

    told = stack.told({"web": "v2"}, {})
    preview = stack.preview(told, stamped(Stage))
    assert (preview.errors, preview.violations) == ((), ())
    assert preview.changes["update"] > 0
    stack.update(told, stamped(Stage, expects=reading.ledger.token, reason="a better page"), lines.append)
    assert "Deployment web-green: updated" in lines
    assert any("web: green comes up with v2" in line for line in lines)
    staged = stack.read().ledger
    assert staged is not None
    assert staged.under_way is not None
    stack.update(told, stamped(Shift, weight=5, expects=staged.token), lines.append)

    with pytest.raises(Refusal, match="moved-on") as refused:
        stack.update(told, stamped(Shift, weight=50, expects=staged.token), lines.append)
    assert refused.value.rule == "moved-on"
    assert str(refused.value).endswith("[moved-on]")
    assert any("[moved-on]" in error for error in stack.preview(told, stamped(Shift, weight=50, expects=staged.token)).errors)
    found = stack.read().ledger
    assert found is not None
    assert found.under_way is not None
    assert found.under_way.weight == 5
    messages = [past.message for past in stack.past()]
    assert messages[1] == f"{staged.under_way.id}: shift to 5%, by alice"
    assert SECRET not in "\n".join(lines)
