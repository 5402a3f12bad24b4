"""A cluster as a process of its own, in the foreground, until it is told to end: `python -m embedded.cluster`.

Whoever starts it hands it a pipe, on which it says once, as JSON, that it is ready, or why it isn't.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.cluster.place import Place, PlaceError, Running, TakenError
from embedded.cluster.server import PortError

if TYPE_CHECKING:
    from collections.abc import Sequence

_ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# Somebody who only asks whether a cluster runs holds its lock for an instant.
_PATIENCE: Final = 2.0
# Seconds between two looks whether its folder is there: a cluster that nobody can find would run for ever.
_LOOK: Final = 2.0


def main(arguments: Sequence[str]) -> int:
    """Run a cluster until a signal ends it; returns the exit code."""
    options = _parser().parse_args(arguments)
    # Blocked in all threads, they wait for `sigtimedwait`.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    place = Place(options.folder)
    try:
        place.make()
        with place.living(_PATIENCE):
            _live(place, options)
    except TakenError:
        return _failed(options.ready, f"a cluster runs in {place.folder} already")
    except (PlaceError, PortError) as error:
        return _failed(options.ready, str(error))
    except BrokenPipeError:
        return 1  # whoever started it is gone, and hasn't heard of it
    except OSError as error:
        # A full disk, say, on which the log can't tell of it either.
        return _failed(options.ready, f"can't keep the cluster's files in {place.folder}: {error.strerror or error}")
    return 0


def _live(place: Place, options: argparse.Namespace) -> None:
    from embedded.cluster.cluster import Cluster

    cluster = Cluster(
        seed=options.seed,
        rate=options.rate,
        nodes=options.nodes,
        port=options.port,
        prometheus_port=options.prometheus_port,
        tls=True,
        name=options.name,
        on_end=lambda: os.kill(os.getpid(), signal.SIGTERM),
    )
    with cluster:
        cluster.kubeconfig_file(place.kubeconfig)
        place.write(
            Running(
                pid=os.getpid(),
                url=cluster.url,
                prometheus=cluster.prometheus,
                kubeconfig=str(place.kubeconfig),
                token=cluster.token or "",
                authority=cluster.authority or "",
                seed=options.seed,
                rate=options.rate,
                nodes=options.nodes,
            )
        )
        _say(options.ready, {"ready": True})
        while signal.sigtimedwait(_ENDING, _LOOK) is None and place.is_there():
            pass


def _say(pipe: int, what: dict[str, object]) -> None:
    with os.fdopen(pipe, "w", closefd=pipe > sys.stderr.fileno()) as file:
        file.write(json.dumps(what) + "\n")


def _failed(pipe: int, why: str) -> int:
    _say(pipe, {"error": why})
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m embedded.cluster", description="A Kubernetes API in one process, on loopback.")
    parser.add_argument("--folder", type=Path, required=True, help="where its kubeconfig and its state are")
    parser.add_argument("--name", default="local", help="of the cluster and its context in the kubeconfig")
    parser.add_argument("--seed", type=int, default=0, help="of all chance")
    parser.add_argument("--rate", type=float, default=1.0, help="seconds that pass in it in a second; 0: by hand")
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--prometheus-port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--ready", type=int, default=1, metavar="FD", help="where to say that it is ready, or why it isn't")
    return parser
