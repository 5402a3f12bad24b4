"""The pod of a check: it looks at a slot before users do, and says what is wrong in its last lines. Kubernetes' JSON, and nothing else.

The stack has one for each slot's smoke check; whoever drives a release runs others just the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tidegate.model.base import seconds
from tidegate.model.intent.environment import TIERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.intent.service import Check
    from tidegate.model.slots import SlotSpec

Json = dict[str, Any]

NAME: Final = "smoke"
"""Its container, and by the label `app.kubernetes.io/component` what NetworkPolicies let it do."""
IMAGE: Final = "docker.io/curlimages/curl:8.16.0"
"""What asks for pages."""
# Each page gets a few seconds; what went wrong is said on one line, which ends up in the error. HEADER and CONNECT are there where testers'
# requests are sent: what makes them testers', and where the gateway is, whatever the host's name leads to.
_SCRIPT: Final = """\
for path in "$@"; do
  code=$(curl --silent --show-error --output /dev/null --write-out '%{http_code}' --max-time 10 \\
    ${HEADER:+--header "$HEADER"} ${CONNECT:+--connect-to "$CONNECT"} "$TARGET$path") || code="no answer"
  case "$code" in
    2??) echo "GET $path: $code" ;;
    *) echo "GET $TARGET$path: $code, where 2xx was expected" >&2; exit 1 ;;
  esac
done
"""
# What the Job controller waits between tries: twice as long each time.
_BACK_OFF: Final = 10


def budget(check: Check) -> float:
    """How many seconds a check may take, with all its tries and the pauses between them."""
    pauses = (float(min(_BACK_OFF << number, 360)) for number in range(check.retries))
    return seconds(check.timeout) * (check.retries + 1) + sum(pauses)


def job(check: Check, template: Json) -> Json:
    """What a Job that runs a check once, and again when it fails, is to be."""
    return {
        "backoffLimit": check.retries,
        "completions": 1,
        "parallelism": 1,
        "activeDeadlineSeconds": max(1, round(budget(check))),
        "template": template,
    }


def pod(check: Check, spec: SlotSpec, account: str, variables: Mapping[str, str]) -> Json:
    """The pod; `variables` has the TARGET to look at."""
    container: Json = {
        "name": NAME,
        "image": check.image or IMAGE,
        # As they are: Kubernetes would take `$(NAME)` for a reference.
        "env": [{"name": name, "value": text.replace("$", "$$")} for name, text in sorted(variables.items())],
        "resources": TIERS["local"].resources.model_dump(mode="json"),
        "securityContext": locked(),
        # The log's last lines become the container's last words, and so part of the error.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if check.image is None:
        container["command"], container["args"] = ["/bin/sh", "-c", _SCRIPT, NAME], list(check.paths)
    elif check.command:
        container["command"] = list(check.command)
    made: Json = {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": max(1, round(seconds(check.timeout))),
        "serviceAccountName": account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": security(spec.user),
        "containers": [container],
    }
    if spec.pull_secret:
        made["imagePullSecrets"] = [{"name": spec.pull_secret}]
    return made


def security(user: int) -> Json:
    """The security context of a pod, as the Pod Security Standard `restricted` wants it."""
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def locked() -> Json:
    """The security context of a container, as `restricted` wants it, and with nothing that it could write to."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
