"""Envoy, through which requests come: what it does with them it hears from the control plane, and goes on with while that is away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from embedded.node.add_ons import control_plane
from embedded.node.parts.part import Part

if TYPE_CHECKING:
    from embedded.node.parts.part import Setup

NAME: Final = "envoy"
PORTS: Final = {"http": 80, "https": 443}
"""Where it takes requests, on the node's own address."""
METRICS: Final = 8082
STATISTICS: Final = "/stats/prometheus"
_READY: Final = "/ready"
_EXTENSIONS: Final = "type.googleapis.com/envoy.extensions"


def part(setup: Setup) -> Part:
    """The proxy. Its own administration is for root alone; two paths of it are for all."""
    config, address = setup.config("envoy.json"), setup.network.address
    command = [
        *(setup.commands[NAME], "--config-path", str(config), "--log-level", "warning", "--concurrency", "2"),
        # Whoever starts it anew waits for its end, so nothing needs to be shared with a former one.
        "--disable-hot-restart",
        # A listener that changes lets its connections end their requests.
        *("--drain-time-s", "10", "--drain-strategy", "immediate"),
    ]
    takes = [*((address, port) for port in PORTS.values()), ("127.0.0.1", setup.doors[NAME])]
    return Part(NAME, tuple(command), (address, METRICS), {config: json.dumps(_bootstrap(setup), indent=1)}, takes=takes, healthy=_READY)


def _bootstrap(setup: Setup) -> dict[str, Any]:
    administration = {"pipe": {"path": str(setup.folder.path / "run" / "envoy.sock"), "mode": 0o600}}
    heard = {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"}
    return {
        "admin": {"address": administration},
        "node": {"id": setup.node, "cluster": control_plane.CLASS},
        "dynamic_resources": {"ads_config": _discovery(), "lds_config": heard, "cds_config": heard},
        "static_resources": {
            "listeners": [_metrics(setup.network.address)],
            "clusters": [_cluster("administration", administration), _cluster("control-plane", _control_plane(setup)) | _trust(setup)],
        },
    }


def _discovery() -> dict[str, Any]:
    # It is asked again soon: who waits for a route mustn't wait for a pause to be over.
    again = {"retry_back_off": {"base_interval": "0.1s", "max_interval": "1s"}}
    return {
        "api_type": "DELTA_GRPC",
        "transport_api_version": "V3",
        "grpc_services": [{"envoy_grpc": {"cluster_name": "control-plane", "retry_policy": again}}],
        "set_node_on_first_message_only": True,
    }


def _metrics(address: str) -> dict[str, Any]:
    routes = [{"match": {"path": path}, "route": {"cluster": "administration"}} for path in (STATISTICS, _READY)]
    manager = {
        "@type": f"{_EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "metrics",
        "route_config": {"virtual_hosts": [{"name": "metrics", "domains": ["*"], "routes": routes}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": f"{_EXTENSIONS}.filters.http.router.v3.Router"}}],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    where = {"socket_address": {"address": address, "port_value": METRICS}}
    return {"name": "metrics", "address": where, "filter_chains": [{"filters": filters}]}


def _control_plane(setup: Setup) -> dict[str, Any]:
    return {"socket_address": {"address": control_plane.address(setup), "port_value": control_plane.DISCOVERY}}


def _cluster(name: str, address: dict[str, Any]) -> dict[str, Any]:
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    return {"name": name, "type": "STATIC", "connect_timeout": "1s", "load_assignment": {"cluster_name": name, "endpoints": endpoints}}


def _trust(setup: Setup) -> dict[str, Any]:
    """The control plane is who it says, and hears who asks."""
    pki, server = setup.pki, control_plane.SERVER
    own = {"certificate_chain": {"filename": pki(f"{NAME}.crt")}, "private_key": {"filename": pki(f"{NAME}.key")}}
    trusted = {
        "trusted_ca": {"filename": pki("ca.crt")},
        "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": server}}],
    }
    context = {
        "@type": f"{_EXTENSIONS}.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": server,
        "common_tls_context": {
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
            "tls_certificates": [own],
            "validation_context": trusted,
        },
    }
    # A control plane that has vanished without a word is noticed.
    protocol = {
        "@type": f"{_EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {"connection_keepalive": {"interval": "15s", "timeout": "5s"}}},
    }
    return {
        "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": context},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol},
    }
