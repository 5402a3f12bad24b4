"""Policy packs through the options of previews and updates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pulumi import automation

from tests.local.automation.place import Heard, resources
from tests.local.automation.toys import Thing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.automation.place import Place

pytest.importorskip("pulumi_policy")

# When a task of the program ends badly while the SDK cancels it, the SDK does not come to closing its event loop.
pytestmark = [
    pytest.mark.usefixtures("collected"),
    pytest.mark.filterwarnings("ignore:unclosed (event loop|<socket):ResourceWarning"),
]

_PACK = """\
from pulumi_policy import EnforcementLevel, PolicyConfigSchema, PolicyPack, ResourceValidationPolicy

def small(args, report):
    limit = args.get_config()["limit"]
    if (args.props.get("size") or 0) > limit:
        report(f"{args.name} is over {limit}")

def owned(args):
    return None if args.props.get("owner") else {**args.props, "owner": "platform"}

SCHEMA = PolicyConfigSchema(properties={"limit": {"type": "integer", "default": 10}})
PolicyPack("rules", enforcement_level=EnforcementLevel.MANDATORY, policies=[
    ResourceValidationPolicy("small", "Things are small.", small, config_schema=SCHEMA),
    ResourceValidationPolicy("owned", "Things have an owner.", remediate=owned, enforcement_level=EnforcementLevel.REMEDIATE),
])
"""


@pytest.fixture
def pack(place: Place) -> Path:
    """A pack with a limit and a remediation."""
    folder = place.work("pack")
    (folder / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.2.3\n")
    (folder / "__main__.py").write_text(_PACK)
    return folder


def _program() -> None:
    Thing("a", size=20)


def test_a_violation_stops_the_update(place: Place, pack: Path) -> None:
    """A mandatory violation fails the preview and the update, is told as an event, and the thing is not made."""
    stack = place.inline(_program)
    heard = Heard()
    with pytest.raises(automation.CommandError, match="a is over 10"):
        stack.preview(policy_packs=[str(pack)])
    with pytest.raises(automation.CommandError, match="a is over 10"):
        stack.up(policy_packs=[str(pack)], on_event=heard.append)
    assert heard.complete
    told = [e.policy_event for e in heard if e.policy_event]
    assert ("rules", "small", "mandatory") in {(e.policy_pack_name, e.policy_name, e.enforcement_level) for e in told}
    assert "a" not in resources(stack)


def test_a_pack_is_configured(place: Place, pack: Path) -> None:
    """With its configuration the pack lets the thing pass, and mends what it mends; a wrong configuration is an error."""
    stack = place.inline(_program)
    config, wrong = pack / "config.json", pack / "wrong.json"
    config.write_text(json.dumps({"small": {"limit": 30}}))
    wrong.write_text(json.dumps({"small": {"limit": "many"}}))
    with pytest.raises(automation.CommandError, match="limit"):
        stack.up(policy_packs=[str(pack)], policy_pack_configs=[str(wrong)])
    result = stack.up(policy_packs=[str(pack)], policy_pack_configs=[str(config)])
    assert result.summary.result == "succeeded"
    assert "rules@v1.2.3" in result.stdout
    assert resources(stack)["a"]["inputs"]["owner"] == "platform"


def test_a_pack_that_is_not_there(place: Place) -> None:
    """A folder without a pack is an error that names it, and nothing is made."""
    stack = place.inline(_program)
    with pytest.raises(automation.CommandError, match="no-such-pack"):
        stack.up(policy_packs=[str(place.folder / "no-such-pack")])
    assert resources(stack) == {}
