"""The Gateway API's kinds, which real clusters have by definitions that come with a gateway: here they are there from the start.

A release shifts traffic by HTTPRoutes, so a cluster without them would be of little use. The tables hold fields, defaults and bounds of the
standard channel, as far as all its newer releases have them; applying the upstream definitions replaces them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj

Schema = dict[str, Any]
GROUP: Final = "gateway.networking.k8s.io"


def _text(least: int = 0, most: int = 0, pattern: str = "", enum: tuple[str, ...] = (), **more: Any) -> Schema:
    rules = {"minLength": least, "maxLength": most, "pattern": pattern, "enum": list(enum)}
    return {"type": "string", **{k: v for k, v in rules.items() if v}, **more}


def _number(least: int, most: int, **more: Any) -> Schema:
    return {"type": "integer", "format": "int32", "minimum": least, "maximum": most, **more}


def _struct(required: str = "", /, **fields: Schema) -> Schema:
    found: Schema = {"type": "object", "properties": fields}
    return found | {"required": required.split()} if required else found


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _list(items: Schema, key: str = "", most: int = 0, **more: Any) -> Schema:
    keyed = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]} if key else {"x-kubernetes-list-type": "atomic"}
    return {"type": "array", "items": items, **keyed, **({"maxItems": most} if most else {}), **more}


_NAME: Final = _text(1, 253)
_PORT: Final = _number(1, 65535)
_NAMESPACE: Final = _text(1, 63, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
_GROUP: Final = _text(0, 253, r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_KIND: Final = _text(1, 63, "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$")
_HOST: Final = _text(1, 253, r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_DURATION: Final = _text(pattern="^([0-9]{1,5}(h|m|s|ms)){1,4}$")
_HEADER: Final = _text(1, 256, "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$")
_SECTION: Final = _text(1, 253, r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")

_CONDITION: Final = _struct(
    "lastTransitionTime message reason status type",
    type=_text(0, 316),
    status=_text(enum=("True", "False", "Unknown")),
    observedGeneration={"type": "integer", "format": "int64", "minimum": 0},
    lastTransitionTime={"type": "string", "format": "date-time"},
    reason=_text(1, 1024),
    message=_text(0, 32768),
)
_LABELS: Final = _map(_text(0, 4096))
_SELECTOR: Final = {
    **_struct(
        matchLabels=_map(_text()),
        matchExpressions=_list(_struct("key operator", key=_text(), operator=_text(), values=_list(_text()))),
    ),
    "x-kubernetes-map-type": "atomic",
}


def _conditions(*pending: tuple[str, str, str]) -> Schema:
    """Conditions, with those that stand there until a controller says otherwise."""
    default = [
        {"type": t, "status": "Unknown", "reason": reason, "message": message, "lastTransitionTime": "1970-01-01T00:00:00Z"}
        for t, reason, message in pending
    ]
    return _list(_CONDITION, "type", 8, **({"default": default} if default else {}))


_PARENT: Final = _struct(
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
_SET_HEADERS: Final = _list(_struct("name value", name=_HEADER, value=_text(1, 4096)), "name", 16)
_HEADERS: Final = _struct(set=_SET_HEADERS, add=_SET_HEADERS, remove=_list(_text(), most=16, **{"x-kubernetes-list-type": "set"}))
_REWRITE: Final = _struct(
    "type",
    type=_text(enum=("ReplaceFullPath", "ReplacePrefixMatch")),
    replaceFullPath=_text(0, 1024),
    replacePrefixMatch=_text(0, 1024),
)
_MIRROR: Final = _struct(
    "backendRef",
    backendRef=_struct("name", **_BACKEND),
    percent=_number(0, 100),
    fraction=_struct("numerator", numerator=_number(0, 2**31 - 1), denominator=_number(1, 2**31 - 1, default=100)),
)
_REDIRECT: Final = _struct(
    scheme=_text(enum=("http", "https")),
    hostname=_HOST,
    path=_REWRITE,
    port=_PORT,
    statusCode={"type": "integer", "enum": [301, 302, 303, 307, 308], "default": 302},
)
_EXTENSION: Final = _struct("group kind name", group=_GROUP, kind=_KIND, name=_NAME)
_COMMON_FILTERS: Final = ("RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "ExtensionRef")


def _filters(*types: str, **more: Schema) -> Schema:
    common = {"requestHeaderModifier": _HEADERS, "responseHeaderModifier": _HEADERS, "requestMirror": _MIRROR, "extensionRef": _EXTENSION}
    return _list(_struct("type", type=_text(enum=(*_COMMON_FILTERS, *types)), **common, **more), most=16)


_HTTP_FILTERS: Final = _filters(
    "RequestRedirect", "URLRewrite", requestRedirect=_REDIRECT, urlRewrite=_struct(hostname=_HOST, path=_REWRITE)
)
_GRPC_FILTERS: Final = _filters()


def _matched(name: Schema) -> Schema:
    """Headers or query parameters that a request must have."""
    kinds = ("Exact", "RegularExpression")
    return _list(_struct("name value", type=_text(enum=kinds, default="Exact"), name=name, value=_text(1, 4096)), "name", 16)


_HTTP_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
_EVERY_PATH: Final = {"type": "PathPrefix", "value": "/"}
_HTTP_MATCH: Final = _struct(
    path={
        **_struct(type=_text(enum=("Exact", "PathPrefix", "RegularExpression"), default="PathPrefix"), value=_text(0, 1024, default="/")),
        "default": _EVERY_PATH,
    },
    headers=_matched(_HEADER),
    queryParams=_matched(_HEADER),
    method=_text(enum=_HTTP_METHODS),
)
_GRPC_MATCH: Final = _struct(
    method=_struct(type=_text(enum=("Exact", "RegularExpression"), default="Exact"), service=_text(0, 1024), method=_text(0, 1024)),
    headers=_matched(_HEADER),
)


def _backends(filters: Schema) -> Schema:
    return _list(_struct("name", **_BACKEND, weight=_number(0, 1_000_000, default=1), filters=filters), most=16)


_HTTP_RULE: Final = _struct(
    name=_SECTION,
    matches=_list(_HTTP_MATCH, most=64, default=[{"path": _EVERY_PATH}]),
    filters=_HTTP_FILTERS,
    backendRefs=_backends(_HTTP_FILTERS),
    timeouts=_struct(request=_DURATION, backendRequest=_DURATION),
)
_GRPC_RULE: Final = _struct(
    name=_SECTION,
    matches=_list(_GRPC_MATCH, most=64),
    filters=_GRPC_FILTERS,
    backendRefs=_backends(_GRPC_FILTERS),
)
_ROUTE_STATUS: Final = _struct(
    "parents",
    parents=_list(
        _struct("parentRef controllerName conditions", parentRef=_PARENT, controllerName=_text(1, 253), conditions=_conditions()),
        most=32,
    ),
)


def _route(rule: Schema, **more: Any) -> dict[str, Schema]:
    spec = _struct(parentRefs=_list(_PARENT, most=32), hostnames=_list(_HOST, most=16), rules=_list(rule, most=16, **more))
    return {"spec": spec, "status": _ROUTE_STATUS}


_CERTIFICATE: Final = _struct(
    "name",
    group={**_GROUP, "default": ""},
    kind={**_KIND, "default": "Secret"},
    name=_NAME,
    namespace=_NAMESPACE,
)
_LISTENER: Final = _struct(
    "name port protocol",
    name=_SECTION,
    hostname=_HOST,
    port=_PORT,
    protocol=_text(1, 255),
    tls=_struct(
        mode=_text(enum=("Terminate", "Passthrough"), default="Terminate"),
        certificateRefs=_list(_CERTIFICATE, most=64),
        options=_map(_text(0, 4096)),
    ),
    allowedRoutes={
        **_struct(
            namespaces={
                **_struct(**{"from": _text(enum=("All", "Selector", "Same", "None"), default="Same"), "selector": _SELECTOR}),
                "default": {"from": "Same"},
            },
            kinds=_list(_struct("kind", group={**_GROUP, "default": GROUP}, kind=_KIND), most=8),
        ),
        "default": {"namespaces": {"from": "Same"}},
    },
)
_ADDRESS: Final = _struct(type=_text(1, 253, default="IPAddress"), value=_text(0, 253))
_PENDING: Final = ("Pending", "Waiting for controller")
_GATEWAY: Final = {
    "spec": _struct(
        "gatewayClassName listeners",
        gatewayClassName=_NAME,
        listeners=_list(_LISTENER, "name", 64, minItems=1),
        addresses=_list(_ADDRESS, most=16),
        infrastructure=_struct(labels=_LABELS, annotations=_LABELS, parametersRef=_EXTENSION),
    ),
    "status": {
        **_struct(
            addresses=_list(_ADDRESS, most=16),
            conditions=_conditions(("Accepted", *_PENDING), ("Programmed", *_PENDING)),
            listeners=_list(
                _struct(
                    "attachedRoutes conditions name",
                    name=_SECTION,
                    supportedKinds=_list(_struct("kind", group={**_GROUP, "default": GROUP}, kind=_KIND), most=8),
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
    "spec": _struct(
        "controllerName",
        controllerName=_text(
            1, 253, r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"
        ),
        parametersRef=_struct("group kind name", group=_GROUP, kind=_KIND, name=_NAME, namespace=_NAMESPACE),
        description=_text(0, 64),
    ),
    "status": {
        **_struct(conditions=_CLASS_PENDING, supportedFeatures=_list(_struct("name", name=_text()), "name", 64)),
        "default": {"conditions": _CLASS_PENDING["default"]},
    },
}
_GRANT: Final = {
    "spec": _struct(
        "from to",
        **{
            "from": _list(_struct("group kind namespace", group=_GROUP, kind=_KIND, namespace=_NAMESPACE), most=16, minItems=1),
            "to": _list(_struct("group kind", group=_GROUP, kind=_KIND, name=_NAME), most=16, minItems=1),
        },
    ),
}


def definitions() -> list[Obj]:
    """The definitions of GatewayClass, Gateway, HTTPRoute, GRPCRoute and ReferenceGrant."""
    rules = _route(_HTTP_RULE, default=[{"matches": [{"path": _EVERY_PATH}]}])
    return [
        _definition("GatewayClass", "gatewayclasses", "gc", ("v1", "v1beta1"), _CLASS, scope="Cluster", columns=("Controller", "Accepted")),
        _definition("Gateway", "gateways", "gtw", ("v1", "v1beta1"), _GATEWAY, columns=("Class", "Address", "Programmed")),
        _definition("HTTPRoute", "httproutes", "", ("v1", "v1beta1"), rules, columns=("Hostnames",)),
        _definition("GRPCRoute", "grpcroutes", "", ("v1",), _route(_GRPC_RULE), columns=("Hostnames",)),
        _definition("ReferenceGrant", "referencegrants", "refgrant", ("v1beta1", "v1"), _GRANT),
    ]


_COLUMNS: Final = {
    "Controller": ".spec.controllerName",
    "Accepted": '.status.conditions[?(@.type=="Accepted")].status',
    "Class": ".spec.gatewayClassName",
    "Address": ".status.addresses[*].value",
    "Programmed": '.status.conditions[?(@.type=="Programmed")].status',
    "Hostnames": ".spec.hostnames",
    "Age": ".metadata.creationTimestamp",
}


def _definition(
    kind: str,
    plural: str,
    short: str,
    versions: tuple[str, ...],
    parts: dict[str, Schema],
    scope: str = "Namespaced",
    columns: tuple[str, ...] = (),
) -> Obj:
    shown = [{"name": c, "type": "date" if c == "Age" else "string", "jsonPath": _COLUMNS[c]} for c in (*columns, "Age")]
    required = [] if kind == "ReferenceGrant" else ["spec"]
    schema = {"type": "object", "properties": parts, **({"required": required} if required else {})}
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List", "categories": ["gateway-api"]}
    served = [
        {
            "name": version,
            "served": True,
            "storage": version == versions[0],
            "schema": {"openAPIV3Schema": schema},
            "additionalPrinterColumns": shown,
            **({"subresources": {"status": {}}} if "status" in parts else {}),
        }
        for version in versions
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {"group": GROUP, "scope": scope, "names": names | ({"shortNames": [short]} if short else {}), "versions": served},
    }
