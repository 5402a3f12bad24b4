"""Volumes are of kinds that are defined apart from the pod, or live no longer than it.

Looks at: the sources of `volumes[*]`.
Allowed: configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected, secret; where there
is no source, Kubernetes makes it an emptyDir.
What baseline refuses already is said by host_path_volumes.py.
"""

from collections.abc import Iterator
from typing import Final

from policies.judging import Field, Finding, Given, Pod, Settings, Violation, each, of_pods
from policies.security.pods.frame import RESTRICTED, URL

ALLOWED: Final = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)


def is_allowed(volume: Field) -> bool:
    """Whether a volume is of one of the allowed kinds, whatever else it is."""
    return any(volume.at(kind).given for kind in ALLOWED)


@of_pods(
    "Volumes are of kinds that give nothing of the node or of other machines away.",
    severity="medium",
    fix="Mount storage by a `persistentVolumeClaim`; all else by `configMap`, `secret`, `projected`, `downwardAPI`, `emptyDir` or `image`.",
    standards=(RESTRICTED,),
    tags=("pods", "volumes"),
    url=f"{URL}#restricted",
)
def volume_types(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Each volume for itself."""
    yield from each(pod.at("volumes").items(), _judge)


def _judge(volume: Field) -> Iterator[Finding]:
    sources = [source for kind, source in volume.entries() if kind not in {"name", "hostPath", *ALLOWED} and source.given]
    if sources and not is_allowed(volume):
        shown = volume.at("name").shown
        for source in sources:
            fix = f"Put a `persistentVolumeClaim` in the place of `{source.path}`, and the storage into a PersistentVolume."
            yield Violation(source, f"volume {shown} is of the kind {source.key}", fix)
