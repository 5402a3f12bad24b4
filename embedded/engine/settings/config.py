"""Stack configuration: keys `namespace:name`, values that are text, secrets, or whole objects with secrets inside.

A value is kept as a tree (`trees.py`): that is what `Pulumi.<stack>.yaml` and history entries hold. Programs get every value as
text: see `ConfigMap.decrypted`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.settings import paths, trees
from embedded.engine.settings.errors import SettingsError
from embedded.engine.settings.trees import Cipher, Ciphertext, ConfigValue

__all__ = ["Cipher", "Ciphertext", "ConfigMap", "ConfigValue", "parse_key", "pretty_key"]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MODULE_MEMBER: Final = 2


def parse_key(text: str, project: str, *, path: bool = False) -> str:
    """The full key `namespace:name`; a key without a namespace is the project's. SettingsError if it is none."""
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
    raise SettingsError(msg)


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
        return cls({key: trees.from_data(value) for key, value in data.items()})

    def to_data(self) -> dict[str, Any]:
        """As `from_data` takes it, sorted; scalars keep their type."""
        return {key: trees.to_data(self._trees[key]) for key in self}

    def to_history(self) -> dict[str, Any]:
        """As history entries have it: top-level scalars are text."""
        return {key: trees.history_data(tree) for key, tree in self._sorted()}

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
        return None if tree is trees.MISSING else trees.as_value(tree)

    def plain(self, key: str, cipher: Cipher | None, *, path: bool = False) -> str:
        """The value at a full key or path in the clear; "" if there is none."""
        tree = self._find(key, path=path)
        return "" if tree is trees.MISSING else trees.plain_text(tree, cipher)

    def show(self, key: str, cipher: Cipher | None, *, path: bool = False) -> dict[str, Any]:
        """The value at a full key or path as `config get --json` prints it."""
        return trees.shown(self._find(key, path=path), cipher)

    def _find(self, key: str, *, path: bool) -> Any:
        if not path:
            return self._trees.get(key, trees.MISSING)
        root, rest = _split(key)
        tree = self._trees.get(root, trees.MISSING)
        for part in rest:
            if isinstance(part, int) and isinstance(tree, list) and 0 <= part < len(tree):
                tree = tree[part]
            elif isinstance(part, str) and isinstance(tree, dict):
                tree = tree.get(part, trees.MISSING)
            else:
                return trees.MISSING
        return tree

    def set(self, key: str, value: str, *, cipher: Cipher | None = None, path: bool = False, kind: str = "") -> None:
        """Sets a value: encrypted if there is a `cipher`, of type `kind` (string, int, bool, float) if given.

        With `path`, what is nested becomes a bool or integer if it reads as one; top-level values are always text.
        """
        tree: Any = Ciphertext(cipher.encrypt(value)) if cipher is not None else trees.typed(value, kind)
        if not path:
            self._trees[key] = tree
            return
        try:
            root, rest = _split(key)
            if not rest:
                self._trees[root] = tree
                return
            if not kind and isinstance(tree, str):
                tree = trees.coerced(tree)
            self._trees[root] = trees.with_value(self._trees.get(root, trees.MISSING), (root.split(":", 1)[1],), rest, tree)
        except SettingsError as e:
            msg = f"could not set config: {e}"
            raise SettingsError(msg) from None

    def set_object(self, key: str, text: str, *, cipher: Cipher | None = None) -> None:
        """Sets a whole object from JSON text (`config set-all --json`). A secret one is encrypted as one text."""
        if cipher is not None:
            self._trees[key] = Ciphertext(cipher.encrypt(text))
            return
        try:
            self._trees[key] = trees.from_data(json.loads(text))
        except ValueError as e:
            msg = f'could not set --json config for "{key}": {e}'
            raise SettingsError(msg) from e

    def remove(self, key: str, *, path: bool = False) -> None:
        """Removes a value if it is there."""
        if not path:
            self._trees.pop(key, None)
            return
        root, rest = _split(key)
        if not rest:
            self._trees.pop(root, None)
        elif root in self._trees:
            self._trees[root] = trees.without_value(self._trees[root], rest, (root.split(":", 1)[1],))

    def has_secrets(self) -> bool:
        """Whether any value is secret, or holds one."""
        return any(trees.is_secret(tree) for tree in self._trees.values())

    def decrypted(self, cipher: Cipher | None) -> tuple[dict[str, str], frozenset[str]]:
        """Every value as text, secrets in the clear, and the keys whose values are secret or hold one.

        With no cipher secrets read `[secret]`.
        """
        values = {key: trees.plain_text(tree, cipher) for key, tree in self._sorted()}
        return values, frozenset(key for key, tree in self._trees.items() if trees.is_secret(tree))

    def reencrypted(self, old: Cipher, new: Cipher) -> ConfigMap:
        """The same configuration under other secrets (`config cp`, a changed passphrase)."""
        return ConfigMap({key: trees.reencrypted(tree, old, new) for key, tree in self._trees.items()})

    def listing(self, cipher: Cipher | None) -> dict[str, dict[str, Any]]:
        """What `config --json` prints: `{key: {value?, objectValue?, secret}}`; secret values only with a cipher."""
        return {key: trees.shown(self._trees[key], cipher) for key in self}

    def put_project_value(self, key: str, value: Any) -> None:
        """Sets a value that Pulumi.yaml gives; the key may be a path. Top-level scalars become text."""
        root, rest = _split(key)
        tree = value if isinstance(value, dict | list) else trees.as_value(value).value
        if rest:
            nested = trees.coerced(tree) if isinstance(tree, str) else tree
            tree = trees.with_value(self._trees.get(root, trees.MISSING), (root.split(":", 1)[1],), rest, nested)
        self._trees[root] = tree


def _order(key: str) -> tuple[str, str]:
    namespace, _, name = key.partition(":")
    return namespace, name


def _split(key: str) -> tuple[str, paths.Path]:
    """A full key with a path: the root key and the rest of the path."""
    namespace, _, name = key.partition(":")
    parts = paths.parse(name)
    if not parts:
        msg = "empty config key path"
        raise SettingsError(msg)
    if not isinstance(parts[0], str):
        msg = "first path segement of config key must be a string"
        raise SettingsError(msg)
    if not parts[0]:
        msg = "config key is empty"
        raise SettingsError(msg)
    return f"{namespace}:{parts[0]}", parts[1:]
