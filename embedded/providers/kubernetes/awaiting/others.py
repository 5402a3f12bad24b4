"""Kinds whose readiness is one field: when it holds, they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.providers.kubernetes.awaiting.model import Kind, Verdict
from embedded.providers.kubernetes.awaiting.objects import condition, is_true, mapping, number, text, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.providers.kubernetes.awaiting.model import Obj, View


def _volume(volume: Obj) -> tuple[bool, str]:
    phase = text(volume, "status", "phase")
    return phase in {"Available", "Bound"}, f"PersistentVolume is neither Available nor Bound. phase: {phase or 'unknown'}"


def _replication_controller(controller: Obj) -> tuple[bool, str]:
    there, wanted = number(controller, "status", "availableReplicas"), number(controller, "spec", "replicas", default=1)
    return there == wanted, f"{there} out of {wanted} replicas are available"


def _quota(quota: Obj) -> tuple[bool, str]:
    return mapping(quota, "spec", "hard") == mapping(quota, "status", "hard"), "ResourceQuota is not enforced yet"


def _token(secret: Obj) -> tuple[bool, str]:
    return bool(mapping(secret, "data")), "no token was put into the Secret; does its service account exist?"


def _needs_token(secret: Obj) -> bool:
    return text(secret, "type") == "kubernetes.io/service-account-token"


def _by(rule: Callable[[Obj], tuple[bool, str]]) -> Callable[[View], Verdict]:
    def judge(view: View) -> Verdict:
        ready, reason = rule(view.object)
        return Verdict(ready=ready, reasons=() if ready else (reason,))

    return judge


def _definition(view: View) -> Verdict:
    """A CustomResourceDefinition is served when it is established, and never if its names are another's."""
    definition = view.object
    if is_true(condition(definition, "Established")):
        return Verdict(ready=True)
    names = condition(definition, "NamesAccepted")
    if names and names.get("status") == "False":
        return Verdict(failed=True, reasons=(told(names),))
    return Verdict(reasons=("the CustomResourceDefinition is not served yet",))


KINDS: Final[dict[str, Kind]] = {
    "apiextensions.k8s.io/v1/CustomResourceDefinition": Kind(_definition, timeout=60, refreshed=False, keeps_answer=True),
    "v1/PersistentVolume": Kind(_by(_volume), timeout=300, refreshed=False),
    "v1/ReplicationController": Kind(_by(_replication_controller), refreshed=False),
    "v1/ResourceQuota": Kind(_by(_quota), timeout=60, refreshed=False),
    "v1/Secret": Kind(_by(_token), applies=_needs_token, timeout=5, refreshed=False),
}
