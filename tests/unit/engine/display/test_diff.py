"""The `--diff` display."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.display.diff import DiffDisplay
from embedded.engine.display.options import DisplayOptions
from embedded.engine.model import events
from embedded.engine.model.events import PropertyDiff, ResourceOutputs, ResourcePre
from embedded.engine.model.values import UNKNOWN, Archive, Asset, Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.model.events import Event


def show(*told: Event, **options: Any) -> tuple[list[str], str]:
    """What the display writes, and what it complains of."""
    written: list[str] = []
    complained: list[str] = []
    display = DiffDisplay(DisplayOptions(**options), written.append, complained.append)
    for event in told:
        display(event)
    return "".join(written).splitlines(), "".join(complained)


def test_steps_are_a_tree_by_parent_with_their_properties(
    resource: Callable[..., Any], step: Callable[..., Any], stack_step: Callable[..., Any]
) -> None:
    """A replacement shows once, with what changes marked, and what stays unmarked."""
    old, new = resource("a", {"name": "a1", "size": 1}), resource("a", {"name": UNKNOWN, "size": 1}, id="")
    lines, _ = show(
        ResourcePre(stack_step("same", {}, {}), planning=True),
        ResourcePre(step("create-replacement", old, new, keys=("name",), logical=False), planning=True),
        ResourcePre(step("replace", old, new, keys=("name",)), planning=True),
        events.Summary(is_preview=True, seconds=1, changes={"replace": 1, "same": 1}, result="succeeded"),
    )
    assert lines == [
        "  pulumi:pulumi:Stack: (same)",
        "    [urn=urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev]",
        "    +-toy:index:Box: (replace)",
        "        [id=id-a]",
        "        [urn=urn:pulumi:dev::shop::toy:index:Box::a]",
        '      ~ name: "a1" => [unknown]',
        "        size: 1",
        "Resources:",
        "    +-1 to replace",
        "    1 unchanged",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {}, ["  - a: 1"]),
        ({}, {"a": True}, ["  + a: true"]),
        ({"a": 1.5}, {"a": 100000000}, ["  ~ a: 1.5 => 100000000"]),
        ({"a": Secret("x")}, {"a": Secret("y")}, ["  ~ a: [secret] => [secret]"]),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, ["  ~ a: [", "        [0]: 1", "      ~ [1]: 2 => 3", "      + [2]: 4", "    ]"]),
        ({"a": {"b": 1, "cc": 1}}, {"a": {"b": 2, "cc": 1}}, ["  ~ a: {", "      ~ b : 1 => 2", "        cc: 1", "    }"]),
        ({"a": "x"}, {"a": {"b": 1}}, ['  - a: "x"', "  + a: {", "      + b: 1", "    }"]),
        (
            {"a": Asset("12345678", path="f")},
            {"a": Asset("abcdefgh", path="f")},
            ["  - a: asset(file:1234567) { f }", "  + a: asset(file:abcdefg) { f }"],
        ),
        (
            {},
            {"a": Archive("12345678", assets={"n": Asset("9", text="t")})},
            ["  + a: archive(assets:1234567) {", '  +     "n": asset(text:9) { "t" }', "    }"],
        ),
        ({"a": "", "b": 1}, {"a": "x", "b": 1}, ['  + a: "x"', "    b: 1"]),
    ],
)
def test_values_and_their_changes(resource: Callable[..., Any], step: Callable[..., Any], old: Any, new: Any, expected: list[str]) -> None:
    """Each kind of change has its mark, and each kind of value its form."""
    lines, _ = show(ResourcePre(step("update", resource("a", old), resource("a", new)), planning=True))
    assert [line.removeprefix("") for line in lines[3:]] == expected


def test_a_detailed_diff_shows_only_what_the_provider_names(resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """What the provider calls a change is one, and nothing else is."""
    old, new = resource("a", {"m": {"x": 1, "y": 1}}, {"m": {"x": 5, "y": 1}}), resource("a", {"m": {"x": 2, "y": 2}})
    lines, _ = show(ResourcePre(step("update", old, new, detailed_diff={"m.x": PropertyDiff("update")}), planning=True))
    assert lines[3:] == ["  ~ m: {", "      ~ x: 5 => 2", "    }"]


def test_a_detailed_diff_into_a_secret_tells_nothing_of_it(resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """What is inside a secret object stays secret when a provider names the key that changes."""
    one, two = {"m": Secret({"x": "one"})}, {"m": Secret({"x": "two"})}
    old, new = resource("a", one, one), resource("a", two)
    lines, _ = show(ResourcePre(step("update", old, new, detailed_diff={"m.x": PropertyDiff("update")}), planning=True))
    assert lines[3:] == ["  ~ m: {", "      ~ x: [secret] => [secret]", "    }"]


def test_a_resource_that_a_refresh_finds_gone_shows_what_it_had(resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """A refresh is told when it has ended, with what was there."""
    old = resource("a", {"n": 1}, {"n": 1, "out": "o"})
    lines, _ = show(ResourcePre(step("refresh", old, old), planning=False), ResourceOutputs(step("delete", old, None), planning=False))
    assert lines == [
        "- toy:index:Box: (delete)",
        "    [id=id-a]",
        "    [urn=urn:pulumi:dev::shop::toy:index:Box::a]",
        "    --outputs:--",
        "  - n  : 1",
        '  - out: "o"',
    ]


def test_protection_and_retention_are_marked(resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """Who reads the diff must see what a deletion leaves behind."""
    kept = resource("a", protect=True, retain_on_delete=True)
    assert show(ResourcePre(step("delete", kept, None), planning=True))[0][0] == "- toy:index:Box: (delete[retain]) 🔒"
    freed = resource("a")
    assert show(ResourcePre(step("update", resource("a", protect=True), freed), planning=True))[0][0] == "~ toy:index:Box: (update) 🔓"


def test_messages_are_complaints_and_policies_are_not(resource: Callable[..., Any]) -> None:
    """Messages go to standard error, so that standard output is the diff alone."""
    violation = events.PolicyViolation(resource("a").urn, "Too big.\nBy far.", "small", "pack", "1.0.0", "mandatory")
    lines, complained = show(events.Diagnostic("broken\n", "error", "", "error: "), violation)
    assert complained == "error: broken\n"
    assert lines == ["    pack@v1.0.0 [mandatory]  small  (toy:index:Box: a)", "    Too big.", "    By far."]
