"""The progress display, line by line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.display.options import DisplayOptions
from embedded.engine.display.style import Style, plain, type_name
from embedded.engine.display.text import ProgressDisplay
from embedded.engine.model import events
from embedded.engine.model import urn as urns
from embedded.engine.model.events import Diagnostic, PropertyDiff, ResourceFailed, ResourceOutputs, ResourcePre
from embedded.engine.model.values import UNKNOWN, Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.model.events import Event

ROOT = urns.root("dev", "shop")


def show(*told: Event, preview: bool = False, **options: Any) -> list[str]:
    """What the display writes for the events, without the time that things took."""
    written: list[str] = []
    display = ProgressDisplay(ROOT, "updating", DisplayOptions(suppress_progress=True, **options), written.append, preview=preview)
    for event in (events.Prelude({}), *told, events.Cancel()):
        display(event)
    return re.sub(r"\(\d+(\.\d+)?s\)", "(N)", "".join(written)).split("\n")


def summary(changes: dict[Any, int], *, preview: bool = False, **fields: Any) -> events.Summary:
    """A summary of an operation that took 89.1 seconds."""
    return events.Summary(preview, 89.1, changes, fields.pop("result", "succeeded"), **fields)


def test_an_update_tells_each_step_twice_and_ends_with_outputs_and_counts(
    resource: Callable[..., Any], step: Callable[..., Any], stack_step: Callable[..., Any]
) -> None:
    """A line when a step starts, one when it ends, and the stack's own line when everything has."""
    create = step("create", None, resource("a", {"size": 1}, {"size": 1, "out": "x"}))
    stack = stack_step("create", None, {"token": Secret("hush"), "list": [1, None, {"k": True}]})
    lines = show(
        ResourcePre(stack, planning=False),
        ResourcePre(create, planning=False),
        ResourceOutputs(create, planning=False),
        ResourceOutputs(stack, planning=False),
        summary({"create": 2}),
    )
    assert lines == [
        "",
        " +  pulumi:pulumi:Stack shop-dev creating (N) ",
        " +  toy:index:Box a creating (N) ",
        " +  toy:index:Box a created (N) ",
        " +  pulumi:pulumi:Stack shop-dev created (N) ",
        "Outputs:",
        "    list : [",
        "        [0]: 1",
        "        [1]: <null>",
        "        [2]: {",
        "            k: true",
        "        }",
        "    ]",
        "    token: [secret]",
        "",
        "Resources:",
        "    + 2 created",
        "",
        "Duration: 1m30s",
        "",
        "",
    ]


def test_a_preview_tells_each_step_once(resource: Callable[..., Any], step: Callable[..., Any], stack_step: Callable[..., Any]) -> None:
    """What is only planned has no end to tell; what is not known yet says so."""
    update = step("update", resource("a", {"size": 1}), resource("a", {"size": UNKNOWN}))
    stack = stack_step("same", {"a": 1}, {"a": 1})
    told: list[Event] = [ResourcePre(stack, planning=True), ResourcePre(update, planning=True), ResourceOutputs(update, planning=True)]
    lines = show(*told, ResourceOutputs(stack, planning=True), summary({"update": 1, "same": 1}, preview=True), preview=True)
    assert lines[1:] == [
        " ~  toy:index:Box a update [diff: ~size]",
        "    pulumi:pulumi:Stack shop-dev  ",
        "Resources:",
        "    ~ 1 to update",
        "    1 unchanged",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("old", "new", "fields", "expected"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 2, "c": 3}, {}, "[diff: +c-b~a]", id="all kinds of changes, in the CLI's order"),
        pytest.param({"a": 1, "b": 2}, {"a": 2, "b": 3}, {"diffs": ("b",)}, "[diff: ~b]", id="only what the provider names"),
        pytest.param({"__p": 1}, {"__p": 2}, {}, "", id="internal properties are nobody's business"),
        pytest.param({"a": Secret(1)}, {"a": Secret(1)}, {}, "", id="an unchanged secret is no change"),
        pytest.param(
            {"a": {"b": [1]}},
            {"a": {"b": [2]}},
            {"detailed_diff": {"a.b[0]": PropertyDiff("update"), "gone": PropertyDiff("delete")}},
            "[diff: -gone~a]",
            id="a detailed diff by its first keys",
        ),
    ],
)
def test_an_update_names_the_properties_that_change(
    resource: Callable[..., Any], step: Callable[..., Any], old: Any, new: Any, fields: Any, expected: str
) -> None:
    """The info column says which properties are added, deleted and updated."""
    update = step("update", resource("a", old), resource("a", new), **fields)
    assert show(ResourcePre(update, planning=False))[1] == f" ~  toy:index:Box a updating (N) {expected}"


def test_a_failure_is_told_at_once_and_again_under_diagnostics(resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """The step's line says that it failed, with the error's first line; the whole error comes at the end, and is counted."""
    create = step("create", None, resource("a", id=""))
    lines = show(
        ResourcePre(create, planning=False),
        Diagnostic("no room\nat all\n", "error", create.urn, "error: "),
        ResourceFailed(create, 0, 1),
        Diagnostic("update failed\n", "error", "", "error: "),
        summary({}, result="failed"),
    )
    assert lines[1:] == [
        " +  toy:index:Box a creating (N) ",
        " +  toy:index:Box a creating (N) error: no room",
        " +  toy:index:Box a **creating failed** error: no room",
        "    pulumi:pulumi:Stack shop-dev  error: update failed",
        "    pulumi:pulumi:Stack shop-dev **failed** 1 error",
        "Diagnostics:",
        "  toy:index:Box (a):",
        "    error: no room",
        "    at all",
        "",
        "  pulumi:pulumi:Stack (shop-dev):",
        "    error: update failed",
        "",
        "Resources:",
        "    2 errored",
        "",
        "Duration: 1m30s",
        "",
        "",
    ]


def test_a_status_stands_beside_its_row_until_an_empty_one_takes_it_back(resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """What a provider says for a while is gone when the step has ended, and is no diagnostic; other empty messages are nothing."""
    create = step("create", None, resource("a"))
    urn = create.urn
    lines = show(
        ResourcePre(create, planning=False),
        Diagnostic("Skipping await logic\n", "info", urn, ephemeral=True),
        Diagnostic("\n", "info", urn),
        Diagnostic("\n", "info", urn, ephemeral=True),
        ResourceOutputs(create, planning=False),
    )
    assert lines == [
        "",
        " +  toy:index:Box a creating (N) ",
        " +  toy:index:Box a creating (N) Skipping await logic",
        " +  toy:index:Box a creating (N) ",
        " +  toy:index:Box a created (N) ",
        "",
    ]


def test_what_never_ended_is_called_interrupted(resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """A step whose end was not seen must not be shown as done."""
    lines = show(ResourcePre(step("update", resource("a"), resource("a", {"n": 1})), planning=False))
    assert lines[2] == " ~  toy:index:Box a updating (interrupted) [diff: +n]"


def test_internal_steps_unchanged_resources_and_debug_messages_are_left_out(resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """Only what the user may care for is shown, unless asked for."""
    same = step("same", resource("a"), resource("a"))
    told: list[Event] = [
        ResourcePre(step("create", None, resource("p")), planning=False, internal=True),
        ResourcePre(same, planning=False),
        ResourceOutputs(same, planning=False),
        Diagnostic("noise\n", "debug", same.urn, "debug: "),
    ]
    assert show(*told) == ["", ""]
    assert " a " in "\n".join(show(*told, show_sames=True))
    assert "noise" in "\n".join(show(*told, debug=True))


def test_reads_show_as_a_message_of_the_stack(resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """A read is a detail: it says that something is going on, and is gone at the end."""
    read = step("read", None, resource("a", external=True))
    lines = show(ResourcePre(read, planning=False), ResourceOutputs(read, planning=False))
    assert lines[1] == "    pulumi:pulumi:Stack shop-dev  read toy:index:Box a"
    assert lines[-2] == "    pulumi:pulumi:Stack shop-dev  "


def test_policies_are_grouped_by_pack_and_a_mandatory_violation_hides_the_counts(resource: Callable[..., Any]) -> None:
    """The verdict of each pack, its violations by weight, and no counts that could look like success."""
    urn = resource("a").urn
    lines = show(
        events.PolicyViolation(urn, "Sizes are even.\nseven is odd", "even", "pack", "1.2.3", "advisory"),
        events.PolicyViolation(urn, "Too big.", "small", "pack", "1.2.3", "mandatory", "high"),
        events.PolicyRemediation(urn, "owned", "pack", "1.2.3", {"owner": "x"}, {"owner": "y"}),
        summary({"same": 1}, packs={"pack|local|../pp": "1.2.3", "other": "2.0.0"}),
    )
    assert lines[lines.index("Policies:") :] == [
        "Policies:",
        "    ✅ other@v2.0.0",
        "    ❌ pack@v1.2.3 (local: ../pp)",
        "        - [remediate]  owned  (1 resource)",
        "        - [mandatory] [severity: high]  small  (toy:index:Box: a)",
        "          Too big.",
        "        - [advisory]  even  (toy:index:Box: a)",
        "          Sizes are even.",
        "          seven is odd",
        "",
        "",
    ]


def test_loading_policy_packs_is_told(resource: Callable[..., Any]) -> None:
    """Packs take a while to start: the display says so before the operation begins."""
    assert resource is not None
    written: list[str] = []
    display = ProgressDisplay(ROOT, "updating", DisplayOptions(suppress_progress=True), written.append, preview=False)
    display(events.PolicyLoad())
    display(events.Prelude({}))
    assert "".join(written) == "Loading policy packs...: starting\nLoading policy packs...: done\n\n"


def test_colours_are_used_where_they_are_wanted(resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """On a terminal the operation's mark and status have its colour."""
    lines = show(ResourcePre(step("delete", resource("a"), None), planning=False), style=Style(colour=True))
    assert lines[1] == " \x1b[31m- \x1b[0m toy:index:Box a \x1b[31mdeleting (N)\x1b[0m "


@pytest.mark.parametrize(
    ("type_", "expected"),
    [("aws:s3/bucket:Bucket", "aws:s3:Bucket"), ("kubernetes:core/v1:Pod", "kubernetes:core/v1:Pod"), ("toy:index:Box", "toy:index:Box")],
)
def test_type_names_leave_out_a_module_that_repeats_the_name(type_: str, expected: str) -> None:
    """Types are shown as people write them."""
    assert type_name(type_) == expected


def test_messages_lose_escapes_and_colour_tags() -> None:
    """Providers colour their messages in two ways; neither is for files."""
    assert plain("\x1b[31mred\x1b[0m <{%fg 1%}>tag<{%reset%}>") == "red tag"
