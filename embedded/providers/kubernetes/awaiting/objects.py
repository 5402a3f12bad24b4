"""Looking into Kubernetes objects, whose every part may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import Obj


def dig(obj: Any, *path: str) -> Any:
    """The value at a path of keys, None where there is none."""
    for key in path:
        if not isinstance(obj, dict):
            return None
        obj = obj.get(key)
    return obj


def mapping(obj: Any, *path: str) -> dict[str, Any]:
    """The object at a path; {} for none."""
    value = dig(obj, *path)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def sequence(obj: Any, *path: str) -> list[Any]:
    """The array at a path; [] for none."""
    value = dig(obj, *path)
    return value if isinstance(value, list) else []


def number(obj: Any, *path: str, default: int = 0) -> int:
    """The whole number at a path. The API leaves zeros out."""
    value = dig(obj, *path)
    return int(value) if isinstance(value, (int, float)) else default


def text(obj: Any, *path: str) -> str:
    """The text at a path; "" for none."""
    value = dig(obj, *path)
    return value if isinstance(value, str) else ""


def name_of(obj: Obj) -> str:
    """The object's name."""
    return text(obj, "metadata", "name")


def namespace_of(obj: Obj) -> str:
    """The object's namespace; "" if it is the cluster's."""
    return text(obj, "metadata", "namespace")


def uid_of(obj: Obj) -> str:
    """The object's uid."""
    return text(obj, "metadata", "uid")


def full_name(obj: Obj) -> str:
    """`namespace/name`, where the namespace is worth a word."""
    namespace = namespace_of(obj)
    return name_of(obj) if namespace in {"", "default"} else f"{namespace}/{name_of(obj)}"


def condition(obj: Obj, type_: str) -> dict[str, Any] | None:
    """The status condition of a type."""
    return next((found for found in conditions(obj) if found.get("type") == type_), None)


def conditions(obj: Obj) -> list[dict[str, Any]]:
    """All status conditions."""
    return [found for found in sequence(obj, "status", "conditions") if isinstance(found, dict)]


def is_true(found: dict[str, Any] | None) -> bool:
    """Whether a condition is there and true."""
    return found is not None and found.get("status") == "True"


def told(found: dict[str, Any]) -> str:
    """A condition's reason and message, as a line."""
    return f"[{text(found, 'reason')}] {text(found, 'message')}"


def observed(obj: Obj) -> bool:
    """Whether the kind's controller has seen the object as it is now, so that its status speaks of it."""
    return number(obj, "status", "observedGeneration") >= max(1, number(obj, "metadata", "generation"))


def owned_by(obj: Obj, owner: Obj) -> bool:
    """Whether `owner` is among the object's owners."""
    uid = uid_of(owner)
    return bool(uid) and any(text(reference, "uid") == uid for reference in sequence(obj, "metadata", "ownerReferences"))


def selector_text(selector: dict[str, Any]) -> str:
    """A label selector of a spec as the query parameter that selects the same."""
    parts = [f"{key}={value}" for key, value in mapping(selector, "matchLabels").items()]
    for rule in sequence(selector, "matchExpressions"):
        key, values = text(rule, "key"), ",".join(str(value) for value in sequence(rule, "values"))
        parts.append(
            {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "DoesNotExist": f"!{key}"}.get(text(rule, "operator"), key)
        )
    return ",".join(parts)
