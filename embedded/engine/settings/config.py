"""Stack configuration: keys `namespace:name`, values that are text, secrets, or whole objects with secrets inside.

A value is kept as a tree of plain data whose secret leaves are `Ciphertext`: that is what `Pulumi.<stack>.yaml` and history
entries hold. Programs get every value as text: see `decrypted`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

from embedded.engine.model import gojson
from embedded.engine.model.errors import ConfigurationError
from embedded.engine.settings import paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SECURE: Final = "secure"
_MODULE_MEMBER: Final = 2


class Cipher(Protocol):
    """What encrypts and decrypts configuration values."""

    def encrypt(self, text: str) -> str: ...
    def decrypt(self, ciphertext: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Ciphertext:
    """An encrypted leaf: `{secure: ...}` in files."""

    value: str


@dataclass(frozen=True, slots=True)
class ConfigValue:
    """A value as text. An object's text is JSON, in which secrets are `{"secure": ciphertext}`; a secret's is its ciphertext."""

    value: str
    secret: bool = False
    object: bool = False


def parse_key(text: str, project: str, *, path: bool = False) -> str:
    """The full key `namespace:name`; a key without a namespace is the project's. ConfigurationError if it is none."""
    if path:
        cut = min((i for i in (text.find("["), text.find(".")) if i >= 0), default=-1)
        if cut > 0:
            return parse_key(text[:cut], project) + text[cut:]
    if ":" not in text:
        return f"{project}:{text}"
    parts = text.split(":")
    if len(parts) == _MODULE_MEMBER:
        return text
    if len(parts) == _MODULE_MEMBER + 1 and parts[1] == "config":
        return f"{parts[0]}:{parts[2]}"
    msg = (
        f"invalid configuration key: could not parse {text} as a configuration key "
        "(configuration keys should be of the form `<namespace>:<name>`)"
    )
    raise ConfigurationError(msg)


def pretty_key(key: str, project: str) -> str:
    """The key as people write it: without the namespace, where that is the project."""
    return key.removeprefix(f"{project}:")


class ConfigMap:
    """A stack's configuration, or one that a history entry recorded."""

    def __init__(self, trees: Mapping[str, Any] | None = None) -> None:
        self._trees: dict[str, Any] = dict(trees or {})

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ConfigMap:
        """From a `config` section or a history entry's: secrets are `{secure: ciphertext}`."""
        return cls({key: _from_data(value) for key, value in data.items()})

    def to_data(self) -> dict[str, Any]:
        """As `from_data` takes it, sorted; scalars keep their type."""
        return {key: _to_data(self._trees[key]) for key in self}

    def to_history(self) -> dict[str, Any]:
        """As history entries have it: top-level scalars are text."""
        return {key: tree if isinstance(tree, str) else _history(tree) for key, tree in self._sorted()}

    def copy(self) -> ConfigMap:
        """A map of its own (values are never edited in place)."""
        return ConfigMap(self._trees)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._trees, key=_order))

    def __len__(self) -> int:
        return len(self._trees)

    def __contains__(self, key: object) -> bool:
        return key in self._trees

    def _sorted(self) -> list[tuple[str, Any]]:
        return [(key, self._trees[key]) for key in self]

    def get(self, key: str, *, path: bool = False) -> ConfigValue | None:
        """The value at a full key (or path, starting with a full key), or None."""
        tree = self._find(key, path=path)
        return None if tree is _MISSING else as_value(tree)

    def plain(self, key: str, cipher: Cipher | None, *, path: bool = False) -> str:
        """The value at a full key or path in the clear; "" if there is none."""
        tree = self._find(key, path=path)
        return "" if tree is _MISSING else plain_text(tree, cipher)

    def show(self, key: str, cipher: Cipher | None, *, path: bool = False) -> dict[str, Any]:
        """The value at a full key or path as `config get --json` prints it."""
        return shown(self._find(key, path=path), cipher)

    def _find(self, key: str, *, path: bool) -> Any:
        if not path:
            return self._trees.get(key, _MISSING)
        root, rest = _split(key)
        tree = self._trees.get(root, _MISSING)
        for part in rest:
            if isinstance(part, int) and isinstance(tree, list) and 0 <= part < len(tree):
                tree = tree[part]
            elif isinstance(part, str) and isinstance(tree, dict):
                tree = tree.get(part, _MISSING)
            else:
                return _MISSING
        return tree

    def set(self, key: str, value: str, *, cipher: Cipher | None = None, path: bool = False, kind: str = "") -> None:
        """Sets a value: encrypted if there is a `cipher`, of type `kind` (string, int, bool, float) if given.

        With `path`, what is nested becomes a bool or integer if it reads as one; top-level values are always text.
        """
        tree: Any = Ciphertext(cipher.encrypt(value)) if cipher is not None else _typed(value, kind)
        if not path:
            self._trees[key] = tree
            return
        try:
            root, rest = _split(key)
            if not rest:
                self._trees[root] = tree
                return
            if not kind and isinstance(tree, str):
                tree = _coerce(tree)
            self._trees[root] = _with(self._trees.get(root, _MISSING), (root.split(":", 1)[1],), rest, tree)
        except ConfigurationError as e:
            msg = f"could not set config: {e}"
            raise ConfigurationError(msg) from None

    def set_object(self, key: str, text: str, *, cipher: Cipher | None = None) -> None:
        """Sets a whole object from JSON text (`config set-all --json`). A secret one is encrypted as one text."""
        if cipher is not None:
            self._trees[key] = Ciphertext(cipher.encrypt(text))
            return
        try:
            self._trees[key] = _from_data(json.loads(text))
        except ValueError as e:
            msg = f'could not set --json config for "{key}": {e}'
            raise ConfigurationError(msg) from e

    def remove(self, key: str, *, path: bool = False) -> None:
        """Removes a value if it is there."""
        if not path:
            self._trees.pop(key, None)
            return
        root, rest = _split(key)
        if not rest:
            self._trees.pop(root, None)
        elif root in self._trees:
            self._trees[root] = _without(self._trees[root], rest, (root.split(":", 1)[1],))

    def has_secrets(self) -> bool:
        """Whether any value is secret, or holds one."""
        return any(is_secret(tree) for tree in self._trees.values())

    def decrypted(self, cipher: Cipher | None) -> tuple[dict[str, str], frozenset[str]]:
        """Every value as text, secrets in the clear, and the keys whose values are secret or hold one.

        With no cipher secrets read `[secret]`.
        """
        values = {key: plain_text(tree, cipher) for key, tree in self._sorted()}
        return values, frozenset(key for key, tree in self._trees.items() if is_secret(tree))

    def reencrypted(self, old: Cipher, new: Cipher) -> ConfigMap:
        """The same configuration under other secrets (`config cp`, a changed passphrase)."""
        return ConfigMap({key: _reencrypt(tree, old, new) for key, tree in self._trees.items()})

    def listing(self, cipher: Cipher | None) -> dict[str, dict[str, Any]]:
        """What `config --json` prints: `{key: {value?, objectValue?, secret}}`; secret values only with a cipher."""
        return {key: shown(self._trees[key], cipher) for key in self}

    def put_project_value(self, key: str, value: Any) -> None:
        """Sets a value that Pulumi.yaml gives; the key may be a path. Scalars become text."""
        root, rest = _split(key)
        tree = value if isinstance(value, dict | list) else as_value(value).value
        self._trees[root] = _with(self._trees.get(root, _MISSING), (root.split(":", 1)[1],), rest, tree) if rest else tree


class _Missing:
    """Nothing is there yet."""


_MISSING: Final = _Missing()


def _order(key: str) -> tuple[str, str]:
    namespace, _, name = key.partition(":")
    return namespace, name


def _split(key: str) -> tuple[str, paths.Path]:
    """A full key with a path: the root key and the rest of the path."""
    namespace, _, name = key.partition(":")
    parts = paths.parse(name)
    if not parts:
        msg = "empty config key path"
        raise ConfigurationError(msg)
    if not isinstance(parts[0], str):
        msg = "first path segement of config key must be a string"
        raise ConfigurationError(msg)
    if not parts[0]:
        msg = "config key is empty"
        raise ConfigurationError(msg)
    return f"{namespace}:{parts[0]}", parts[1:]


def _from_data(data: Any) -> Any:
    if isinstance(data, dict):
        if len(data) == 1 and isinstance(data.get(_SECURE), str):
            return Ciphertext(data[_SECURE])
        return {str(k): _from_data(v) for k, v in data.items()}
    if isinstance(data, list):
        return [_from_data(v) for v in data]
    return data


def _to_data(tree: Any) -> Any:
    if isinstance(tree, Ciphertext):
        return {_SECURE: tree.value}
    if isinstance(tree, dict):
        return {k: _to_data(v) for k, v in sorted(tree.items())}
    if isinstance(tree, list):
        return [_to_data(v) for v in tree]
    return tree


def _history(tree: Any) -> Any:
    return _to_data(tree) if isinstance(tree, Ciphertext | dict | list) else as_value(tree).value


def is_secret(tree: Any) -> bool:
    """Whether the value is a secret, or holds one."""
    if isinstance(tree, dict):
        return any(map(is_secret, tree.values()))
    if isinstance(tree, list):
        return any(map(is_secret, tree))
    return isinstance(tree, Ciphertext)


def as_value(tree: Any) -> ConfigValue:
    """The tree as text."""
    if isinstance(tree, str):
        return ConfigValue(tree)
    if tree is None:
        return ConfigValue("")
    if isinstance(tree, Ciphertext):
        return ConfigValue(tree.value, secret=True)
    text = gojson.dumps(_to_data(tree), html=True)
    return ConfigValue(text, is_secret(tree), isinstance(tree, dict | list))


def plain_text(tree: Any, cipher: Cipher | None) -> str:
    """The value as programs get it: text, or JSON; secrets in the clear, or `[secret]` with no cipher."""
    plain = _decrypt(tree, cipher)
    if isinstance(plain, str):
        return plain
    return "" if plain is None else gojson.dumps(plain, html=True)


def _decrypt(tree: Any, cipher: Cipher | None) -> Any:
    if isinstance(tree, Ciphertext):
        return "[secret]" if cipher is None else cipher.decrypt(tree.value)
    if isinstance(tree, dict):
        return {k: _decrypt(v, cipher) for k, v in sorted(tree.items())}
    if isinstance(tree, list):
        return [_decrypt(v, cipher) for v in tree]
    return tree


def _reencrypt(tree: Any, old: Cipher, new: Cipher) -> Any:
    if isinstance(tree, Ciphertext):
        return Ciphertext(new.encrypt(old.decrypt(tree.value)))
    if isinstance(tree, dict):
        return {k: _reencrypt(v, old, new) for k, v in tree.items()}
    if isinstance(tree, list):
        return [_reencrypt(v, old, new) for v in tree]
    return tree


def shown(tree: Any, cipher: Cipher | None) -> dict[str, Any]:
    """One entry of `config --json`."""
    secret = is_secret(tree)
    if secret and cipher is None:
        return {"secret": True}
    entry: dict[str, Any] = {"value": plain_text(tree, cipher)}
    if isinstance(tree, dict | list):
        entry["objectValue"] = _decrypt(tree, cipher)
    return entry | {"secret": secret}


def _typed(value: str, kind: str) -> Any:
    try:
        if kind == "int":
            return int(value)
        if kind == "float":
            return float(value)
    except ValueError as e:
        msg = f"could not set config: {value!r} is no {kind}"
        raise ConfigurationError(msg) from e
    if kind == "bool":
        return value.lower() in ("1", "t", "true")
    if kind in ("", "string"):
        return value
    msg = f'invalid type "{kind}"; must be one of string, int, bool, or float'
    raise ConfigurationError(msg)


def _coerce(value: str) -> Any:
    if value in ("true", "false"):
        return value == "true"
    digits = value.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or (len(value) > 1 and value[0] == "0"):
        return value
    number = int(value)
    return number if -(2**63) <= number < 2**64 else value


def _container(part: str | int) -> Any:
    return {} if isinstance(part, str) else [None] * (part + 1)


def _with(tree: Any, prefix: paths.Path, rest: paths.Path, new: Any) -> Any:
    """The tree with `new` at the path."""
    if not rest:
        return new
    part = rest[0]
    if tree is _MISSING or tree is None:
        tree = _container(part)
    elif not isinstance(tree, dict | list):
        if len(prefix) > 1:
            _fail(prefix, f"expected {'an array' if isinstance(part, int) else 'a map'}")
        tree = _container(part)
    prefix = (*prefix, part)
    if isinstance(tree, list):
        return _with_item(tree, prefix, rest, new)
    if not isinstance(part, str):
        _fail(prefix, "key for a map must be a string")
    if len(rest) == 1 and not tree and part == _SECURE and isinstance(new, str):
        msg = 'maps with the single key "secure" are reserved'
        raise ConfigurationError(msg)
    return {**tree, part: _with(tree.get(part), prefix, rest[1:], new)}


def _with_item(tree: list[Any], prefix: paths.Path, rest: paths.Path, new: Any) -> list[Any]:
    index = rest[0]
    if not isinstance(index, int):
        _fail(prefix, "key for an array must be an int")
    if not 0 <= index <= len(tree):
        _fail(prefix, "array index out of range")
    items = [*tree, None] if index == len(tree) else list(tree)
    items[index] = _with(items[index], prefix, rest[1:], new)
    return items


def _without(tree: Any, rest: paths.Path, prefix: paths.Path) -> Any:
    """The tree without what is at the path."""
    part = rest[0]
    if isinstance(tree, list) and isinstance(part, int) and 0 <= part < len(tree):
        if len(rest) == 1:
            return [*tree[:part], *tree[part + 1 :]]
        return [*tree[:part], _without(tree[part], rest[1:], (*prefix, part)), *tree[part + 1 :]]
    if not (isinstance(tree, dict) and isinstance(part, str) and part in tree):
        return tree
    if len(rest) > 1:
        return {**tree, part: _without(tree[part], rest[1:], (*prefix, part))}
    left = {k: v for k, v in tree.items() if k != part}
    if len(left) == 1 and isinstance(left.get(_SECURE), str):
        _fail((*prefix, part), 'maps with the single key "secure" are reserved')
    return left


def _fail(prefix: paths.Path, message: str) -> NoReturn:
    msg = f"{paths.show(prefix)}: {message}"
    raise ConfigurationError(msg)
