"""PersistentVolumeClaims: ready when bound; where the storage class waits for a first pod, a pending one is as ready as it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.providers.kubernetes.awaiting.model import Kind, Source, Verdict
from embedded.providers.kubernetes.awaiting.objects import text

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import Obj, View


def _sources(claim: Obj) -> tuple[Source, ...]:
    name = text(claim, "spec", "storageClassName")
    selected = {"fieldSelector": f"metadata.name={name}"}
    return (Source("storage classes", "/apis/storage.k8s.io/v1/storageclasses", selected, optional=True),) if name else ()


def _judge(view: View) -> Verdict:
    phase = text(view.object, "status", "phase")
    waits = any(text(found, "volumeBindingMode") == "WaitForFirstConsumer" for found in view.all("storage classes"))
    if phase == "Bound" or (phase == "Pending" and waits):
        return Verdict(ready=True)
    return Verdict(reasons=(f"PersistentVolumeClaim is not Bound. phase: {phase or 'unknown'}",))


KIND = Kind(_judge, _sources, timeout=300, refreshed=False)
