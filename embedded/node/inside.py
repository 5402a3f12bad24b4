"""How parts are started: on the machine, apart from it, or in the node's mount namespace, as what mounts things and what needs those."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

from embedded.node import machine, processes
from embedded.node.errors import NodeError
from embedded.node.folder import write

if TYPE_CHECKING:
    from embedded.node.folder import Folder
    from embedded.node.parts.part import Part
    from embedded.node.processes import Process


def start(folder: Folder, part: Part) -> None:
    """Start a part, unless it runs."""
    if processes.part(folder, part.name) is not None:
        return
    _refuse_taken(part)
    for path, text in part.files.items():
        folder.make(*path.parent.relative_to(folder.path).parts)
        write(path, text)
    folder.make("run")
    way = _way(folder) if part.mounts else part.apart.way(folder.make("run", "apart", part.name)) if part.apart else []
    processes.start(folder, part.name, [*way, *part.command], part.environment)


def _refuse_taken(part: Part) -> None:
    for address in part.takes:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                where = "{}:{}".format(*address)
                raise NodeError(
                    f"{part.name} can't listen on {where} ({error.strerror}): end what listens there, perhaps on all addresses, "
                    "or take the node down and leave the add-on out; see `ss -ltnp`"
                ) from error


def _way(folder: Folder) -> list[str]:
    """How to come into the node's mount namespace: the one that is there, or else a new one."""
    for process in _those_inside(folder):
        return ["nsenter", f"--mount=/proc/{process.pid}/ns/mnt", "--"]
    binds = "".join(f"mount --bind '{stand_in}' '{hidden}' && " for stand_in, hidden in machine.make_hidden(folder))
    return ["unshare", "--mount", "--propagation", "slave", "--", "sh", "-c", f'{binds}exec "$@"', "sh"]


def _those_inside(folder: Folder) -> list[Process]:
    """Processes that live in the node's mount namespace: containers' are not among them, they have their own."""
    recorded = [processes.part(folder, name) for name in ("containerd", "kubelet")]
    shims = [process for process in processes.marked(folder) if _command(process).startswith("containerd-shim")]
    return [process for process in (*recorded, *shims) if process is not None and not _shares_mounts(process)]


def _command(process: Process) -> str:
    try:
        return Path(f"/proc/{process.pid}/comm").read_text()
    except OSError:
        return ""


def _shares_mounts(process: Process) -> bool:
    try:
        return Path(f"/proc/{process.pid}/ns/mnt").readlink() == Path("/proc/self/ns/mnt").readlink()
    except OSError:
        return True
