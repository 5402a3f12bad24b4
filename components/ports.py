"""The ports of Services in front of slots."""

from collections.abc import Mapping
from typing import Any, Final

from tidegate.model.intent.service import entry_of

ENTRY: Final = 80
"""Where a service's requests go, whatever its container listens at."""


def service_ports(ports: Mapping[str, int]) -> list[Any]:
    """A Service's ports, by the container's. By name, since another version may have another number."""
    first = entry_of(ports)
    entry = {"name": first, "port": ENTRY, "targetPort": first, "protocol": "TCP"}
    others = (name for name in sorted(ports) if name != first and ports[name] != ENTRY)
    return [entry, *({"name": name, "port": int(ports[name]), "targetPort": name, "protocol": "TCP"} for name in others)]
