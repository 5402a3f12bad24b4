"""A kind of object as the API serves it in one version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedded.cluster.model.errors import qualified

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.cluster.schema.types import Type, Types


@dataclass(frozen=True, slots=True)
class Subresource:
    """Something below an object's path, such as `pods/eviction`: what is sent there is of a kind of its own."""

    name: str
    group: str
    version: str
    kind: str
    verbs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Scale:
    """The JSON paths at which an object's scale stands; `selector` is "" where there is none."""

    spec: str
    status: str
    selector: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object in one version: its names, and what can be done with it. Equal when they name the same."""

    group: str
    version: str
    kind: str = field(compare=False)
    plural: str
    singular: str = field(compare=False)
    namespaced: bool = field(compare=False)
    short_names: tuple[str, ...] = field(compare=False)
    categories: tuple[str, ...] = field(compare=False)
    verbs: frozenset[str] = field(compare=False, repr=False)
    subresources: Mapping[str, Subresource] = field(compare=False, repr=False)
    # Where its objects are kept, the same for all versions.
    storage: str = field(compare=False)
    type_name: str = field(compare=False)
    types: Types = field(compare=False, repr=False)
    scale: Scale | None = field(default=None, compare=False, repr=False)
    # What `kubectl get` shows of a custom resource, as its definition says it.
    columns: tuple[Mapping[str, str], ...] = field(default=(), compare=False, repr=False)
    custom: bool = field(default=False, compare=False)

    @property
    def group_version(self) -> str:
        """As in an object's apiVersion."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def list_kind(self) -> str:
        """The kind of a list of these."""
        return f"{self.kind}List"

    @property
    def qualified(self) -> str:
        """As error texts name it: `deployments.apps`."""
        return qualified(self.group, self.plural)

    @property
    def type(self) -> Type:
        """What its objects look like."""
        return self.types[self.type_name]

    @property
    def has_status(self) -> bool:
        """Whether the status is written apart from the rest."""
        return "status" in self.subresources
