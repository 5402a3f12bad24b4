"""Measure on a real node: `python -m benchmarks.switch.on_node`, as root.

The node is started if it isn't up, and taken down again then; one that is up keeps running, and loses the stack. It needs the gateway.
The program's stack comes up with two versions of the example. Then traffic is moved by patches of a route and of a selector, by
the driver, and by updates of the stack. What is printed and written is what `python -m benchmarks.switch` prints and writes.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.switch import command
from benchmarks.switch.loopback import LoadRefusedError, place
from benchmarks.switch.rounds import MOST_REPETITIONS
from benchmarks.switch.stand import GATEWAY, NAMES, stand, switchers
from benchmarks.switch.switchers.switcher import SwitchError
from embedded.node import clusters
from embedded.node.choosing import Kind
from embedded.node.errors import NodeError
from embedded.node.images import static
from embedded.node.images.archive import write_all
from embedded.node.node import Node
from examples.shop.images import MODULE, images

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BEGINNING: Final = 60.0
_ROUND: Final = {
    "route": 6.5,
    "selector": 4.5,
    "driver-route": 32.0,
    "driver-selector": 12.0,
    "up-route": 30.0,
    "up-selector": 11.0,
}
"""About so many seconds a repetition takes on two cores."""


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.switch.on_node", description=__doc__)
    made.add_argument("--name", default="default", help="which node (default: %(default)s)")
    made.add_argument("--only", type=_names, default=list(NAMES), help=f"some of {','.join(NAMES)} (default: all)")
    made.add_argument("--repetitions", type=int, default=20, help="of each operation by patches (default: %(default)s)")
    made.add_argument(
        "--updates", type=int, default=2, help="of each operation by updates and the driver, which makes some (default: %(default)s)"
    )
    made.add_argument("--rate", default="200,1000", help="requests a second (default: %(default)s)")
    made.add_argument("--connections", default="keep-alive,new", help="kept, or a new one for each request (default: %(default)s)")
    made.add_argument("--patience", default="10", help="seconds that a command may take to take effect (default: %(default)s)")
    made.add_argument("--out", type=Path, metavar="FOLDER", help="write switch.svg, figures.json and requests.jsonl.gz there")
    return made


def _names(text: str) -> list[str]:
    found = text.split(",")
    if unknown := [name for name in found if name not in NAMES]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(NAMES)}")
    return found


def seconds(options: argparse.Namespace) -> float:
    """About how long it takes, the node's start left out."""
    ways = len(options.rate.split(",")) * len(options.connections.split(","))
    return _BEGINNING + ways * sum(_ROUND[name] * _repetitions(name, options) for name in options.only)


def _repetitions(name: str, options: argparse.Namespace) -> int:
    return int(min(options.updates, options.repetitions) if name.startswith(("driver", "up")) else options.repetitions)


@contextmanager
def node(name: str) -> Iterator[Node]:
    """The node of that name, with a gateway; if it wasn't up it is taken down afterwards."""
    made = Node.open(name)
    known = clusters.remembered(made.folder)
    if known is not None and known[0] is not Kind.OWN:
        raise NodeError(f"the node {name} is a cluster whose gateway nobody here knows; take a name that is free: --name NAME")
    try:
        if known is None:
            made.up(_say, add_ons=("gateway",))
        elif not made.status().ready:
            raise NodeError(f"the node {name} isn't ready; heal it first: tidegate node up --name {name}")
        yield made
    finally:
        if known is None:
            made.down()


def measure(options: argparse.Namespace) -> int:
    """Run the whole of it; the exit code of `python -m benchmarks.switch`."""
    shop = images(static.build(MODULE))
    digests = {image.name: image.digest for image in shop}
    with node(options.name) as running:
        gateway = running.gateway
        place(gateway)
        with tempfile.TemporaryDirectory(prefix="tidegate-switch-") as folder:
            archive = Path(folder) / "shop.tar"
            write_all(archive, shop)
            running.load(archive)
        _without_proxy(running.network.address)
        _say(f"From here on it takes about {math.ceil(seconds(options) / 60)} minutes.")
        with stand(running.kubeconfig, digests, GATEWAY, _say) as stack:
            known = switchers(stack, digests, running.kubeconfig, gateway)
            words = [word for name in options.only for word in ("--switcher", f"{known[name]} repetitions={_repetitions(name, options)}")]
            words += [f"--{name}={getattr(options, name)}" for name in ("repetitions", "rate", "connections", "patience")]
            return command.main([*words, *([f"--out={options.out}"] if options.out else [])])


def _without_proxy(address: str) -> None:
    """The node's address is this machine's own: a proxy couldn't reach it."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), address]))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(words: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = parser().parse_args(words)
    for name in ("repetitions", "updates"):
        if not 1 <= getattr(options, name) <= MOST_REPETITIONS:
            print(f"error: --{name} is {getattr(options, name)}; it is at least 1 and at most {MOST_REPETITIONS}", file=sys.stderr)
            return 2
    try:
        return measure(options)
    except (NodeError, SwitchError, LoadRefusedError, static.NoGoError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the stack is gone, and so is the node if it wasn't up before", file=sys.stderr)
        return 130


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it, nothing is left behind
    sys.exit(main())
