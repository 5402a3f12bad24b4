"""Stack locks: a file a holder under `locks/`, of the same form as the real CLI's, so that the two keep each other out.

Nothing else is atomic on all buckets, so the way is: list, write one's own file, list again; whoever sees another's file goes back.
One thing is added: the lock of a process that is dead, and was on this host, is taken over. The real CLI leaves it for ever.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from embedded.engine.model import gojson
from embedded.engine.model.errors import EngineError, LockedError

if TYPE_CHECKING:
    from types import TracebackType

    from embedded.engine.backend.bucket import Bucket
    from embedded.engine.backend.naming import StackName

TAKE_OVER: Final = "TIDEGATE_TAKE_OVER_LOCKS"
_CLOCKS_DIFFER: Final = 2.0
_START_TIME: Final = 19
# Keys of the locks that this process holds.
_held: set[str] = set()


@dataclass(slots=True)
class StackLock:
    """Holds a stack while the `with` block runs. `warnings` says whose lock was taken over, for the user to see.

    `suffix` is appended to each lock's URL in the error's text, as the CLI has it.
    """

    bucket: Bucket
    stack: StackName
    suffix: str = ""
    warnings: list[str] = field(default_factory=list)
    _key: str = ""

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    def acquire(self) -> None:
        """Takes the lock, or raises LockedError naming its holders."""
        self._refuse_if_held()
        self._key = f"{folder(self.stack)}/{uuid.uuid4()}.json"
        _held.add(self._key)
        self.bucket.write(self._key, gojson.dump_bytes(_content()))
        try:
            self._refuse_if_held()
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Gives the lock back; harmless when it is not held."""
        key, self._key = self._key, ""
        if not key:
            return
        _held.discard(key)
        try:
            self.bucket.delete(key)
        except EngineError as e:  # what the lock was for has been done: that must not look like a failure
            self.warnings.append(
                f"there was a problem deleting the lock at {self.bucket.locate(key)}, manual clean up may be required: {e}"
            )

    def _refuse_if_held(self) -> None:
        held = []
        for key in _keys(self.bucket, self.stack):
            if key == self._key:
                continue
            try:
                content = json.loads(self.bucket.read(key))
            except FileNotFoundError:
                continue
            except ValueError:
                content = {}
            if key not in _held and _abandoned(content):
                self.bucket.delete(key)
                self.warnings.append(f"took over the lock of a process that is gone ({_holder(content)})")
            else:
                held.append(f"\n  {self.bucket.locate(key)}{self.suffix}: created by {_holder(content)}")
        if held:
            msg = (
                f"the stack is currently locked by {len(held)} lock(s). Either wait for the other process(es) to end or "
                f"delete the lock file with `pulumi cancel`.{''.join(held)}"
            )
            raise LockedError(msg)


def break_locks(bucket: Bucket, stack: StackName) -> int:
    """Deletes every lock of the stack, whoever holds it; how many there were."""
    keys = _keys(bucket, stack)
    for key in keys:
        bucket.delete(key)
    return len(keys)


def is_locked(bucket: Bucket, stack: StackName) -> bool:
    """Whether anybody holds the stack."""
    return bool(_keys(bucket, stack))


def holders(bucket: Bucket, stack: StackName) -> list[str]:
    """Who holds the stack, in words; whoever is known to be dead holds nothing."""
    found: list[str] = []
    for key in _keys(bucket, stack):
        try:
            content = json.loads(bucket.read(key))
        except FileNotFoundError:
            continue
        except ValueError:
            content = {}
        if key in _held or not _abandoned(content):
            found.append(_holder(content))
    return found


def folder(stack: StackName) -> str:
    """Where the stack's locks are."""
    return f".pulumi/locks/{stack.full}"


def _keys(bucket: Bucket, stack: StackName) -> list[str]:
    start = folder(stack) + "/"
    return [entry.key for entry in bucket.entries(start) if "/" not in entry.key.removeprefix(start)]


def _content() -> dict[str, Any]:
    return {"pid": os.getpid(), "username": _username(), "hostname": socket.gethostname(), "timestamp": gojson.timestamp()}


def _username() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _holder(content: dict[str, Any]) -> str:
    moment = gojson.parse_time(str(content.get("timestamp", "")))
    when = moment.isoformat(timespec="seconds").replace("+00:00", "Z") if isinstance(moment, datetime) else "an unknown time"
    return f"{content.get('username', '')}@{content.get('hostname', '')} (pid {content.get('pid', 0)}) at {when}"


def _abandoned(content: dict[str, Any]) -> bool:
    if os.environ.get(TAKE_OVER, "true").lower() in ("false", "0"):
        return False
    pid = content.get("pid")
    if content.get("hostname") != socket.gethostname() or not isinstance(pid, int) or pid <= 0:
        return False
    if pid == os.getpid():  # not one of ours: of a process that had the same number before
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    locked, started = gojson.parse_time(str(content.get("timestamp", ""))), _started(pid)
    return locked is not None and started is not None and started > locked.timestamp() + _CLOCKS_DIFFER


def _started(pid: int) -> float | None:
    """When the process started, where the system says so: numbers of processes are used again."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        uptime = float(Path("/proc/uptime").read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return time.time() - uptime + int(fields[_START_TIME]) / os.sysconf("SC_CLK_TCK")
