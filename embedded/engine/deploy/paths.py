"""What property paths do: lie under one another, and put old values back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine.model.values import Secret

if TYPE_CHECKING:
    from embedded.engine.model.propertypath import Path
    from embedded.engine.model.values import Value, Values


def contains(pattern: Path, path: Path) -> bool:
    """Whether the path lies at or under the pattern."""
    return len(pattern) <= len(path) and all(p in ("*", q) for p, q in zip(pattern, path, strict=False))


def copied(values: Values) -> Values:
    """The values with every list and dict rebuilt, so that a reset cannot reach the original."""

    def copy(value: Value) -> Value:
        if type(value) is dict:
            return {k: copy(v) for k, v in value.items()}
        if type(value) is list:
            return [copy(v) for v in value]
        if isinstance(value, Secret):
            return Secret(copy(value.value))
        return value

    return {k: copy(v) for k, v in values.items()}


def reset(path: Path, old: Value, new: Value) -> bool:
    """Put back in `new` (changed in place) what `old` has at the path. False: the path crosses an added or removed element."""
    old, new = _plain(old), _plain(new)
    if not path:
        return False
    key, rest = path[0], path[1:]
    if key == "*":
        return _reset_all(rest, old, new)
    if isinstance(key, int):
        return _reset_index(key, rest, old, new)
    if not isinstance(old, dict) or not isinstance(new, dict):
        return not isinstance(old, dict) and not isinstance(new, dict)
    if rest:
        if key not in old or key not in new:
            return key not in old and key not in new
        return reset(rest, old[key], new[key])
    if key in old:
        new[key] = old[key]
    else:
        new.pop(key, None)
    return True


def _plain(value: Value) -> Any:
    while isinstance(value, Secret):
        value = value.value
    return value


def _reset_index(key: int, rest: Path, old: Value, new: Value) -> bool:
    if not isinstance(old, list) or not isinstance(new, list):
        return not isinstance(old, list) and not isinstance(new, list)
    if key >= len(old) or key >= len(new):
        return key >= len(old) and key >= len(new)
    if rest:
        return reset(rest, old[key], new[key])
    new[key] = old[key]
    return True


def _reset_all(rest: Path, old: Value, new: Value) -> bool:
    if isinstance(old, list) and isinstance(new, list):
        if not rest:
            new[:] = old
            return True
        return len(old) == len(new) and all(reset(rest, o, n) for o, n in zip(old, new, strict=True))
    if isinstance(old, dict) and isinstance(new, dict):
        if not rest:
            new.clear()
            new.update(old)
            return True
        return old.keys() == new.keys() and all(reset(rest, old[k], new[k]) for k in old)
    return True
