"""Stacks in Pulumi's DIY layout."""

from __future__ import annotations

import gzip
import json
import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.backend.diy import Backend
from embedded.engine.backend.naming import StackName
from embedded.engine.model.errors import EngineError, LockedError, NoSuchStackError, NotSupportedError

if TYPE_CHECKING:
    from pathlib import Path

FILE = ".pulumi/stacks/shop/dev.json"
RESOURCES = [
    {"urn": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev", "custom": False, "type": "pulumi:pulumi:Stack"},
    {"urn": "urn:pulumi:dev::shop::a:b:C::c", "custom": True, "id": "c", "type": "a:b:C"},
]


def deployment(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """A state as `stack export` has it."""
    return {"version": 3, "deployment": {"manifest": {"time": "2026-01-01T00:00:00Z"}, "resources": resources, "metadata": {}}}


def keys(backend: Backend) -> list[str]:
    """Every file of the backend."""
    return [e.key for e in backend.bucket.entries("")]


def test_a_new_place_gets_its_metadata(tmp_path: Path) -> None:
    """The layout's version is written once, and found again."""
    Backend.open(f"file://{tmp_path}")
    assert (tmp_path / ".pulumi" / "meta.yaml").read_text() == "version: 1\n"
    Backend.open(f"file://{tmp_path}")


@pytest.mark.parametrize(
    ("files", "error", "message"),
    [
        ({".pulumi/meta.yaml": "version: 2\n"}, EngineError, "says version 2"),
        ({".pulumi/meta.yaml": ""}, EngineError, "state store unsupported"),
        ({".pulumi/meta.yaml": "version: 0\n"}, NotSupportedError, "pulumi state upgrade"),
        ({".pulumi/stacks/dev.json": "{}"}, NotSupportedError, "whose stacks have no projects"),
    ],
)
def test_other_layouts_are_refused(tmp_path: Path, files: dict[str, str], error: type[EngineError], message: str) -> None:
    """State that another layout's CLI wrote is not touched."""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(error, match=message):
        Backend.open(f"file://{tmp_path}")


def test_a_new_stack(backend: Backend, stack: StackName) -> None:
    """A new stack has the CLI's empty form, is listed, and is not made twice."""
    backend.create(stack)
    assert backend.bucket.read(FILE) == b'{"version":0,"checkpoint":{"stack":"organization/shop/dev"}}'
    assert backend.exists(stack)
    assert backend.stacks() == [stack]
    assert backend.deployment(stack) == {"version": 0, "deployment": None}
    summary = backend.summary(stack)
    assert (summary.last_update, summary.resource_count) == (None, None)
    with pytest.raises(EngineError, match="stack 'organization/shop/dev' already exists"):
        backend.create(stack)


def test_stacks_are_listed(backend: Backend) -> None:
    """Stacks of all projects or one, sorted; files of other kinds are none."""
    for key in (
        "shop/dev.json",
        "shop/dev.json.bak",
        "shop/dev.json.attrs",
        "shop/dev.pulumi-tags",
        "shop/big.json.gz",
        "shop/huge.json.zst",
        "shop/no name.json",
        "shop/deep/er.json",
        "art/x.json",
    ):
        backend.bucket.write(f".pulumi/stacks/{key}", b"{}")
    names = [StackName("art", "x"), StackName("shop", "big"), StackName("shop", "dev"), StackName("shop", "huge")]
    assert backend.stacks() == names
    assert backend.stacks("shop") == names[1:]
    assert backend.stacks("sho") == []


def test_a_state_is_replaced_and_the_former_kept(backend: Backend, stack: StackName) -> None:
    """What is imported is exported, and the former state is beside it."""
    backend.create(stack)
    backend.write_deployment(stack, deployment(RESOURCES))
    assert backend.deployment(stack) == deployment(RESOURCES)
    assert json.loads(backend.bucket.read(FILE + ".bak")) == {"version": 0, "checkpoint": {"stack": "organization/shop/dev"}}
    summary = backend.summary(stack)
    assert (summary.last_update, summary.resource_count) == ("2026-01-01T00:00:00Z", 2)
    backend.write_deployment(stack, {"version": 4, "features": ["taint"], "deployment": {}})
    assert backend.deployment(stack) == {"version": 4, "features": ["taint"], "deployment": {}}


def test_the_newest_form_of_a_state_counts(backend: Backend, stack: StackName, tmp_path: Path) -> None:
    """A compressed checkpoint is read if it is newer than the plain one, and replaced by a plain one."""
    backend.create(stack)
    packed = gzip.compress(json.dumps({"version": 3, "checkpoint": {"stack": stack.full, "latest": {"resources": RESOURCES}}}).encode())
    backend.bucket.write(FILE + ".gz", packed)
    os.utime(tmp_path / FILE, (1, 1))
    again = Backend.open(backend.url)
    assert again.deployment(stack)["deployment"]["resources"] == RESOURCES
    again.write_deployment(stack, deployment([]))
    assert [k for k in keys(again) if "stacks" in k] == [FILE, FILE + ".gz.bak"]
    assert again.deployment(stack) == deployment([])


def test_a_stack_that_another_process_took_away(backend: Backend, stack: StackName) -> None:
    """A long-lived backend notices that the file it wrote is gone."""
    backend.create(stack)
    backend.bucket.delete(FILE)
    backend.write_deployment(stack, deployment([]))
    assert backend.deployment(stack) == deployment([])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is damaged"),
        (b'{"version":3,"checkpoint":{"stack":"organization/shop/dev","latest":{"resources":[{"urn"', "is damaged"),
        (b"[]", "is damaged: it is no checkpoint"),
        (b'{"version":3}', "is damaged: it is no checkpoint"),
        (b"\x1f\x8b\x08broken", "is damaged"),
        (b"\xff\xfe", "is damaged"),
    ],
)
def test_damaged_states_are_refused(backend: Backend, stack: StackName, data: bytes, message: str) -> None:
    """A state that cannot be read is an error that says which file, and where older ones are."""
    backend.bucket.write(FILE, data)
    with pytest.raises(EngineError, match=message):
        backend.deployment(stack)


def test_zstd_needs_a_newer_python(backend: Backend, stack: StackName, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this Python cannot unpack is refused by name; what it can is read."""
    backend.bucket.write(FILE + ".zst", b"\x28\xb5\x2f\xfdx")
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    with pytest.raises(NotSupportedError, match="zstd-compressed state"):
        backend.deployment(stack)
    unpack = SimpleNamespace(decompress=lambda _: b'{"version":3,"checkpoint":{"latest":{}}}')
    monkeypatch.setitem(sys.modules, "compression.zstd", unpack)
    assert backend.deployment(stack) == {"version": 3, "deployment": {}}


def test_a_stack_that_is_not_there(backend: Backend) -> None:
    """Its name is said as people write it: short in its own project."""
    with pytest.raises(NoSuchStackError, match="no stack named 'nope' found"):
        backend.read(StackName("shop", "nope"))
    with pytest.raises(NoSuchStackError, match="no stack named 'organization/art/nope' found"):
        backend.read(StackName("art", "nope"))


def test_removing(backend: Backend, stack: StackName) -> None:
    """A stack with resources is removed only by force; a copy of its state and the backups stay."""
    backend.create(stack)
    backend.write_deployment(stack, deployment(RESOURCES))
    backend.set_tags(stack, {"a": "b"})
    backend.add_history(stack, {"kind": "update"})
    backend.backup(stack)
    with pytest.raises(EngineError, match=r"^'dev' still has resources; removal rejected. Possible actions:\n"):
        backend.remove(stack)
    backend.remove(stack, force=True)
    left = keys(backend)
    assert [k for k in left if "stacks" in k] == [FILE + ".bak"]
    assert not any("history" in k or "locks" in k for k in left)
    assert sum("backups" in k for k in left) == 1
    assert not backend.exists(stack)


def test_removing_everything(backend: Backend, stack: StackName) -> None:
    """A stack of which only the stack itself is left goes without force, and with its backups if that is wanted."""
    backend.create(stack)
    backend.write_deployment(stack, deployment(RESOURCES[:1]))
    backend.backup(stack)
    backend.remove(stack, remove_backups=True)
    assert keys(backend) == [".pulumi/meta.yaml"]


@pytest.mark.parametrize("act", ["create", "remove", "rename"])
def test_what_changes_a_stack_takes_its_lock(backend: Backend, stack: StackName, act: str) -> None:
    """Nobody renames or removes a stack that is being updated."""
    if act != "create":
        backend.create(stack)
    arguments = [stack, StackName("shop", "prod")] if act == "rename" else [stack]
    with backend.lock(stack), pytest.raises(LockedError):
        getattr(backend, act)(*arguments)


def test_tags(backend: Backend, stack: StackName) -> None:
    """Tags are kept in the CLI's form, sorted; without any there is no file."""
    assert backend.tags(stack) == {}
    backend.set_tags(stack, {"b": "2", "a": "1"})
    assert backend.bucket.read(".pulumi/stacks/shop/dev.pulumi-tags") == b'{"version":1,"tags":{"a":"1","b":"2"}}'
    assert backend.tags(stack) == {"a": "1", "b": "2"}
    backend.set_tags(stack, {})
    assert keys(backend) == [".pulumi/meta.yaml"]
    backend.bucket.write(".pulumi/stacks/shop/dev.pulumi-tags", b'{"version":2}')
    with pytest.raises(EngineError, match="unsupported stack tags"):
        backend.tags(stack)


@pytest.mark.parametrize(
    ("page_size", "page", "messages"),
    [(0, 1, ["3", "2", "1"]), (2, 1, ["3", "2"]), (2, 2, ["1"]), (2, 3, []), (1, 0, ["3"])],
)
def test_history(backend: Backend, stack: StackName, page_size: int, page: int, messages: list[str]) -> None:
    """Updates come newest first, page by page; each has a copy of the state as it was."""
    backend.create(stack)
    for n in (1, 2, 3):
        backend.write_deployment(stack, deployment(RESOURCES[:n]))
        backend.add_history(stack, {"kind": "update", "message": str(n)})
    assert [e["message"] for e in backend.history(stack, page_size, page)] == messages
    copies = [k for k in keys(backend) if k.startswith(".pulumi/history/shop/dev/dev-") and k.endswith(".checkpoint.json")]
    assert [len(json.loads(backend.bucket.read(k))["checkpoint"]["latest"]["resources"]) for k in copies] == [1, 2, 2]
    backend.delete_history(stack)
    assert backend.history(stack) == []


def test_compressed_history_is_read(backend: Backend, stack: StackName) -> None:
    """Records of a CLI that compresses are read beside plain ones."""
    backend.bucket.write(".pulumi/history/shop/dev/dev-1.history.json.gz", gzip.compress(b'{"message":"packed"}'))
    backend.bucket.write(".pulumi/history/shop/dev/dev-2.history.json", b'{"message":"plain"}')
    assert [e["message"] for e in backend.history(stack)] == ["plain", "packed"]


def test_backups(backend: Backend, stack: StackName, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup is a copy of the state with the time in its name; they can be switched off."""
    backend.backup(stack)
    backend.create(stack)
    backend.backup(stack)
    monkeypatch.setenv("PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS", "true")
    backend.backup(stack)
    [copy] = [k for k in keys(backend) if "backups" in k]
    assert copy.startswith(".pulumi/backups/shop/dev/dev.1")
    assert copy.endswith(".json")
    assert backend.bucket.read(copy) == backend.bucket.read(FILE)


@pytest.mark.parametrize("new", [StackName("shop", "prod"), StackName("art", "dev")])
def test_renaming_moves_everything(backend: Backend, stack: StackName, new: StackName) -> None:
    """State, tags, history and backups go under the new name, and the state's URNs name it."""
    backend.create(stack)
    backend.write_deployment(stack, deployment(RESOURCES))
    backend.set_tags(stack, {"a": "b"})
    backend.add_history(stack, {"message": "m"})
    backend.backup(stack)
    backend.rename(stack, new)
    assert backend.stacks() == [new]
    assert backend.tags(new) == {"a": "b"}
    assert [e["message"] for e in backend.history(new)] == ["m"]
    assert [k for k in keys(backend) if k.startswith(f".pulumi/backups/{new.project}/{new.name}/{new.name}.")]
    assert [r["urn"] for r in backend.deployment(new)["deployment"]["resources"]] == [
        f"urn:pulumi:{new.name}::{new.project}::pulumi:pulumi:Stack::{new.project}-{new.name}",
        f"urn:pulumi:{new.name}::{new.project}::a:b:C::c",
    ]
    assert [k for k in keys(backend) if f"/{stack.project}/{stack.name}" in k] == [FILE + ".bak"]


def test_renaming_never_replaces(backend: Backend, stack: StackName) -> None:
    """A stack of the new name is not touched."""
    other = StackName("shop", "prod")
    backend.create(stack)
    backend.create(other)
    with pytest.raises(EngineError, match="a stack named prod already exists"):
        backend.rename(stack, other)
    assert backend.stacks() == [stack, other]
