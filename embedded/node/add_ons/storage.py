"""A default StorageClass: each claim gets a folder of the node's, which goes with the claim, and in the end with the node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.node.add_ons.add_on import AddOn, role
from embedded.node.building import Module, Program
from embedded.node.parts.part import Part, flags

if TYPE_CHECKING:
    from embedded.node.add_ons.add_on import Object
    from embedded.node.parts.part import Setup

CLASS: Final = "standard"
_MODULE: Final = Module(
    "the provisioner of volumes", Path(__file__).with_name("provisioner"), "sigs.k8s.io/sig-storage-lib-external-provisioner/v13"
)
_PROGRAM: Final = Program(_MODULE, "about a minute")
_PORT: Final = 10300
_RULES: Final = (
    ("", "persistentvolumes", "get list watch create delete"),
    ("", "persistentvolumeclaims", "get list watch update"),
    ("", "events", "create update patch"),
    ("storage.k8s.io", "storageclasses", "get list watch"),
)


def _parts(setup: Setup) -> list[Part]:
    address = setup.network.address
    command = [
        setup.commands["provisioner"],
        *flags(kubeconfig=setup.pki("storage.kubeconfig"), node=setup.node, folder=str(setup.folder.volumes)),
        *flags(address=address, port=_PORT),
    ]
    return [Part("provisioner", tuple(command), (address, _PORT))]


def _objects(_setup: Setup, _cache: Path) -> list[Object]:
    return [
        *role("storage", _RULES),
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": CLASS, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "provisioner": "tidegate.dev/folder",
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
        },
    ]


ADD_ON: Final = AddOn(name="storage", names=("provisioner",), parts=_parts, objects=_objects, accounts=("storage",), made=(_PROGRAM,))
