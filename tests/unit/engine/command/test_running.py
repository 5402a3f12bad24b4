"""What operations are asked to do, how they are approved, and what is made of their end."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.command import importing, operations, running, terminal
from embedded.engine.command.common import COMMON
from embedded.engine.command.context import Context
from embedded.engine.command.flags import parse
from embedded.engine.command.operation_flags import display_options, engine_options, environment
from embedded.engine.deploy.options import ImportSpec, Outcome
from embedded.engine.model import events
from embedded.engine.model.errors import ConfigurationError, EngineError, UnexpectedChangesError
from embedded.engine.model.state import Snapshot

if TYPE_CHECKING:
    from embedded.engine.model.events import Event
    from tests.unit.engine.command.conftest import Shell

VERBS = {verb.name: verb for verb in (*operations.VERBS, *importing.VERBS)}


def context(name: str, *words: str) -> Context:
    """A context for a command line of that verb."""
    return Context(parse(VERBS[name], list(words), COMMON))


@pytest.mark.usefixtures("pulumi")
def test_flags_become_engine_options() -> None:
    """What the user asked is what the engine is asked."""
    options = engine_options(
        context("up", "-t", "a", "--target-replace=b", "--replace", "c", "--exclude", "d", "--target-dependents", "-p", "1", "--refresh"),
        dry_run=True,
    )
    assert (options.targets, options.replaces, options.excludes) == (("a", "b"), ("c", "b"), ("d",))
    assert (options.parallel, options.refresh, options.dry_run, options.target_dependents) == (1, True, True, True)
    assert engine_options(context("refresh", "--clear-pending-creates"), dry_run=False).clear_pending_creates


@pytest.mark.usefixtures("pulumi")
@pytest.mark.parametrize(
    ("words", "variable", "expected"),
    [
        ((), None, True),
        ((), "false", False),
        (("--plan-policies",), "false", True),
        (("--no-plan-policies",), None, False),
        (("--plan-policies=false",), None, False),
    ],
)
def test_planned_policies_are_on_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], variable: str | None, expected: bool
) -> None:
    """The flag counts more than the environment."""
    if variable is not None:
        monkeypatch.setenv("TIDEGATE_PLAN_POLICIES", variable)
    assert engine_options(context("up", *words), dry_run=False).plan_policies is expected


@pytest.mark.parametrize(("words", "expected"), [((), True), (("--refresh=false",), False)])
def test_a_project_may_ask_for_refreshes(pulumi: Shell, words: tuple[str, ...], expected: bool) -> None:
    """`options: refresh: always` of Pulumi.yaml is the default of the flag."""
    (pulumi.folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\noptions:\n  refresh: always\n")
    assert engine_options(context("up", *words), dry_run=False).refresh is expected


@pytest.mark.usefixtures("pulumi")
def test_display_flags() -> None:
    """Each flag turns one thing on or off."""
    shown = display_options(context("up", "--show-sames", "--urns", "--suppress-outputs", "--show-full-output", "--color", "always"))
    assert (shown.show_sames, shown.show_urns, shown.suppress_outputs, shown.truncate, shown.style.colour) == (
        True,
        True,
        True,
        False,
        True,
    )


@pytest.mark.usefixtures("pulumi")
def test_the_history_tells_that_flags_and_variables_were_set_but_not_what_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """They may hold secrets."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "very secret")
    facts = environment(context("up", "--yes", "--message", "private", "--exec-kind", "auto.local"))
    assert facts["pulumi.flag.yes"] == "true"
    assert facts["pulumi.flag.message"] == "set"
    assert facts["pulumi.env.PULUMI_CONFIG_PASSPHRASE"] == "set"
    assert facts["exec.kind"] == "auto.local"


@pytest.mark.parametrize(
    ("kind", "words", "error"),
    [("update", (), ConfigurationError), ("refresh", (), EngineError), ("update", ("--yes",), None), ("update", ("--skip-preview",), None)],
)
def test_who_cannot_be_asked_must_have_said_yes(kind: Any, words: tuple[str, ...], error: type[EngineError] | None) -> None:
    """Without a terminal there is nobody to approve anything."""
    if error is None:
        running.check_confirmation(context("up", *words), kind)
        return
    with pytest.raises(error) as caught:
        running.check_confirmation(context("up", *words), kind)
    assert caught.value.code == error.code


@pytest.mark.parametrize(("answer", "agreed"), [("yes", True), ("y", True), ("", False), ("no", False)])
def test_on_a_terminal_the_user_is_asked(monkeypatch: pytest.MonkeyPatch, answer: str, agreed: bool) -> None:
    """«No» is the default, and ends the command with an error."""
    monkeypatch.setattr(terminal, "is_terminal", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    asked = context("up", "--skip-preview")
    if agreed:
        assert running.approved(asked, "update")
        return
    with pytest.raises(EngineError, match="confirmation declined, not proceeding with the update"):
        running.approved(asked, "update")


@pytest.mark.parametrize(("changes", "fails"), [({"same": 3, "read": 1}, False), ({"same": 3, "update": 1}, True), ({}, False)])
def test_unexpected_changes(changes: Any, fails: bool) -> None:
    """Only what changes something counts."""
    outcome = Outcome(Snapshot(), changes)
    asked = context("up", "--expect-no-changes")
    running.check_expectation(context("up"), "update", outcome)
    if not fails:
        running.check_expectation(asked, "update", outcome)
        return
    with pytest.raises(UnexpectedChangesError) as caught:
        running.check_expectation(asked, "update", outcome)
    assert (caught.value.code, str(caught.value)) == (7, "no changes were expected for update but changes were proposed")


def test_the_title_comes_with_the_first_event(capsys: pytest.CaptureFixture[str]) -> None:
    """An operation that never begins, because the stack is locked, prints nothing."""
    told: list[Event] = []
    sink = running.titled("Updating (dev):\n", told.append)
    assert capsys.readouterr().out == ""
    sink(events.Prelude({}))
    sink(events.Cancel())
    assert capsys.readouterr().out == "Updating (dev):\n"
    assert len(told) == 2


def test_what_protected_resources_need_is_left_by_exclude_protected(dev: Shell, stack_resource: Any, box: Any) -> None:
    """Neither they nor what they depend on may go; everything else may."""
    a, b, c = box("a"), box("b"), box("c")
    dev.put(stack_resource, a, b | {"dependencies": [a["urn"]], "protect": True}, c | {"dependencies": [b["urn"]]})
    asked = context("destroy", "--exclude-protected")
    assert operations._unprotected(asked, asked.stack()) == (c["urn"],)


def spec(words: tuple[str, ...], file: dict[str, Any] | None, shell: Shell) -> tuple[ImportSpec, ...]:
    """What an import command asks for."""
    asked = context("import", *words)
    if file is None:
        return (importing._from_arguments(asked),)
    (shell.folder / "import.json").write_text(json.dumps(file))
    return importing._from_file(context("import", *words, "--file", "import.json"), asked.stack())


@pytest.mark.parametrize(
    ("words", "file", "expected"),
    [
        (("toy:index:Box", "a", "id-a"), None, [ImportSpec("toy:index:Box", "a", "id-a")]),
        (
            ("toy:index:Box", "a", "id-a", "--protect=false", "--properties", "x,y"),
            None,
            [ImportSpec("toy:index:Box", "a", "id-a", protect=False, properties=("x", "y"))],
        ),
        (
            ("toy:index:Box", "a", "i", "--parent", "p=urn:pulumi:dev::shop::t:i:G::p"),
            None,
            [ImportSpec("toy:index:Box", "a", "i", parent="urn:pulumi:dev::shop::t:i:G::p")],
        ),
        (
            (),
            {
                "nameTable": {"prov": "urn:pulumi:dev::shop::pulumi:providers:toy::prov"},
                "resources": [
                    {"type": "toy:index:Box", "name": "child", "id": "c", "parent": "group", "provider": "prov", "version": "1.0.0"},
                    {"type": "toy:index:Group", "name": "group", "component": True, "logicalName": "the-group"},
                ],
            },
            [
                ImportSpec(
                    "toy:index:Box",
                    "child",
                    "c",
                    parent="urn:pulumi:dev::shop::toy:index:Group::the-group",
                    provider="urn:pulumi:dev::shop::pulumi:providers:toy::prov",
                    version="1.0.0",
                ),
                ImportSpec("toy:index:Group", "the-group", component=True),
            ],
        ),
    ],
)
def test_imports(dev: Shell, words: tuple[str, ...], file: dict[str, Any] | None, expected: list[ImportSpec]) -> None:
    """From the command line, or a file in which resources refer to each other by name."""
    assert list(spec(words, file, dev)) == expected


@pytest.mark.parametrize(
    ("words", "file", "text"),
    [
        (("toy:index:Box", "a"), None, "an inline resource must be specified"),
        (("t", "a", "i", "--parent", "nonsense"), None, "--parent needs `name=urn`, not `nonsense`"),
        ((), {"resources": [{"type": "t:i:B", "name": "a"}]}, "each resource needs a type, a name and"),
        (
            (),
            {"resources": [{"type": "t:i:B", "name": "a", "id": "i", "parent": "gone"}]},
            "the parent 'gone' of 'a' is no resource of the file",
        ),
        ((), {"resources": [{"type": "t:i:B", "name": "a", "id": "i", "provider": "gone"}]}, "the provider 'gone' of 'a' is neither"),
        ((), {"resources": [{"type": "t:i:B", "name": "a", "id": "i", "inputs": {}}]}, "uses inputs, which this engine does not know"),
        ((), {}, "could not read import file import.json"),
    ],
)
def test_wrong_imports(dev: Shell, words: tuple[str, ...], file: dict[str, Any] | None, text: str) -> None:
    """The error says which resource of which file is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        spec(words, file, dev)
    assert text in str(caught.value)


@pytest.mark.slow
def test_a_stack_from_preview_to_destroy(pulumi: Shell) -> None:
    """The whole command, in processes of its own: titles, texts, exit codes, JSON events, saved configuration, history."""
    (pulumi.folder / "__main__.py").write_text("import pulumi\npulumi.export('n', pulumi.Config().require('n'))\n")

    def run(*words: str, code: int = 0) -> tuple[str, str]:
        command = [sys.executable, "-m", "embedded.engine.command", "--non-interactive", *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)
        assert done.returncode == code, (done.stdout, done.stderr)
        return done.stdout, done.stderr

    run("stack", "init", "dev")

    out, err = run("preview", "--expect-no-changes", "-c", "n=5", code=7)
    assert out.startswith("Previewing update (dev):\n\n +  pulumi:pulumi:Stack shop-dev create \n")
    assert err == "error: no changes were expected for preview but changes were proposed\n"
    out, _ = run("up", "--yes", "--message", "first")
    assert out.index("Previewing update (dev):") < out.index("Updating (dev):") < out.rindex('Outputs:\n    n: "5"\n')
    out, _ = run("up", "--yes", "--skip-preview", "--json")
    assert [list(json.loads(line))[2] for line in out.splitlines()][-2:] == ["summaryEvent", "cancelEvent"]
    entries = json.loads(run("stack", "history", "--json")[0])
    assert [(e["message"], e["kind"], e["config"]["shop:n"]["value"]) for e in entries] == [("", "update", "5"), ("first", "update", "5")]
    out, _ = run("destroy", "--yes", "--skip-preview", "--remove")
    assert "Destroying (dev):" in out
    assert "the stack 'dev' with its configuration has been removed" in out


def test_times_and_sizes_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounded as people say them."""
    sizes: dict[int, str] = {999: "999 B", 1500: "1.5 kB", 119_101_496: "119 MB", 2_000_000_000: "2.0 GB"}
    assert {n: terminal.size(n) for n in sizes} == sizes
    assert terminal.unix_time(1700000001.5) == "2023-11-14T22:13:21.500Z"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.wants_colour("auto")
    assert terminal.wants_colour("always")


def test_an_unknown_colour_choice_is_refused() -> None:
    """As the CLI does."""
    with pytest.raises(ConfigurationError, match="unsupported color option: 'pink'"):
        _ = context("up", "--color", "pink").colour
