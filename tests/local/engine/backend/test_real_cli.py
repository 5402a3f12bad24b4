"""State, settings and locks between this engine and the real CLI, both ways. Left out where no `pulumi` is on PATH."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.backend import codec, crypto, integrity
from embedded.engine.backend.checkpoint import CheckpointWriter
from embedded.engine.backend.diy import Backend
from embedded.engine.backend.naming import StackName
from embedded.engine.model.errors import LockedError
from embedded.engine.model.state import PendingOperation, Resource, Snapshot, Timeouts
from embedded.engine.model.values import Archive, Asset, Secret, same
from embedded.engine.settings import workspace
from embedded.engine.settings.config import ConfigMap, parse_key
from embedded.engine.settings.merge import with_project_config
from embedded.engine.settings.project import find_project
from embedded.engine.settings.stack import StackSettings

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.engine.settings.project import Project

PULUMI = shutil.which("pulumi")
pytestmark = pytest.mark.skipif(PULUMI is None, reason="no real `pulumi` CLI is on PATH")

DEV = StackName("shop", "dev")
URN = "urn:pulumi:dev::shop::"
ROOT = Resource(f"{URN}pulumi:pulumi:Stack::shop-dev", "pulumi:pulumi:Stack", custom=False, outputs={"plain": 1, "token": Secret("hush")})
PROVIDER = Resource(f"{URN}pulumi:providers:x::default", "pulumi:providers:x", custom=True, id="0d6dc63f-0a5c-4d5b-9a7b-0e2b7ff0f4f0")
FULL = Resource(
    f"{URN}x:y:Z::z",
    "x:y:Z",
    custom=True,
    id="z",
    inputs={"a": Asset("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", text="hello"), "b": [1.5, None, "<é\u2028>"]},
    outputs={"s": Secret({"k": [1, Secret("deep")]}), "r": Archive("0", path="./p")},
    parent=ROOT.urn,
    provider=f"{PROVIDER.urn}::{PROVIDER.id}",
    dependencies=[PROVIDER.urn],
    property_dependencies={"a": [], "b": [PROVIDER.urn]},
    protect=True,
    taint=True,
    custom_timeouts=Timeouts(create=300),
    ignore_changes=["b"],
    created="2026-01-01T00:00:00.5Z",
    modified="2026-01-01T00:00:00.5Z",
)


class Place:
    """A project and a state folder that both use."""

    def __init__(self, folder: Path) -> None:
        self.project_folder = folder / "project"
        state = folder / "state"
        for path in (self.project_folder, state):
            path.mkdir()
        (self.project_folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\nconfig:\n  size: {type: integer, default: 3}\n")
        self.url = f"file://{state}"
        self.environ = {**os.environ, "PULUMI_BACKEND_URL": self.url, "PULUMI_SKIP_UPDATE_CHECK": "true", "NO_COLOR": "1"}

    @property
    def project(self) -> Project:
        """The project as this engine reads it."""
        return find_project(self.project_folder)

    @property
    def settings(self) -> StackSettings:
        """The stack's settings as this engine reads them."""
        return StackSettings.load(self.project.stack_file("dev"), "shop")

    def pulumi(self, *arguments: str) -> str:
        """What the real CLI prints; it must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A real command's end."""
        return subprocess.run(
            [str(PULUMI), *arguments, "--non-interactive"],
            cwd=self.project_folder,
            env=self.environ,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=100,
        )

    def json(self, *arguments: str) -> Any:
        """What the real CLI prints, parsed."""
        return json.loads(self.pulumi(*arguments))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An empty place with a stack that the real CLI made."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "password")
    found = Place(tmp_path)
    found.pulumi("stack", "init", "dev")
    return found


def test_what_the_real_cli_made_is_read(place: Place) -> None:
    """A new stack, its tags, selection, configuration and secrets."""
    place.pulumi("config", "set", "plain", "a: b")
    place.pulumi("config", "set", "--secret", "token", "hush")
    place.pulumi("config", "set", "--path", "nested.list[0]", "true")
    place.pulumi("config", "set", "--secret", "--path", "nested.deep", "deep")
    place.pulumi("stack", "tag", "set", "team", "shop")
    backend = Backend.open(place.url)
    assert backend.stacks() == [DEV]
    assert backend.tags(DEV)["team"] == "shop"
    assert workspace.selected_stack(place.project, place.url) == DEV.full
    assert codec.decode_snapshot(backend.deployment(DEV), crypto.BlindSecrets()).resources == []
    settings = place.settings
    secrets = crypto.PassphraseSecrets.open(settings.encryption_salt, crypto.read_passphrase())
    merged = with_project_config(place.project, "dev", settings.config, secrets)
    assert merged.listing(secrets) == place.json("config", "--json", "--show-secrets")
    assert merged.decrypted(secrets)[0]["shop:nested"] == '{"deep":"deep","list":[true]}'


def written(place: Place) -> tuple[Backend, crypto.PassphraseSecrets]:
    """The place after this engine wrote a state, with a pending operation, history and tags."""
    backend = Backend.open(place.url)
    secrets = crypto.PassphraseSecrets.open(place.settings.encryption_salt, crypto.read_passphrase())
    with backend.lock(DEV):
        # As the base, so that no bytes are reused that an earlier test's writer made with other secrets.
        base = Snapshot([ROOT, PROVIDER, FULL], [PendingOperation(FULL, "updating")])
        CheckpointWriter(backend, DEV, secrets, base).write(base.resources, base.pending)
        entry = {
            "kind": "update",
            "startTime": 1_700_000_000,
            "message": "ours",
            "environment": {"exec.kind": "cli"},
            "config": place.settings.config.to_history(),
            "version": 0,
            "result": "succeeded",
            "endTime": 1_700_000_001,
            "resourceChanges": {"create": 2},
        }
        backend.add_history(DEV, entry)
        backend.set_tags(DEV, {"a": "b"})
    return backend, secrets


def test_what_this_engine_wrote_is_opened(place: Place) -> None:
    """State, outputs with secrets, history and tags, with no complaint."""
    place.pulumi("config", "set", "--secret", "token", "hush")
    backend, _ = written(place)
    exported = place.json("stack", "export")
    assert exported["features"] == ["taint"]
    assert exported["deployment"] == backend.deployment(DEV)["deployment"]
    assert place.json("stack", "output", "--json", "--show-secrets") == {"plain": 1, "token": "hush"}
    [shown] = place.json("stack", "history", "--json", "--show-secrets")
    assert (shown["message"], shown["config"]["shop:token"]["value"]) == ("ours", "hush")
    assert place.json("stack", "tag", "ls", "--json") == {"a": "b"}
    assert [s["resourceCount"] for s in place.json("stack", "ls", "--json")] == [3]


def test_a_state_goes_round(place: Place) -> None:
    """Exported with secrets shown and imported again by the real CLI, the state is still the same."""
    backend, secrets = written(place)
    (place.project_folder / "state.json").write_text(place.pulumi("stack", "export", "--show-secrets"))
    place.pulumi("stack", "import", "--file", "state.json")
    snapshot = codec.decode_snapshot(backend.deployment(DEV), secrets)
    integrity.verify(snapshot)
    for now, then in zip(snapshot.resources, [ROOT, PROVIDER, FULL], strict=True):
        assert same(now.inputs, then.inputs)
        assert same(now.outputs, then.outputs)
        assert (now.urn, now.provider, now.protect, now.taint, now.created) == (
            then.urn,
            then.provider,
            then.protect,
            then.taint,
            then.created,
        )


def test_renaming_is_the_same(place: Place) -> None:
    """A stack that this engine renamed is the one that the real CLI would have made."""
    backend, _ = written(place)
    before = backend.deployment(DEV)
    place.pulumi("stack", "rename", "prod")
    theirs = backend.deployment(StackName("shop", "prod"))
    backend.write_deployment(DEV, before)
    backend.rename(DEV, StackName("shop", "live"))
    ours = json.dumps(backend.deployment(StackName("shop", "live")))
    assert ours.replace(":live:", ":prod:").replace("shop-live", "shop-prod") == json.dumps(theirs)


def test_locks_keep_each_other_out(place: Place) -> None:
    """The real CLI waits for nobody: it refuses, and so does this engine."""
    backend, _ = written(place)
    with backend.lock(DEV) as lock:
        refused = place.run("stack", "rm", "--yes", "--force")
        assert refused.returncode != 0
        with pytest.raises(LockedError) as caught, backend.lock(DEV):
            pass
        assert refused.stderr.strip().removeprefix("error: ") == str(caught.value)
        assert lock.warnings == []
        place.pulumi("cancel", "--yes")
        assert backend.break_locks(DEV) == 0


# Each line is one `config` command; both make it on the same file.
COMMANDS = [
    ["set", "--path", "list[2]", "z"],
    ["set", "--path", "map.deep.er", "7"],
    ["set", "odd", "a: 'b' # \"c\""],
    ["set", "lines", "one\ntwo\n"],
    ["set", "--path", '["a.b"].c', "true"],
    ["set", "region", "2001-01-01"],
    ["rm", "region"],
    ["rm", "--path", "map.k"],
    ["rm", "nothing"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: " ".join(c)[:30])
def test_configuration_commands_agree(place: Place, command: list[str]) -> None:
    """What this engine writes into a settings file means to the real CLI what it would have written itself."""
    file = place.project.stack_file("dev")
    start = file.read_text() + "# mine\nconfig:\n  shop:region: eu # here\n  shop:list: [x, y]\n  shop:map:\n    k: v\n"
    file.write_text(start)
    place.pulumi("config", *command)
    theirs = place.json("config", "--json")
    file.write_text(start)
    settings = place.settings
    path = "--path" in command
    key, *value = [word for word in command[1:] if word != "--path"]
    if value:
        settings.config.set(parse_key(key, "shop", path=path), value[0], path=path)
    else:
        settings.config.remove(parse_key(key, "shop", path=path), path=path)
    settings.save()
    assert place.json("config", "--json") == theirs
    assert file.read_text().startswith(start.partition("config:")[0])


def test_history_is_configuration(place: Place) -> None:
    """`config refresh` takes the configuration of our history entry."""
    place.pulumi("config", "set", "--secret", "--path", "nested.k", "deep")
    written(place)
    place.pulumi("config", "rm", "nested")
    place.pulumi("config", "refresh", "--force")
    assert ConfigMap.from_data(place.settings.config.to_data()).get("shop:nested.k", path=True) is not None
