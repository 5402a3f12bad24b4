"""ResourceQuotas: how much of something a namespace may hold. What it holds is counted afresh each time, so it is always right."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from embedded.cluster.model.errors import forbidden
from embedded.cluster.model.objects import name_of, namespace_of
from embedded.cluster.model.quantities import quantity, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry
    from embedded.cluster.schema.resource import Resource
    from embedded.cluster.store.store import Store

Amounts = dict[str, Fraction]
# Kinds that quotas have counted under their bare name since before `count/`.
_BARE: Final = frozenset({
    "/pods", "/services", "/secrets", "/configmaps", "/persistentvolumeclaims", "/replicationcontrollers", "/resourcequotas",
})  # fmt: skip
_ENDED: Final = frozenset({"Succeeded", "Failed"})


def check(registry: Registry, resource: Resource, obj: Obj) -> None:
    """Refuse a new object that its namespace has no room for."""
    if not resource.namespaced or not registry.store.count("/resourcequotas", namespace_of(obj)):
        return
    asked = _cost(resource.storage, obj)
    for quota in registry.store.all("/resourcequotas", namespace_of(obj)):
        hard = {k: quantity(v) for k, v in (quota["spec"].get("hard") or {}).items()}
        if not _in_scope(quota, resource.storage, obj):
            continue
        if missing := sorted(k for k in hard if resource.storage == "/pods" and _must_specify(k) and k not in asked):
            raise forbidden(
                resource.group, resource.plural, name_of(obj), f"failed quota: {name_of(quota)}: must specify {_missing(obj, missing)}"
            )
        used = usage(registry.store, quota)
        over = sorted(k for k in hard if k in asked and used[k] + asked[k] > hard[k])
        if over:
            parts = (
                f"{word}: {','.join(f'{k}={_text(k, amounts[k])}' for k in over)}"
                for word, amounts in (("requested", asked), ("used", used), ("limited", hard))
            )
            raise forbidden(resource.group, resource.plural, name_of(obj), f"exceeded quota: {name_of(quota)}, {', '.join(parts)}")


def usage(store: Store, quota: Obj) -> Amounts:
    """How much there is of each thing that a quota limits."""
    hard: Iterable[str] = quota["spec"].get("hard") or {}
    namespace = namespace_of(quota)
    storages = {storage for storage in store.storages() if store.count(storage, namespace)}
    used = {name: Fraction(0) for name in hard}
    for storage in storages:
        for obj in store.all(storage, namespace):
            if _in_scope(quota, storage, obj):
                for name, amount in _cost(storage, obj).items():
                    if name in used:
                        used[name] += amount
    return used


def _text(name: str, amount: Fraction) -> str:
    return written(amount, binary="memory" in name or "storage" in name)


def _cost(storage: str, obj: Obj) -> Amounts:
    """What one object takes of a namespace's room, under all names that quotas have for it."""
    group, _, plural = storage.partition("/")
    if storage == "/pods" and (obj.get("status") or {}).get("phase") in _ENDED:
        return {"count/pods": Fraction(1)}
    amounts = {f"count/{plural}.{group}" if group else f"count/{plural}": Fraction(1)}
    if storage in _BARE:
        amounts[plural] = Fraction(1)
    if storage == "/pods":
        amounts |= _of_pod(obj)
    elif storage == "/services":
        kind, ports = obj["spec"].get("type"), Fraction(len(obj["spec"].get("ports") or []))
        amounts |= {
            "services.loadbalancers": Fraction(kind == "LoadBalancer"),
            "services.nodeports": ports if kind in {"NodePort", "LoadBalancer"} else Fraction(0),
        }
    elif storage == "/persistentvolumeclaims" and (asked := ((obj["spec"].get("resources") or {}).get("requests") or {}).get("storage")):
        amounts["requests.storage"] = quantity(asked)
    return amounts


def _of_pod(pod: Obj) -> Amounts:
    """Requests and limits: the sum of what stays, or where that is more, one init container with the sidecars that are there by then."""
    amounts: Amounts = {}
    for side in ("requests", "limits"):
        most: Amounts = {}
        sidecars: Amounts = {}
        for container in pod["spec"].get("initContainers") or []:
            with_it = _sum(sidecars, _asked(container, side))
            if container.get("restartPolicy") == "Always":
                sidecars = with_it
            most = {name: max(most.get(name, Fraction(0)), amount) for name, amount in (most | with_it).items()}
        stays = sidecars
        for container in pod["spec"].get("containers") or []:
            stays = _sum(stays, _asked(container, side))
        for name in stays.keys() | most.keys():
            amount = max(stays.get(name, Fraction(0)), most.get(name, Fraction(0)))
            amounts[f"{side}.{name}"] = amount
            if side == "requests" and name in {"cpu", "memory"}:
                amounts[name] = amount
    return amounts


def _asked(container: Obj, side: str) -> Amounts:
    return {name: quantity(amount) for name, amount in ((container.get("resources") or {}).get(side) or {}).items()}


def _sum(some: Amounts, more: Amounts) -> Amounts:
    return {name: some.get(name, Fraction(0)) + more.get(name, Fraction(0)) for name in some.keys() | more.keys()}


def _must_specify(name: str) -> bool:
    return name.removeprefix("requests.").removeprefix("limits.") in {"cpu", "memory"}


def _missing(pod: Obj, names: list[str]) -> str:
    containers = ",".join(c["name"] for c in (pod["spec"].get("containers") or []))
    return "; ".join(f"{name} for: {containers}" for name in names)


def _in_scope(quota: Obj, storage: str, obj: Obj) -> bool:
    scopes = quota["spec"].get("scopes") or []
    if not scopes:
        return True
    if storage != "/pods":
        return False
    terminating = obj["spec"].get("activeDeadlineSeconds") is not None
    best_effort = not _of_pod(obj)
    holds = {"Terminating": terminating, "NotTerminating": not terminating, "BestEffort": best_effort, "NotBestEffort": not best_effort}
    return all(holds.get(scope, True) for scope in scopes)
