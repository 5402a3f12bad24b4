"""The smoke check of a slot: a Job that asks for its pages before users do. If it fails, so does the update, with the log's last lines.

Whoever runs it never sees the users' Service, only the slot's own. A slot that isn't running has its Job too, suspended.
"""

from typing import Any, Final, TypedDict

import pulumi
from pulumi_kubernetes.batch.v1 import Job

from components import labels
from components.slots import SlotArgs, State, slot_of, state_of
from tidegate.model import errand
from tidegate.model.base import Slot
from tidegate.model.intent.service import Check

IMAGE: Final = errand.IMAGE
# Its deletion isn't awaited either, and the one that takes its place has the same name: so it is to go at once, not after its pods.
_UNHEEDED: Final = {"pulumi.com/skipAwait": "true", "pulumi.com/deletionPropagationPolicy": "background"}


class SmokeArgs(TypedDict):
    """What a slot's smoke check is made from."""

    namespace: pulumi.Input[str]
    service: str
    slot: str
    """blue or green."""
    account: pulumi.Input[str]
    """The service account that it runs as."""
    state: pulumi.Input[SlotArgs]
    """The slot."""
    timeout: str
    """How long it may take with all its tries."""


class Smoke(pulumi.ComponentResource):
    """The smoke check of one slot."""

    job: Job

    def __init__(self, name: str, args: SmokeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tidegate:index:Smoke", name, None, opts)
        service, slot = args["service"], slot_of(args["slot"])
        state = state_of(args["state"])
        self.job = Job(
            name,
            metadata=pulumi.Output.all(state, args["namespace"]).apply(lambda all_: _metadata(name, service, slot, *all_)),
            spec=pulumi.Output.all(state, args["account"]).apply(lambda all_: _spec(service, slot, *all_)),
            opts=pulumi.ResourceOptions(
                parent=self,
                # One that has failed stays so: it is made anew, and never beside its older self.
                replace_on_changes=["#initerror"],
                delete_before_replace=True,
                custom_timeouts=pulumi.CustomTimeouts(create=args["timeout"], update=args["timeout"]),
            ),
        )
        self.register_outputs({"job": self.job.metadata["name"]})


def _active(state: State) -> bool:
    return state.running and state.spec.smoke is not None


def _metadata(name: str, service: str, slot: Slot, state: State, namespace: str) -> Any:
    own = {**state.labels(service, slot), labels.COMPONENT: labels.SMOKE}
    # A suspended Job never completes, and whether one of a slot that nobody is led to does, doesn't matter.
    awaited = _active(state) and state.awaited
    return labels.metadata(name, namespace, own, {} if awaited else _UNHEEDED)


def _spec(service: str, slot: Slot, state: State, account: str) -> Any:
    check = state.spec.smoke
    # Those of a slot whose check came later have nothing to do, and never run.
    check = check if check is not None else Check(paths=("/",))
    return {"suspend": not _active(state)} | errand.job(check, _template(service, slot, state, check, account))


def _template(service: str, slot: Slot, state: State, check: Check, account: str) -> Any:
    spec = state.spec
    return {
        "metadata": {
            "labels": {**spec.labels, labels.NAME: service, labels.COMPONENT: labels.SMOKE},
            # Whatever changes here makes a new Job: each release that comes into the slot is looked at, and each start of it.
            "annotations": {
                labels.SPEC: state.hash,
                labels.RELEASE: state.release if _active(state) else "none",
            },
        },
        "spec": errand.pod(check, spec, account, {"TARGET": f"http://{service}-{slot}", "VERSION": spec.version, "SLOT": slot}),
    }
