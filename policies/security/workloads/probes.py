"""Kubernetes can tell whether a container is well.

Looks at: `readinessProbe`, `livenessProbe` and `ports` of the containers of pods that stay: not of Jobs, nor where `restartPolicy` says
that they end.
Allowed: a readiness probe of each container with ports, or of one where none has ports; a liveness probe of at least one container of the
pod.
"""

from collections.abc import Iterator

from policies.judging import Container, Finding, Given, Pod, Settings, Standard, Violation, each, of_pods


class Asked(Settings):
    """Which probes are asked for."""

    readiness: bool = True
    """Who takes requests says when it can."""
    liveness: bool = True
    """A container that hangs is started again."""


@of_pods(
    "Kubernetes can tell whether a container is well.",
    severity="medium",
    fix="Add a `readinessProbe` that answers when the container can take requests, and a `livenessProbe` that fails only when it hangs.",
    standards=(Standard("soc2", ("A1.2",)),),
    tags=("workloads", "availability"),
    url="https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
    settings=Asked,
)
def probes(pod: Pod, given: Given[Asked]) -> Iterator[Finding]:
    """Only of what stays: whatever ends says by that how it was."""
    main = [one for one in pod.containers if one.part == "containers"]
    if not main or not _stays(pod):
        return
    if given.settings.readiness:
        serving = [one for one in main if any(True for _ in one.at("ports").items())]
        if serving:
            yield from each(serving, _ready)
        elif not any(one.at("readinessProbe").given for one in main):
            yield Violation(main[0].at("readinessProbe"), f"nothing says when {main[0].shown} is ready")
    if given.settings.liveness and not any(one.at("livenessProbe").given for one in main):
        yield Violation(main[0].at("livenessProbe"), f"nothing says whether {main[0].shown} still lives")


def _ready(container: Container) -> Iterator[Finding]:
    if not container.at("readinessProbe").given:
        yield Violation(container.at("readinessProbe"), f"{container.shown} has ports, and nothing says when it is ready")


def _stays(pod: Pod) -> bool:
    return not pod.subject.kind.endswith("Job") and (pod.at("restartPolicy").text or "Always") == "Always"
