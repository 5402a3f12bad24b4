"""How many pods a slot has, who says so, and how it is known that they are there.

Where the number is fixed it is the Deployment's. Where an autoscaler moves it, the Deployment of a running slot names none: whatever it
named would throw away what the autoscaler has found, in the middle of a release. The autoscaler's lower bound brings a starting slot to
its size at once, whatever is measured.

A Deployment that is ready says nothing of that size then, so the PodDisruptionBudget is the proof: it allows a disruption exactly when
there is one healthy pod more than it keeps.
"""

import json
from typing import Any

from components import labels
from components.slots import State
from tidegate.model.base import Slot


def replicas(state: State) -> dict[str, int]:
    """What the Deployment says of the number of pods."""
    return {} if state.running and state.spec.autoscaled else {"replicas": state.replicas}


def deployment_annotations(state: State) -> dict[str, str]:
    """How the Deployment is to be written: what it says of the number of pods holds, whoever has changed that: an autoscaler, or a hand.

    A slot that was scaled down by hand must not keep traffic from coming back to it. And nobody waits for one that nobody is led to: what
    is wrong with a version must not keep it from being taken back.
    """
    force = {"pulumi.com/patchForce": "true"} if "replicas" in replicas(state) else {}
    return force | ({"pulumi.com/skipAwait": "true"} if state.running and not state.awaited else {})


def autoscaler(state: State, deployment: str, cpu: int | None, memory: int | None) -> Any:
    """The slot's autoscaler. It has nothing to do while there are no pods, and nothing to say while their number is fixed."""
    if state.scaled and state.scaling is not None:
        least, most, hold = state.scaling["min"], state.scaling["max"], state.scaling["hold"]
    else:
        least = most = max(1, state.replicas)
        hold = False
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
        "minReplicas": least,
        "maxReplicas": max(least, most),
        "metrics": [
            {"type": "Resource", "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": percent}}}
            for name, percent in (("cpu", cpu), ("memory", memory))
            if percent is not None
        ],
        "behavior": {
            "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max"},
            "scaleDown": {"selectPolicy": "Disabled"} if hold else {"stabilizationWindowSeconds": 300, "selectPolicy": "Max"},
        },
    }


def budget(service: str, slot: Slot, state: State) -> Any:
    """How many pods are kept when nodes are emptied: all but one, so that they can be."""
    return {
        "minAvailable": max(0, state.floor - 1),
        "selector": {"matchLabels": labels.selector(service, slot)},
        # A pod that doesn't get ready is no reason to keep a node.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }


def budget_annotations(state: State) -> dict[str, str]:
    """How it is known that a slot has its size; with each new proof it is looked at again."""
    if not (state.running and state.awaited):
        return {labels.PROVEN: state.proven}
    # That the number is the new one shows that the rest of the status is, too.
    desired = f"jsonpath={{.status.desiredHealthy}}={max(0, state.floor - 1)}"
    wanted = [labels.fresh(labels.PROVEN, state.proven), desired, "condition=DisruptionAllowed"]
    return {labels.PROVEN: state.proven, "pulumi.com/waitFor": json.dumps(wanted)}
