"""Disks that are full or cannot be written."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from tests.local.faults.rig import there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.faults.rig import Rig

MOUNT_SECONDS: Final = 10
KILOBYTES: Final = 256


@pytest.fixture
def disk(rig: Rig) -> Iterator[Rig]:
    """A project whose backend is a small disk of its own."""
    if os.geteuid() != 0:
        pytest.skip("a small disk needs root to mount it")
    saved = rig.folder / "saved"
    rig.backend.rename(saved)
    rig.backend.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={KILOBYTES}k", "tmpfs", str(rig.backend)],  # noqa: S607 - wherever it is
        timeout=MOUNT_SECONDS,
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        (saved / ".pulumi").rename(rig.folder / "pulumi")
        subprocess.run(["cp", "-a", str(rig.folder / "pulumi"), str(rig.backend / ".pulumi")], timeout=MOUNT_SECONDS, check=True)  # noqa: S607 - the same
        yield rig
    finally:
        rig.none_left()
        subprocess.run(["umount", str(rig.backend)], timeout=MOUNT_SECONDS, check=True)  # noqa: S607 - the same


def fill(rig: Rig) -> None:
    """Leave no room on the disk."""
    with (rig.backend / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


def test_the_disk_fills_up_before_an_update(disk: Rig) -> None:
    """Not even the lock can be written: the error says so, and the state stays as it is; with room, the update runs."""
    disk.gated('Thing("a")')
    disk.open("all")
    before = disk.checkpoint.read_bytes()
    fill(disk)
    refused = disk.up().refused("no space left on the device", str(disk.backend))
    assert refused.code == 1
    assert disk.checkpoint.read_bytes() == before
    assert disk.locks == []
    (disk.backend / "filler").unlink()
    disk.up().checked()
    assert set(disk.resources()) == {"a"}


def test_the_disk_fills_up_during_an_update(disk: Rig) -> None:
    """The former checkpoint stays, with the pending operation; nothing more is started; with room, one can go on."""
    disk.gated('a = Thing("a")\nThing("b", opts=pulumi.ResourceOptions(depends_on=[a]))')
    running = disk.start_up()
    there(disk.reached("create-a"), running)
    fill(disk)
    disk.open("all")
    running.end().refused("no space left on the device", "dev.json")
    assert disk.pending() == {"a": "creating"}
    assert not disk.reached("create-b").exists()
    assert disk.locks == []
    (disk.backend / "filler").unlink()
    disk.up().checked()
    assert set(disk.resources()) == {"a", "b"}


def test_the_disk_cannot_be_written(disk: Rig) -> None:
    """An update is refused naming the file; a preview runs, for it writes nothing."""
    disk.program("import pulumi\npulumi.export('x', 1)\n")
    subprocess.run(["mount", "-o", "remount,ro", str(disk.backend)], timeout=MOUNT_SECONDS, check=True)  # noqa: S607 - wherever it is
    disk.up().refused("could not write", str(disk.backend), "Read-only file system")
    disk.run("preview", "--stack", "dev").checked()
