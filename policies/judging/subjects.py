"""What is judged: one object of Kubernetes or resource of AWS, whether it comes from Pulumi or from a manifest."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from policies.judging.fields import Field

if TYPE_CHECKING:
    from collections.abc import Mapping

KUBERNETES: Final = "kubernetes"
_BUILT_IN: Final = frozenset({"", "apps", "autoscaling", "batch", "extensions", "policy"})
_PATCH: Final = "Patch"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a manifest was read."""

    file: str
    line: int = 1


@dataclass(frozen=True)
class Subject:
    """One object or resource, as it is asked for."""

    type: str
    """Pulumi's name of its type, whatever it comes from: `kubernetes:apps/v1:Deployment`, `aws:s3/bucket:Bucket`."""
    values: Mapping[str, Any]
    """Its properties; of Kubernetes' objects the manifest. Read them by `at`, which knows where it is, and what isn't known."""
    label: str = ""
    """What Pulumi's program calls it."""
    urn: str = ""
    source: Source | None = None
    protected: bool = False
    parent: str = ""
    marked: bool = False
    """Whether some of its values are secret or unknown."""
    partial: bool = False
    """Whether it only patches what is there: what it doesn't say says nothing."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """What holds where it says nothing: the namespace of its provider."""
    made_of: Mapping[str, tuple[str, ...]] | None = None
    """By property that the program gives, the URNs of the resources that its value comes from: known before the value is. None where
    Pulumi doesn't tell."""

    @cached_property
    def root(self) -> Field:
        """The whole of it."""
        return Field(self, self.values)

    def at(self, *keys: str | int) -> Field:
        """A field of it: `subject.at("spec", "replicas")`."""
        return self.root.at(*keys)

    def gives(self, name: str) -> bool:
        """Whether something can be said of a property: it is known, or it is made of another resource.

        What the program leaves out the provider fills in, and that isn't known in preview. (Of plain values no origin is told.)
        """
        return self.made_of is None or name in self.made_of or self.at(name).known

    def comes_from(self, name: str) -> tuple[str, ...]:
        """The URNs of the resources that a property's value comes from, as far as that is told."""
        return (self.made_of or {}).get(name, ())

    @cached_property
    def package(self) -> str:
        """Whose it is: `kubernetes`, `aws`, `pulumi`."""
        return self.type.partition(":")[0]

    @cached_property
    def group(self) -> str:
        """Kubernetes' API group; "" for the core's."""
        group, slash, _ = self.type.split(":")[1].partition("/")
        return "" if not slash or group == "core" else group

    @cached_property
    def kind(self) -> str:
        """What it is: `Deployment`; of AWS `Bucket`."""
        return self.type.rpartition(":")[2]

    @cached_property
    def built_in(self) -> bool:
        """Whether Kubernetes itself knows its kind: Knative's Service is none of those."""
        return self.package == KUBERNETES and (self.group in _BUILT_IN or self.group.endswith(".k8s.io"))

    @cached_property
    def keeps_secrets(self) -> bool:
        """Whether its data are secret, however it was declared."""
        return self.kind == "Secret" and self.built_in

    @cached_property
    def name(self) -> str:
        """Its name in the cluster; what the program calls it where that isn't known yet or is made up later, and elsewhere."""
        if self.package != KUBERNETES:
            return self.label
        found = self.at("metadata", "name")
        return (found.text if found.known and not found.secret else "") or self.label

    @cached_property
    def namespace(self) -> str:
        """The namespace that it says it is in; "" if it doesn't say."""
        found = self.at("metadata", "namespace")
        return (found.text if found.known else "") or self.defaults.get("namespace", "")

    @cached_property
    def shown(self) -> str:
        """It, for people: `shop/Deployment/web`, `ClusterRole/reader`."""
        return "/".join(part for part in (self.namespace, self.kind, self.name) if part)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Each name that a policy may look at it by: `Deployment`, `apps/Deployment`, Pulumi's, `kubernetes:*`."""
        ours = (self.type, f"{self.package}:*")
        if self.package != KUBERNETES:
            return ours
        full = f"{self.group}/{self.kind}" if self.group else self.kind
        return (*ours, full) if not self.built_in or full == self.kind else (*ours, full, self.kind)


def of_manifest(manifest: Mapping[str, Any], source: Source | None = None, namespace: str = "") -> Subject:
    """The subject that a manifest is; `apiVersion` and `kind` are known to be there."""
    version = manifest["apiVersion"]
    return Subject(
        f"{KUBERNETES}:{version if '/' in version else f'core/{version}'}:{manifest['kind']}",
        manifest,
        source=source,
        defaults={"namespace": namespace} if namespace else {},
    )


def of_resource(
    token: str,
    values: Mapping[str, Any],
    *,
    label: str = "",
    urn: str = "",
    protected: bool = False,
    parent: str = "",
    marked: bool = True,
    namespace: str = "",
    made_of: Mapping[str, tuple[str, ...]] | None = None,
) -> Subject:
    """The subject that a resource of Pulumi is, by its type, its properties, and what the program calls it."""
    partial = token.startswith(f"{KUBERNETES}:") and token.endswith(_PATCH)
    kind = token.removesuffix(_PATCH) if partial else token
    defaults = {"namespace": namespace} if namespace else {}
    return Subject(kind, values, label, urn, None, protected, parent, marked, partial, defaults, made_of)
