"""Pods mount nothing of their node's file system.

Looks at: `volumes[*].hostPath`.
Allowed: nothing. Restricted goes by the kinds that it allows, see volume_types.py: a volume that is of one of them as well passes there.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Pod, Settings, Violation, each, of_pods
from policies.security.pods.frame import BASELINE, URL, cis
from policies.security.pods.volume_types import is_allowed


@of_pods(
    "Pods mount nothing of their node's file system.",
    severity="high",
    fix="Take the volume away, or make it an `emptyDir`, a `persistentVolumeClaim`, a `configMap` or a `secret`.",
    standards=(BASELINE, cis("5.2.12")),
    tags=("pods", "volumes", "host"),
    url=f"{URL}#baseline",
)
def host_path_volumes(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Each volume for itself."""

    def judge(volume: Field) -> Iterator[Finding]:
        source = volume.at("hostPath")
        if source.given and not (given.level == "restricted" and is_allowed(volume)):
            fix = f"Take `{source.path}` away; an `emptyDir` or a `persistentVolumeClaim` keeps files without being part of the node."
            yield Violation(source, f"volume {volume.at('name').shown} is a part of the node's file system", fix)

    yield from each(pod.at("volumes").items(), judge)
