"""Services: ready when a load balancer has an address and the selected pods are ready, and that has been so for a while.

A Service's endpoints follow its pods one by one, so they count when nothing has changed in them for ten seconds: real seconds, also
with a cluster whose clock runs faster. A Service that is to be done at once says `pulumi.com/skipAwait: "true"`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.providers.kubernetes.awaiting.model import Kind, Source, Verdict
from embedded.providers.kubernetes.awaiting.objects import dig, mapping, name_of, namespace_of, sequence, text

if TYPE_CHECKING:
    from embedded.engine.model.events import Severity
    from embedded.providers.kubernetes.awaiting.model import Obj, View

QUIET_SECONDS = 10.0
_NO_PODS = "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match labels on any Pods"
_NO_ADDRESS = "Service was not allocated an IP address; does your cloud provider support this?"


def _sources(service: Obj) -> tuple[Source, ...]:
    if not _has_pods(service):
        return ()
    named = {"labelSelector": f"kubernetes.io/service-name={name_of(service)}"}
    return (Source("endpoints", f"/apis/discovery.k8s.io/v1/namespaces/{namespace_of(service)}/endpointslices", named),)


def _judge(view: View) -> Verdict:
    service = view.object
    says: list[tuple[Severity, str]] = [("info", "[1/3] Finding Pods to direct traffic to")]
    addressed = text(service, "spec", "type") != "LoadBalancer" or bool(sequence(service, "status", "loadBalancer", "ingress"))
    if not _has_pods(service):
        return Verdict(ready=addressed, reasons=() if addressed else (_NO_ADDRESS,), says=tuple(says))
    states = [_ready(endpoint) for endpoints in view.all("endpoints") for endpoint in sequence(endpoints, "endpoints")]
    left = QUIET_SECONDS - view.quiet("endpoints")
    if addressed and left <= 0 and False not in states:
        return Verdict(ready=True, says=(*says, ("info", "Service initialization complete")))
    if left <= 0 and True in states:
        says.append(("info", "[2/3] Attempting to allocate IP address to Service"))
    reasons = [] if True in states else [_NO_PODS]
    if not addressed:
        reasons.append(_NO_ADDRESS)
    return Verdict(reasons=tuple(reasons), says=tuple(says), again=left if left > 0 else float("inf"))


def _has_pods(service: Obj) -> bool:
    """Whether the Service's endpoints are pods that it selects, and traffic goes to those that are ready."""
    headless = text(service, "spec", "clusterIP") == "None"
    return bool(mapping(service, "spec", "selector")) and not headless and text(service, "spec", "type") != "ExternalName"


def _ready(endpoint: object) -> bool | None:
    """Whether an endpoint is ready; None for one on its way out. The API says that silence means ready."""
    if dig(endpoint, "conditions", "terminating") is True:
        return None
    return dig(endpoint, "conditions", "ready") is not False


KIND = Kind(_judge, _sources)
