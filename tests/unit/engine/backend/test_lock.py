"""Stack locks."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.backend import lock
from embedded.engine.model import gojson
from embedded.engine.model.errors import EngineError, LockedError

if TYPE_CHECKING:
    from embedded.engine.backend.diy import Backend
    from embedded.engine.backend.naming import StackName

FOLDER = ".pulumi/locks/organization/shop/dev"
HERE = socket.gethostname()
LATER = "2999-01-01T00:00:00Z"
LONG_AGO = "1990-01-01T00:00:00Z"


def put(backend: Backend, **content: Any) -> None:
    """A lock that somebody else holds."""
    full = {"pid": 1, "username": "ann", "hostname": "elsewhere", "timestamp": "2026-01-02T03:04:05.123Z"} | content
    backend.bucket.write(f"{FOLDER}/1.json", json.dumps(full).encode())


def dead_pid() -> int:
    """The number of a process that has ended."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def test_the_lock_is_a_file_while_it_is_held(backend: Backend, stack: StackName) -> None:
    """The file has the CLI's form, and is gone afterwards, whatever happened."""
    with backend.lock(stack):
        [entry] = backend.bucket.entries(FOLDER)
        content = json.loads(backend.bucket.read(entry.key))
        assert list(content) == ["pid", "username", "hostname", "timestamp"]
        assert (content["pid"], content["hostname"]) == (os.getpid(), HERE)
        assert gojson.parse_time(content["timestamp"])
        assert lock.is_locked(backend.bucket, stack)
    with suppress(ZeroDivisionError), backend.lock(stack):
        raise ZeroDivisionError
    assert not lock.is_locked(backend.bucket, stack)


def test_a_held_stack_is_refused(backend: Backend, stack: StackName) -> None:
    """The text is the CLI's, and names file, user, host, process and time of each lock."""
    put(backend)
    with pytest.raises(LockedError) as caught, backend.lock(stack):
        pass
    assert str(caught.value) == (
        "the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or "
        "delete the lock file with `pulumi cancel`."
        f"\n  {backend.bucket.locate(FOLDER + '/1.json')}?no_tmp_dir=true: created by ann@elsewhere (pid 1) at 2026-01-02T03:04:05Z"
    )


def test_one_process_locks_once(backend: Backend, stack: StackName) -> None:
    """Two updates in one process keep each other out too."""
    with backend.lock(stack):
        with pytest.raises(LockedError), backend.lock(stack):
            pass
        assert len(backend.bucket.entries(FOLDER)) == 1
    with backend.lock(stack):
        pass


def test_who_comes_second_goes_back(backend: Backend, stack: StackName, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who locked between our look and our write is seen, and our file goes."""
    write = backend.bucket.write

    def write_after_another(key: str, data: bytes) -> None:
        write(f"{FOLDER}/another.json", b'{"pid":1,"username":"u","hostname":"h","timestamp":"2026-01-02T03:04:05Z"}')
        write(key, data)

    monkeypatch.setattr(backend.bucket, "write", write_after_another)
    with pytest.raises(LockedError), backend.lock(stack):
        pass
    assert [e.key for e in backend.bucket.entries(FOLDER)] == [f"{FOLDER}/another.json"]


@pytest.mark.parametrize(
    ("content", "abandoned"),
    [
        ({"hostname": "elsewhere", "pid": "dead"}, False),
        ({"hostname": HERE, "pid": "dead"}, True),
        ({"hostname": HERE, "pid": os.getppid(), "timestamp": LATER}, False),
        ({"hostname": HERE, "pid": os.getppid(), "timestamp": LONG_AGO}, True),
        ({"hostname": HERE, "pid": os.getpid()}, True),
        ({"hostname": HERE, "pid": 0}, False),
        ({"hostname": HERE, "pid": "many"}, False),
        ({"hostname": HERE, "pid": 1, "timestamp": "when"}, False),
    ],
)
def test_locks_of_the_dead(backend: Backend, stack: StackName, content: dict[str, Any], abandoned: bool) -> None:
    """A lock is taken over if its process was on this host and is gone, also when its number is in use again, and that is said."""
    put(backend, **content | ({"pid": dead_pid()} if content["pid"] == "dead" else {}))
    held = backend.lock(stack)
    if not abandoned:
        with pytest.raises(LockedError), held:
            pass
        return
    with held:
        assert len(backend.bucket.entries(FOLDER)) == 1
    assert len(held.warnings) == 1
    assert "took over the lock of a process that is gone (ann@" in held.warnings[0]


def test_who_holds_a_stack_is_told(backend: Backend, stack: StackName) -> None:
    """Without taking anything from anybody; whoever is known to be dead holds nothing."""
    assert backend.holders(stack) == []
    with backend.lock(stack):
        (holder,) = backend.holders(stack)
        assert str(os.getpid()) in holder
    assert backend.holders(stack) == []


def test_taking_over_can_be_switched_off(backend: Backend, stack: StackName, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who wants the real CLI's way has it."""
    monkeypatch.setenv("TIDEGATE_TAKE_OVER_LOCKS", "false")
    put(backend, hostname=HERE, pid=dead_pid())
    with pytest.raises(LockedError), backend.lock(stack):
        pass


def test_an_unreadable_lock_is_one(backend: Backend, stack: StackName) -> None:
    """A lock file that was written half is still a lock."""
    backend.bucket.write(f"{FOLDER}/1.json", b"{")
    with pytest.raises(LockedError, match="at an unknown time"), backend.lock(stack):
        pass


def test_cancel_breaks_all_locks(backend: Backend, stack: StackName) -> None:
    """All locks of the stack go, and no other stack's."""
    put(backend)
    backend.bucket.write(f"{FOLDER}/2.json", b"{}")
    backend.bucket.write(".pulumi/locks/organization/shop/dev2/1.json", b"{}")
    assert backend.break_locks(stack) == 2
    assert backend.break_locks(stack) == 0
    assert [e.key for e in backend.bucket.entries(".pulumi/locks/")] == [".pulumi/locks/organization/shop/dev2/1.json"]


def test_a_lock_that_cannot_be_deleted_is_a_warning(backend: Backend, stack: StackName, monkeypatch: pytest.MonkeyPatch) -> None:
    """The update is done by then, and must not look like a failure."""

    def fail(_: str) -> None:
        raise EngineError("no")

    with backend.lock(stack) as held:
        monkeypatch.setattr(backend.bucket, "delete", fail)
    assert "manual clean up may be required" in held.warnings[0]
