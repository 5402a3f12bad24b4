"""Ingresses: ready when they have an address and each path's Service is there, or has had its time to appear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.providers.kubernetes.awaiting.model import Kind, Source, Verdict
from embedded.providers.kubernetes.awaiting.objects import dig, name_of, namespace_of, sequence, text
from embedded.providers.kubernetes.awaiting.services import QUIET_SECONDS

if TYPE_CHECKING:
    from embedded.engine.model.events import Severity
    from embedded.providers.kubernetes.awaiting.model import Obj, View

_NO_TARGET = "Ingress has at least one rule with an unavailable target endpoint."
_NO_ADDRESS = "Ingress .status.loadBalancer field was not updated with a hostname/IP address."


def _sources(ingress: Obj) -> tuple[Source, ...]:
    return (Source("services", f"/api/v1/namespaces/{namespace_of(ingress)}/services"),)


def _judge(view: View) -> Verdict:
    ingress = view.object
    says: list[tuple[Severity, str]] = [("info", "[1/3] Finding a matching service for each Ingress path")]
    services = {name_of(service) for service in view.all("services")}
    missing = [rule for service, rule in _rules(ingress) if service not in services]
    left = QUIET_SECONDS - view.quiet("services")
    addressed = bool(sequence(ingress, "status", "loadBalancer", "ingress"))
    if missing and left > 0:
        return Verdict(reasons=(_NO_TARGET,) if addressed else (_NO_TARGET, _NO_ADDRESS), says=tuple(says), again=left)
    says += [("warning", f"No matching service found for ingress rule: {rule}") for rule in missing]
    if addressed:
        return Verdict(ready=True, says=(*says, ("info", "Ingress initialization complete")))
    return Verdict(reasons=(_NO_ADDRESS,), says=(*says, ("info", "[2/3] Waiting for update of .status.loadBalancer with hostname/IP")))


def _rules(ingress: Obj) -> list[tuple[str, str]]:
    """The Service of each path that has one, and the rule in words."""
    found = []
    for rule in sequence(ingress, "spec", "rules"):
        for path in sequence(rule, "http", "paths"):
            service = text(path, "backend", "service", "name")
            if service:
                found.append((service, f'{_where(rule, path)} -> "{service}"'))
    return found


def _where(rule: Any, path: Any) -> str:
    where = f"{dig(rule, 'host') or ''}{dig(path, 'path') or ''}"
    return f'"{where}"' if where else '"" (default path)'


KIND = Kind(_judge, _sources)
