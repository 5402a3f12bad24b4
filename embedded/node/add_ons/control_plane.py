"""Envoy Gateway: it reads routes from the API, tells Envoy what they come to, and says on them how that went.

It listens on all addresses, at ports of its own choice, and has its certificates at a fixed place: so it runs apart.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedded.node.apart import Apart
from embedded.node.building import Module, Program
from embedded.node.parts.part import Part, text

if TYPE_CHECKING:
    from embedded.node.parts.part import Setup

NAME: Final = "envoy-gateway"
CLASS: Final = "envoy"
CONTROLLER: Final = "gateway.envoyproxy.io/gatewayclass-controller"
NAMESPACE: Final = "gateways"
ACCOUNT: Final = "gateway"
SERVER: Final = f"{NAME}.{NAMESPACE}.svc"
"""What its certificate calls it."""
DISCOVERY: Final = 18000
"""Where Envoy asks."""
MODULE: Final = Module("Envoy Gateway", Path(__file__).with_name("envoy_gateway"), "github.com/envoyproxy/gateway")
PROGRAM: Final = Program(
    MODULE,
    "4 to 8 minutes",
    package="github.com/envoyproxy/gateway/cmd/envoy-gateway",
    stamps=lambda version: {"github.com/envoyproxy/gateway/internal/cmd/version.envoyGatewayVersion": version},
)
_HEALTH: Final = 8081
_NUMBER: Final = 1


def address(setup: Setup) -> str:
    """Where this machine reaches it."""
    return setup.network.apart(_NUMBER)


def part(setup: Setup) -> Part:
    """The control plane."""
    config = setup.config("envoy-gateway.yaml")
    shows = {
        "/envoy-gateway": Path(setup.commands[MODULE.source.name]),
        "/config/envoy-gateway.yaml": config,
        "/config/kubeconfig": Path(setup.pki(f"{ACCOUNT}.kubeconfig")),
        "/certs/tls.crt": Path(setup.pki(f"{NAME}.crt")),
        "/certs/tls.key": Path(setup.pki(f"{NAME}.key")),
        "/certs/ca.crt": Path(setup.pki("ca.crt")),
    }
    return Part(
        NAME,
        ("/envoy-gateway", "server", "--config-path=/config/envoy-gateway.yaml"),
        (address(setup), _HEALTH),
        {config: text(_config())},
        {"HOME": "/", "KUBECONFIG": "/config/kubeconfig", "ENVOY_GATEWAY_NAMESPACE": NAMESPACE},
        apart=Apart(setup.network, _NUMBER, shows),
        healthy="/readyz",
    )


def _config() -> dict[str, Any]:
    # Who starts proxies is elsewhere, so listeners' ports stay as they are. Nobody is there to be told, and nobody has to be.
    nobody = {"service": {"ip": {"address": "127.0.0.1", "port": 1}}}
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "EnvoyGateway",
        "gateway": {"controllerName": CONTROLLER},
        "provider": {
            "type": "Custom",
            "custom": {
                "resource": {"type": "Kubernetes", "kubernetes": {"leaderElection": {"disable": True}}},
                "infrastructure": {"type": "Remote", "remote": nobody},
            },
        },
        # All Gateways have the one proxy.
        "envoyProxy": {"mergeGateways": True, "telemetry": {"accessLog": {"disable": True}}},
        "extensionApis": {"enableEnvoyPatchPolicy": True},
        "telemetry": {"metrics": {"prometheus": {"disable": True}}},
        "logging": {"level": {"default": "warn"}},
        # Listeners are called by their ports: so a Gateway that comes or goes leaves the others' connections alone.
        "runtimeFlags": {"enabled": ["XDSNameSchemeV2"]},
    }
