"""Policy packs: started, configured, asked; and what is said of those that don't start."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.hosts.analyzer import PolicyPack
from embedded.engine.model.errors import EngineError, NotSupportedError
from embedded.engine.model.ports import AnalyzedResource, PolicyInfo
from embedded.engine.model.state import Resource
from embedded.engine.model.values import UNKNOWN, ResourceRef, Secret, same
from tests.local.engine.hosts.support import Heard, run, run_info, write

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from embedded.engine.hosts.forkserver import ForkServer

MANIFEST = "runtime: python\ndescription: rules\n"
PACK = """
import os, sys
import pulumi
from pulumi_policy import *

print("noise before the port")
print("12 bottles", file=sys.stderr)

def sized(args, report):
    size = args.props.get("size")
    limit = args.get_config().get("limit")
    if size is not None and size > limit:
        report(f"{size} is over {limit}")

def seen(args, report):
    report(repr((args.urn, args.resource_type, args.name, dict(args.props), args.opts.protect, args.opts.delete_before_replace,
        args.opts.parent, args.provider and (args.provider.name, dict(args.provider.props)),
        pulumi.get_project(), pulumi.get_stack(), pulumi.runtime.is_dry_run(), pulumi.Config().get("size"))))

def owned(args):
    if "owner" not in args.props:
        args.props["owner"] = "us"
        return args.props

def few(args, report):
    if len(args.resources) > 1:
        report(" ".join(f"{r.name}<{r.parent.name if r.parent else None}>{[d.name for d in r.dependencies]}" for r in args.resources))

PolicyPack("rules", enforcement_level=EnforcementLevel.MANDATORY, policies=[
    ResourceValidationPolicy("small", "Things are small.", sized, severity=Severity.HIGH,
        config_schema=PolicyConfigSchema(properties={"limit": {"type": "integer", "minimum": 1, "default": 10}})),
    ResourceValidationPolicy("seen", "What a policy sees.", seen, enforcement_level=EnforcementLevel.DISABLED),
    ResourceValidationPolicy("owned", "Things have an owner.", remediate=owned, enforcement_level=EnforcementLevel.REMEDIATE),
    StackValidationPolicy("few", "A stack has few things.", few, enforcement_level=EnforcementLevel.ADVISORY),
])
"""


def thing(name: str, properties: dict[str, Any], **more: Any) -> AnalyzedResource:
    """A resource as policies get it."""
    urn = f"urn:pulumi:dev::shop::test:index:Box::{name}"
    return AnalyzedResource(urn, "test:index:Box", name, properties, Resource(urn, "test:index:Box", custom=True, protect=True), **more)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A policy pack's folder."""
    return write(tmp_path / "pack", {"PulumiPolicy.yaml": MANIFEST, "__main__.py": PACK})


def with_pack(folder: Path, server: ForkServer, work: Callable[[PolicyPack], Awaitable[Any]], config: Any = None, **changes: Any) -> Any:
    """Run something with a started pack."""
    path = folder.parent / "config.json"
    if config is not None:
        path.write_text(config if isinstance(config, str) else json.dumps(config))

    async def body() -> Any:
        heard = changes.pop("heard", Heard())
        info = run_info(folder, engine_address="127.0.0.1:1", **changes)
        started = await PolicyPack.start(str(folder), "" if config is None else str(path), info, heard, server)
        try:
            return await work(started)
        finally:
            await started.close()

    return run(body())


async def facts(pack: PolicyPack) -> tuple[str, str, tuple[PolicyInfo, ...]]:
    """What the engine needs to know of a pack."""
    return pack.name, pack.version, pack.policies


def test_what_a_pack_has(pack: Path, server: ForkServer) -> None:
    """Its name, its policies by name, their kinds and levels; its output goes to the log."""
    heard = Heard()
    name, version, policies = with_pack(pack, server, facts, heard=heard)
    assert (name, version) == ("rules", "0.0.1")
    assert policies == (
        PolicyInfo("few", "stack", "advisory"),
        PolicyInfo("owned", "resource", "remediate"),
        PolicyInfo("seen", "resource", "disabled"),
        PolicyInfo("small", "resource", "mandatory"),
    )
    assert heard.of("info") == "noise before the port\n"
    assert heard.of("info#err") == "12 bottles\n"


def test_the_manifest_s_version_counts(pack: Path, server: ForkServer) -> None:
    """Also in what the policies find."""
    (pack / "PulumiPolicy.yaml").write_text(MANIFEST + "version: 1.2.3\n")

    async def work(started: PolicyPack) -> None:
        assert started.version == "1.2.3"
        [violation] = [v for v in await started.analyze(thing("a", {"size": 11})) if v.policy == "small"]
        assert violation.pack_version == "1.2.3"

    with_pack(pack, server, work)


def test_what_is_found(pack: Path, server: ForkServer) -> None:
    """A violation has its policy's level, severity, description, and its own text."""

    async def work(started: PolicyPack) -> None:
        assert [v.policy for v in await started.analyze(thing("a", {"size": 10, "owner": "me"}))] == []
        [violation] = await started.analyze(thing("a", {"size": 11, "owner": "me"}))
        assert (violation.policy, violation.pack, violation.enforcement, violation.severity) == ("small", "rules", "mandatory", "high")
        assert (violation.description, violation.message) == ("Things are small.", "Things are small.\n11.0 is over 10.0")

    with_pack(pack, server, work)


def test_what_a_policy_sees(pack: Path, server: ForkServer) -> None:
    """Secrets' values, references as ids, no internal keys, options, provider, and the run's settings."""
    provider = Resource("urn:pulumi:dev::shop::pulumi:providers:test::p", "pulumi:providers:test", custom=True, inputs={"a": 1, "__b": 2})
    reference = ResourceRef("urn:pulumi:dev::shop::test:index:Box::other", "id-other")

    async def work(started: PolicyPack) -> str:
        properties = {"word": Secret("hush"), "ref": reference, "__internal": 1, "owner": "me"}
        [violation] = await started.analyze(thing("a", properties, provider=provider, delete_before_replace=True, parent="urn:of:parent"))
        return violation.message

    seen = with_pack(pack, server, work, {"seen": "advisory"}, dry_run=True)
    urn = "urn:pulumi:dev::shop::test:index:Box::a"
    properties = {"word": "hush", "ref": "id-other", "owner": "me"}
    for part in (f"('{urn}', 'test:index:Box', 'a', ", ", True, True, 'urn:of:parent', ('p', {'a': 1.0}), 'shop', 'dev', True, '7')"):
        assert part in seen
    assert all(f"{k!r}: {v!r}" in seen for k, v in properties.items())
    assert "__internal" not in seen


def test_an_unknown_is_only_advised_about(pack: Path, server: ForkServer) -> None:
    """A policy that looks at what a preview can't know says so."""

    async def work(started: PolicyPack) -> None:
        [violation] = await started.analyze(thing("a", {"size": UNKNOWN, "owner": "me"}))
        assert violation.enforcement == "advisory"
        assert "can't run policy 'small' from policy pack 'rules@v0.0.1' during preview" in violation.message

    with_pack(pack, server, work, dry_run=True)


def test_a_remediation(pack: Path, server: ForkServer) -> None:
    """It changes the inputs, and secrets stay secret; where there is nothing to mend, there is no result."""

    async def work(started: PolicyPack) -> None:
        [mended] = await started.remediate(thing("a", {"word": Secret("hush"), "__kept": 1}))
        assert (mended.policy, mended.pack) == ("owned", "rules")
        assert same(mended.properties, {"word": Secret("hush"), "__kept": 1, "owner": "us"})
        assert await started.remediate(thing("a", {"owner": "me"})) == []

    with_pack(pack, server, work)


def test_a_stack_policy(pack: Path, server: ForkServer) -> None:
    """It sees parents and dependencies."""
    first = thing("a", {})
    second = thing("b", {}, parent=first.urn, dependencies=(first.urn,), property_dependencies={"x": [first.urn], "y": []})

    async def work(started: PolicyPack) -> None:
        [violation] = await started.analyze_stack([first, second])
        assert (violation.policy, violation.enforcement) == ("few", "advisory")
        assert violation.message == "A stack has few things.\na<None>[] b<a>['a']"

    with_pack(pack, server, work)


@pytest.mark.parametrize(
    ("config", "levels", "limit"),
    [
        ({"all": "disabled"}, ["disabled"] * 4, 10),
        ({"all": "advisory", "small": "mandatory"}, ["advisory", "advisory", "advisory", "mandatory"], 10),
        ({"small": {"enforcementLevel": "advisory", "limit": 3}}, ["advisory", "remediate", "disabled", "advisory"], 3),
        ({"small": {"limit": 4}}, ["advisory", "remediate", "disabled", "mandatory"], 4),
        ("", ["advisory", "remediate", "disabled", "mandatory"], 10),
    ],
)
def test_configuration(pack: Path, server: ForkServer, config: Any, levels: list[str], limit: int) -> None:
    """The file's levels and properties count over the pack's own."""

    async def work(started: PolicyPack) -> None:
        assert [p.enforcement for p in started.policies] == levels
        found = {v.policy: v.message for v in await started.analyze(thing("a", {"size": 99}))}
        if levels[3] != "disabled":
            assert found["small"] == f"Things are small.\n99.0 is over {float(limit)}"

    with_pack(pack, server, work, config)


def test_configuration_that_its_schema_refuses(pack: Path, server: ForkServer) -> None:
    """Every problem is logged as an error, and the pack is not started."""
    heard = Heard()
    with pytest.raises(EngineError, match=r"^validating policy config$"):
        with_pack(pack, server, facts, {"small": {"limit": "many"}}, heard=heard)
    assert heard.lines[-1] == (
        "error", "validating policy config: rules 0.0.1  small: limit: Invalid type. Expected: integer, given: string"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "failed to load Pulumi policy project located at"),
        ({"PulumiPolicy.yaml": "description: x\n"}, "is missing a 'runtime' attribute"),
        ({"PulumiPolicy.yaml": "runtime: nodejs\n"}, "does not support policy packs with runtime 'nodejs'"),
        ({"PulumiPolicy.yaml": MANIFEST, "__main__.py": "import nowhere\n"}, "No module named 'nowhere'"),
        ({"PulumiPolicy.yaml": MANIFEST, "__main__.py": "print('no pack here')\n"}, "it said last:\nno pack here"),
        ({"PulumiPolicy.yaml": "runtime: {name: python, options: {virtualenv: venv}}\n"}, "'virtualenv' option"),
    ],
    ids=["no manifest", "no runtime", "another runtime", "does not import", "makes no pack", "no environment"],
)
def test_a_pack_that_does_not_start(tmp_path: Path, server: ForkServer, files: dict[str, str], said: str) -> None:
    """The error names the pack and says why."""
    folder = write(tmp_path / "pack", files)
    folder.mkdir(exist_ok=True)
    with pytest.raises((EngineError, NotSupportedError)) as failure:
        with_pack(folder, server, facts)
    assert said in str(failure.value)
    assert "pack" in str(failure.value)


def test_a_pack_under_its_own_interpreter(pack: Path, server: ForkServer) -> None:
    """The manifest's `virtualenv` is where its Python is."""
    write(pack, {"venv/bin/python": f'#!/bin/sh\nexec {sys.executable} "$@"\n'})
    (pack / "venv/bin/python").chmod(0o755)
    (pack / "PulumiPolicy.yaml").write_text("runtime: {name: python, options: {virtualenv: venv}}\n")
    assert with_pack(pack, server, facts)[0] == "rules"


def test_a_policy_that_raises_and_one_that_kills(pack: Path, server: ForkServer) -> None:
    """The first is the pack's error; the second ends it, and that is said."""
    text = PACK.replace(
        "def sized(args, report):",
        "def sized(args, report):\n    if args.name == 'die': os._exit(7)\n    1 / 0 if args.name == 'raise' else 0",
    )
    (pack / "__main__.py").write_text(text)

    async def work(started: PolicyPack) -> None:
        with pytest.raises(EngineError, match="division by zero"):
            await started.analyze(thing("raise", {}))
        with pytest.raises(EngineError, match=r"policy pack .* has ended in the middle of its work: it exited with code 7"):
            await started.analyze(thing("die", {}))
        await asyncio.wait_for(started.cancel(), 1)

    with_pack(pack, server, work)
