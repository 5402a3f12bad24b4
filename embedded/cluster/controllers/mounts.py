"""What a pod needs from its namespace before its containers can start: ConfigMaps, Secrets, and their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.controllers.kinds import CONFIG_MAP, SECRET
from embedded.cluster.model.objects import namespace_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj

# What a kubelet calls their keys.
_KEYS: Final = {"configmap": "config", "secret": "secret"}


def missing_volume(world: World, pod: Obj) -> str:
    """Why the pod's volumes can't be mounted; "" if they can."""
    for volume in pod["spec"].get("volumes") or ():
        for word, name, items in _sources(volume):
            found = world.get(CONFIG_MAP if word == "configmap" else SECRET, namespace_of(pod), name)
            lacks = [i["key"] for i in items if found is not None and i["key"] not in _keys(found)]
            why = (
                f'{word} "{name}" not found' if found is None else f"references non-existent {_KEYS[word]} key: {lacks[0]}" if lacks else ""
            )
            if why:
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {why}'
    return ""


def _keys(obj: Obj) -> set[str]:
    return {*(obj.get("data") or {}), *(obj.get("binaryData") or {})}


def _sources(volume: Obj) -> Iterator[tuple[str, str, list[Obj]]]:
    """The ConfigMaps and Secrets that a volume can't do without, and what it takes from each."""
    found: list[tuple[str, dict[str, Any], str]] = [
        ("configmap", volume.get("configMap") or {}, "name"),
        ("secret", volume.get("secret") or {}, "secretName"),
    ]
    for source in (volume.get("projected") or {}).get("sources") or ():
        found += [("configmap", source.get("configMap") or {}, "name"), ("secret", source.get("secret") or {}, "name")]
    return ((word, source[key], source.get("items") or []) for word, source, key in found if source.get(key) and not source.get("optional"))


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
        if key and key not in _keys(found):
            return f"couldn't find key {key} in {'ConfigMap' if word == 'configmap' else 'Secret'} {namespace}/{name}"
    return ""
