"""Pulumi's DIY layout: stacks, tags, history and backups under `.pulumi/` of a folder or bucket.

The real CLI and this engine may take turns on the same place. Names and forms of the files are the CLI's; what it leaves
behind of other kinds (sidecars, compressed checkpoints) is read or passed over.
"""

from __future__ import annotations

import gzip
import importlib
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from embedded.engine.backend.bucket import open_bucket
from embedded.engine.backend.bulk import no_collection
from embedded.engine.backend.lock import StackLock, break_locks, holders
from embedded.engine.backend.naming import StackName, StackNameError, check_project_name, check_stack_name
from embedded.engine.backend.rename import rename_deployment
from embedded.engine.model import gojson
from embedded.engine.model.errors import EngineError, NoSuchStackError, NotSupportedError
from embedded.engine.model.urn import STACK_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.backend.bucket import Bucket

META: Final = ".pulumi/meta.yaml"
STACKS: Final = ".pulumi/stacks"
HISTORY: Final = ".pulumi/history"
BACKUPS: Final = ".pulumi/backups"
NO_BACKUPS: Final = "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS"
_COMPRESSED: Final = ("", ".gz", ".zst")
_GZIP: Final = b"\x1f\x8b\x08"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_TAGS_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class StackSummary:
    """What `stack ls` shows; None where the stack was never updated."""

    name: StackName
    last_update: str | None
    resource_count: int | None


class Backend:
    """All stacks at one URL. `project` is the current one: its stacks are called by their short name in messages."""

    def __init__(self, url: str, bucket: Bucket, project: str | None = None) -> None:
        self.url = url
        self.bucket = bucket
        self.project = project
        # Stacks whose checkpoint was written here, and so is the plain file.
        self._written: set[StackName] = set()
        self._check_layout()

    @classmethod
    def open(cls, url: str, project: str | None = None) -> Backend:
        """The backend at `file://...` or `s3://...`; others are refused by name. A new place gets its `meta.yaml`."""
        return cls(url, open_bucket(url), project)

    def _check_layout(self) -> None:
        try:
            meta = self.bucket.read(META).decode()
        except FileNotFoundError:
            if any(_stack_file(e.key.removeprefix(f"{STACKS}/")) for e in self.bucket.entries(f"{STACKS}/")):
                self._refuse_legacy()
            self.bucket.write(META, b"version: 1\n")
            return
        version = meta.split("version:", 1)[-1].split("\n", 1)[0].strip() if "version:" in meta else ""
        if version == "0":
            self._refuse_legacy()
        if version != "1":
            msg = f"state store unsupported: {META} at {self.url} says version {version or 0}; only 1 is known. Use a newer `pulumi` CLI"
            raise EngineError(msg)

    def _refuse_legacy(self) -> None:
        msg = f"the state at {self.url}, whose stacks have no projects (the layout of old CLIs)"
        raise NotSupportedError(msg, "run `pulumi state upgrade` on it once with the real CLI")

    # Stacks

    def stacks(self, project: str | None = None) -> list[StackName]:
        """Every stack, or those of a project, sorted."""
        start = f"{STACKS}/{project}/" if project else f"{STACKS}/"
        found = set()
        for entry in self.bucket.entries(start):
            parts = entry.key.removeprefix(f"{STACKS}/").split("/")
            name = _stack_file(parts[-1])
            if len(parts) == 2 and name and _valid(parts[0], name):
                found.add(StackName(parts[0], name))
        return sorted(found)

    def summary(self, stack: StackName) -> StackSummary:
        """When the stack was last written, and how many resources it has."""
        latest = self.deployment(stack).get("deployment")
        if latest is None:
            return StackSummary(stack, None, None)
        moment = (latest.get("manifest") or {}).get("time") or ""
        return StackSummary(stack, moment if gojson.parse_time(moment) else None, len(latest.get("resources") or ()))

    def exists(self, stack: StackName) -> bool:
        """Whether there is such a stack."""
        return self._find(stack) is not None

    def create(self, stack: StackName) -> None:
        """A new, empty stack; EngineError if there is one of that name."""
        with self.lock(stack):
            if self.exists(stack):
                msg = f"stack '{stack.full}' already exists"
                raise EngineError(msg)
            self._store(stack, {})

    def remove(self, stack: StackName, *, force: bool = False, remove_backups: bool = False) -> None:
        """Deletes the stack with its tags and history; unless `force`, EngineError if it still has resources.

        The checkpoint stays as `.bak`, and backups stay, unless `remove_backups`.
        """
        with self.lock(stack):
            latest = self.deployment(stack).get("deployment") or {}
            left = [r for r in latest.get("resources") or () if r.get("type") != STACK_TYPE]
            if left and not force:
                name = stack.short(self.project)
                msg = (
                    f"'{name}' still has resources; removal rejected. Possible actions:\n"
                    f"- Make sure that '{name}' is the stack that you want to destroy\n"
                    "- Run `pulumi destroy` to delete the resources, then run `pulumi stack rm`\n"
                    "- Run `pulumi stack rm --force` to override this error"
                )
                raise EngineError(msg)
            key = self._find(stack) or _checkpoint(stack)
            if remove_backups:
                self.bucket.delete(key + ".bak")
                self._delete_all(_folder(BACKUPS, stack))
            else:
                self.bucket.keep(key, key + ".bak")
            self.bucket.delete(key)
            self.bucket.delete(_tags(stack))
            self._delete_all(_folder(HISTORY, stack))

    def rename(self, old: StackName, new: StackName) -> None:
        """Gives the stack another name, or project: in its state's URNs too, with tags, history and backups."""
        with self.lock(old):
            if self.exists(new):
                msg = f"a stack named {new.short(self.project)} already exists"
                raise EngineError(msg)
            checkpoint = self.read(old)
            latest = checkpoint["checkpoint"].get("latest")
            if latest is not None:
                rename_deployment(latest, old, new)
            checkpoint["checkpoint"]["stack"] = new.full
            self.bucket.write(_checkpoint(new), gojson.dump_bytes(checkpoint))
            tags = self.tags(old)
            if tags:
                self.set_tags(new, tags)
            key = self._find(old)
            if key:
                self.bucket.keep(key, key + ".bak")
                self.bucket.delete(key)
            self.bucket.delete(_tags(old))
            self._move(HISTORY, old, new, "-")
            self._move(BACKUPS, old, new, ".")

    def _move(self, root: str, old: StackName, new: StackName, separator: str) -> None:
        """Moves the files `OLD<separator>...` of the old stack's folder to the new one's."""
        for key in self._files(_folder(root, old)):
            file = key.rpartition("/")[2]
            if file.startswith(old.name + separator):
                self.bucket.keep(key, f"{_folder(root, new)}/{new.name}{file.removeprefix(old.name)}")
                self.bucket.delete(key)

    def lock(self, stack: StackName) -> StackLock:
        """The stack's lock, to be held with `with`."""
        # The CLI opens folders with this parameter, and its message shows it.
        return StackLock(self.bucket, stack, "?no_tmp_dir=true" if self.url.startswith("file://") else "")

    def holders(self, stack: StackName) -> list[str]:
        """Who has the stack's lock, in words."""
        return holders(self.bucket, stack)

    def break_locks(self, stack: StackName) -> int:
        """Deletes every lock of the stack (`cancel`); how many there were."""
        return break_locks(self.bucket, stack)

    # Checkpoints

    def read(self, stack: StackName) -> dict[str, Any]:
        """The checkpoint file as it is; NoSuchStackError if there is none, EngineError if it cannot be read."""
        key = self._find(stack)
        if key is None:
            raise NoSuchStackError(stack.short(self.project))
        try:
            data = self.bucket.read(key)
        except FileNotFoundError:
            raise NoSuchStackError(stack.short(self.project)) from None
        checkpoint = self._parse(key, data)
        if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("checkpoint"), dict):
            self._corrupt(key, "it is no checkpoint")
        return checkpoint

    def deployment(self, stack: StackName) -> dict[str, Any]:
        """The stack's state as `stack export` has it: `{version, features?, deployment}`; `deployment` is None for a new stack."""
        checkpoint = self.read(stack)
        untyped = {"version": checkpoint.get("version") or 0}
        if checkpoint.get("features"):
            untyped["features"] = checkpoint["features"]
        return untyped | {"deployment": checkpoint["checkpoint"].get("latest")}

    def write_deployment(self, stack: StackName, untyped: dict[str, Any]) -> None:
        """Replaces the stack's state (`stack import`). The caller holds the lock."""
        self._store(stack, untyped)

    def _store(self, stack: StackName, untyped: dict[str, Any]) -> None:
        checkpoint: dict[str, Any] = {"version": untyped.get("version") or 0}
        if untyped.get("features"):
            checkpoint["features"] = untyped["features"]
        checkpoint["checkpoint"] = {"stack": stack.full}
        if untyped.get("deployment") is not None:
            checkpoint["checkpoint"]["latest"] = untyped["deployment"]
        self.write_checkpoint(stack, gojson.dump_bytes(checkpoint))

    def write_checkpoint(self, stack: StackName, data: bytes) -> None:
        """Replaces the checkpoint file; the former one becomes `.bak`."""
        key = _checkpoint(stack)
        old = self._keep_former(stack)
        self.bucket.write(key, data)
        if old is not None and old != key:
            self.bucket.delete(old)
        self._written.add(stack)

    def _keep_former(self, stack: StackName) -> str | None:
        """Makes the stack's checkpoint its `.bak`; which file it is, None if there is none yet."""
        key = _checkpoint(stack)
        if stack in self._written:
            try:
                self.bucket.keep(key, key + ".bak")
            except FileNotFoundError:  # somebody renamed, removed or compressed it since
                self._written.discard(stack)
            else:
                return key
        old = self._find(stack)
        if old is not None:
            self.bucket.keep(old, old + ".bak")
        return old

    def locate(self, stack: StackName) -> str:
        """The checkpoint's URL, for people."""
        return self.bucket.locate(_checkpoint(stack))

    def _find(self, stack: StackName) -> str | None:
        """The newest of the stack's checkpoint files: plain, .gz or .zst."""
        key = _checkpoint(stack)
        names = {key + extension for extension in _COMPRESSED}
        found = [entry for entry in self.bucket.entries(key) if entry.key in names]
        return max(found, key=lambda e: e.modified).key if found else None

    def _parse(self, key: str, data: bytes) -> Any:
        try:
            if data.startswith(_GZIP):
                data = gzip.decompress(data)
            if data.startswith(_ZSTD):
                data = self._unpack_zstd(key, data)
            with no_collection():
                return json.loads(data)
        except (ValueError, OSError, EOFError) as e:
            self._corrupt(key, str(e))

    def _unpack_zstd(self, key: str, data: bytes) -> bytes:
        try:
            unpacked: bytes = importlib.import_module("compression.zstd").decompress(data)  # from Python 3.14 on
        except ModuleNotFoundError:
            what = f"zstd-compressed state ({self.bucket.locate(key)}) on this Python"
            instead = "use Python 3.14, or unset PULUMI_DIY_BACKEND_ZSTD and let the real `pulumi` CLI write the stack once"
            raise NotSupportedError(what, instead) from None
        return unpacked

    def _corrupt(self, key: str, why: str) -> NoReturn:
        msg = (
            f"{self.bucket.locate(key)} is damaged: {why}. The state before the last write is beside it with the suffix .bak; "
            f"older ones are under {BACKUPS} and {HISTORY}"
        )
        raise EngineError(msg)

    # Tags, history, backups

    def tags(self, stack: StackName) -> dict[str, str]:
        """The stack's tags."""
        try:
            data = self._parse(_tags(stack), self.bucket.read(_tags(stack)))
        except FileNotFoundError:
            return {}
        if not isinstance(data, dict) or data.get("version") != _TAGS_VERSION:
            msg = f"unsupported stack tags in {self.bucket.locate(_tags(stack))}: only version {_TAGS_VERSION} is known"
            raise EngineError(msg)
        return dict(data.get("tags") or {})

    def set_tags(self, stack: StackName, tags: Mapping[str, str]) -> None:
        """Replaces all of the stack's tags."""
        if tags:
            self.bucket.write(_tags(stack), gojson.dump_bytes({"version": _TAGS_VERSION, "tags": dict(sorted(tags.items()))}))
        else:
            self.bucket.delete(_tags(stack))

    def history(self, stack: StackName, page_size: int = 0, page: int = 1) -> list[dict[str, Any]]:
        """The stack's updates as they were stored, newest first; all of them unless there is a page size."""
        keys = [k for k in self._files(_folder(HISTORY, stack)) if k.endswith(tuple(f".history.json{e}" for e in _COMPRESSED))]
        keys.reverse()
        if page_size > 0:
            start = (max(page, 1) - 1) * page_size
            keys = keys[start : start + page_size]
        return [self._parse(key, self.bucket.read(key)) for key in keys]

    def add_history(self, stack: StackName, entry: dict[str, Any]) -> None:
        """Stores an update's record, with a copy of the checkpoint as it is now."""
        start = f"{_folder(HISTORY, stack)}/{stack.name}-{time.time_ns()}"
        self.bucket.write(f"{start}.history.json", gojson.dump_bytes(entry))
        key = self._find(stack)
        if key is not None:
            self.bucket.copy(key, f"{start}.checkpoint.json")

    def delete_history(self, stack: StackName) -> None:
        """Deletes the stack's history."""
        self._delete_all(_folder(HISTORY, stack))

    def backup(self, stack: StackName) -> None:
        """Copies the checkpoint to the backups, unless the environment says that none are wanted."""
        key = self._find(stack)
        if key is None or os.environ.get(NO_BACKUPS, "").lower() in ("1", "true"):
            return
        _, _, rest = key.rpartition("/")[2].partition(stack.name)
        self.bucket.copy(key, f"{_folder(BACKUPS, stack)}/{stack.name}.{time.time_ns()}{rest}")

    def _files(self, folder: str) -> list[str]:
        return [e.key for e in self.bucket.entries(folder + "/") if "/" not in e.key.removeprefix(folder + "/")]

    def _delete_all(self, folder: str) -> None:
        for key in self._files(folder):
            self.bucket.delete(key)


def _checkpoint(stack: StackName) -> str:
    return f"{STACKS}/{stack.project}/{stack.name}.json"


def _tags(stack: StackName) -> str:
    return f"{STACKS}/{stack.project}/{stack.name}.pulumi-tags"


def _folder(root: str, stack: StackName) -> str:
    return f"{root}/{stack.project}/{stack.name}"


def _stack_file(file: str) -> str:
    """The stack whose checkpoint has that file name; "" if it is no checkpoint."""
    if "/" in file:
        return ""
    for extension in _COMPRESSED:
        stem = file.removesuffix(extension)
        if stem.endswith(".json"):
            return stem.removesuffix(".json")
    return ""


def _valid(project: str, name: str) -> bool:
    try:
        check_project_name(project)
        check_stack_name(name)
    except StackNameError:
        return False
    return True
