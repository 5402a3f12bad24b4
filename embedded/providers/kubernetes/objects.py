"""Property values as Kubernetes objects, and back.

Two differences: property values may hold secrets and unknowns, and Pulumi's types write the `x-kubernetes-*` keys of a
CustomResourceDefinition with underscores. State keeps inputs with dashes, outputs (and the inputs inside them) with underscores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.engine.model.values import Secret, has_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.model.values import Value, Values

    Obj = dict[str, Any]

AUTONAMED: Final = "pulumi.com/autonamed"
PATCH_FORCE: Final = "pulumi.com/patchForce"
PATCH_FIELD_MANAGER: Final = "pulumi.com/patchFieldManager"
REPLACE_UNREADY: Final = "pulumi.com/replaceUnready"
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"

_DASHED: Final = {
    f"x_kubernetes_{name}": f"x-kubernetes-{name.replace('_', '-')}"
    for name in (
        "embedded_resource",
        "int_or_string",
        "list_map_keys",
        "list_type",
        "map_type",
        "preserve_unknown_fields",
        "validations",
    )
}
_UNDERSCORED: Final = {dashed: plain for plain, dashed in _DASHED.items()}


def to_object(values: Values) -> Obj:
    """The object that the values describe. Secrets are laid open, unknowns stay."""
    found: Obj = _opened(values)
    return found


def _opened(value: Value) -> Any:
    if type(value) is dict:
        return {_DASHED.get(k, k): _opened(v) for k, v in value.items()}
    if type(value) is list:
        return [_opened(v) for v in value]
    return _opened(value.value) if isinstance(value, Secret) else value


def underscored(value: Value) -> Value:
    """A definition's keys as outputs have them."""
    if type(value) is dict:
        return {_UNDERSCORED.get(k, k): underscored(v) for k, v in value.items()}
    if type(value) is list:
        return [underscored(v) for v in value]
    return Secret(underscored(value.value)) if isinstance(value, Secret) else value


def marked(outs: Values, ins: Values) -> Values:
    """The values with secret what is secret in `ins`, and always a Secret's data. Only what changes is copied.

    Where both have an object it is gone into; a list with a secret anywhere in it is secret as a whole, because its order may change.
    """
    changed: Values = {}
    if outs.get("kind") == "Secret":
        changed = {k: Secret(outs[k]) for k in ("data", "stringData") if k in outs and not isinstance(outs[k], Secret)}
        if LAST_APPLIED in annotations_of(outs):
            metadata = outs["metadata"]
            noted = {**metadata["annotations"], LAST_APPLIED: Secret(metadata["annotations"][LAST_APPLIED])}
            changed["metadata"] = {**metadata, "annotations": noted}
    for key, value in ins.items():
        out = changed.get(key, outs.get(key))
        if out is None or isinstance(out, Secret):
            continue
        if type(out) is dict and type(value) is dict:
            inner = marked(out, value)
            if inner is not out:
                changed[key] = inner
        elif has_secret(value):
            changed[key] = Secret(out)
    return {**outs, **changed} if changed else outs


def metadata_of(obj: Obj) -> Obj:
    """The metadata; empty if there is none, or it isn't known."""
    metadata = obj.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def annotations_of(obj: Obj) -> Mapping[str, Any]:
    """The annotations; empty if there are none, or they aren't known."""
    found = metadata_of(obj).get("annotations")
    return found if isinstance(found, dict) else {}


def is_true(obj: Obj, annotation: str) -> bool:
    """Whether the annotation says «true»."""
    return annotations_of(obj).get(annotation) == "true"


def namespace_of(obj: Obj) -> str:
    """The namespace; "" for none, or one that isn't known."""
    namespace = metadata_of(obj).get("namespace")
    return namespace if isinstance(namespace, str) else ""


def name_of(obj: Obj) -> str:
    """The name; "" for none, or one that isn't known."""
    name = metadata_of(obj).get("name")
    return name if isinstance(name, str) else ""


def id_of(obj: Obj) -> str:
    """The resource id: `namespace/name`, or `name` alone."""
    namespace = namespace_of(obj)
    return f"{namespace}/{name_of(obj)}" if namespace else name_of(obj)


def group_of(obj: Obj) -> str:
    """The API group; "" for the core group."""
    group = str(obj.get("apiVersion") or "").rpartition("/")[0]
    return "" if group == "core" else group


def is_secret(obj: Obj) -> bool:
    """Whether it is a Secret."""
    return obj.get("kind") == "Secret" and group_of(obj) == ""


def is_config_map(obj: Obj) -> bool:
    """Whether it is a ConfigMap."""
    return obj.get("kind") == "ConfigMap" and group_of(obj) == ""


def is_crd(obj: Obj) -> bool:
    """Whether it defines a kind."""
    return obj.get("kind") == "CustomResourceDefinition" and group_of(obj) == "apiextensions.k8s.io"
