"""The pods that an object makes: of each kind that has a pod template, those of other people's controllers included.

Kubernetes' own kinds are known by name. Of any other, a pod template is what looks like one wherever it is: a mapping named `template`,
or something that ends so, or one of a list of `...templates`, whose `spec` has `containers`. That is how Argo's Rollout, OpenKruise's
CloneSet, Knative's Service and Kubeflow's jobs have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from policies.judging.fields import UnknownError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judging.fields import Field
    from policies.judging.subjects import Subject

Part = Literal["initContainers", "containers", "ephemeralContainers"]
PARTS: Final[tuple[Part, ...]] = ("initContainers", "containers", "ephemeralContainers")

TEMPLATES: Final[dict[str, tuple[str, ...]]] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "ReplicationController": ("spec", "template"),
    "apps/DaemonSet": ("spec", "template"),
    "apps/Deployment": ("spec", "template"),
    "apps/ReplicaSet": ("spec", "template"),
    "apps/StatefulSet": ("spec", "template"),
    "extensions/DaemonSet": ("spec", "template"),
    "extensions/Deployment": ("spec", "template"),
    "extensions/ReplicaSet": ("spec", "template"),
    "batch/CronJob": ("spec", "jobTemplate", "spec", "template"),
    "batch/Job": ("spec", "template"),
}
"""Where Kubernetes' own kinds have their pods: a mapping with `metadata` and `spec`."""


@dataclass(frozen=True)
class Container:
    """A container of a pod; `at` is like a field's."""

    field: Field
    part: Part
    pod: Pod

    def at(self, *keys: str | int) -> Field:
        """A field of it: `container.at("securityContext", "privileged")`."""
        return self.field.at(*keys)

    @cached_property
    def name(self) -> str:
        """Its name; where it has none that is known, its place."""
        found = self.field.at("name")
        return (found.text if found.known else "") or f"#{self.field.key}"

    @property
    def shown(self) -> str:
        """It, for people: `container 'app'`, `init container 'setup'`."""
        return f"{_CALLED[self.part]} {self.name!r}"

    @property
    def is_sidecar(self) -> bool:
        """Whether it is an init container that goes on beside the others."""
        return self.part == "initContainers" and self.field.at("restartPolicy").text == "Always"


_CALLED: Final[dict[Part, str]] = {
    "containers": "container",
    "initContainers": "init container",
    "ephemeralContainers": "ephemeral container",
}


@dataclass(frozen=True)
class Pod:
    """A pod, or the template of pods, in an object."""

    subject: Subject
    metadata: Field
    spec: Field

    def at(self, *keys: str | int) -> Field:
        """A field of its specification: `pod.at("hostNetwork")`."""
        return self.spec.at(*keys)

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """All of them: init containers, containers, ephemeral ones."""
        return tuple(Container(field, part, self) for part in PARTS for field in self.spec.at(part).items())

    @cached_property
    def windows(self) -> bool:
        """Whether it says that it is one of Windows."""
        return bool(self.spec.at("os", "name").value == "windows")

    def annotation(self, name: str) -> Field:
        """One of its annotations."""
        return self.metadata.at("annotations", name)


def pods_of(subject: Subject) -> tuple[Pod, ...]:
    """The pods that an object makes, if it makes any; `UnknownError`, if even that isn't known."""
    if subject.package != "kubernetes":
        return ()
    full = f"{subject.group}/{subject.kind}" if subject.group else subject.kind
    if (keys := TEMPLATES.get(full)) is not None:
        holder = subject.at(*keys)
        return (Pod(subject, holder.at("metadata"), holder.at("spec")),)
    if subject.built_in:
        return ()
    spec = subject.at("spec")
    if not spec.known:
        raise UnknownError(spec)
    return tuple(Pod(subject, holder.at("metadata"), holder.at("spec")) for holder in _templates(spec))


def _templates(field: Field, deep: int = 0) -> Iterator[Field]:
    """What looks like a template of pods, from a field of a kind that isn't Kubernetes' own."""
    if deep > _DEEPEST or not field.known:
        return
    for key, part in field.entries():
        if not part.known:
            if key.lower().endswith("template"):
                yield part  # whatever it is: reading it says that it can't be told yet
            continue
        if key.lower().endswith("template") and _has_pod(part):
            yield part
        elif key.lower().endswith("templates"):
            for one in part.items():
                if _has_pod(one):
                    yield one
                else:
                    yield from _templates(one, deep + 1)
        else:
            yield from _templates(part, deep + 1)
    for one in field.items():
        yield from _templates(one, deep + 1)


_DEEPEST: Final = 12


def _has_pod(field: Field) -> bool:
    found = field.at("spec", "containers")
    return not found.known or any(True for _ in found.items())
