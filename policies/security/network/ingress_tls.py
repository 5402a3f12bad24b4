"""What comes in from outside is encrypted.

Looks at: `spec.rules`, `spec.defaultBackend`, `spec.tls` and annotations of Ingresses. Not in a local environment.
Allowed: hosts that an entry of `spec.tls` has (`*.shop.example` has `www.shop.example`; one without hosts has all), or that a load
balancer's annotation gives certificates to; redirects from HTTP that aren't turned off.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects

# Controllers that get their certificates elsewhere are told so by one of these.
_CERTIFICATES = (
    "alb.ingress.kubernetes.io/certificate-arn",
    "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
    "ingress.gcp.kubernetes.io/pre-shared-cert",
    "networking.gke.io/managed-certificates",
)
_PORTS = "alb.ingress.kubernetes.io/listen-ports"
_TRAEFIK = "traefik.ingress.kubernetes.io/router.tls"
_REDIRECT, _FORCED = "nginx.ingress.kubernetes.io/ssl-redirect", "nginx.ingress.kubernetes.io/force-ssl-redirect"


@of_objects(
    "Ingress",
    title="What comes in from outside is encrypted.",
    severity="high",
    fix="Add the host to `spec.tls`, with the Secret of its certificate.",
    standards=(Standard("nsa-kubernetes"), Standard("soc2", ("CC6.7",)), Standard("gdpr", ("Art. 32",))),
    tags=("network", "encryption"),
    url="https://kubernetes.io/docs/concepts/services-networking/ingress/#tls",
)
def ingress_tls(ingress: Subject, given: Given[Settings]) -> Iterator[Finding]:
    """Each rule's host, and what has no host."""
    if given.environment == "local":
        return
    annotations = ingress.at("metadata", "annotations")
    off = annotations.at(_REDIRECT)
    if off.value == "false" and annotations.at(_FORCED).value != "true":
        yield Violation(off, f"{ingress.shown} answers without encryption too", fix="Leave the annotation out.")
    if _elsewhere(annotations):
        return
    entries = tuple(ingress.at("spec", "tls").items())
    rules = tuple(ingress.at("spec", "rules").items())

    def judge(rule: Field) -> Iterator[Finding]:
        host = rule.at("host")
        if not any(_has(entry, host.text) for entry in entries):
            yield Violation(host, f"{ingress.shown} takes requests for {host.text or 'any host'} without encryption")

    yield from each(rules, judge)
    if not rules and not entries:
        yield Violation(ingress.at("spec", "tls"), f"{ingress.shown} takes requests without encryption")


def _elsewhere(annotations: Field) -> bool:
    if any(annotations.at(name).value for name in _CERTIFICATES):
        return True
    return "HTTPS" in annotations.at(_PORTS).text or annotations.at(_TRAEFIK).value == "true"


def _has(entry: Field, host: str) -> bool:
    hosts = [one.text for one in entry.at("hosts").items()]
    # Without a host of its own a rule takes what no other takes: any certificate may be the one for it.
    return not hosts or not host or host in hosts or f"*.{host.partition('.')[2]}" in hosts
