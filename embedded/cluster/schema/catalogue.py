"""The kinds that the server serves: the built-in ones, and those that custom resource definitions add."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.schema import data, gateway, operators
from embedded.cluster.schema.custom import resources_of
from embedded.cluster.schema.resource import Resource, Scale, Subresource
from embedded.cluster.schema.types import Types

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.cluster.model.objects import Obj

# Workloads can be scaled without knowing their type; this is where their numbers are.
_SCALE: Final = Scale(".spec.replicas", ".status.replicas", ".spec.selector")
# A kind that two groups serve is stored once.
_STORED_AS: Final = {"events.k8s.io/events": "/events"}


@dataclass(slots=True)
class Catalogue:
    """All kinds, by the ways in which requests name them."""

    version: str
    types: Types
    _builtin: tuple[Resource, ...]
    # Counts the changes to what is served, so that others know when what they made of it is old.
    revision: int = field(default=0, init=False)
    # Kinds that come from definitions, by the definition's name. Those of the server's own stand behind those that were applied.
    _own: dict[str, tuple[Resource, ...]] = field(default_factory=dict)
    _applied: dict[str, tuple[Resource, ...]] = field(default_factory=dict)
    _groups: dict[str, list[str]] = field(default_factory=dict)
    _by_plural: dict[tuple[str, str, str], Resource] = field(default_factory=dict)
    _by_kind: dict[tuple[str, str], Resource] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Catalogue:
        """The catalogue of a server to which nothing has been applied yet."""
        known = data.load()
        types = Types(known["types"])
        names = {
            (k["group"], k["version"], k["kind"]): name
            for name, schema in known["types"].items()
            for k in schema.get("x-kubernetes-group-version-kind", ())
        }
        catalogue = cls(known["version"], types, tuple(_builtin(entry, names, types) for entry in known["resources"]))
        catalogue._own = {d["metadata"]["name"]: tuple(resources_of(d, types)) for d in (*gateway.definitions(), *operators.definitions())}
        catalogue._index()
        return catalogue

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The kind that a path names."""
        return self._by_plural.get((group, version, plural))

    def by_kind(self, api_version: str, kind: str) -> Resource | None:
        """The kind that an object names."""
        return self._by_kind.get((api_version, kind))

    def groups(self) -> list[str]:
        """The groups' names, in the order in which discovery lists them; the core group, "", comes first."""
        return list(self._groups)

    def versions(self, group: str) -> list[str]:
        """The versions of a group, the preferred one first."""
        return list(self._groups.get(group, ()))

    def resources(self, group: str, version: str) -> list[Resource]:
        """The kinds of a version of a group."""
        return [r for (g, v, _), r in self._by_plural.items() if (g, v) == (group, version)]

    def all(self) -> list[Resource]:
        """All kinds in all versions."""
        return list(self._by_plural.values())

    def is_own(self, name: str) -> bool:
        """Whether the server has the kinds of such a definition without anybody having applied one."""
        return name in self._own

    def add_crd(self, crd: Obj) -> list[Resource]:
        """Serve what a custom resource definition defines, from now on and instead of what one of that name defined before."""
        self._applied[crd["metadata"]["name"]] = added = tuple(resources_of(crd, self.types))
        self._index()
        return list(added)

    def remove_crd(self, name: str) -> None:
        """Serve it no longer."""
        self._applied.pop(name, None)
        self._index()

    def _index(self) -> None:
        self.revision += 1
        custom = {**self._own, **self._applied}
        self._groups, self._by_plural, self._by_kind = {}, {}, {}
        self._enter(self._builtin)
        for name in sorted(custom):
            self._enter(custom[name])
        for versions in self._groups.values():
            versions.sort(key=version_rank)

    def _enter(self, resources: Iterable[Resource]) -> None:
        for r in resources:
            versions = self._groups.setdefault(r.group, [])
            if r.version not in versions:
                versions.append(r.version)
            self._by_plural[r.group, r.version, r.plural] = r
            self._by_kind[r.group_version, r.kind] = r


def version_rank(version: str) -> tuple[int, int, int, str]:
    """Sorts versions as Kubernetes prefers them: v2, v1, v1beta2, v1beta1, v1alpha1, then others by name."""
    text = version.removeprefix("v")
    for stage, word in enumerate(("beta", "alpha"), start=1):
        major, found, minor = text.partition(word)
        if found and major.isdigit() and minor.isdigit():
            return (stage, -int(major), -int(minor), "")
    return (0, -int(text), 0, "") if text.isdigit() and version != text else (3, 0, 0, version)


def _builtin(entry: dict[str, Any], names: dict[tuple[str, str, str], str], types: Types) -> Resource:
    group, version, kind, plural = entry["group"], entry["version"], entry["kind"], entry["plural"]
    subresources = {name: _subresource(name, sub) for name, sub in entry.get("subresources", {}).items()}
    key = f"{group}/{plural}"
    return Resource(
        group=group,
        version=version,
        kind=kind,
        plural=plural,
        singular=entry["singular"],
        namespaced=entry["namespaced"],
        short_names=tuple(entry["shortNames"]),
        categories=tuple(entry["categories"]),
        verbs=frozenset(entry["verbs"]),
        subresources=subresources,
        storage=_STORED_AS.get(key, key),
        type_name=names[group, version, kind],
        types=types,
        scale=_SCALE if "scale" in subresources else None,
    )


def _subresource(name: str, entry: dict[str, Any]) -> Subresource:
    group, version, kind = entry["kind"]
    return Subresource(name, group, version, kind, frozenset(entry["verbs"]))
