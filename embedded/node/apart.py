"""Parts that run apart from the machine, with a network and a root of their own, as pods have them.

Some programs listen on all addresses and look for files at fixed places, and can't be told otherwise. Apart, they are reached at an address
of their own, by nobody but this machine, and find what they are given, and nothing else. Network, line and mounts end with the process: the
kernel takes them away.
"""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from embedded.node.network import Network

# Where a part comes from: the handle is passed on from shell to shell, so nobody has to be waited for.
_MACHINE: Final = "/proc/self/fd/9"


@dataclass(frozen=True, slots=True)
class Apart:
    """A network and a root of a part's own."""

    network: Network
    number: int
    """Which of the addresses for such parts it has."""
    shows: Mapping[str, Path]
    """What is to be seen in its root: files of the machine, which can't be written there."""

    @property
    def address(self) -> str:
        """Where this machine reaches it."""
        return self.network.apart(self.number)

    @property
    def interface(self) -> str:
        """The machine's end of the line to it."""
        return f"tidegate{self.number}"

    def way(self, root: Path) -> list[str]:
        """What a command is to follow so that it runs apart; `root` is an empty folder."""
        steps = "\n".join([*self._line(), *self._root(root), "exec 9<&-", f'exec chroot {quote(str(root))} "$@"'])
        return [
            *("sh", "-c", 'exec 9< /proc/self/ns/net; exec "$@"', "sh"),
            *("unshare", "--net", "--mount", "--propagation", "slave", "--", "sh", "-ec", steps, "sh"),
        ]

    def _line(self) -> list[str]:
        here, there = self.network.address, f"nsenter --net={_MACHINE} ip"
        return [
            # A former one's may be there for a moment still: the kernel takes its time.
            f"{there} link delete {self.interface} 2> /dev/null || true",
            "ip link set lo up",
            f"ip link add eth0 type veth peer name {self.interface} netns {_MACHINE}",
            f"ip address add {self.address}/32 dev eth0",
            "ip link set eth0 up",
            # And to nowhere else.
            f"ip route add {here}/32 dev eth0",
            f"{there} address add {here}/32 dev {self.interface}",
            f"{there} link set {self.interface} up",
            f"{there} route add {self.address}/32 dev {self.interface} src {here}",
        ]

    def _root(self, root: Path) -> list[str]:
        steps = [f"mount -t tmpfs -o mode=755,size=4m tmpfs {quote(str(root))}"]
        for path, source in self.shows.items():
            shown = root / path.lstrip("/")
            steps.append(f"mkdir -p {quote(str(shown.parent))}")
            steps.append(f": > {quote(str(shown))}")
            steps.append(f"mount -o bind,ro {quote(str(source))} {quote(str(shown))}")
        return steps
