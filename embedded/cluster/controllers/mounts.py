"""What a pod needs from its namespace before its containers can start: ConfigMaps, Secrets, and their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.cluster.controllers.kinds import CONFIG_MAP, SECRET
from embedded.cluster.model.objects import namespace_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj


def missing_volume(world: World, pod: Obj) -> str:
    """Why the pod's volumes can't be mounted; "" if they can."""
    for volume in pod["spec"].get("volumes") or ():
        for word, name in _sources(volume):
            kind = CONFIG_MAP if word == "configmap" else SECRET
            if world.get(kind, namespace_of(pod), name) is None:
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {word} "{name}" not found'
    return ""


def _sources(volume: Obj) -> Iterator[tuple[str, str]]:
    found: list[tuple[str, dict[str, Any], str]] = [
        ("configmap", volume.get("configMap") or {}, "name"),
        ("secret", volume.get("secret") or {}, "secretName"),
    ]
    for source in (volume.get("projected") or {}).get("sources") or ():
        found += [("configmap", source.get("configMap") or {}, "name"), ("secret", source.get("secret") or {}, "name")]
    return ((word, source[key]) for word, source, key in found if source.get(key) and not source.get("optional"))


def missing_variable(world: World, pod: Obj, container: Obj) -> str:
    """Why the container's environment can't be made; "" if it can."""
    namespace = namespace_of(pod)
    wanted: list[tuple[str, Obj]] = []
    for source in container.get("envFrom") or ():
        wanted += [("configmap", source.get("configMapRef") or {}), ("secret", source.get("secretRef") or {})]
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        wanted += [("configmap", source.get("configMapKeyRef") or {}), ("secret", source.get("secretKeyRef") or {})]
    for word, reference in wanted:
        name = reference.get("name")
        if not name or reference.get("optional"):
            continue
        found = world.get(CONFIG_MAP if word == "configmap" else SECRET, namespace, name)
        if found is None:
            return f'{word} "{name}" not found'
        key = reference.get("key")
        if key and key not in {**(found.get("data") or {}), **(found.get("binaryData") or {})}:
            return f"couldn't find key {key} in {'ConfigMap' if word == 'configmap' else 'Secret'} {namespace}/{name}"
    return ""
