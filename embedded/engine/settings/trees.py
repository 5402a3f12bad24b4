"""Configuration values as trees: plain data whose secret leaves are `Ciphertext`. Trees are never edited in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NoReturn, Protocol

from embedded.engine.model import gojson
from embedded.engine.settings import paths
from embedded.engine.settings.errors import SettingsError

_SECURE: Final = "secure"


class Cipher(Protocol):
    """What encrypts and decrypts configuration values."""

    def encrypt(self, text: str) -> str:
        """The text's ciphertext."""
        ...

    def decrypt(self, ciphertext: str) -> str:
        """The ciphertext's text."""
        ...


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


class _Missing:
    """Nothing is there yet."""


MISSING: Final = _Missing()


def from_data(data: Any) -> Any:
    """The tree of a file's data: `{secure: text}` is a ciphertext."""
    if isinstance(data, dict):
        if len(data) == 1 and isinstance(data.get(_SECURE), str):
            return Ciphertext(data[_SECURE])
        return {str(k): from_data(v) for k, v in data.items()}
    if isinstance(data, list):
        return [from_data(v) for v in data]
    return data


def to_data(tree: Any) -> Any:
    """The tree as a file has it, keys sorted."""
    if isinstance(tree, Ciphertext):
        return {_SECURE: tree.value}
    if isinstance(tree, dict):
        return {k: to_data(v) for k, v in sorted(tree.items())}
    if isinstance(tree, list):
        return [to_data(v) for v in tree]
    return tree


def history_data(tree: Any) -> Any:
    """The tree as a history entry has it: a scalar is text."""
    return to_data(tree) if isinstance(tree, Ciphertext | dict | list) else as_value(tree).value


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
    text = gojson.dumps(to_data(tree), html=True)
    return ConfigValue(text, is_secret(tree), isinstance(tree, dict | list))


def plain_text(tree: Any, cipher: Cipher | None) -> str:
    """The value as programs get it: text, or JSON; secrets in the clear, or `[secret]` with no cipher."""
    plain = decrypted(tree, cipher)
    if isinstance(plain, str):
        return plain
    return "" if plain is None else gojson.dumps(plain, html=True)


def decrypted(tree: Any, cipher: Cipher | None) -> Any:
    """The tree with secrets in the clear, or masked with no cipher."""
    if isinstance(tree, Ciphertext):
        return "[secret]" if cipher is None else cipher.decrypt(tree.value)
    if isinstance(tree, dict):
        return {k: decrypted(v, cipher) for k, v in sorted(tree.items())}
    if isinstance(tree, list):
        return [decrypted(v, cipher) for v in tree]
    return tree


def reencrypted(tree: Any, old: Cipher, new: Cipher) -> Any:
    """The tree under other secrets."""
    if isinstance(tree, Ciphertext):
        return Ciphertext(new.encrypt(old.decrypt(tree.value)))
    if isinstance(tree, dict):
        return {k: reencrypted(v, old, new) for k, v in tree.items()}
    if isinstance(tree, list):
        return [reencrypted(v, old, new) for v in tree]
    return tree


def shown(tree: Any, cipher: Cipher | None) -> dict[str, Any]:
    """One entry of `config --json`."""
    secret = is_secret(tree)
    if secret and cipher is None:
        return {"secret": True}
    entry: dict[str, Any] = {"value": plain_text(tree, cipher)}
    if isinstance(tree, dict | list):
        entry["objectValue"] = decrypted(tree, cipher)
    return entry | {"secret": secret}


def typed(value: str, kind: str) -> Any:
    """The value of a text with a type: string, int, bool, float, or none given."""
    try:
        if kind == "int":
            return int(value)
        if kind == "float":
            return float(value)
    except ValueError as e:
        msg = f"could not set config: {value!r} is no {kind}"
        raise SettingsError(msg) from e
    if kind == "bool":
        return value.lower() in ("1", "t", "true")
    if kind in ("", "string"):
        return value
    msg = f'invalid type "{kind}"; must be one of string, int, bool, or float'
    raise SettingsError(msg)


def coerced(value: str) -> Any:
    """The bool or integer that a text reads as, or the text."""
    if value in ("true", "false"):
        return value == "true"
    digits = value.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or (len(value) > 1 and value[0] == "0"):
        return value
    number = int(value)
    return number if -(2**63) <= number < 2**64 else value


def _container(part: str | int) -> Any:
    return {} if isinstance(part, str) else [None] * (part + 1)


def with_value(tree: Any, prefix: paths.Path, rest: paths.Path, new: Any) -> Any:
    """The tree with `new` at the path."""
    if not rest:
        return new
    part = rest[0]
    if tree is MISSING or tree is None:
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
        raise SettingsError(msg)
    return {**tree, part: with_value(tree.get(part), prefix, rest[1:], new)}


def _with_item(tree: list[Any], prefix: paths.Path, rest: paths.Path, new: Any) -> list[Any]:
    index = rest[0]
    if not isinstance(index, int):
        _fail(prefix, "key for an array must be an int")
    if not 0 <= index <= len(tree):
        _fail(prefix, "array index out of range")
    items = [*tree, None] if index == len(tree) else list(tree)
    items[index] = with_value(items[index], prefix, rest[1:], new)
    return items


def without_value(tree: Any, rest: paths.Path, prefix: paths.Path) -> Any:
    """The tree without what is at the path."""
    part = rest[0]
    if isinstance(tree, list) and isinstance(part, int) and 0 <= part < len(tree):
        if len(rest) == 1:
            return [*tree[:part], *tree[part + 1 :]]
        return [*tree[:part], without_value(tree[part], rest[1:], (*prefix, part)), *tree[part + 1 :]]
    if not (isinstance(tree, dict) and isinstance(part, str) and part in tree):
        return tree
    if len(rest) > 1:
        return {**tree, part: without_value(tree[part], rest[1:], (*prefix, part))}
    left = {k: v for k, v in tree.items() if k != part}
    if len(left) == 1 and isinstance(left.get(_SECURE), str):
        _fail((*prefix, part), 'maps with the single key "secure" are reserved')
    return left


def _fail(prefix: paths.Path, message: str) -> NoReturn:
    msg = f"{paths.show(prefix)}: {message}"
    raise SettingsError(msg)
