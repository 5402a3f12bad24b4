"""A gateway: HTTPRoutes with weights, headers and mirrors, for pods and for programs on this machine; by Envoy and Envoy Gateway."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedded.node.add_ons import control_plane, envoy
from embedded.node.add_ons.add_on import AddOn, has, role
from embedded.node.add_ons.control_plane import ACCOUNT, CLASS, NAMESPACE
from embedded.node.add_ons.definitions import Definitions
from embedded.node.building import Module

if TYPE_CHECKING:
    from embedded.node.add_ons.add_on import Object
    from embedded.node.api import Api
    from embedded.node.parts.part import Part, Setup

NAME: Final = "public"
_KIND: Final = "gateway.networking.k8s.io/v1"
_FINALIZER: Final = "gateway-exists-finalizer.gateway.networking.k8s.io"
_ADMISSION: Final = "admissionregistration.k8s.io/v1"
_ENVOY: Final = "type.googleapis.com/envoy.config"
_KINDS: Final = Definitions(
    Module("the Gateway API", Path(__file__).with_name("gateway_api"), "sigs.k8s.io/gateway-api"), "config/crd/standard"
)
_OWN_KINDS: Final = Definitions(
    control_plane.MODULE, "charts/gateway-crds-helm/templates/generated", "gateway.envoyproxy.io_envoypatchpolicies.yaml"
)
_ROUTES: Final = "httproutes grpcroutes tlsroutes"
_RULES: Final = (
    ("", "namespaces nodes services secrets configmaps", "get list watch"),
    ("apps", "deployments daemonsets", "get list watch"),
    ("discovery.k8s.io", "endpointslices", "get list watch"),
    ("gateway.envoyproxy.io", "envoypatchpolicies", "get list watch"),
    ("gateway.envoyproxy.io", "envoypatchpolicies/status", "update patch"),
    ("gateway.networking.k8s.io", "gatewayclasses", "get list watch update patch"),
    ("gateway.networking.k8s.io", f"gateways listenersets {_ROUTES} referencegrants backendtlspolicies", "get list watch"),
    (
        "gateway.networking.k8s.io",
        " ".join(f"{kind}/status" for kind in ("gatewayclasses", "gateways", "listenersets", *_ROUTES.split(), "backendtlspolicies")),
        "update patch",
    ),
)


def _parts(setup: Setup) -> list[Part]:
    return [control_plane.part(setup), envoy.part(setup)]


def _objects(setup: Setup, cache: Path) -> list[Object]:
    return [*_KINDS.read(cache), *_OWN_KINDS.read(cache), *role(ACCOUNT, _RULES), *around(setup), *_gateway(setup)]


def around(setup: Setup) -> list[Object]:
    """What is there before the first Gateway is."""
    here, door = setup.network.address, setup.doors[envoy.NAME]
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        # The control plane insists on them; what would be read from them belongs to kinds that aren't here.
        *({"apiVersion": "v1", "kind": "Secret", "metadata": _named(name)} for name in ("envoy", "envoy-oidc-hmac")),
        _service(),
        *(_listener(name, port, here) for name, port in envoy.PORTS.items()),
        _listener("loopback", door, "127.0.0.1"),
        *_fixes(),
        *_admission(sorted({*envoy.PORTS.values(), door})),
    ]


def _gateway(setup: Setup) -> list[Object]:
    listeners = [
        {"name": name, "protocol": "HTTP", "port": port, "allowedRoutes": {"namespaces": {"from": "All"}}}
        for name, port in (("http", envoy.PORTS["http"]), ("loopback", setup.doors[envoy.NAME]))
    ]
    # It isn't deleted while there are Gateways of it. The control plane would see to that itself, and in doing so may lose what it says.
    named, controller = {"name": CLASS, "finalizers": [_FINALIZER]}, {"controllerName": control_plane.CONTROLLER}
    return [
        {"apiVersion": _KIND, "kind": "GatewayClass", "metadata": named, "spec": controller},
        {"apiVersion": _KIND, "kind": "Gateway", "metadata": _named(NAME), "spec": {"gatewayClassName": CLASS, "listeners": listeners}},
    ]


def _named(name: str, labels: Object | None = None) -> Object:
    return {"name": name, "namespace": NAMESPACE, **({"labels": labels} if labels else {})}


def _service() -> Object:
    """By it Gateways have the node's address. No request passes it, so kube-proxy leaves it alone."""
    labels = {
        "gateway.envoyproxy.io/owning-gatewayclass": CLASS,
        "app.kubernetes.io/name": "envoy",
        "app.kubernetes.io/component": "proxy",
        "app.kubernetes.io/managed-by": "envoy-gateway",
        "service.kubernetes.io/service-proxy-name": "nobody",
    }
    ports = [{"name": name, "port": port, "protocol": "TCP"} for name, port in envoy.PORTS.items()]
    return {"apiVersion": "v1", "kind": "Service", "metadata": _named("envoy", labels), "spec": {"type": "NodePort", "ports": ports}}


def _listener(name: str, port: int, address: str) -> Object:
    """Listeners are on one address each, and leave headers as they are, as any plain proxy does."""
    protocols = {"jsonPath": "$..common_http_protocol_options", "path": "/headers_with_underscores_action"}
    changes: list[Object] = [
        {"op": "replace", "path": "/address/socket_address/address", "value": address},
        {"op": "add", **protocols, "value": "ALLOW"},
    ]
    return _patches(name, "listener.v3.Listener", f"tcp-{port}", changes)


def _fixes() -> list[Object]:
    # An Envoy that has asked too early is told of the first cluster, and waits until there is one before it listens.
    first: Object = {"name": "first", "type": "STATIC", "connect_timeout": "1s", "load_assignment": {"cluster_name": "first"}}
    # At a port of all addresses it would say that it is ready, to nobody: who wants to know asks elsewhere.
    unasked = [{"op": "add", "path": "/bind_to_port", "value": False}]
    return [
        _patches("first", "cluster.v3.Cluster", first["name"], [{"op": "add", "path": "", "value": first}]),
        _patches("unasked", "listener.v3.Listener", "envoy-gateway-proxy-ready-0.0.0.0-19003", unasked),
    ]


def _patches(name: str, kind: str, what: str, changes: list[Object]) -> Object:
    target = {"group": "gateway.networking.k8s.io", "kind": "GatewayClass", "name": CLASS}
    patches = [{"type": f"{_ENVOY}.{kind}", "name": what, "operation": change} for change in changes]
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "EnvoyPatchPolicy",
        "metadata": _named(name),
        "spec": {"targetRef": target, "type": "JSONPatch", "jsonPatches": patches},
    }


def _admission(ports: list[int]) -> list[Object]:
    """At another port a Gateway would be reached from outside of this machine: nobody has said where it is to listen."""
    name = f"tidegate-{CLASS}"
    rule = {"apiGroups": ["gateway.networking.k8s.io"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": ["gateways"]}
    validations: list[dict[str, Any]] = [
        {
            "expression": f"object.spec.listeners.all(one, one.port in {ports} && one.protocol in ['HTTP', 'HTTPS', 'TLS'])",
            "message": f"this node's gateway listens at the ports {', '.join(map(str, ports))}, by HTTP, HTTPS and TLS",
        },
        {"expression": "!has(object.spec.allowedListeners)", "message": "this node's gateway takes no listeners from elsewhere"},
    ]
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [{"name": "ours", "expression": f"object.spec.gatewayClassName == '{CLASS}'"}],
        "validations": validations,
    }
    return [
        {"apiVersion": _ADMISSION, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec},
        {
            "apiVersion": _ADMISSION,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Deny"]},
        },
    ]


def _is_ready(api: Api) -> bool:
    accepted = has(api.get(f"/apis/{_KIND}/gatewayclasses/{CLASS}") or {}, "Accepted")
    return accepted and has(api.get(f"/apis/{_KIND}/namespaces/{NAMESPACE}/gateways/{NAME}") or {}, "Programmed")


ADD_ON: Final = AddOn(
    name="gateway",
    names=(control_plane.NAME, envoy.NAME),
    parts=_parts,
    objects=_objects,
    is_ready=_is_ready,
    # Envoy asks the control plane by its own, and the API nothing.
    accounts=(ACCOUNT, envoy.NAME),
    servers={control_plane.NAME: (control_plane.SERVER,)},
    made=(control_plane.PROGRAM, _OWN_KINDS, _KINDS),
    doors={envoy.NAME: 8000},
    commands={envoy.NAME: "pip install tidegate[node], or in a clone: make setup-dev"},
)
