"""The rules by which requests find a slot: HTTPRoutes of the Gateway API, and Ingresses, as Kubernetes' JSON."""

import re
from collections.abc import Mapping
from typing import Any, TypedDict

from components.ports import ENTRY
from tidegate.model.base import SLOTS, Slot, seconds
from tidegate.model.intent.service import Match
from tidegate.model.ledger import other

Json = dict[str, Any]


class GatewayArgs(TypedDict):
    """The Gateway that routes attach to."""

    name: str
    namespace: str


def weighted(service: str, path: str, weights: Mapping[Slot, int], mirrored: tuple[Slot, int] | None, affinity: str | None) -> Json:
    """The rule for users: so much for each slot, and what is mirrored."""
    rule: Json = {
        "matches": [{"path": {"type": "PathPrefix", "value": path}}],
        # Both are named at any weight, so that a step changes two numbers and nothing else.
        "backendRefs": [backend(f"{service}-{slot}") | {"weight": weights[slot]} for slot in SLOTS],
    }
    if mirrored is not None:
        slot, percent = mirrored
        rule["filters"] = [{"type": "RequestMirror", "requestMirror": {"backendRef": backend(f"{service}-{slot}"), "percent": percent}}]
    if affinity is not None:
        rule["sessionPersistence"] = {
            "sessionName": f"{service}-session",
            "type": "Cookie",
            "absoluteTimeout": f"{round(seconds(affinity))}s",
            "cookieConfig": {"lifetimeType": "Permanent"},
        }
    return rule


def testers(service: str, path: str, match: Match, slot: Slot | None) -> Json:
    """The rule for testers: the candidate's slot, or what all get while there is none to be tried."""
    return {
        "matches": [{"path": {"type": "PathPrefix", "value": path}, "headers": [_header(match)]}],
        "backendRefs": [backend(service if slot is None else f"{service}-{slot}")],
    }


def route(gateway: GatewayArgs, host: str, rule: Json) -> Json:
    """An HTTPRoute's specification."""
    return {"parentRefs": [{"name": gateway["name"], "namespace": gateway["namespace"]}], "hostnames": [host], "rules": [rule]}


def backend(service: str) -> Json:
    """A Service, as routes name it."""
    return {"name": service, "port": ENTRY}


def ingress(class_name: str, service: str, host: str, path: str, secret: str | None) -> Json:
    """An Ingress's specification."""
    to = {"service": {"name": service, "port": {"number": ENTRY}}}
    spec: Json = {
        "ingressClassName": class_name,
        "rules": [{"host": host, "http": {"paths": [{"path": path, "pathType": "Prefix", "backend": to}]}}],
    }
    return spec if secret is None else spec | {"tls": [{"hosts": [host], "secretName": secret}]}


def sticky(service: str, affinity: str) -> dict[str, str]:
    """Annotations that keep a user with a pod: the ingress controller gives a cookie, and another one when the pod is gone."""
    prefix, often = "nginx.ingress.kubernetes.io", str(round(seconds(affinity)))
    return {
        f"{prefix}/affinity": "cookie",
        f"{prefix}/session-cookie-name": f"{service}-session",
        f"{prefix}/session-cookie-max-age": often,
        f"{prefix}/session-cookie-expires": often,
        # Without it a user whose pod has failed stays with another one's error.
        f"{prefix}/session-cookie-change-on-failure": "true",
    }


def by_address(affinity: str | None) -> Json:
    """How a Service keeps callers with a pod."""
    if affinity is None:
        return {"sessionAffinity": "None"}
    # Kubernetes takes a day at most.
    timeout = min(max(1, round(seconds(affinity))), 86400)
    return {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": timeout}}}


def mirror(live: Slot, weights: Mapping[Slot, int], percent: int | None, *, trying: bool) -> tuple[Slot, int] | None:
    """What of the users' requests is also sent to the candidate: nothing unless there is one to be tried that hasn't all of them anyway."""
    candidate = other(live)
    return (candidate, percent) if percent is not None and trying and weights[candidate] < 100 else None


def _header(match: Match) -> Json:
    if match.header is not None:
        return {"type": "Exact", "name": match.header, "value": match.value}
    return {"type": "RegularExpression", "name": "Cookie", "value": rf"(?:^|.*;\s*){match.cookie}={re.escape(match.value)}(?:;.*|$)"}
