"""The rules for what makes pods: Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.objects import Selector
from embedded.cluster.schema.rules.causes import (
    Struct,
    each,
    forbidden,
    invalid,
    not_negative,
    required,
    unchanged,
    unsupported,
)
from embedded.cluster.schema.rules.names import label_name, selector
from embedded.cluster.schema.rules.pods import template

if TYPE_CHECKING:
    from embedded.cluster.model.errors import Cause
    from embedded.cluster.model.objects import Obj

_UID: Final = "batch.kubernetes.io/controller-uid"
_PERCENT: Final = re.compile("[0-9]+%")
_MUTABLE_SET: Final = frozenset(
    {
        "replicas",
        "template",
        "updateStrategy",
        "minReadySeconds",
        "ordinals",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
    }
)
_FROZEN_SET: Final = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
    "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_OPERATORS: Final = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})
_DESCRIBED: Final = re.compile(r"@(yearly|annually|monthly|weekly|daily|midnight|hourly|every\s+\S+)")
# The fields of a schedule, each with the highest number in it.
_CRON: Final = (59, 23, 31, 12, 6)
_NUMBER: Final = re.compile(r"\d+")
_MOST_CRON_NAME: Final = 52


def deployment(obj: Obj, old: Obj | None) -> list[Cause]:
    """A Deployment."""
    spec = obj.get("spec") or {}
    causes = not_negative("spec.replicas", spec.get("replicas", 1))
    causes += _selected(spec, "deployment", "ReplicaSet")
    causes += _strategy(spec.get("strategy") or {})
    causes += not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    causes += not_negative("spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))
    if (deadline := spec.get("progressDeadlineSeconds")) is not None:
        causes += not_negative("spec.progressDeadlineSeconds", deadline)
        if deadline <= spec.get("minReadySeconds", 0):
            causes.append(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    return causes + _same_selector(spec, old)


def replica_set(obj: Obj, old: Obj | None) -> list[Cause]:
    """A ReplicaSet."""
    spec = obj.get("spec") or {}
    causes = not_negative("spec.replicas", spec.get("replicas", 1))
    causes += not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    return causes + _selected(spec, "deployment", "ReplicaSet") + _same_selector(spec, old)


def stateful_set(obj: Obj, old: Obj | None) -> list[Cause]:
    """A StatefulSet, most of which is frozen once it is there."""
    spec = obj.get("spec") or {}
    causes = []
    if (policy := spec.get("podManagementPolicy")) not in {"OrderedReady", "Parallel"}:
        causes.append(invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'"))
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") not in {"RollingUpdate", "OnDelete"}:
        causes.append(invalid("spec.updateStrategy", _internal(strategy), "must be 'RollingUpdate' or 'OnDelete'"))
    elif strategy["type"] == "OnDelete" and strategy.get("rollingUpdate") is not None:
        why = "only allowed for updateStrategy 'RollingUpdate'"
        causes.append(invalid("spec.updateStrategy.rollingUpdate", strategy["rollingUpdate"], why))
    partition = (strategy.get("rollingUpdate") or {}).get("partition")
    causes += not_negative("spec.updateStrategy.rollingUpdate.partition", partition)
    causes += not_negative("spec.replicas", spec.get("replicas", 1))
    causes += not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    if (name := spec.get("serviceName")) and old is None:
        causes += each("spec.serviceName", name, label_name(name))
    causes += _selected(_with_claims(spec), "statefulset", "StatefulSet")
    if old is not None:
        before = old.get("spec") or {}
        if any(spec.get(k) != before.get(k) for k in (spec.keys() | before.keys()) - _MUTABLE_SET):
            causes.append(forbidden("spec", _FROZEN_SET))
    return causes


def _with_claims(spec: Obj) -> Obj:
    """The set as its pods see it: a claim is a volume to them."""
    claims = [(c.get("metadata") or {}).get("name") for c in spec.get("volumeClaimTemplates") or []]
    if not claims:
        return spec
    found = spec.get("template") or {}
    pod = found.get("spec") or {}
    volumes = [v for v in pod.get("volumes") or [] if v.get("name") not in claims]
    mine = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]
    return {**spec, "template": {**found, "spec": {**pod, "volumes": [*mine, *volumes]}}}


def daemon_set(obj: Obj, old: Obj | None) -> list[Cause]:
    """A DaemonSet."""
    spec = obj.get("spec") or {}
    causes = _same_selector(spec, old) + _selected(spec, "daemonset", "DaemonSet")
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") not in {"RollingUpdate", "OnDelete"}:
        causes.append(unsupported("spec.updateStrategy", _internal(strategy), ("RollingUpdate", "OnDelete")))
    return causes + not_negative("spec.minReadySeconds", spec.get("minReadySeconds"))


def job(obj: Obj, old: Obj | None) -> list[Cause]:
    """A Job: what it runs stays as it was made."""
    spec = obj.get("spec") or {}
    causes = job_spec("spec", spec)
    if spec.get("selector") is not None:
        causes += selector("spec.selector", spec["selector"])
        causes += [] if spec.get("manualSelector") else _own_selector(spec)
        causes += _labels_match(spec)
    if old is None:
        return causes
    before = old.get("spec") or {}
    indexed = spec.get("completionMode") == "Indexed"
    if not (indexed and spec.get("completions") == spec.get("parallelism")):
        causes += unchanged("spec.completions", spec.get("completions"), before.get("completions"))
    for name in ("selector", "template", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"):
        if name == "template" and before.get("suspend"):
            continue
        causes += unchanged(f"spec.{name}", spec.get(name), before.get(name))
    return causes


def _own_selector(spec: Obj) -> list[Cause]:
    """A Job's selector is the server's, unless the Job says that it has its own."""
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    chosen = {"matchLabels": {_UID: labels.get(_UID)}}
    return [] if spec["selector"] == chosen else [invalid("spec.selector", spec["selector"], "`selector` not auto-generated")]


def job_spec(field: str, spec: Obj) -> list[Cause]:
    """The specification of a Job."""
    causes = []
    for name in ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"):
        causes += not_negative(f"{field}.{name}", spec.get(name))
    mode = spec.get("completionMode", "NonIndexed")
    if mode not in {"NonIndexed", "Indexed"}:
        causes.append(unsupported(f"{field}.completionMode", mode, ("NonIndexed", "Indexed")))
    elif mode == "Indexed" and spec.get("completions") is None:
        causes.append(required(f"{field}.completions", "when completion mode is Indexed"))
    causes += template(f"{field}.template", spec.get("template"))
    policy = ((spec.get("template") or {}).get("spec") or {}).get("restartPolicy")
    if policy in {None, "Always"}:
        causes.append(required(f"{field}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"'))
    return causes


def cron_job(obj: Obj, old: Obj | None) -> list[Cause]:
    """A CronJob."""
    spec = obj.get("spec") or {}
    causes = []
    name = (obj.get("metadata") or {}).get("name") or ""
    if old is None and len(name) > _MOST_CRON_NAME:
        causes.append(invalid("metadata.name", name, f"must be no more than {_MOST_CRON_NAME} characters"))
    schedule = spec.get("schedule")
    if not schedule:
        causes.append(required("spec.schedule"))
    elif why := _no_schedule(schedule):
        causes.append(invalid("spec.schedule", schedule, why))
    if (policy := spec.get("concurrencyPolicy")) not in {"Allow", "Forbid", "Replace"}:
        causes.append(unsupported("spec.concurrencyPolicy", policy, ("Allow", "Forbid", "Replace")))
    causes += job_spec("spec.jobTemplate.spec", (spec.get("jobTemplate") or {}).get("spec") or {})
    for name in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit", "startingDeadlineSeconds"):
        causes += not_negative(f"spec.{name}", spec.get(name))
    return causes


def _no_schedule(schedule: str) -> str:
    """Why a text is no schedule; "" if it is one."""
    if _DESCRIBED.fullmatch(schedule.strip()):
        return ""
    fields = schedule.split()
    if len(fields) != len(_CRON):
        return f"expected exactly {len(_CRON)} fields, found {len(fields)}: [{' '.join(fields)}]"
    for field, most in zip(fields, _CRON, strict=True):
        for number in _NUMBER.findall(field.partition("/")[0]):
            if int(number) > most:
                return f"end of range ({number}) above maximum ({most}): {field}"
    return ""


def _selected(spec: Obj, word: str, kind: str) -> list[Cause]:
    """A selector that selects the template's own pods, and a template whose pods run on."""
    chosen = spec.get("selector")
    causes = selector("spec.selector", chosen)
    if chosen is None:
        # DaemonSets had no selector once, and are told only that they select nothing.
        causes += [required("spec.selector")] if word != "daemonset" else []
    elif not chosen.get("matchLabels") and not chosen.get("matchExpressions"):
        causes.append(invalid("spec.selector", chosen, f"empty selector is invalid for {word}"))
    elif causes and any(term.get("operator") not in _OPERATORS for term in chosen.get("matchExpressions") or []):
        return [*causes, invalid("spec.selector", chosen, "invalid label selector")]
    causes += _labels_match(spec)
    causes += template("spec.template", spec.get("template"))
    pod = (spec.get("template") or {}).get("spec") or {}
    if pod.get("restartPolicy", "Always") != "Always":
        causes.append(unsupported("spec.template.spec.restartPolicy", pod["restartPolicy"], ("Always",)))
    if pod.get("activeDeadlineSeconds") is not None:
        why = f"activeDeadlineSeconds in {kind} is not Supported"
        causes.append(forbidden("spec.template.spec.activeDeadlineSeconds", why))
    return causes


def _labels_match(spec: Obj) -> list[Cause]:
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if spec.get("selector") is not None and Selector.of_spec(spec["selector"]).matches(labels or {}):
        return []
    return [invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")]


def _same_selector(spec: Obj, old: Obj | None) -> list[Cause]:
    return [] if old is None else unchanged("spec.selector", spec.get("selector"), (old.get("spec") or {}).get("selector"))


def _internal(strategy: Obj) -> Struct:
    return Struct(Type=strategy.get("type", ""), RollingUpdate=strategy.get("rollingUpdate"))


def _strategy(strategy: Obj) -> list[Cause]:
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "Recreate":
        why = "may not be specified when strategy `type` is 'Recreate'"
        return [] if rolling is None else [forbidden("spec.strategy.rollingUpdate", why)]
    if strategy.get("type") != "RollingUpdate":
        return [unsupported("spec.strategy", _internal(strategy), ("Recreate", "RollingUpdate"))]
    rolling = rolling or {}
    unavailable, surge = rolling.get("maxUnavailable"), rolling.get("maxSurge")
    causes = amount("spec.strategy.rollingUpdate.maxUnavailable", unavailable)
    causes += amount("spec.strategy.rollingUpdate.maxSurge", surge)
    if not causes and _number(unavailable) == 0 and _number(surge) == 0:
        causes.append(invalid("spec.strategy.rollingUpdate.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0"))
    return causes + at_most_all("spec.strategy.rollingUpdate.maxUnavailable", unavailable)


def amount(field: str, value: Any) -> list[Cause]:
    """A number or a percentage."""
    if isinstance(value, str) and not _PERCENT.fullmatch(value):
        why = "a valid percent string must be a numeric string followed by an ending '%'"
        return [invalid(field, value, f"{why} (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')")]
    return not_negative(field, value)


def at_most_all(field: str, value: Any) -> list[Cause]:
    """A percentage of something can't be more than all of it."""
    over = isinstance(value, str) and _PERCENT.fullmatch(value) and int(value[:-1]) > 100
    return [invalid(field, value, "must not be greater than 100%")] if over else []


def _number(value: Any) -> int:
    if isinstance(value, str):
        return int(value.removesuffix("%"))
    return value or 0
