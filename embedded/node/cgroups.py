"""The node's own tree of cgroups, by either version of them: every container is in it, so that none can be overlooked."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from embedded.node import processes
from embedded.node.errors import NodeError

ROOT: Final = Path("/sys/fs/cgroup")
_TIMEOUT: Final = 10.0
_POLL: Final = 0.05


def make(name: str) -> None:
    """Make the tree's root, in each hierarchy."""
    try:
        for hierarchy in _hierarchies():
            (hierarchy / name).mkdir(exist_ok=True)
            # Where CPUs are given away group by group, a new group has none.
            for share in ("cpuset.cpus", "cpuset.mems"):
                if hierarchy != ROOT and (hierarchy / share).exists() and not (hierarchy / name / share).read_text().strip():
                    (hierarchy / name / share).write_text((hierarchy / share).read_text())
    except OSError as error:
        raise NodeError(f"can't make a cgroup {error.filename} ({error.strerror}); a node needs cgroups that it may write") from error
    if _hierarchies() == [ROOT]:
        for controller in ("cpu", "cpuset", "memory", "pids", "io", "hugetlb"):
            with suppress(OSError):  # a machine needn't have all of them
                (ROOT / "cgroup.subtree_control").write_text(f"+{controller}")


def inside(name: str) -> list[processes.Process]:
    """The processes in the tree."""
    found: dict[int, processes.Process] = {}
    for group in _groups(name):
        with suppress(OSError):
            for line in (group / "cgroup.procs").read_text().split():
                if (process := processes.find(int(line))) is not None:
                    found[process.pid] = process
    return list(found.values())


def thaw(name: str) -> None:
    """Let go on what was stopped: it can't end before."""
    for group in _groups(name):
        for file, word in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
            with suppress(OSError):
                if (group / file).exists():
                    (group / file).write_text(word)


def remove(name: str) -> None:
    """Remove the tree, which nobody may be in any more."""
    deadline = time.monotonic() + _TIMEOUT
    while groups := _groups(name):
        for group in reversed(groups):
            with suppress(OSError):  # the kernel may be a little behind with those that have ended
                group.rmdir()
        if time.monotonic() >= deadline:
            raise NodeError(f"can't remove the cgroup {groups[0]}: something is still in it")
        if _groups(name):
            time.sleep(_POLL)


def _hierarchies() -> list[Path]:
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    return [path for path in sorted(ROOT.iterdir()) if not path.is_symlink() and (path / "cgroup.procs").exists()]


def _groups(name: str) -> list[Path]:
    """All of the tree, parents before children."""
    roots = [hierarchy / name for hierarchy in _hierarchies() if (hierarchy / name).is_dir()]
    return [Path(folder) for root in roots for folder, _, _ in os.walk(root)]
