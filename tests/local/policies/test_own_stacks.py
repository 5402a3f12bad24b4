"""What this project's own stacks are made of keeps to the security pack: `Pulumi.*.yaml`, as the program renders them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from embedded.cluster.cluster import Cluster
from embedded.engine.model import urn as urns
from embedded.engine.model import values
from embedded.engine.model.events import ResourcePre
from policies.judging import Doubt, Given, Violation, judge, of_resource, stack_of
from policies.judging.fields import UNKNOWN, Hidden
from policies.security import PACK
from tests.local.kubernetes.stack import Stack
from tests.local.program.stack import program

if TYPE_CHECKING:
    from policies.judging import Stack as Judged

ROOT = Path(__file__).parents[3]
# No image has a digest yet: those of the services are for whoever releases them, all others are told by their tags.
UNPINNED = {"production": {"pinned-digests"}, "staging": set[str](), "local": set[str]()}


def bare(value: Any) -> Any:
    """A value of the engine's, as policies take it."""
    match value:
        case values.Unknown():
            return UNKNOWN
        case values.Secret() | values.Output():
            found = bare(value.value)
            return found if found is UNKNOWN else Hidden(found)
        case dict():
            return {key: bare(one) for key, one in value.items()}
        case list() | tuple():
            return [bare(one) for one in value]
    return value


def plain(value: Any) -> Any:
    """A configuration without encryption: what is secret is made up."""
    match value:
        case {"secure": _}:
            return "made-up-for-this"
        case dict():
            return {key: plain(one) for key, one in value.items()}
        case list():
            return [plain(one) for one in value]
    return value


def rendered(name: str, folder: Path) -> Judged:
    """All that a stack asks for, in its first preview."""
    config = plain(yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text())["config"])
    with Cluster() as cluster:
        stack = Stack(folder, cluster.kubeconfig_file(folder.with_suffix(".kubeconfig")), project="tidegate")
        stack.configure(config)
        run = stack.preview(program).well()
    made = [told.step.new for told in run.told if isinstance(told, ResourcePre) and told.step.new is not None]
    return stack_of(*(of_resource(one.type, bare(one.inputs), label=urns.name_of(one.urn), urn=one.urn) for one in made if one.custom))


@pytest.mark.matrix
@pytest.mark.parametrize("name", UNPINNED)
def test_our_own_stacks_keep_to_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of them is refused, but what only a release can know; and little is in doubt before it is there."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "password")
    stack = rendered(name, tmp_path / name)
    found = [(policy.name, one) for policy in PACK.policies for one in judge(policy, stack, Given(policy.settings(), environment=name))]
    told = [f"{rule}: {one.reason}" for rule, one in found if isinstance(one, Violation) and rule not in UNPINNED[name]]
    assert told == []
    assert len(stack.pods) > 10
    assert {one.at.key for _, one in found if isinstance(one, Doubt)} <= {"value"}
