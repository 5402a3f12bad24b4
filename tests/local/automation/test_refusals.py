"""What this engine does not do is refused by name, before anything happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pytest
from pulumi import automation

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi.automation import Stack

    from tests.local.automation.place import Place


def _local(stack: Stack) -> automation.LocalWorkspace:
    assert isinstance(stack.workspace, automation.LocalWorkspace)
    return stack.workspace


_REFUSED: tuple[tuple[str, Callable[[Stack], object]], ...] = (
    ("config env", lambda s: s.add_environments("production")),
    ("config env", lambda s: s.list_environments()),
    ("config env", lambda s: s.remove_environment("production")),
    ("--save-plan", lambda s: s.preview(plan="plan.json")),
    ("--plan", lambda s: s.up(plan="plan.json")),
    ("--import-file", lambda s: s.preview(import_file="import.json")),
    ("--attach-debugger", lambda s: s.up(attach_debugger=True)),
    ("--tracing", lambda s: s.up(tracing="file:trace")),
    ("--out", lambda s: s.import_resources(resources=[])),
    ("--from", lambda s: s.import_resources(converter="terraform", generate_code=False)),
    ("set-default", lambda s: _local(s).org_set_default("somebody")),
    ("new", lambda s: _local(s).new("python", generate_only=True)),
    ("installing plugins", lambda s: s.workspace.install_plugin("aws", "v7.0.0")),
    ("installing plugins", lambda s: s.workspace.install_plugin_from_server("own", "v1.0.0", "https://plugins.invalid")),
)


def test_what_is_refused_is_named(place: Place) -> None:
    """Each is an error that names what was asked for; the stack is as it was."""
    stack = place.inline(lambda: pulumi.export("said", "yes"))
    stack.set_config("size", automation.ConfigValue("3"))
    before = {path: path.read_bytes() for path in place.folder.rglob("*") if path.is_file()}
    for name, ask in _REFUSED:
        with pytest.raises(automation.CommandError) as caught:
            ask(stack)
        assert name in str(caught.value), name
        assert "does not support" in str(caught.value), name
    assert {path: path.read_bytes() for path in place.folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("url", ["https://app.pulumi.com", "gs://bucket", "azblob://container"])
def test_other_backends_are_refused(place: Place, url: str) -> None:
    """Backends that this engine does not have are refused by name."""
    with pytest.raises(automation.CommandError, match=url.partition(":")[0]):
        place.inline(lambda: None, env_vars={"PULUMI_BACKEND_URL": url})


def test_programs_in_other_languages_are_refused(place: Place) -> None:
    """A project whose runtime is not Python is refused by the runtime's name."""
    stack = place.local("")
    (place.work("program") / "Pulumi.yaml").write_text("name: shop\nruntime: nodejs\n")
    with pytest.raises(automation.CommandError, match="nodejs"):
        stack.up()


def test_install_installs_nothing_that_is_there(place: Place) -> None:
    """`workspace.install` of a program without requirements has nothing to do; plugins are not downloaded."""
    workspace = _local(place.local(""))
    workspace.install()
    workspace.install(no_plugins=True, no_dependencies=True)
    with pytest.raises(automation.CommandError, match="--reinstall"):
        workspace.install(reinstall=True)
