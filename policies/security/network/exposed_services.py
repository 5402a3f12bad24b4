"""Only what is meant to be is reached from outside the cluster.

Looks at: `spec.type` and `spec.externalIPs` of Services.
Allowed: ClusterIP and ExternalName; LoadBalancer, NodePort and external addresses for the Services that the settings name.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Standard, Subject, Violation, of_objects
from policies.security.namespaces import namespace_of
from policies.security.patterns import matches


class Exposed(Settings):
    """What may be reached from outside."""

    services: tuple[str, ...] = ()
    """Services, by `namespace/name`; `*` stands for anything: `gateways/*`."""


@of_objects(
    "Service",
    title="Only what is meant to be is reached from outside the cluster.",
    severity="high",
    fix="Use `type: ClusterIP` behind an Ingress or a Gateway, or name the Service in the setting `services` of security/exposed-services.",
    standards=(Standard("nsa-kubernetes"), Standard("soc2", ("CC6.6",))),
    tags=("network",),
    url="https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types",
    settings=Exposed,
)
def exposed_services(service: Subject, given: Given[Exposed]) -> Iterator[Finding]:
    """By its type, and by addresses that it takes for its own."""
    kind, addresses = service.at("spec", "type"), service.at("spec", "externalIPs")
    exposed = kind.text in {"LoadBalancer", "NodePort"}
    elsewhere = any(True for _ in addresses.items())
    if not (exposed or elsewhere) or matches(f"{namespace_of(service)}/{service.name}", given.settings.services):
        return
    if exposed:
        yield Violation(kind, f"{service.shown} is a {kind.text}: it is reached from outside the cluster")
    if elsewhere:
        yield Violation(addresses, f"{service.shown} takes addresses outside the cluster for its own")
