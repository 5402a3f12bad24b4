"""A check of a slot, as a Job beside the stack's own: it looks, says what is wrong, and is gone.

Where testers reach the candidate by a header or a cookie, the check goes their way, through the gateway; else straight to the slot.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tidegate.cluster.api import GATEWAYS, JOBS, PODS
from tidegate.cluster.recorded import COMPONENT, NAME
from tidegate.cluster.troubles import of_pod
from tidegate.model import errand
from tidegate.model.errors import AuthenticationError, ConfigurationError, UnreachableError
from tidegate.model.slots import desired

if TYPE_CHECKING:
    from tidegate.cluster.api import Api
    from tidegate.model.base import Slot
    from tidegate.model.intent.intent import Intent
    from tidegate.model.intent.service import Check, Match
    from tidegate.model.told import Told

Obj = dict[str, Any]

_MANAGER: Final = "tidegate"
_SLACK: Final = 60.0
"""Seconds for what isn't the check itself: a node, an image, the API server."""
_KEPT: Final = 600
"""Seconds that a Job stays whose driver was killed."""
_AGAIN: Final = 1.0
_LONGEST: Final = 2000


def limit(check: Check) -> float:
    """How many seconds a check may take with all that belongs to it."""
    return errand.budget(check) + 2 * _SLACK


async def check(api: Api, told: Told, service: str, slot: Slot, check: Check) -> str | None:
    """What was wrong, if anything was."""
    if service not in told.intent.services:
        raise ConfigurationError(f"{told.origin} has no service {service} to check; it has {', '.join(told.intent.services)}")
    obj = job(told.intent, service, slot, check, await _variables(api, told.intent, service, slot))
    namespace, name = obj["metadata"]["namespace"], obj["metadata"]["name"]
    await api.create(JOBS, obj, _MANAGER)
    try:
        async with asyncio.timeout(errand.budget(check) + _SLACK):
            failure = await _ended(api, namespace, name)
    except TimeoutError:
        failure = "it didn't end in its time"
    finally:
        # Whatever happens here, it ends by itself and is then gone soon.
        with contextlib.suppress(UnreachableError):
            words = await _words(api, namespace, name)
            await api.delete(JOBS, namespace, name)
    return None if failure is None else words or failure


def job(intent: Intent, service: str, slot: Slot, check: Check, variables: dict[str, str]) -> Obj:
    """The Job: as the one of a smoke check, with a name that nobody has had."""
    spec = desired(intent, service)
    # Not the labels by which a slot's Services find its pods.
    labels = {**spec.labels, NAME: service, COMPONENT: errand.NAME}
    pod = errand.pod(check, spec, service, {"VERSION": spec.version, "SLOT": slot} | variables)
    name = f"{service}-{slot}-check-{secrets.token_hex(4)}"
    return {
        "apiVersion": JOBS.api_version,
        "kind": JOBS.kind,
        "metadata": {"name": name, "namespace": intent.environment.namespace, "labels": labels},
        "spec": {**errand.job(check, {"metadata": {"labels": labels}, "spec": pod}), "ttlSecondsAfterFinished": _KEPT},
    }


def testers_header(match: Match) -> str:
    """What makes a request one of a tester."""
    return f"{match.header}: {match.value}" if match.header is not None else f"Cookie: {match.cookie}={match.value}"


async def _variables(api: Api, intent: Intent, service: str, slot: Slot) -> dict[str, str]:
    """What a check is told: the URL to look at, and on testers' way what makes it one of theirs."""
    traffic, environment = intent.services[service].traffic, intent.environment
    if traffic.match is None or traffic.host is None or environment.gateway is None:
        return {"TARGET": f"http://{service}-{slot}"}
    host = environment.domain if traffic.host == "@" else f"{traffic.host}.{environment.domain}"
    target = f"{'https' if environment.tls is not None else 'http'}://{host}{traffic.path.rstrip('/')}"
    found = {"TARGET": target, "HEADER": testers_header(traffic.match)}
    # Who may not look at gateways relies on the host's name.
    with contextlib.suppress(AuthenticationError):
        gateway = await api.get(GATEWAYS, environment.gateway.namespace or environment.namespace, environment.gateway.name)
        if gateway is not None and (address := _address(gateway, target)):
            found["CONNECT"] = address
    return found


def _address(gateway: Obj, target: str) -> str:
    """Where a gateway takes requests to a URL, as curl's `--connect-to` has it."""
    scheme = urlsplit(target).scheme
    addresses = [one["value"] for one in (gateway.get("status") or {}).get("addresses") or () if one.get("value")]
    listeners = (gateway.get("spec") or {}).get("listeners") or ()
    ports = [one["port"] for one in listeners if str(one.get("protocol")).lower() == scheme]
    if not addresses or not ports:
        return ""
    host = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    return f"::{host}:{ports[0]}"


async def _ended(api: Api, namespace: str, name: str) -> str | None:
    """Why it failed, if it did."""
    while True:
        async with contextlib.aclosing(api.watch(JOBS, namespace, name)) as seen:
            async for obj in seen:
                for condition in (obj.get("status") or {}).get("conditions") or ():
                    if condition["status"] == "True" and condition["type"] == "Complete":
                        return None
                    if condition["status"] == "True" and condition["type"] == "Failed":
                        return str(condition.get("message") or condition.get("reason") or "it failed")
        if await api.get(JOBS, namespace, name) is None:
            return "somebody has deleted its Job"
        await asyncio.sleep(_AGAIN)


async def _words(api: Api, namespace: str, name: str) -> str:
    """The end of its log at the last try; or what kept it from beginning."""
    pods = await api.all(PODS, namespace, labelSelector=f"batch.kubernetes.io/job-name={name}")
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), reverse=True):
        for status in (pod.get("status") or {}).get("containerStatuses") or ():
            ended = (status.get("state") or {}).get("terminated") or {}
            if ended.get("exitCode") and (message := str(ended.get("message") or "").strip()):
                return message[-_LONGEST:]
        if trouble := of_pod(pod):
            return trouble[1]
    return ""
