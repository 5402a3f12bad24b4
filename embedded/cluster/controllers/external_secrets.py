"""The External Secrets operator: it makes the Secrets that ExternalSecrets ask for, and says whether they are in step."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Final

from embedded.cluster.behaviour import duration
from embedded.cluster.controllers import conditions
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.kinds import CLUSTER_SECRET_STORE, EXTERNAL_SECRET, SECRET, SECRET_STORE
from embedded.cluster.controllers.secret_stores import MISSING, UnavailableError, values_of
from embedded.cluster.controllers.secret_templates import rendered
from embedded.cluster.controllers.times import seconds_of
from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import (
    annotations_of,
    controller_of,
    is_deleting,
    is_true,
    labels_of,
    meta_of,
    name_of,
    namespace_of,
    owner_reference,
    uid_of,
)

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

MANAGER: Final = "external-secrets"
_MANAGED: Final = "reconcile.external-secrets.io/managed"
_HASH: Final = "reconcile.external-secrets.io/data-hash"
# What the operator needs to hear of a new object and to ask a store.
_DELAY: Final = 0.3
_RETRY: Final = 30.0
_OWNERLESS: Final = frozenset({"Orphan", "CreateOrMerge", "Merge"})


class Stores(Controller):
    """Says that a SecretStore can be used."""

    kind = SECRET_STORE

    def reconcile(self, namespace: str, name: str) -> None:
        """Publish the verdict."""
        store = self.world.get(self.kind, namespace, name)
        if store is None or is_deleting(store):
            return
        valid = name != MISSING
        new = {"type": "Ready", "status": "True", "reason": "Valid", "message": "store validated"}
        if not valid:
            new |= {"status": "False", "reason": "InvalidProviderConfig", "message": "unable to create client"}
        status = store.get("status") or {}
        held = conditions.put(status.get("conditions") or [], new, self.world.clock.stamp())
        self.world.set_status(self.kind, store, status | {"capabilities": "ReadWrite", "conditions": held}, manager=MANAGER)


class ClusterStores(Stores):
    """The same for those of all namespaces."""

    kind = CLUSTER_SECRET_STORE


class ExternalSecrets(Controller):
    """Keeps each ExternalSecret's Secret as its stores have it."""

    kind = EXTERNAL_SECRET

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._heard: dict[str, float] = {}
        world.on(SECRET, self.dependent_changed)
        for kind in (SECRET_STORE, CLUSTER_SECRET_STORE):
            world.on(kind, self._store_changed)

    def _store_changed(self, change: Change) -> None:
        """Those that a store had nothing for may find it now."""
        for external in self.world.all(EXTERNAL_SECRET, change.namespace or None):
            if not is_true(external, "Ready"):
                self.enqueue(namespace_of(external), name_of(external))

    def reconcile(self, namespace: str, name: str) -> None:
        """Make the Secret, or bring it up to date."""
        external = self.world.get(EXTERNAL_SECRET, namespace, name)
        if external is None or is_deleting(external) or self._is_new(external):
            return
        now, interval = self.world.clock.now(), _interval(external)
        due = _due(external, interval, now)
        if due > now and self._is_intact(external):
            if due < float("inf"):
                self.enqueue_after(due - now, namespace, name)
            return
        try:
            reason, message = self._sync(external)
        except UnavailableError as error:
            self._failed(external, "could not get secret data from provider", str(error))
        except _RefusedError as error:
            self._failed(external, error.message, str(error))
        else:
            status = {"refreshTime": self.world.clock.stamp(), "syncedResourceVersion": _version(external)}
            self._say(external, {"status": "True", "reason": reason, "message": message}, status | {"binding": {"name": _target(external)}})
            if interval:
                self.enqueue_after(interval, namespace, name)

    def _is_new(self, external: Obj) -> bool:
        """Whether the operator hasn't had the time yet to see to it."""
        if external.get("status"):
            return False
        wait = self._heard.setdefault(uid_of(external), self.world.clock.now()) + _DELAY - self.world.clock.now()
        if wait > 0:
            self.enqueue_after(wait, namespace_of(external), name_of(external))
            return True
        self._heard.pop(uid_of(external))
        return False

    def _is_intact(self, external: Obj) -> bool:
        """Whether the Secret is there, and holds what it was given."""
        if not is_true(external, "Ready") or _policy(external) in {"None", "Orphan", "Merge"}:
            return is_true(external, "Ready")
        secret = self.world.get(SECRET, namespace_of(external), _target(external))
        return secret is not None and annotations_of(secret).get(_HASH) == _digest(secret.get("data") or {})

    def _sync(self, external: Obj) -> tuple[str, str]:
        values = values_of(self.world, external)
        policy, old = _policy(external), self.world.get(SECRET, namespace_of(external), _target(external))
        if policy == "Merge" and old is None:
            return "SecretMissing", "secret will not be created due to CreationPolicy=Merge"
        if policy != "None":
            self._write(external, old, values)
        return "SecretSynced", "secret synced"

    def _write(self, external: Obj, old: Obj | None, values: dict[str, str]) -> None:
        owner = None if old is None else controller_of(old)
        owned = _policy(external) not in _OWNERLESS
        if owned and owner is not None and owner["uid"] != uid_of(external):
            raise _RefusedError("target is owned by another ExternalSecret", f"target is owned by {owner['kind']} {owner['name']}")
        try:
            wanted = _secret(external, old, values)
        except KeyError as error:
            why = f"could not apply template: map has no entry for key {error}"
            raise _RefusedError("could not update secret", why) from error
        if owned:
            others = [r for r in meta_of(wanted).get("ownerReferences") or () if r["uid"] != uid_of(external)]
            wanted["metadata"]["ownerReferences"] = [*others, owner_reference(external)]
        try:
            self._put(external, old, wanted)
        except StatusError as error:
            fixed = old is not None and old.get("immutable")
            raise _RefusedError(f"could not update secret{', target is immutable' if fixed else ''}", error.message) from error

    def _put(self, external: Obj, old: Obj | None, wanted: Obj) -> None:
        if old is None:
            self.world.create(SECRET, wanted, manager=MANAGER)
            self.world.events.normal(external, "Created", "secret created", source=MANAGER)
        elif any(old.get(k) != v for k, v in wanted.items() if k != "metadata") or any(
            meta_of(old).get(k) != v for k, v in wanted["metadata"].items()
        ):
            self.world.change(SECRET, old, lambda fresh: _update(fresh, wanted), manager=MANAGER)
            self.world.events.normal(external, "Updated", "secret updated", source=MANAGER)

    def _failed(self, external: Obj, message: str, why: str) -> None:
        new = {"status": "False", "reason": "SecretSyncedError", "message": message}
        ready = conditions.find((external.get("status") or {}).get("conditions") or [], "Ready") or {}
        if any(ready.get(k) != v for k, v in new.items()):
            self.world.events.warning(external, "UpdateFailed", f"error processing spec: {why}", source=MANAGER)
        self._say(external, new, {})
        self.enqueue_after(_RETRY, namespace_of(external), name_of(external))

    def _say(self, external: Obj, ready: Obj, changes: Obj) -> None:
        status = external.get("status") or {}
        held = conditions.put(status.get("conditions") or [], {"type": "Ready", **ready}, self.world.clock.stamp())
        self.world.set_status(EXTERNAL_SECRET, external, status | changes | {"conditions": held}, manager=MANAGER)


class _RefusedError(Exception):
    """The Secret can't be written; `message` is what the condition says of it."""

    def __init__(self, message: str, why: str) -> None:
        super().__init__(why)
        self.message = message


def _target(external: Obj) -> str:
    return str((external["spec"].get("target") or {}).get("name") or name_of(external))


def _policy(external: Obj) -> str:
    return str((external["spec"].get("target") or {}).get("creationPolicy", "Owner"))


def _interval(external: Obj) -> float:
    """The seconds between two looks; 0 for none."""
    spec = external["spec"]
    if spec.get("refreshPolicy") in {"CreatedOnce", "OnChange"}:
        return 0.0
    try:
        return duration(spec.get("refreshInterval", "1h"))
    except ValueError:
        return 0.0


def _due(external: Obj, interval: float, now: float) -> float:
    """When the values are to be asked for again."""
    status = external.get("status") or {}
    last = seconds_of(status.get("refreshTime"))
    changed = status.get("syncedResourceVersion") != _version(external)
    if last is None or not is_true(external, "Ready") or (changed and external["spec"].get("refreshPolicy") != "CreatedOnce"):
        return now
    return last + interval if interval else float("inf")


def _version(external: Obj) -> str:
    """What the values were made from: changes whenever the specification, a label or an annotation does."""
    words = json.dumps([labels_of(external), annotations_of(external)], sort_keys=True)
    return f"{meta_of(external).get('generation', 1)}-{hashlib.sha256(words.encode()).hexdigest()[:32]}"


def _digest(data: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:32]


def _secret(external: Obj, old: Obj | None, values: dict[str, str]) -> Obj:
    """The Secret as it is to be. What an immutable target holds stays."""
    target = external["spec"].get("target") or {}
    template = target.get("template") or {}
    texts = {key: rendered(text, values) for key, text in (template.get("data") or {}).items()}
    if not texts or template.get("mergePolicy") == "Merge":
        texts = values | texts
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    if old is not None and _policy(external) in {"Merge", "CreateOrMerge"}:
        data = (old.get("data") or {}) | data
    if old is not None and target.get("immutable"):
        data = old.get("data") or {}
    given = template.get("metadata") or {"labels": labels_of(external), "annotations": annotations_of(external)}
    before = {} if old is None else meta_of(old)
    metadata = {
        "name": _target(external),
        "namespace": namespace_of(external),
        "labels": {**(before.get("labels") or {}), **(given.get("labels") or {}), _MANAGED: "true"},
        "annotations": {**(before.get("annotations") or {}), **(given.get("annotations") or {}), _HASH: _digest(data)},
        **({"ownerReferences": before["ownerReferences"]} if before.get("ownerReferences") else {}),
    }
    kind = template.get("type") or ("Opaque" if old is None else old.get("type", "Opaque"))
    secret: Obj = {"metadata": metadata, "type": kind, "data": data}
    return secret | ({"immutable": True} if target.get("immutable") else {})


def _update(secret: Obj, wanted: Obj) -> None:
    secret["metadata"].update(wanted["metadata"])
    secret.update({k: v for k, v in wanted.items() if k != "metadata"})
