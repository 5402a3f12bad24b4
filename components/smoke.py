"""The smoke check of a slot: a Job that asks for its pages before users do. If it fails, so does the update, with the log's last lines.

Whoever runs it never sees the users' Service, only the slot's own. A slot that isn't running has its Job too, suspended.
"""

from typing import Any, Final, TypedDict

import pulumi
from pulumi_kubernetes.batch.v1 import Job

from components import labels, pods
from components.slots import SlotArgs, State, slot_of, state_of
from tidegate.model.base import Slot, seconds
from tidegate.model.intent.environment import TIERS
from tidegate.model.intent.service import Check

IMAGE: Final = "docker.io/curlimages/curl:8.16.0"
# Each page gets a few seconds; what went wrong is said on one line, which ends up in the update's error.
_SCRIPT: Final = """\
for path in "$@"; do
  code=$(curl --silent --show-error --output /dev/null --write-out '%{http_code}' --max-time 10 "$TARGET$path") || code="no answer"
  case "$code" in
    2??) echo "GET $path: $code" ;;
    *) echo "GET $TARGET$path: $code, where 2xx was expected" >&2; exit 1 ;;
  esac
done
"""
# Its deletion isn't awaited either, and the one that takes its place has the same name: so it is to go at once, not after its pods.
_UNHEEDED: Final = {"pulumi.com/skipAwait": "true", "pulumi.com/deletionPropagationPolicy": "background"}
# What the Job controller waits between tries: twice as long each time.
_BACK_OFF: Final = 10


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


def budget(check: Check) -> float:
    """How many seconds a check may take, with all its tries and the pauses between them."""
    pauses = (float(min(_BACK_OFF << number, 360)) for number in range(check.retries))
    return seconds(check.timeout) * (check.retries + 1) + sum(pauses)


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
    return {
        "suspend": not _active(state),
        "backoffLimit": check.retries,
        "completions": 1,
        "parallelism": 1,
        "activeDeadlineSeconds": max(1, round(budget(check))),
        "template": _template(service, slot, state, check, account),
    }


def _template(service: str, slot: Slot, state: State, check: Check, account: str) -> Any:
    spec = state.spec
    container: dict[str, Any] = {
        "name": labels.SMOKE,
        "image": check.image or IMAGE,
        "env": pods.variables({"TARGET": f"http://{service}-{slot}", "VERSION": spec.version, "SLOT": slot}),
        "resources": pods.sized(TIERS["local"].resources),
        "securityContext": pods.locked(),
        # The log's last lines become the container's last words, and so part of the update's error.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if check.image is None:
        container["command"], container["args"] = ["/bin/sh", "-c", _SCRIPT, labels.SMOKE], list(check.paths)
    elif check.command:
        container["command"] = list(check.command)
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": pods.whole(check.timeout),
        "serviceAccountName": account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pods.security(spec.user),
        "containers": [container],
    }
    if spec.pull_secret:
        pod["imagePullSecrets"] = [{"name": spec.pull_secret}]
    return {
        "metadata": {
            "labels": {**spec.labels, labels.NAME: service, labels.COMPONENT: labels.SMOKE},
            # Whatever changes here makes a new Job: each release that comes into the slot is looked at, and each start of it.
            "annotations": {
                labels.SPEC: state.hash,
                labels.RELEASE: state.release if _active(state) else "none",
            },
        },
        "spec": pod,
    }
