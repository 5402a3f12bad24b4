"""The Gateway API's kinds, which real clusters have by definitions that come with a gateway: here they are there from the start.

A release shifts traffic by HTTPRoutes, so a cluster without them would be of little use. The tables hold fields, defaults and bounds of the
standard channel, as far as all its newer releases have them, and of the experimental one HTTPRoutes' `sessionPersistence`; applying the
upstream definitions replaces them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.schema.structural import AGE, SELECTOR, definition, list_of, map_of, number, struct, text

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.structural import Schema

GROUP: Final = "gateway.networking.k8s.io"

_NAME: Final = text(1, 253)
_PORT: Final = number(1, 65535)
_NAMESPACE: Final = text(1, 63, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
_GROUP: Final = text(0, 253, r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_KIND: Final = text(1, 63, "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$")
_HOST: Final = text(1, 253, r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_DURATION: Final = text(pattern="^([0-9]{1,5}(h|m|s|ms)){1,4}$")
_HEADER: Final = text(1, 256, "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$")
_SECTION: Final = text(1, 253, r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")

_CONDITION: Final = struct(
    "lastTransitionTime message reason status type",
    type=text(0, 316),
    status=text(enum=("True", "False", "Unknown")),
    observedGeneration={"type": "integer", "format": "int64", "minimum": 0},
    lastTransitionTime={"type": "string", "format": "date-time"},
    reason=text(1, 1024),
    message=text(0, 32768),
)
_LABELS: Final = map_of(text(0, 4096))


def _conditions(*pending: tuple[str, str, str]) -> Schema:
    """Conditions, with those that stand there until a controller says otherwise."""
    default = [
        {"type": t, "status": "Unknown", "reason": reason, "message": message, "lastTransitionTime": "1970-01-01T00:00:00Z"}
        for t, reason, message in pending
    ]
    return list_of(_CONDITION, "type", 8, **({"default": default} if default else {}))


_PARENT: Final = struct(
    "name",
    group={**_GROUP, "default": GROUP},
    kind={**_KIND, "default": "Gateway"},
    namespace=_NAMESPACE,
    name=_NAME,
    sectionName=_SECTION,
    port=_PORT,
)
_BACKEND: Final[dict[str, Schema]] = {
    "group": {**_GROUP, "default": ""},
    "kind": {**_KIND, "default": "Service"},
    "name": _NAME,
    "namespace": _NAMESPACE,
    "port": _PORT,
}
_SET_HEADERS: Final = list_of(struct("name value", name=_HEADER, value=text(1, 4096)), "name", 16)
_HEADERS: Final = struct(set=_SET_HEADERS, add=_SET_HEADERS, remove=list_of(text(), most=16, **{"x-kubernetes-list-type": "set"}))
_REWRITE: Final = struct(
    "type",
    type=text(enum=("ReplaceFullPath", "ReplacePrefixMatch")),
    replaceFullPath=text(0, 1024),
    replacePrefixMatch=text(0, 1024),
)
_MIRROR: Final = struct(
    "backendRef",
    backendRef=struct("name", **_BACKEND),
    percent=number(0, 100),
    fraction=struct("numerator", numerator=number(0, 2**31 - 1), denominator=number(1, 2**31 - 1, default=100)),
)
_REDIRECT: Final = struct(
    scheme=text(enum=("http", "https")),
    hostname=_HOST,
    path=_REWRITE,
    port=_PORT,
    statusCode={"type": "integer", "enum": [301, 302, 303, 307, 308], "default": 302},
)
_EXTENSION: Final = struct("group kind name", group=_GROUP, kind=_KIND, name=_NAME)
_COMMON_FILTERS: Final = ("RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "ExtensionRef")


def _filters(*types: str, **more: Schema) -> Schema:
    common = {"requestHeaderModifier": _HEADERS, "responseHeaderModifier": _HEADERS, "requestMirror": _MIRROR, "extensionRef": _EXTENSION}
    return list_of(struct("type", type=text(enum=(*_COMMON_FILTERS, *types)), **common, **more), most=16)


_HTTP_FILTERS: Final = _filters(
    "RequestRedirect", "URLRewrite", requestRedirect=_REDIRECT, urlRewrite=struct(hostname=_HOST, path=_REWRITE)
)
_GRPC_FILTERS: Final = _filters()


def _matched(name: Schema) -> Schema:
    """Headers or query parameters that a request must have."""
    kinds = ("Exact", "RegularExpression")
    return list_of(struct("name value", type=text(enum=kinds, default="Exact"), name=name, value=text(1, 4096)), "name", 16)


_HTTP_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
_EVERY_PATH: Final = {"type": "PathPrefix", "value": "/"}
_HTTP_MATCH: Final = struct(
    path={
        **struct(type=text(enum=("Exact", "PathPrefix", "RegularExpression"), default="PathPrefix"), value=text(0, 1024, default="/")),
        "default": _EVERY_PATH,
    },
    headers=_matched(_HEADER),
    queryParams=_matched(_HEADER),
    method=text(enum=_HTTP_METHODS),
)
_GRPC_MATCH: Final = struct(
    method=struct(type=text(enum=("Exact", "RegularExpression"), default="Exact"), service=text(0, 1024), method=text(0, 1024)),
    headers=_matched(_HEADER),
)


def _backends(filters: Schema) -> Schema:
    return list_of(struct("name", **_BACKEND, weight=number(0, 1_000_000, default=1), filters=filters), most=16)


_HTTP_RULE: Final = struct(
    name=_SECTION,
    matches=list_of(_HTTP_MATCH, most=64, default=[{"path": _EVERY_PATH}]),
    filters=_HTTP_FILTERS,
    backendRefs=_backends(_HTTP_FILTERS),
    timeouts=struct(request=_DURATION, backendRequest=_DURATION),
    sessionPersistence=struct(
        sessionName=text(0, 128),
        absoluteTimeout=_DURATION,
        idleTimeout=_DURATION,
        type=text(enum=("Cookie", "Header"), default="Cookie"),
        cookieConfig=struct(lifetimeType=text(enum=("Permanent", "Session"), default="Session")),
    ),
)
_GRPC_RULE: Final = struct(
    name=_SECTION,
    matches=list_of(_GRPC_MATCH, most=64),
    filters=_GRPC_FILTERS,
    backendRefs=_backends(_GRPC_FILTERS),
)
_ROUTE_STATUS: Final = struct(
    "parents",
    parents=list_of(
        struct("parentRef controllerName conditions", parentRef=_PARENT, controllerName=text(1, 253), conditions=_conditions()),
        most=32,
    ),
)


def _route(rule: Schema, **more: Any) -> dict[str, Schema]:
    spec = struct(parentRefs=list_of(_PARENT, most=32), hostnames=list_of(_HOST, most=16), rules=list_of(rule, most=16, **more))
    return {"spec": spec, "status": _ROUTE_STATUS}


_CERTIFICATE: Final = struct(
    "name",
    group={**_GROUP, "default": ""},
    kind={**_KIND, "default": "Secret"},
    name=_NAME,
    namespace=_NAMESPACE,
)
_LISTENER: Final = struct(
    "name port protocol",
    name=_SECTION,
    hostname=_HOST,
    port=_PORT,
    protocol=text(1, 255),
    tls=struct(
        mode=text(enum=("Terminate", "Passthrough"), default="Terminate"),
        certificateRefs=list_of(_CERTIFICATE, most=64),
        options=map_of(text(0, 4096)),
    ),
    allowedRoutes={
        **struct(
            namespaces={
                **struct(**{"from": text(enum=("All", "Selector", "Same", "None"), default="Same"), "selector": SELECTOR}),
                "default": {"from": "Same"},
            },
            kinds=list_of(struct("kind", group={**_GROUP, "default": GROUP}, kind=_KIND), most=8),
        ),
        "default": {"namespaces": {"from": "Same"}},
    },
)
_ADDRESS: Final = struct(type=text(1, 253, default="IPAddress"), value=text(0, 253))
_PENDING: Final = ("Pending", "Waiting for controller")
_GATEWAY: Final = {
    "spec": struct(
        "gatewayClassName listeners",
        gatewayClassName=_NAME,
        listeners=list_of(_LISTENER, "name", 64, minItems=1),
        addresses=list_of(_ADDRESS, most=16),
        infrastructure=struct(labels=_LABELS, annotations=_LABELS, parametersRef=_EXTENSION),
    ),
    "status": {
        **struct(
            addresses=list_of(_ADDRESS, most=16),
            conditions=_conditions(("Accepted", *_PENDING), ("Programmed", *_PENDING)),
            listeners=list_of(
                struct(
                    "attachedRoutes conditions name",
                    name=_SECTION,
                    supportedKinds=list_of(struct("kind", group={**_GROUP, "default": GROUP}, kind=_KIND), most=8),
                    attachedRoutes={"type": "integer", "format": "int32"},
                    conditions=_conditions(),
                ),
                "name",
                64,
            ),
        ),
        "default": {"conditions": _conditions(("Accepted", *_PENDING), ("Programmed", *_PENDING))["default"]},
    },
}
_CLASS_PENDING: Final = _conditions(("Accepted", "Pending", "Waiting for controller"))
_CONTROLLER: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"
_CLASS: Final = {
    "spec": struct(
        "controllerName",
        controllerName=text(1, 253, r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"),
        parametersRef=struct("group kind name", group=_GROUP, kind=_KIND, name=_NAME, namespace=_NAMESPACE),
        description=text(0, 64),
    ),
    "status": {
        **struct(conditions=_CLASS_PENDING, supportedFeatures=list_of(struct("name", name=text()), "name", 64)),
        "default": {"conditions": _CLASS_PENDING["default"]},
    },
}
_GRANT: Final = {
    "spec": struct(
        "from to",
        **{
            "from": list_of(struct("group kind namespace", group=_GROUP, kind=_KIND, namespace=_NAMESPACE), most=16, minItems=1),
            "to": list_of(struct("group kind", group=_GROUP, kind=_KIND, name=_NAME), most=16, minItems=1),
        },
    ),
}


_COLUMNS: Final = {
    "Controller": ".spec.controllerName",
    "Accepted": '.status.conditions[?(@.type=="Accepted")].status',
    "Class": ".spec.gatewayClassName",
    "Address": ".status.addresses[*].value",
    "Programmed": '.status.conditions[?(@.type=="Programmed")].status',
    "Hostnames": ".spec.hostnames",
}


def definitions() -> list[Obj]:
    """The definitions of GatewayClass, Gateway, HTTPRoute, GRPCRoute and ReferenceGrant."""
    both = ("v1", "v1beta1")
    rules = _route(_HTTP_RULE, default=[{"matches": [{"path": _EVERY_PATH}]}])
    return [
        _definition("GatewayClass", "gatewayclasses", _CLASS, "gc", both, scope="Cluster", columns=("Controller", "Accepted")),
        _definition("Gateway", "gateways", _GATEWAY, "gtw", both, columns=("Class", "Address", "Programmed")),
        _definition("HTTPRoute", "httproutes", rules, "", both, columns=("Hostnames",)),
        _definition("GRPCRoute", "grpcroutes", _route(_GRPC_RULE), columns=("Hostnames",)),
        _definition("ReferenceGrant", "referencegrants", _GRANT, "refgrant", ("v1beta1", "v1"), required=()),
    ]


def _definition(
    kind: str,
    plural: str,
    parts: dict[str, Schema],
    short: str = "",
    versions: tuple[str, ...] = ("v1",),
    *,
    scope: str = "Namespaced",
    columns: tuple[str, ...] = (),
    required: tuple[str, ...] = ("spec",),
) -> Obj:
    shown = [*((c, _COLUMNS[c]) for c in columns), AGE]
    return definition(
        GROUP,
        kind,
        plural,
        parts,
        short=short.split(),
        category="gateway-api",
        versions=versions,
        scope=scope,
        columns=shown,
        required=required,
    )
