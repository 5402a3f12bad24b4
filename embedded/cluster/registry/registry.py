"""The objects as clients and controllers see them: every read and every write goes through here.

Synchronous: a call is atomic. What is returned belongs to the store, so whoever changes it clones it first. What is handed in stays the
caller's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.model.errors import bad_request, no_such_resource, not_found
from embedded.cluster.model.logs import Logs
from embedded.cluster.model.objects import EVERYTHING, Obj, clone, labels_of, name_of, namespace_of
from embedded.cluster.registry import creation, customs, deletion, intake, ownership, patches, revision, scales
from embedded.cluster.registry.conversion import seen, stored
from embedded.cluster.registry.requests import DeleteOptions, Write
from embedded.cluster.registry.selection import FieldSelector
from embedded.cluster.registry.strategies import created_by_update
from embedded.cluster.store.store import check_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.model.clock import Clock
    from embedded.cluster.model.draws import Draws
    from embedded.cluster.model.journal import Journal
    from embedded.cluster.model.objects import Selector
    from embedded.cluster.registry.requests import PatchKind
    from embedded.cluster.schema.catalogue import Catalogue
    from embedded.cluster.schema.resource import Resource
    from embedded.cluster.store.store import Store

Objects = list[Obj]
ANY_FIELDS: Final = FieldSelector()
AS_USUAL: Final = DeleteOptions()


class Registry:
    """All objects, with an API server's rules."""

    def __init__(self, store: Store, catalogue: Catalogue, clock: Clock, draws: Draws, journal: Journal) -> None:
        self.store, self.catalogue, self.clock, self.draws, self.journal = store, catalogue, clock, draws, journal
        self.logs: Final = Logs()
        customs.follow(self)

    def find(self, group: str, version: str, plural: str) -> Resource:
        """The kind that a path names; 404 if there is none."""
        if (found := self.catalogue.find(group, version, plural)) is None:
            raise no_such_resource()
        return found

    def resource(self, api_version: str, kind: str) -> Resource:
        """The kind that an object names; 404 if there is none."""
        if (found := self.catalogue.by_kind(api_version, kind)) is None:
            raise no_such_resource()
        return found

    def peek(self, resource: Resource, namespace: str, name: str) -> Obj | None:
        """The object, if there is one."""
        found = self.store.get(resource.storage, namespace if resource.namespaced else "", name)
        return None if found is None else seen(resource, found)

    def get(self, resource: Resource, namespace: str, name: str) -> Obj:
        """The object; 404 if there is none."""
        if (found := self.peek(resource, namespace, name)) is None:
            raise not_found(resource.group, resource.plural, name)
        return found

    def list(
        self, resource: Resource, namespace: str | None = None, labels: Selector | None = None, fields: FieldSelector | None = None
    ) -> Objects:
        """All that match, in the order of namespace and name; namespace None: in all of them."""
        labels, fields = labels or EVERYTHING, fields or ANY_FIELDS
        found = (seen(resource, o) for o in self.store.all(resource.storage, namespace if resource.namespaced else None))
        return [o for o in found if labels.matches(labels_of(o)) and fields.matches(o)]

    def create(self, resource: Resource, namespace: str, obj: Obj, write: Write) -> Obj:
        """Make a new object."""
        obj = clone(obj)
        intake.identify(resource, namespace, "", obj)
        return self._create(resource, obj, write)

    def update(self, resource: Resource, namespace: str, name: str, obj: Obj, write: Write, subresource: str = "") -> Obj:
        """Put an object in the place of the one that is there."""
        if subresource == "scale":
            return self._rescale(resource, namespace, name, obj, write)
        obj = clone(obj)
        intake.identify(resource, namespace, name, obj)
        live = self.peek(resource, namespace, name)
        if live is None and created_by_update(resource) and not subresource:
            return self._create(resource, obj, write)
        if live is None:
            raise not_found(resource.group, resource.plural, name)
        revision.check_version(resource, live, obj)
        return self._revise(resource, live, obj, write, subresource)

    def patch(
        self, resource: Resource, namespace: str, name: str, patch: Obj | Objects, kind: PatchKind, write: Write, subresource: str = ""
    ) -> Obj:
        """Change an object by a patch; kind "apply" makes it if it isn't there."""
        if subresource == "scale":
            scale = self.scale(resource, namespace, name)
            return self._rescale(resource, namespace, name, patches.patched(None, scale, patch, kind), write)
        live = self.peek(resource, namespace, name)
        if kind == "apply":
            if not isinstance(patch, dict):
                raise bad_request("an applied configuration must be an object")
            return self._apply(resource, namespace, name, live, clone(patch), write, subresource)
        if live is None:
            raise not_found(resource.group, resource.plural, name)
        new = patches.patched(resource, live, patch, kind)
        intake.identify(resource, namespace, name, new)
        revision.check_version(resource, live, new)
        return self._revise(resource, live, new, write, subresource)

    def modify(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        change: Callable[[Obj], None],
        manager: str = "kube-controller-manager",
        subresource: str = "",
    ) -> Obj | None:
        """Let a controller change a copy of an object; what it left unchanged isn't written. None: the object is gone.

        As for any client, the status is written by subresource "status" and all the rest without it.
        """
        live = self.peek(resource, namespace, name)
        if live is None:
            return None
        new = clone(live)
        change(new)
        return live if new == live else self._revise(resource, live, new, Write(manager, trusted=True), subresource)

    def scale(self, resource: Resource, namespace: str, name: str) -> Obj:
        """How many there are and should be of what an object stands for, as a Scale."""
        return scales.read(resource, self.get(resource, namespace, name))

    def delete(self, resource: Resource, namespace: str, name: str, options: DeleteOptions = AS_USUAL) -> deletion.Deleted:
        """Delete an object, or mark it for those who have to do something first."""
        return deletion.delete(self, resource, self.get(resource, namespace, name), options)

    def delete_collection(
        self,
        resource: Resource,
        namespace: str | None,
        labels: Selector | None = None,
        fields: FieldSelector | None = None,
        options: DeleteOptions = AS_USUAL,
    ) -> Objects:
        """Delete all that match."""
        found = self.list(resource, namespace, labels, fields)
        return [deletion.delete(self, resource, obj, options).obj for obj in found]

    def _create(self, resource: Resource, obj: Obj, write: Write, managed: Objects | None = None) -> Obj:
        creation.prepare(self, resource, obj, write, managed)
        return seen(resource, self._keep("create", resource, obj, write))

    def _apply(self, resource: Resource, namespace: str, name: str, live: Obj | None, config: Obj, write: Write, subresource: str) -> Obj:
        intake.identify(resource, namespace, name, config)
        if live is None and subresource:
            raise not_found(resource.group, resource.plural, name)
        if live is not None:
            revision.check_version(resource, live, config, needed=False)
        obj, managed = ownership.applied(resource, live, config, write, self.clock.stamp(), subresource)
        if live is None:
            return self._create(resource, obj, write, managed)
        return self._revise(resource, live, obj, write, subresource, managed)

    def _rescale(self, resource: Resource, namespace: str, name: str, scale: Obj, write: Write) -> Obj:
        live = self.get(resource, namespace, name)
        revision.check_version(resource, live, scale, needed=False)
        new = scales.written(resource, live, scale)
        return scales.read(resource, self._revise(resource, live, new, write, "scale"))

    def _revise(self, resource: Resource, live: Obj, new: Obj, write: Write, subresource: str = "", managed: Objects | None = None) -> Obj:
        new = revision.prepare(self, resource, live, new, write, subresource, managed)
        if revision.same(live, new):
            return live
        if deletion.is_over(new):
            return deletion.finish(self, resource, new, dry_run=write.dry_run)
        return seen(resource, self._keep("update", resource, new, write))

    def _keep(self, verb: str, resource: Resource, obj: Obj, write: Write) -> Obj:
        if write.dry_run:
            return obj
        check_size(obj)
        self.note(verb, resource, obj)
        before = self.store.get(resource.storage, namespace_of(obj), name_of(obj))
        return self.store.put(resource.storage, stored(resource, obj, before))

    def note(self, verb: str, resource: Resource, obj: Obj) -> None:
        """Write down that an object changed."""
        self.journal.write("object", verb=verb, resource=resource.qualified, namespace=namespace_of(obj), name=name_of(obj))
