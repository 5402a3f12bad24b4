"""Persistent volume claims: each gets a volume of its own, at once or when its first pod has a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.kinds import CLAIM, POD, STORAGE_CLASS, VOLUME
from embedded.cluster.controllers.scheduler import SELECTED_NODE
from embedded.cluster.model.objects import annotations_of, is_deleting, meta_of, name_of, namespace_of, owner_reference, uid_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

SOURCE: Final = "persistentvolume-controller"
_DELAY: Final = 0.3
_BOUND: Final = "pv.kubernetes.io/bind-completed"


class Claims(Controller):
    """Provisions volumes, binds claims to them, and deletes volumes whose claims are gone."""

    kind = CLAIM

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._asked: dict[str, float] = {}
        world.on(VOLUME, self._volume_changed)
        world.on(POD, self._pod_changed)
        world.on(STORAGE_CLASS, lambda _: self.enqueue_all())

    def changed(self, change: Change) -> None:
        """A claim that is gone leaves its volume."""
        super().changed(change)
        if change.type == "DELETED":
            self._asked.pop(uid_of(change.obj), None)
            volume = self.world.get(VOLUME, "", change.obj["spec"].get("volumeName") or "")
            if volume is not None and (volume["spec"].get("claimRef") or {}).get("uid") == uid_of(change.obj):
                self._release(volume)

    def _volume_changed(self, change: Change) -> None:
        if change.type == "ADDED":
            self.enqueue_all()

    def _pod_changed(self, change: Change) -> None:
        """Ephemeral volumes are claims of their pods."""
        if change.type == "ADDED" and any(v.get("ephemeral") for v in change.obj["spec"].get("volumes") or ()):
            self.world.clock.soon(lambda: self._ephemeral(change.obj))

    def _ephemeral(self, pod: Obj) -> None:
        if self.world.get(POD, namespace_of(pod), name_of(pod)) is None:
            return
        for volume in pod["spec"]["volumes"]:
            template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
            name = f"{name_of(pod)}-{volume['name']}"
            if template and self.world.get(CLAIM, namespace_of(pod), name) is None:
                metadata = {**(template.get("metadata") or {}), "name": name, "namespace": namespace_of(pod)}
                metadata["ownerReferences"] = [owner_reference(pod)]
                self.world.create(CLAIM, {"metadata": metadata, "spec": template["spec"]})

    def reconcile(self, namespace: str, name: str) -> None:
        """Bind the claim, when it may be bound."""
        claim = self.world.get(CLAIM, namespace, name)
        if claim is None or is_deleting(claim) or (claim.get("status") or {}).get("phase") == "Bound":
            return
        volume = self._existing(claim)
        if volume is not None:
            self._bind(claim, volume)
            return
        class_name = claim["spec"].get("storageClassName")
        storage_class = self.world.get(STORAGE_CLASS, "", class_name) if class_name else None
        if storage_class is None:
            if class_name:
                missing = f'storageclass.storage.k8s.io "{class_name}" not found'
                self.world.events.warning(claim, "ProvisioningFailed", missing, source=SOURCE)
            return
        if storage_class.get("volumeBindingMode") == "WaitForFirstConsumer" and SELECTED_NODE not in annotations_of(claim):
            message = "waiting for first consumer to be created before binding"
            if uid_of(claim) not in self._asked:
                self._asked[uid_of(claim)] = -1.0
                self.world.events.normal(claim, "WaitForFirstConsumer", message, source=SOURCE)
            return
        if self._asked.get(uid_of(claim), -1.0) < 0:
            self._asked[uid_of(claim)] = self.world.clock.now()
        wait = self._asked[uid_of(claim)] + _DELAY - self.world.clock.now()
        if wait > 0:
            self.enqueue_after(wait, namespace, name)
            return
        self._bind(claim, self._provision(claim, storage_class))
        message = f"Successfully provisioned volume pvc-{uid_of(claim)}"
        self.world.events.normal(claim, "ProvisioningSucceeded", message, source=storage_class["provisioner"])

    def _existing(self, claim: Obj) -> Obj | None:
        """A volume that is kept for the claim, or that was asked for by name."""
        for volume in self.world.all(VOLUME):
            reference = volume["spec"].get("claimRef") or {}
            if (reference.get("namespace"), reference.get("name")) == (namespace_of(claim), name_of(claim)):
                return volume if reference.get("uid", uid_of(claim)) == uid_of(claim) else None
            if not reference and claim["spec"].get("volumeName") == name_of(volume):
                return volume
            same_class = (volume["spec"].get("storageClassName") or "") == (claim["spec"].get("storageClassName") or "")
            if not reference and not claim["spec"].get("storageClassName") and same_class:
                return volume
        return None

    def _provision(self, claim: Obj, storage_class: Obj) -> Obj:
        spec = claim["spec"]
        storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "1Gi")
        body: Obj = {
            "metadata": {
                "name": f"pvc-{uid_of(claim)}",
                "annotations": {"pv.kubernetes.io/provisioned-by": storage_class["provisioner"]},
            },
            "spec": {
                "accessModes": spec.get("accessModes") or ["ReadWriteOnce"],
                "capacity": {"storage": storage},
                "claimRef": _reference(claim),
                "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
                "storageClassName": name_of(storage_class),
                "volumeMode": spec.get("volumeMode", "Filesystem"),
                "hostPath": {"path": f"/var/local/{namespace_of(claim)}/{name_of(claim)}", "type": "DirectoryOrCreate"},
            },
        }
        return self.world.create(VOLUME, body)

    def _bind(self, claim: Obj, volume: Obj) -> None:
        def keep(fresh: Obj) -> None:
            fresh["spec"]["claimRef"] = _reference(claim)

        def bind(fresh: Obj) -> None:
            fresh["spec"]["volumeName"] = name_of(volume)
            fresh["metadata"].setdefault("annotations", {})[_BOUND] = "yes"

        if not (volume["spec"].get("claimRef") or {}).get("uid"):
            self.world.change(VOLUME, volume, keep)
        self.world.set_status(VOLUME, volume, {"phase": "Bound", "lastPhaseTransitionTime": self.world.clock.stamp()})
        self.world.change(CLAIM, claim, bind)
        status = {"phase": "Bound", "accessModes": volume["spec"]["accessModes"], "capacity": volume["spec"]["capacity"]}
        self.world.set_status(CLAIM, claim, status)

    def _release(self, volume: Obj) -> None:
        if volume["spec"].get("persistentVolumeReclaimPolicy", "Retain") == "Delete":
            self.world.clock.soon(lambda: self.world.delete(VOLUME, volume))
        else:
            self.world.clock.soon(lambda: self.world.set_status(VOLUME, volume, {"phase": "Released"}))


def _reference(claim: Obj) -> Obj:
    version = meta_of(claim).get("resourceVersion", "")
    whole = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": namespace_of(claim), "name": name_of(claim)}
    return whole | {"uid": uid_of(claim), "resourceVersion": version}
