"""Previews, updates, refreshes and destructions, of inline and of local programs, with what can be asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi import automation

from tests.local.automation.place import Heard, plain, resources, urn
from tests.local.automation.toys import Box, Thing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.automation.place import Place

_SOURCE = """\
import pulumi
from tests.local.automation.toys import Box, Thing

config = pulumi.Config()
print("a word")
thing = Thing("a", size=config.get("size") or "1")
Box("box", pulumi.ResourceOptions(depends_on=[thing]))
pulumi.export("made", thing.made)
pulumi.export("hush", pulumi.Output.secret({"deep": [1, None]}))
pulumi.export("where", f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}")
"""


def _program() -> None:
    config = pulumi.Config()
    thing = Thing("a", size=config.get("size") or "1")
    Box("box", pulumi.ResourceOptions(depends_on=[thing]))
    pulumi.export("made", thing.made)
    pulumi.export("hush", pulumi.Output.secret({"deep": [1, None]}))
    pulumi.export("where", f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}")


@pytest.mark.parametrize(
    "create",
    [
        pytest.param(lambda place: place.inline(_program), id="inline"),
        pytest.param(lambda place: place.local(_SOURCE), id="local", marks=pytest.mark.matrix),
    ],
)
def test_from_the_first_preview_to_the_last_resource(place: Place, create: Callable[[Place], automation.Stack]) -> None:
    """A stack's life: preview, create, nothing to do, change, refresh, destroy; events, output, summaries and history agree."""
    stack = create(place)
    all_ops = {("create", name) for name in ("shop-dev", "a", "box", "box-left", "box-right")}
    heard, lines = Heard(), list[str]()
    preview = stack.preview(on_event=heard.append, on_output=lines.append)
    assert preview.change_summary == {"create": 5}
    assert heard.complete
    assert heard.steps() == all_ops
    assert "\n".join(lines) == preview.stdout
    assert stack.outputs() == {}

    heard = Heard()
    result = stack.up(on_event=heard.append, message="first", parallel=2)
    assert heard.complete
    assert heard.steps() == all_ops
    assert plain(result.outputs) == {"made": "a/1", "hush": {"deep": [1, None]}, "where": "organization/shop/dev"}
    assert {k for k, v in result.outputs.items() if v.secret} == {"hush"}
    assert "deep" not in result.stdout
    assert (result.summary.result, result.summary.message, result.summary.resource_changes) == ("succeeded", "first", {"create": 5})
    assert stack.up(expect_no_changes=True).summary.resource_changes == {"same": 5}

    stack.set_config("size", automation.ConfigValue("2"))
    with pytest.raises(automation.CommandError, match="no changes were expected"):
        stack.preview(expect_no_changes=True)
    heard = Heard()
    assert plain(stack.up(on_event=heard.append).outputs)["made"] == "a/2"
    assert ("update", "a") in heard.steps()
    assert stack.refresh().summary.resource_changes == {"same": 5}

    assert stack.preview_destroy().change_summary == {"delete": 5}
    heard = Heard()
    destroyed = stack.destroy(on_event=heard.append, message="last")
    assert heard.complete
    assert heard.steps() == {("delete", name) for _, name in all_ops}
    assert (destroyed.summary.kind, destroyed.summary.message, destroyed.summary.resource_changes) == ("destroy", "last", {"delete": 5})
    assert [s.kind for s in stack.history()] == ["destroy", "refresh", "update", "update", "update"]
    assert [s.kind for s in stack.history(page_size=2, page=2)] == ["update", "update"]
    assert stack.history(page_size=2, page=9) == []
    assert stack.outputs() == {}


def test_output_of_a_local_program_is_told(place: Place) -> None:
    """What a program prints is in the output and among the events."""
    stack = place.local("import sys\nprint('a word')\nprint('a complaint', file=sys.stderr)\n")
    heard = Heard()
    result = stack.up(on_event=heard.append)
    assert "a word" in heard.said("info")
    assert "a complaint" in heard.said("info#err")
    assert "a word" in result.stdout


def _things() -> None:
    sizes = pulumi.Config().get_object("sizes") or {}
    first = Thing("a", size=sizes.get("a", 1))
    second = Thing("b", of=first.made, size=sizes.get("b", 1))
    Thing("c", of=second.made, size=sizes.get("c", 1))
    Thing("d", size=sizes.get("d", 1))


_CHOICES: tuple[tuple[dict[str, Any], set[str], set[str]], ...] = (
    ({"target": [urn("a")]}, {"a"}, set()),
    ({"target": [urn("a"), urn("d")]}, {"a", "d"}, set()),
    ({"target": [urn("a")], "target_dependents": True}, {"a", "b", "c"}, set()),
    ({"exclude": [urn("d")]}, {"a", "b", "c"}, set()),
    ({"exclude": [urn("a")], "exclude_dependents": True}, {"d"}, set()),
    ({"replace": [urn("d")]}, {"a", "b", "c"}, {"d"}),
)


@pytest.mark.matrix
def test_only_what_was_chosen_changes(place: Place) -> None:
    """Targets, exclusions and replacements reach the engine, in a preview as in an update."""
    stack = place.inline(_things)
    stack.up()
    stack.set_config("sizes", automation.ConfigValue('{"a": 2, "b": 2, "c": 2, "d": 2}'))
    for options, updated, replaced in _CHOICES:
        heard = Heard()
        stack.preview(on_event=heard.append, **options)
        assert {name for op, name in heard.steps() if op == "update"} == updated, options
        assert {name for op, name in heard.steps() if op == "replace"} == replaced, options
    stack.up(target=[urn("d")])
    assert {name: r["inputs"]["size"] for name, r in resources(stack).items()} == {"a": 1, "b": 1, "c": 1, "d": 2}
    heard = Heard()
    stack.up(replace=[urn("d")], exclude=[urn("b"), urn("c")], on_event=heard.append)
    assert {op for op, name in heard.steps() if name == "d"} == {"create-replacement", "replace", "delete-replaced"}
    with pytest.raises(automation.CommandError, match="::nobody"):
        stack.up(target=[urn("nobody")])
    stack.destroy(target=[urn("a")], target_dependents=True)
    assert set(resources(stack)) == {"d"}


def test_drift_is_seen_when_it_is_asked_for(place: Place) -> None:
    """A refresh finds what changed and what is gone; previewed it changes nothing; an update may refresh first."""
    live = {"a": "", "b": ""}

    def program() -> None:
        for name, state in live.items():
            Thing(name, live=state)

    stack = place.inline(program)
    live |= {"a": "drift", "b": "gone"}
    stack.up()
    assert stack.preview_refresh().change_summary == {"same": 2, "delete": 1}
    assert set(resources(stack)) == {"a", "b"}
    heard = Heard()
    refreshed = stack.refresh(on_event=heard.append, message="look")
    assert heard.complete
    assert (refreshed.summary.kind, refreshed.summary.resource_changes) == ("refresh", {"same": 2, "delete": 1})
    assert {name: r["outputs"]["made"] for name, r in resources(stack).items()} == {"a": "elsewhere"}
    heard = Heard()
    stack.up(refresh=True, on_event=heard.append)
    assert heard.complete
    assert ("create", "b") in heard.steps()
    with pytest.raises(automation.CommandError, match="no changes were expected"):
        stack.refresh(expect_no_changes=True)


@pytest.mark.parametrize(
    ("options", "there", "missing"),
    [
        ({"diff": True}, "[urn=urn:pulumi:dev::shop::", "\x1b["),
        ({"color": "always"}, "\x1b[", "<{%"),
        ({"color": "never", "suppress_outputs": True}, "Resources:", "Outputs:"),
        ({"debug": True, "log_flow": True, "log_verbosity": 3, "log_to_std_err": True}, "Resources:", "\x1b["),
        ({"suppress_progress": True}, "Resources:", "creating (0s)"),
    ],
)
def test_the_output_is_as_it_was_asked_for(place: Place, options: dict[str, Any], there: str, missing: str) -> None:
    """Flags of the display reach it."""
    shown = place.inline(_program).preview(**options).stdout
    assert there in shown
    assert missing not in shown


def test_another_program_for_one_update(place: Place) -> None:
    """A program may be given to the operation itself, and `async` ones work too."""

    async def other() -> None:
        Thing("other")
        pulumi.export("said", "other")

    stack = place.inline(_program)
    assert plain(stack.up(program=other).outputs) == {"said": "other"}
    assert set(resources(stack)) == {"other"}
    assert stack.destroy(remove=True).summary.result == "succeeded"
    assert stack.workspace.list_stacks() == []


def test_protected_resources_stay(place: Place) -> None:
    """`exclude_protected` destroys the others only; without it the destruction fails and names the protected one."""

    def program() -> None:
        Thing("kept", pulumi.ResourceOptions(protect=True))
        Thing("other")

    stack = place.inline(program)
    stack.up()
    with pytest.raises(automation.CommandError, match="::kept"):
        stack.destroy()
    stack.destroy(exclude_protected=True)
    assert set(resources(stack)) == {"kept"}


def test_functions_of_the_program_are_called_back(place: Place) -> None:
    """Transforms of inline programs run in this process."""
    seen: list[str] = []

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        seen.append(args.name)
        return pulumi.ResourceTransformResult({**args.props, "size": "7"}, args.opts) if args.name == "a" else None

    def program() -> None:
        pulumi.runtime.register_resource_transform(transform)
        pulumi.export("made", Thing("a").made)

    stack = place.inline(program)
    assert plain(stack.up().outputs) == {"made": "a/7"}
    assert "a" in seen
