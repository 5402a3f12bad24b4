"""The Gateway that weighted routes attach to, for a stack that has one of its own."""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from tidegate.model.intent.intent import Intent

_PROGRAMMED: Final = "condition=Programmed"


class GatewayArgs(TypedDict):
    """What a Gateway is made from."""

    namespace: pulumi.Input[str]
    labels: dict[str, str]
    class_name: str
    """The GatewayClass, which says whose Gateway it is."""
    domain: str
    """It takes requests for this domain and all below it."""
    tls_secret: NotRequired[str]
    """The Secret with the domain's certificate; without it there is no HTTPS."""
    tls_issuer: NotRequired[str]
    """The ClusterIssuer of cert-manager that fills that Secret."""


class Gateway(pulumi.ComponentResource):
    """A Gateway for the routes of its namespace."""

    def __init__(self, name: str, args: GatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tidegate:index:Gateway", name, None, opts)
        issuer = {"cert-manager.io/cluster-issuer": args["tls_issuer"]} if "tls_issuer" in args else {}
        metadata: Any = {
            "name": name,
            "namespace": args["namespace"],
            "labels": args["labels"],
            "annotations": {"pulumi.com/waitFor": _PROGRAMMED, **issuer},
        }
        # Of a kind that the package's schema has no name for: no output of it.
        self.gateway: CustomResource = CustomResource(
            name,
            "gateway.networking.k8s.io/v1",
            "Gateway",
            metadata=metadata,
            spec={"gatewayClassName": args["class_name"], "listeners": listeners(args["domain"], args.get("tls_secret"))},
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=pulumi.CustomTimeouts(create="5m", update="5m")),
        )
        self.register_outputs({})


def arguments(intent: Intent, namespace: pulumi.Input[str]) -> GatewayArgs:
    """The Gateway that an intent asks for."""
    environment = intent.environment
    if environment.gateway is None or environment.gateway.class_name is None:
        raise ValueError("environment.gateway.class_name: without a class there is no Gateway to make")
    args: GatewayArgs = {
        "namespace": namespace,
        "labels": environment.labels,
        "class_name": environment.gateway.class_name,
        "domain": environment.domain,
    }
    if environment.tls is not None:
        args["tls_secret"] = environment.tls.secret or f"{environment.gateway.name}-tls"
        if environment.tls.issuer is not None:
            args["tls_issuer"] = environment.tls.issuer
    return args


def listeners(domain: str, secret: str | None) -> list[dict[str, Any]]:
    """Where it takes requests: for the domain and all below it, from routes of its own namespace."""
    hosts = {"domain": domain, "below": f"*.{domain}"}
    routes = {"namespaces": {"from": "Same"}}
    plain = [
        {"name": f"http-{key}", "protocol": "HTTP", "port": 80, "hostname": host, "allowedRoutes": routes} for key, host in hosts.items()
    ]
    if secret is None:
        return plain
    tls = {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": secret}]}
    secure = [
        {"name": f"https-{key}", "protocol": "HTTPS", "port": 443, "hostname": host, "tls": tls, "allowedRoutes": routes}
        for key, host in hosts.items()
    ]
    return [*plain, *secure]
