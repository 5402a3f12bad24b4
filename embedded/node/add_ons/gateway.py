"""Traefik as the gateway: HTTPRoutes with weights and headers, for pods and for programs on this machine. It knows no mirrors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.node.add_ons.add_on import AddOn, has, role
from embedded.node.add_ons.definitions import Definitions
from embedded.node.building import Module
from embedded.node.parts.part import Part

if TYPE_CHECKING:
    from embedded.node.add_ons.add_on import Object
    from embedded.node.api import Api
    from embedded.node.parts.part import Setup

CLASS: Final = "traefik"
NAMESPACE: Final = "gateways"
NAME: Final = "public"
_TRAEFIK: Final = "traefik"
_PORT: Final = 80
_TLS: Final = 443
METRICS: Final = 8082
_KIND: Final = "gateway.networking.k8s.io/v1"
_MODULE: Final = Module("the Gateway API", Path(__file__).with_name("gateway_api"), "sigs.k8s.io/gateway-api")
_KINDS: Final = Definitions(_MODULE, "config/crd/standard")
_ROUTES: Final = "httproutes grpcroutes tlsroutes"
_RULES: Final = (
    ("", "namespaces nodes services secrets configmaps", "get list watch"),
    ("discovery.k8s.io", "endpointslices", "get list watch"),
    ("gateway.networking.k8s.io", f"gatewayclasses gateways {_ROUTES} referencegrants backendtlspolicies", "get list watch"),
    (
        "gateway.networking.k8s.io",
        " ".join(f"{kind}/status" for kind in ("gatewayclasses", "gateways", *_ROUTES.split(), "backendtlspolicies")),
        "update patch",
    ),
)


def _parts(setup: Setup) -> list[Part]:
    address = setup.network.address
    entries = {
        "http": f"{address}:{_PORT}",
        "https": f"{address}:{_TLS}",
        "loopback": f"127.0.0.1:{setup.doors[_TRAEFIK]}",
        "traefik": f"{address}:{METRICS}",
    }
    command = [
        setup.commands[_TRAEFIK],
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
        *(f"--entrypoints.{name}.address={where}" for name, where in entries.items()),
        # What a header's name might also be read as is for the services to say, as with any plain proxy.
        *(f"--entrypoints.{name}.http.aliasheadersstrategy=keep" for name in entries),
        "--providers.kubernetesgateway=true",
        f"--providers.kubernetesgateway.statusaddress.ip={address}",
        # Traefik's own default is two seconds, in which a shift of weights would wait for the one before it.
        "--providers.providersthrottleduration=50ms",
        # Requests are handed on by connections that are kept: with few of them, load would open new ones all the time.
        "--serverstransport.maxidleconnsperhost=512",
        "--metrics.prometheus=true",
        "--metrics.prometheus.addrouterslabels=true",
        "--ping=true",
        "--log.nocolor=true",
    ]
    return [
        Part(_TRAEFIK, tuple(command), (address, METRICS), environment={"KUBECONFIG": setup.pki("gateway.kubeconfig")}, healthy="/ping")
    ]


def _objects(setup: Setup, cache: Path) -> list[Object]:
    listeners = [
        {"name": name, "protocol": "HTTP", "port": port, "allowedRoutes": {"namespaces": {"from": "All"}}}
        for name, port in (("http", _PORT), ("loopback", setup.doors[_TRAEFIK]))
    ]
    return [
        *_KINDS.read(cache),
        *role("gateway", _RULES),
        {
            "apiVersion": _KIND,
            "kind": "GatewayClass",
            "metadata": {"name": CLASS},
            "spec": {"controllerName": "traefik.io/gateway-controller"},
        },
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {
            "apiVersion": _KIND,
            "kind": "Gateway",
            "metadata": {"name": NAME, "namespace": NAMESPACE},
            "spec": {"gatewayClassName": CLASS, "listeners": listeners},
        },
    ]


def _is_ready(api: Api) -> bool:
    return has(api.get(f"/apis/{_KIND}/namespaces/{NAMESPACE}/gateways/{NAME}") or {}, "Programmed")


ADD_ON: Final = AddOn(
    name="gateway",
    names=(_TRAEFIK,),
    parts=_parts,
    objects=_objects,
    is_ready=_is_ready,
    accounts=("gateway",),
    made=(_KINDS,),
    doors={_TRAEFIK: 8000},
    commands={_TRAEFIK: "pip install tidegate[node], or in a clone: make setup-dev"},
)
