"""Which add-ons there are, and which a node has: those are written down in its folder, with the ports that they were given."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

from embedded.node.add_ons import dns, gateway, metrics, monitoring, storage
from embedded.node.errors import NodeError
from embedded.node.folder import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embedded.node.add_ons.add_on import AddOn
    from embedded.node.folder import Folder

ALL: Final[Mapping[str, AddOn]] = {one.name: one for one in (dns.ADD_ON, storage.ADD_ON, metrics.ADD_ON, gateway.ADD_ON, monitoring.ADD_ON)}
DEFAULT: Final = tuple(name for name in ALL if name != "monitoring")
"""What any cluster has."""
_FILE: Final = "add-ons.json"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A node's add-ons."""

    names: tuple[str, ...] = ()
    doors: dict[str, int] = field(default_factory=dict)

    @property
    def add_ons(self) -> list[AddOn]:
        """The add-ons themselves."""
        return [ALL[name] for name in self.names]

    @property
    def parts(self) -> list[str]:
        """What their parts are called."""
        return [part for one in self.add_ons for part in one.names]

    def and_more(self, more: Iterable[str]) -> Chosen:
        """With those, each once."""
        wanted = {*self.names, *more}
        if unknown := sorted(wanted - {*ALL}):
            raise NodeError(f"there is no add-on {unknown[0]!r}: there are {', '.join(ALL)}; all or none of them can be said as well")
        return Chosen(tuple(name for name in ALL if name in wanted), self.doors)


def named(text: str) -> tuple[str, ...]:
    """The add-ons that a list with commas means."""
    if text in {"all", "none"}:
        return tuple(ALL) if text == "all" else ()
    return Chosen().and_more(name.strip() for name in text.split(",") if name.strip()).names


def read(folder: Folder) -> Chosen:
    """What the node has."""
    try:
        raw = json.loads((folder.path / _FILE).read_text())
        return Chosen(tuple(name for name in raw["names"] if name in ALL), raw["doors"])
    except FileNotFoundError:
        return Chosen()
    except (ValueError, KeyError, TypeError) as error:
        raise NodeError(f"{folder.path / _FILE} can't be read ({error}): take the node down, or remove that file") from error


def choose(folder: Folder, more: Iterable[str], running: Iterable[str]) -> Chosen:
    """What the node is to have from now on: what it has, and more. A part that runs keeps its port; others may need a new one."""
    known, kept = read(folder), set(running)
    names = known.and_more(more).names
    doors: dict[str, int] = {}
    for part, port in ((part, port) for name in names for part, port in ALL[name].doors.items()):
        before = known.doors.get(part, port)
        doors[part] = before if part in kept else _free(before, set(doors.values()))
    chosen = Chosen(names, doors)
    if chosen != known:
        write(folder.path / _FILE, json.dumps(asdict(chosen), indent=2))
    return chosen


def _free(wish: int, taken: set[int]) -> int:
    """That port on 127.0.0.1, or when somebody has it, one that nobody has."""
    for port in (wish, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            if found not in taken:
                return found
    raise NodeError(f"can't have a port on 127.0.0.1, neither {wish} nor any other")
