"""State that is exported, imported, shared and adopted."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pulumi
import pytest
from pulumi import automation

from tests.local.automation.place import Heard, name_of, plain, resources
from tests.local.automation.toys import Thing
from tests.reference_provider.install import HERE, install
from tests.reference_provider.store import Store

if TYPE_CHECKING:
    from tests.local.automation.place import Place


def _program() -> None:
    pulumi.export("made", Thing("a", size="1").made)
    pulumi.export("token", pulumi.Output.secret("hush"))


def test_exported_state_is_imported_again(place: Place) -> None:
    """An export has the secrets in clear; imported it is the stack as it was, with secrets encrypted."""
    stack = place.inline(_program)
    stack.up()
    state = stack.export_stack()
    assert state.version == 3
    assert json.dumps(state.deployment).count("hush") == 1
    stack.destroy()
    stack.import_stack(state)
    assert set(resources(stack)) == {"a"}
    assert plain(stack.outputs()) == {"made": "a/1", "token": "hush"}
    assert stack.outputs()["token"].secret
    assert not any(b"hush" in path.read_bytes() for path in place.backend.rglob("*.json"))
    assert stack.up(expect_no_changes=True).summary.resource_changes == {"same": 2}


def test_broken_state_is_refused(place: Place) -> None:
    """State whose resources refer to what is not there, or of another stack, is refused and nothing changes."""
    stack = place.inline(_program)
    stack.up()
    state = stack.export_stack()
    assert state.deployment is not None
    before = json.dumps(state.deployment["resources"])
    broken = json.loads(json.dumps(state.deployment))
    broken["resources"][-1]["parent"] = broken["resources"][-1]["urn"] + "-nobody"
    with pytest.raises(automation.CommandError, match="nobody"):
        stack.import_stack(automation.Deployment(3, broken))
    foreign = json.loads(json.dumps(state.deployment).replace("urn:pulumi:dev::", "urn:pulumi:other::"))
    with pytest.raises(automation.CommandError, match="other"):
        stack.import_stack(automation.Deployment(3, foreign))
    with pytest.raises(automation.CommandError, match="version"):
        stack.import_stack(automation.Deployment(99, state.deployment))
    after = stack.export_stack().deployment
    assert after is not None
    assert json.dumps(after["resources"]) == before


def test_a_stack_reads_the_outputs_of_another(place: Place) -> None:
    """A stack reference gives an inline program the other stack's outputs; secrets stay secret."""

    def reads() -> None:
        base = pulumi.StackReference("organization/shop/dev")
        pulumi.export("made", base.require_output("made"))
        pulumi.export("token", base.get_output("token"))

    place.inline(_program).up()
    outputs = place.inline(reads, "reader", "other").up().outputs
    assert plain(outputs) == {"made": "a/1", "token": "hush"}
    assert {k for k, v in outputs.items() if v.secret} == {"token"}


def test_inline_programs_run_side_by_side(place: Place) -> None:
    """Four stacks are updated at once in one process; their programs overlap, and none sees another's stack, values or events."""
    together = threading.Barrier(4, timeout=90)

    def program() -> None:
        name = pulumi.get_stack()
        together.wait()
        thing = Thing(f"thing-of-{name}", size=pulumi.Config().require("size"))
        pulumi.export("made", thing.made)
        pulumi.export("stack", pulumi.Output.concat(name, "/", pulumi.get_stack()))

    names = [f"s{i}" for i in range(4)]
    stacks = {name: place.inline(program, name, work_dir=str(place.work(name))) for name in names}
    for i, stack in enumerate(stacks.values()):
        stack.set_config("size", automation.ConfigValue(str(i)))
    heard = {name: Heard() for name in names}
    with ThreadPoolExecutor(4) as pool:
        results = dict(zip(names, pool.map(lambda n: stacks[n].up(on_event=heard[n].append), names), strict=True))
    for i, name in enumerate(names):
        assert plain(results[name].outputs) == {"made": f"thing-of-{name}/{i}", "stack": f"{name}/{name}"}
        assert heard[name].complete
        assert heard[name].steps() == {("create", f"shop-{name}"), ("create", f"thing-of-{name}")}
        assert set(resources(stacks[name])) == {f"thing-of-{name}"}


def test_resources_are_adopted(place: Place) -> None:
    """`import_resources` takes what exists into the state, protected or not; what does not exist is an error that names it."""
    things = place.work("things")
    Store(things).write("there", {"name": "there", "value": "v"})
    install(place.home)
    stack = place.inline(_program, env_vars={"REFERENCE_DIRECTORY": str(things), "PYTHONPATH": str(HERE)})
    wanted: automation._stack.ImportResource = {"type": "reference:index:Thing", "name": "adopted", "id": "there"}
    result = stack.import_resources(resources=[wanted], protect=False, generate_code=False, message="adopt")
    assert (result.summary.kind, result.summary.message, result.generated_code) == ("resource-import", "adopt", "")
    adopted = resources(stack)["adopted"]
    assert (adopted["id"], adopted["outputs"]["value"], adopted.get("protect", False)) == ("there", "v", False)
    with pytest.raises(automation.CommandError, match="nobody"):
        stack.import_resources(resources=[{**wanted, "name": "lost", "id": "nobody"}], generate_code=False)
    assert set(resources(stack)) == {"adopted"}
    stack.destroy()
    assert Store(things).things() == {}


def test_a_plugin_serves_an_inline_program(place: Place) -> None:
    """A provider that is a plugin, found in PULUMI_HOME and listed there, makes what an inline program asks for."""
    things = place.work("things")
    install(place.home)

    def program() -> None:
        provider = pulumi.ProviderResource("reference", "own", {"directory": str(things)}, pulumi.ResourceOptions(version="1.0.0"))
        thing = pulumi.CustomResource(
            "reference:index:Thing", "a", {"name": "one", "value": "v", "size": None}, pulumi.ResourceOptions(provider=provider)
        )
        pulumi.export("id", thing.id)

    stack = place.inline(program)
    assert plain(stack.up().outputs) == {"id": "one"}
    assert set(Store(things).things()) == {"one"}
    assert {name_of(r["urn"]) for r in (stack.export_stack().deployment or {})["resources"]} >= {"own", "a"}
    stack.workspace.install_plugin("reference", "v1.0.0")
    listed = stack.workspace.list_plugins()
    assert [(p.name, p.kind, p.version) for p in listed] == [("reference", "resource", "1.0.0")]
    assert listed[0].size > 0
    stack.workspace.remove_plugin("reference", "1.0.0")
    assert stack.workspace.list_plugins() == []
    with pytest.raises(automation.CommandError, match="reference"):
        stack.up()
