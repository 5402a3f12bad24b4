"""The shop's images: each service in each version, in one archive. `python -m examples.shop.images` writes it, and says what is in it.

All of them are one program in one layer; what a version is like is in its image's environment. Versions are called as the simulated
cluster's are, and mean the same: `slow`, `errors`, `crash`, `leak` and `sparse`.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.node.images import static
from embedded.node.images.archive import Config, Image, cache, write_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MODULE: Final = Path(__file__).parent
REGISTRY: Final = "tidegate.dev/shop"
"""Before each image's name, unless another one is given. Nothing is there: the images are only ever loaded."""

_PROGRAM: Final = "/shop"


@dataclass(frozen=True, slots=True)
class Service:
    """One of the Team Dashboard's services in miniature."""

    name: str
    port: int
    calls: Sequence[str] = ()
    """The services that it asks for /api/chain."""


SERVICES: Final = (
    Service("dashboard", 3000, calls=("agent-manager",)),
    Service("agent-manager", 3001, calls=("mcp-manager", "openai-service")),
    Service("mcp-manager", 3002),
    Service("openai-service", 3003),
    Service("system-monitor", 3004),
)
VERSIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "v1": {},
    "v2": {},
    "v2-slow": {"SHOP_LATENCY": "350ms", "SHOP_JITTER": "100ms"},
    "v2-errors": {"SHOP_ERROR_RATE": "0.1"},
    "v2-crash": {"SHOP_CRASH_AFTER": "5s"},
    "v2-leak": {"SHOP_LEAK": "4Mi"},
    "v2-sparse": {"SHOP_ERROR_RATE": "0.002"},
}
"""The versions, and what is wrong with each."""


def images(program: bytes, registry: str = REGISTRY) -> list[Image]:
    """All of them, of a program that was built: `<registry>/<service>:<version>`."""
    layer = static.layer(program, _PROGRAM)
    return [
        Image(
            f"{registry}/{service.name}:{version}",
            (layer,),
            Config(
                entrypoint=(_PROGRAM,),
                env={
                    "SHOP_SERVICE": service.name,
                    "SHOP_VERSION": version,
                    "SHOP_PORT": str(service.port),
                    "SHOP_UPSTREAMS": " ".join(f"http://{called}" for called in service.calls),
                    **faults,
                },
                ports=(service.port,),
                labels={"org.opencontainers.image.version": version},
            ),
        )
        for service in SERVICES
        for version, faults in VERSIONS.items()
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the archive."""
    parser = argparse.ArgumentParser(prog="python -m examples.shop.images", description="Write the shop's images as one OCI archive.")
    parser.add_argument("--output", type=Path, default=cache() / "shop.tar", help="the archive (%(default)s)")
    parser.add_argument("--registry", default=REGISTRY, help="what comes before each image's name (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print the images' names with their digests as JSON")
    given = parser.parse_args(arguments)
    try:
        made = images(static.build(MODULE), given.registry)
    except static.NoGoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    write_all(given.output, made)
    if given.json:
        print(json.dumps({"archive": str(given.output), "images": {image.name: image.digest for image in made}}, indent=2))
        return 0
    for image in made:
        print(f"{image.name}@{image.digest}")
    print(f"{len(made)} images in {given.output}; `tidegate node load-image {given.output}` brings them to the node")
    return 0


if __name__ == "__main__":
    sys.exit(main())
