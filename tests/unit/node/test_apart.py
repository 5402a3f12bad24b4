"""Parts that run apart, and what is looked at before any part is started."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from embedded.node import inside
from embedded.node.apart import Apart
from embedded.node.errors import NodeError
from embedded.node.folder import Folder
from embedded.node.network import Network
from embedded.node.parts.part import Part

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a node of our own runs on Linux only")

_NETWORK = Network("10.244.0.0/24", "10.96.0.0/16")


def test_it_finds_what_it_is_given() -> None:
    """In a root of its own, where nothing can be written over; names with spaces are names."""
    apart = Apart(_NETWORK, 1, {"/certs/tls.key": Path("/a b/server.key")})
    way = apart.way(Path("/node/root"))
    assert way[-1] == "sh"
    steps = way[-2].splitlines()
    assert steps.index("mkdir -p /node/root/certs") < steps.index("mount -o bind,ro '/a b/server.key' /node/root/certs/tls.key")
    assert steps[-1] == 'exec chroot /node/root "$@"'


def test_it_has_a_line_of_its_own() -> None:
    """Each has another address and another interface; the node is all that it reaches."""
    first, second = (Apart(_NETWORK, number, {}) for number in (1, 2))
    assert {first.address, second.address} == {"10.244.0.2", "10.244.0.3"}
    assert {first.interface, second.interface} == {"tidegate1", "tidegate2"}
    inner = [step for step in first.way(Path("/node/root"))[-2].splitlines() if step.startswith("ip route")]
    assert inner == ["ip route add 10.244.0.1/32 dev eth0"]


def test_a_part_is_not_started_where_its_address_is_taken(tmp_path: Path) -> None:
    """What would only come to light after minutes is said at once, and nothing has been started."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = ("127.0.0.1", other.getsockname()[1])
        with pytest.raises(NodeError, match=rf"proxy can't listen on 127.0.0.1:{address[1]} \(Address already in use\): end what"):
            inside.start(Folder(tmp_path, "a"), Part("proxy", ("false",), address, takes=[address]))
    assert [*tmp_path.iterdir()] == []
