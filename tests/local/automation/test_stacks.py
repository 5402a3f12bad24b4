"""Stacks themselves: made, selected, listed, tagged, renamed, removed."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi import automation
from semver import VersionInfo

from embedded.engine import ENGINE_VERSION
from tests.local.automation.place import PROJECT, plain
from tests.local.automation.toys import Thing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.automation.place import Place


def _program() -> None:
    pulumi.export("stack", pulumi.get_stack())


def _inline(place: Place) -> dict[str, Any]:
    return {"project_name": PROJECT, "program": _program, "opts": place.options(work_dir=str(place.work()))}


def _local(place: Place) -> dict[str, Any]:
    return {"work_dir": str(place.project("import pulumi\npulumi.export('stack', pulumi.get_stack())\n")), "opts": place.options()}


@pytest.mark.parametrize("source", [_inline, _local])
def test_a_stack_is_created_once_and_selected_after(place: Place, source: Callable[[Place], dict[str, Any]]) -> None:
    """Create, select and create-or-select do what they say, of inline and of local programs."""
    with pytest.raises(automation.StackNotFoundError, match="no stack named 'dev' found"):
        automation.select_stack("dev", **source(place))
    automation.create_stack("dev", **source(place))
    with pytest.raises(automation.StackAlreadyExistsError, match="stack 'organization/shop/dev' already exists"):
        automation.create_stack("dev", **source(place))
    selected = automation.select_stack("dev", **source(place))
    automation.create_or_select_stack("test", **source(place))
    again = automation.create_or_select_stack("dev", **source(place))
    current = again.workspace.stack()
    assert current is not None
    assert current.name == "dev"
    assert sorted(s.name for s in selected.workspace.list_stacks()) == ["dev", "test"]


def test_a_full_name_is_the_same_stack(place: Place) -> None:
    """`organization/PROJECT/STACK` names the stack that `STACK` names, whatever is done to it."""
    full = automation.fully_qualified_stack_name("organization", PROJECT, "dev")
    stack = place.inline(_program, full)
    stack.set_config("size", automation.ConfigValue("3"))
    assert plain(stack.up().outputs) == {"stack": "dev"}
    short = automation.select_stack("dev", **_inline(place) | {"opts": place.options(work_dir=stack.workspace.work_dir)})
    assert (plain(short.outputs()), short.get_config("size").value) == ({"stack": "dev"}, "3")
    assert [s.name for s in stack.workspace.list_stacks()] == ["dev"]


def test_the_list_says_what_each_stack_has(place: Place) -> None:
    """Stacks are listed with their last update and number of resources; those of other projects only when all are asked for."""
    stack = place.inline(_program)
    place.inline(_program, "empty")
    place.inline(_program, "dev", "other")
    summary = stack.up().summary
    listed = {s.name: s for s in stack.workspace.list_stacks()}
    assert set(listed) == {"dev", "empty"}
    assert listed["dev"].resource_count == 1
    assert listed["dev"].last_update is not None
    assert summary.end_time is not None
    assert abs((listed["dev"].last_update - summary.end_time).total_seconds()) <= 1
    assert listed["empty"].resource_count == 0
    everything = sorted(s.name for s in stack.workspace.list_stacks(include_all=True))
    assert everything == ["dev", "empty", "organization/other/dev"]


def test_tags_are_kept(place: Place) -> None:
    """Tags are set, changed, read, listed and removed, next to those that the engine sets itself."""
    stack = place.inline(_program)
    before = dict(stack.list_tags())
    for key, value in (("owner", "me"), ("note", "a: b = 'c'\u00e9"), ("owner", "you")):
        stack.set_tag(key, value)
    assert stack.get_tag("owner") == "you"
    assert stack.list_tags() == before | {"owner": "you", "note": "a: b = 'c'\u00e9"}
    stack.remove_tag("owner")
    assert stack.list_tags() == before | {"note": "a: b = 'c'\u00e9"}
    with pytest.raises(automation.CommandError, match="stack tag 'owner' not found"):
        stack.get_tag("owner")


def test_a_renamed_stack_keeps_everything(place: Place) -> None:
    """State, outputs, configuration and history follow the new name, and the program sees it."""
    stack = place.inline(_program)
    stack.set_config("secret", automation.ConfigValue("hush", secret=True))
    stack.up(message="before")
    result = stack.rename("prod", show_secrets=True)
    assert stack.name == "prod"
    assert result.summary is not None
    assert (result.summary.kind, result.summary.message) == ("update", "before")
    assert stack.get_config("secret").value == "hush"
    assert [s.name for s in stack.workspace.list_stacks()] == ["prod"]
    assert plain(stack.outputs()) == {"stack": "dev"}
    assert stack.up().summary.resource_changes == {"same": 1}
    assert plain(stack.outputs()) == {"stack": "prod"}
    assert len(stack.history()) == 2


def test_a_stack_without_history_is_renamed(place: Place) -> None:
    """A stack that was never updated has no summary to give, and is renamed all the same; a name that is taken is refused."""
    stack = place.inline(_program)
    place.inline(_program, "taken")
    assert stack.rename("prod").summary is None
    with pytest.raises(automation.StackAlreadyExistsError):
        stack.rename("taken")


def test_a_stack_with_resources_is_not_removed_by_accident(place: Place) -> None:
    """A stack that still has resources is only removed by force; its settings file goes along, or stays when asked to."""
    stack = place.inline(lambda: Thing("a"))
    stack.set_config("size", automation.ConfigValue("3"))
    stack.up()
    with pytest.raises(automation.CommandError, match="still has resources; removal rejected"):
        stack.workspace.remove_stack("dev")
    stack.workspace.remove_stack("dev", force=True, preserve_config=True)
    settings = place.work("work-shop") / "Pulumi.dev.yaml"
    assert settings.exists()
    stack.workspace.create_stack("dev")
    stack.workspace.remove_stack("dev")
    assert not settings.exists()
    assert stack.workspace.list_stacks() == []
    with pytest.raises(automation.StackNotFoundError):
        stack.workspace.remove_stack("dev")


def test_who_and_which(place: Place) -> None:
    """The user is this machine's, the backend has no organizations, and the version is one that the SDK takes."""
    workspace = automation.LocalWorkspace(**place.options(work_dir=str(place.work())).__dict__)
    who = workspace.who_am_i()
    assert (who.user, who.url) == (getpass.getuser(), f"file://{place.backend}")
    assert not who.organizations
    assert who.token_information is None
    assert workspace.pulumi_version == ENGINE_VERSION
    with pytest.raises(automation.CommandError, match="do not support organizations"):
        workspace.org_get_default()


@pytest.mark.parametrize(("wanted", "fits"), [("3.1.0", True), (ENGINE_VERSION, True), ("3.9999.0", False), ("4.0.0", False)])
def test_the_version_is_checked(root: str, wanted: str, fits: bool) -> None:
    """`PulumiCommand(version=...)` takes the engine for the release that it says it is."""
    if fits:
        assert automation.PulumiCommand(root, VersionInfo.parse(wanted)).version == VersionInfo.parse(ENGINE_VERSION)
        return
    with pytest.raises(automation.InvalidVersionError, match=r"[Vv]ersion requirement"):
        automation.PulumiCommand(root, VersionInfo.parse(wanted))
    assert automation.PulumiCommand(root, VersionInfo.parse(wanted), skip_version_check=True).version == VersionInfo.parse(ENGINE_VERSION)


def test_the_backend_may_come_from_the_project(place: Place) -> None:
    """The backend and the stack's settings may be given as project and stack settings instead of the environment."""
    url = f"file://{place.folder / 'elsewhere'}"
    (place.folder / "elsewhere").mkdir()
    environment = place.environment | {"PULUMI_BACKEND_URL": ""}
    stack = place.inline(
        _program,
        env_vars=environment,
        project_settings=automation.ProjectSettings(PROJECT, "python", backend=automation.ProjectBackend(url), main=str(place.work())),
        stack_settings={"dev": automation.StackSettings(config={f"{PROJECT}:size": "3"})},
    )
    assert stack.workspace.who_am_i().url == url
    assert stack.get_config("size").value == "3"
    assert list(place.backend.iterdir()) == []


@pytest.mark.parametrize("provider", ["awskms://alias/key", "hashivault://key"])
def test_secrets_providers_that_are_not_there_are_refused(place: Place, provider: str) -> None:
    """Secrets are kept with the passphrase; other providers are refused by name, and no stack is made."""
    with pytest.raises(automation.CommandError, match=provider):
        place.inline(_program, secrets_provider=provider)
    stack = place.inline(_program, secrets_provider="passphrase")
    assert [s.name for s in stack.workspace.list_stacks()] == ["dev"]
