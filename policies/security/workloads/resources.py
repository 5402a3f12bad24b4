"""Containers say how much they need, and how much they may take.

Looks at: `resources.requests` and `resources.limits` of all containers, init containers and sidecars, and `resources` of the pod itself
where Kubernetes knows that (from 1.34).
Allowed: amounts above zero. What is asked for defaults to the limit. Which are needed is a setting; a limit of the processor is not, by
default: it slows a container down while the node has nothing else to do.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from policies.judging import Container, Field, Finding, Given, Pod, Settings, Standard, Violation, each, of_pods

_OF_THE_POD: Final = 34
"""The minor from which a pod may have resources of its own without a feature gate."""
_CALLED: Final[Mapping[str, str]] = {"requests": "request", "limits": "limit"}


class Amounts(Settings):
    """Which amounts a container needs."""

    required: tuple[str, ...] = ("requests.cpu", "requests.memory", "limits.memory")
    """Each of these: `requests.cpu`, `requests.memory`, `limits.cpu`, `limits.memory`, or with `ephemeral-storage`."""


@of_pods(
    "Containers say how much they need, and how much they may take.",
    severity="medium",
    fix="Set `resources.requests` to what the container needs, and `resources.limits.memory` to what it may take.",
    standards=(Standard("nsa-kubernetes"), Standard("soc2", ("A1.1",))),
    tags=("workloads", "availability"),
    url="https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
    settings=Amounts,
)
def resources(pod: Pod, given: Given[Amounts]) -> Iterator[Finding]:
    """Each container for itself; an ephemeral one can't have any."""

    def judge(container: Container) -> Iterator[Finding]:
        for wanted in given.settings.required:
            part, _, name = wanted.partition(".")
            if not _is_set(container.at("resources"), part, name) and not (
                given.kubernetes >= _OF_THE_POD and _is_set(pod.at("resources"), part, name)
            ):
                yield Violation(container.at("resources", part, name), f"{container.shown} has no {name} {_CALLED.get(part, part)}")

    yield from each([one for one in pod.containers if one.part != "ephemeralContainers"], judge)


def _is_set(field: Field, part: str, name: str) -> bool:
    if field.at(part, name).given:
        return _is_something(field.at(part, name))
    return part == "requests" and field.at("limits", name).given and _is_something(field.at("limits", name))


def _is_something(field: Field) -> bool:
    return str(field.value).rstrip("mkKMGTPEiun") not in {"0", "0.0", ""}
