"""How the services' slots are: their sizes out of their Deployments, and what is wrong with their pods.

The whole namespace is glanced at first, whatever number of services there is: Deployments and pods as the tables that people see. Only
those services are looked at closely where anything isn't as it should be: their objects; while pods are exchanged their ReplicaSets,
which tell the new ones from the old; and while pods don't start, what their nodes say of it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from tidegate.cluster.api import DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS
from tidegate.cluster.recorded import COMPONENT, NAME, SERVING, Recorded
from tidegate.cluster.troubles import of_deployment, of_pod, starting
from tidegate.model.base import SLOTS
from tidegate.model.health import Health, Pods
from tidegate.planner.standing import SLOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.cluster.api import Api
    from tidegate.planner.reading import Reading

Obj = dict[str, Any]

_SERVING: Final = f"{COMPONENT}={SERVING},{SLOT}"
# A selector of more names than that is longer than what it saves.
_NAMED: Final = 20
_REVISION: Final = "deployment.kubernetes.io/revision"
_HASH: Final = "pod-template-hash"
# Nodes say so when a volume, or what it is made from, isn't there.
_MOUNTS: Final = "type=Warning,reason=FailedMount"


async def health(api: Api, reading: Reading) -> Mapping[str, Health]:
    """Each service."""
    recorded = Recorded(reading)
    if not recorded:
        return {}
    names = recorded.ledger.services
    glanced = await _glanced(api, recorded.namespace)
    odd = [name for name in names if any(glanced.get(f"{name}-{slot}") is None for slot in SLOTS)]
    looked = await _looked(api, recorded.namespace, odd) if odd else {}
    found = {**glanced, **looked}
    return {name: Health({slot: pods for slot in SLOTS if (pods := found.get(f"{name}-{slot}")) is not None}) for name in names}


async def _glanced(api: Api, namespace: str) -> dict[str, Pods | None]:
    """By Deployment; None where there is more to be seen."""
    deployments, pods = await asyncio.gather(
        api.table(DEPLOYMENTS, namespace, labelSelector=_SERVING), api.table(PODS, namespace, labelSelector=_SERVING)
    )
    if deployments is None or pods is None:
        return {}
    # A pod is called as its Deployment, with two parts more.
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in pods:
        if row["Status"] != "Terminating":
            rows[str(row["Name"]).rsplit("-", 2)[0]].append(row)
    return {str(row["Name"]): _plainly(row, rows[str(row["Name"])]) for row in deployments}


def _plainly(deployment: Mapping[str, Any], pods: list[dict[str, Any]]) -> Pods | None:
    """A slot whose pods are all there, of the last revision, and ready."""
    ready, _, wanted = str(deployment["Ready"]).partition("/")
    settled = ready == wanted == str(deployment["Up-to-date"]) == str(len(pods))
    if not settled or not all(pod["Status"] == "Running" and len(set(str(pod["Ready"]).split("/"))) == 1 for pod in pods):
        return None
    # `3 (5m ago)`
    return Pods(int(ready), int(wanted), sum(int(str(pod["Restarts"]).partition(" ")[0]) for pod in pods))


async def _looked(api: Api, namespace: str, services: list[str]) -> dict[str, Pods]:
    """By Deployment."""
    named = f",{NAME} in ({','.join(services)})" if len(services) <= _NAMED else ""
    selector = f"{_SERVING}{named}"
    deployments, pods = await asyncio.gather(
        api.all(DEPLOYMENTS, namespace, labelSelector=selector), api.all(PODS, namespace, labelSelector=selector)
    )
    exchanged = any(_exchanging(one) for one in deployments)
    sets = await api.all(REPLICA_SETS, namespace, labelSelector=selector) if exchanged else []
    waiting = any(starting(pod) for pod in pods)
    said = _said(await api.all(EVENTS, namespace, fieldSelector=_MOUNTS)) if waiting else {}
    mine = _by_slot(pods)
    return {one["metadata"]["name"]: _pods(one, mine[_slot_of(one)], sets, said) for one in deployments}


def _pods(deployment: Obj, pods: list[Obj], sets: list[Obj], said: Mapping[str, str]) -> Pods:
    wanted, current = int((deployment.get("spec") or {}).get("replicas", 1)), _current(deployment, pods, sets)
    ready = sum(map(_is_ready, current))
    restarts = sum(int(one.get("restartCount") or 0) for pod in current for one in statuses(pod))
    # Who has ended, and has been replaced, is no trouble any more.
    there = [pod for pod in current if ready < wanted or not _has_ended(pod)]
    troubles = [found for pod in there if (found := of_pod(pod, said.get(pod["metadata"]["uid"], "")))]
    if ready < wanted:
        troubles += of_deployment(deployment, known=bool(troubles))
    return Pods(ready, wanted, restarts, tuple(troubles))


def statuses(pod: Obj) -> list[Obj]:
    """What is said of a pod's containers."""
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _current(deployment: Obj, pods: list[Obj], sets: list[Obj]) -> list[Obj]:
    """The pods that are not about to go: of the last revision, and not ended."""
    there = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    if not _exchanging(deployment):
        return there
    uid, revision = deployment["metadata"]["uid"], (deployment["metadata"].get("annotations") or {}).get(_REVISION)
    hashes = {
        one["metadata"]["labels"].get(_HASH)
        for one in sets
        if (one["metadata"].get("annotations") or {}).get(_REVISION) == revision
        and any(owner["uid"] == uid for owner in one["metadata"].get("ownerReferences") or ())
    }
    status = deployment.get("status") or {}
    if int(status.get("observedGeneration") or 0) < int(deployment["metadata"]["generation"]):
        # The new ones, if there are to be any, don't exist yet.
        hashes = set()
    return [pod for pod in there if pod["metadata"]["labels"].get(_HASH) in hashes]


def _exchanging(deployment: Obj) -> bool:
    status = deployment.get("status") or {}
    behind = int(status.get("observedGeneration") or 0) < int(deployment["metadata"]["generation"])
    return behind or int(status.get("updatedReplicas") or 0) != int(status.get("replicas") or 0)


def _is_ready(pod: Obj) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return not _has_ended(pod) and any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _has_ended(pod: Obj) -> bool:
    return (pod.get("status") or {}).get("phase") in {"Failed", "Succeeded"}


def _by_slot(pods: list[Obj]) -> dict[tuple[str, str], list[Obj]]:
    found: dict[tuple[str, str], list[Obj]] = defaultdict(list)
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["name"])):
        found[_slot_of(pod)].append(pod)
    return found


def _slot_of(obj: Obj) -> tuple[str, str]:
    labels = obj["metadata"]["labels"]
    return labels.get(NAME, ""), labels[SLOT]


def _said(events: list[Obj]) -> dict[str, str]:
    """The last word on each pod, by its uid."""
    last = sorted(events, key=lambda one: str(one.get("lastTimestamp") or one.get("eventTime") or ""))
    return {one["involvedObject"].get("uid", ""): str(one.get("message") or "") for one in last}
