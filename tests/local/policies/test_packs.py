"""The packs that come with Tidegate, run as the engine runs them: started, configured by the stack, and asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.hosts.analyzer import PolicyPack
from embedded.engine.hosts.forkserver import ForkServer
from embedded.engine.model.errors import EngineError
from embedded.engine.model.ports import AnalyzedResource
from embedded.engine.model.state import Resource
from embedded.engine.model.values import UNKNOWN, Secret
from tests.local.engine.hosts.support import Heard, run, run_info
from tests.unit.policies.wrapping import pod, wrapped
from tidegate.policing.packs import NAMES, folder, pack

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """What packs are started by."""
    found = ForkServer.start()
    yield found
    found.close()


def with_pack(name: str, place: Path, server: ForkServer, work: Callable[[PolicyPack], Awaitable[Any]], **config: Any) -> Any:
    """Do something with a pack, on a stack with this configuration."""

    async def body() -> Any:
        texts = {f"tidegate:{key}": json.dumps(value) for key, value in config.items()}
        info = run_info(place, engine_address="127.0.0.1:1", config=texts)
        started = await PolicyPack.start(str(folder(name)), "", info, Heard(), server)
        try:
            return await work(started)
        finally:
            await started.close()

    return run(body())


def deployment(**container: Any) -> AnalyzedResource:
    """A Deployment, as the engine has it."""
    kind = "kubernetes:apps/v1:Deployment"
    urn = f"urn:pulumi:dev::shop::{kind}::web"
    return AnalyzedResource(urn, kind, "web", wrapped("Deployment", pod(**container)), Resource(urn, kind, custom=True))


@pytest.mark.parametrize("name", NAMES)
def test_each_pack_starts(name: str, tmp_path: Path, server: ForkServer) -> None:
    """With all its policies, at the levels that the stack says."""

    async def work(started: PolicyPack) -> None:
        assert started.name == name
        assert {one.name for one in started.policies} == {one.name for one in pack(name).policies}
        assert {one.enforcement for one in started.policies} == {"advisory"}

    with_pack(name, tmp_path, server, work, policies={"enforcement": {"all": "advisory"}})


def test_resources_are_judged(tmp_path: Path, server: ForkServer) -> None:
    """What is wrong, what isn't known, and what a secret is said to be; and one that is mended."""

    async def work(started: PolicyPack) -> None:
        bad = deployment(securityContext={"privileged": True}, env=[{"name": "A", "value": Secret("hunter2hunter2")}])
        found = await started.analyze(bad)
        assert [one.enforcement for one in found if one.policy == "privileged"] == ["mandatory"]
        assert not [one for one in found if "hunter2" in one.message]
        (doubt,) = [one for one in await started.analyze(deployment(securityContext=UNKNOWN)) if one.policy == "privileged"]
        assert doubt.enforcement == "advisory"
        assert "will be checked on up" in doubt.message
        (mended,) = await started.remediate(bad)
        assert mended.properties is not None
        (container,) = mended.properties["spec"]["template"]["spec"]["containers"]
        assert container["securityContext"] == {"privileged": False}
        assert isinstance(container["env"][0]["value"], Secret)

    with_pack("security", tmp_path, server, work, policies={"enforcement": {"security/privileged": "remediate"}})


def test_a_wrong_configuration_is_told(tmp_path: Path, server: ForkServer) -> None:
    """The pack doesn't start by half of it."""

    async def work(_: PolicyPack) -> None:
        raise AssertionError

    with pytest.raises(EngineError, match="there is no policy release/live-slot; do you mean release/live-slot"):
        with_pack("release", tmp_path, server, work, policies={"enforcement": {"release/live-slot": "advisory"}})
