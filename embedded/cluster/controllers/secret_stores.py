"""What the secret stores of the External Secrets operator hold: a value for everything, unless they say themselves what they have.

There is no store behind them, so these rules stand in for one:

- Every store is there and answers, declared or not, but those named `missing`: these can't be found.
- An entry's property has a value of 32 characters that hangs on the cluster's seed, the store, the entry, the property and the version.
- An entry as a whole, as `dataFrom` takes it, has the properties `username` and `password`.
- A store of the provider `fake` has what its `data` lists, as with the real operator, and nothing else.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.controllers.kinds import CLUSTER_SECRET_STORE, SECRET_STORE
from embedded.cluster.model.objects import namespace_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj

MISSING: Final = "missing"
_LENGTH: Final = 32
_USUAL: Final = ("username", "password")


class UnavailableError(Exception):
    """What an ExternalSecret asks for can't be had; the text never has a value in it."""


def values_of(world: World, external: Obj) -> dict[str, str]:
    """All that an ExternalSecret asks its stores for, by the keys that its Secret is to have."""
    spec = external["spec"]
    found: dict[str, str] = {}
    for source in spec.get("dataFrom") or ():
        store = _store_of(world, external, source)
        if source.get("rewrite") or "extract" not in source:
            raise UnavailableError("of dataFrom only extract is simulated: neither find, generators nor rewrite")
        found |= store.entry(source["extract"])
    for item in spec.get("data") or ():
        found[item["secretKey"]] = _store_of(world, external, item).value(item["remoteRef"])
    return found


def _store_of(world: World, external: Obj, source: Obj) -> _Store:
    own = source.get("sourceRef") or {}
    if "generatorRef" in own:
        raise UnavailableError("generators are not simulated")
    reference = own.get("storeRef") or external["spec"]["secretStoreRef"]
    name, kind = reference.get("name", ""), reference.get("kind", SECRET_STORE.kind)
    if name == MISSING:
        raise UnavailableError(f'could not get {kind} "{name}": not found')
    shared = kind == CLUSTER_SECRET_STORE.kind
    namespace = "" if shared else namespace_of(external)
    declared = world.get(CLUSTER_SECRET_STORE if shared else SECRET_STORE, namespace, name) or {}
    fake = ((declared.get("spec") or {}).get("provider") or {}).get("fake")
    return _Store(world, (kind, namespace, name)) if fake is None else _Fake(world, (kind, namespace, name), fake)


class _Store:
    """A store that has everything."""

    def __init__(self, world: World, key: tuple[str, ...]) -> None:
        self._world, self._key = world, key

    def value(self, reference: Obj) -> str:
        """The value that a reference names."""
        return self._made(reference, reference.get("property", ""))

    def entry(self, reference: Obj) -> dict[str, str]:
        """All properties of the entry that a reference names."""
        return {name: self._made(reference, name) for name in _USUAL}

    def _made(self, reference: Obj, name: str) -> str:
        return self._world.draws.suffix(_LENGTH, "external", *self._key, reference["key"], name, reference.get("version", ""))


class _Fake(_Store):
    """A store that has what is listed."""

    def __init__(self, world: World, key: tuple[str, ...], fake: Obj) -> None:
        super().__init__(world, key)
        self._data: list[Obj] = fake.get("data") or []

    def value(self, reference: Obj) -> str:
        """The value itself, or a property of the JSON object that it is."""
        text = self._text(reference)
        return text if (name := reference.get("property")) is None else _spelled(self._fields(reference, text), reference, name)

    def entry(self, reference: Obj) -> dict[str, str]:
        """The properties of the JSON object."""
        fields = self._fields(reference, self._text(reference))
        return {name: _spelled(fields, reference, name) for name in fields}

    def _text(self, reference: Obj) -> str:
        wanted = (reference["key"], reference.get("version", ""))
        found = next((d for d in self._data if (d.get("key"), d.get("version", "")) == wanted), None)
        if found is None:
            raise UnavailableError(f"Secret does not exist: {' version '.join(w for w in wanted if w)}")
        return str(found.get("value", ""))

    def _fields(self, reference: Obj, text: str) -> dict[str, Any]:
        try:
            fields = json.loads(text)
        except ValueError:
            fields = None
        if not isinstance(fields, dict):
            raise UnavailableError(f"the value of {reference['key']} has no properties: it is no JSON object")
        return fields


def _spelled(fields: dict[str, Any], reference: Obj, name: str) -> str:
    if name not in fields:
        raise UnavailableError(f"key {name} does not exist in secret {reference['key']}")
    value = fields[name]
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
