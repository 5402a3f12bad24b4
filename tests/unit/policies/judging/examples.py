"""Policies and objects that tests of the judging itself use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judging import (
    Settings,
    Standard,
    To,
    Violation,
    each,
    of_objects,
    of_pods,
    of_stack,
)
from policies.judging.rulebook import Pack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judging import (
        Container,
        Finding,
        Given,
        Pod,
        Stack,
        Subject,
    )


class Limits(Settings):
    """What may be."""

    most: int = 3
    """How many there may be."""


@of_pods(
    "Containers aren't privileged.",
    severity="critical",
    fix="Leave it out.",
    standards=(Standard("pod-security/baseline"), Standard("cis-kubernetes", ("5.2.2",), "1.9")),
    tags=("pods",),
    url="https://example.com/privileged",
)
def privileged(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:  # noqa: ARG001 - a policy's signature
    """Each container for itself."""
    yield from each(pod.containers, _privileged)


def _privileged(container: Container) -> Iterator[Finding]:
    flag = container.at("securityContext", "privileged")
    if flag.value is True:
        yield Violation(flag, f"{container.shown} is privileged", mended=To(False))


@of_objects("ConfigMap", "Secret", title="There is little data.", severity="low", fix="Have less.", level="advisory", settings=Limits)
def little_data(subject: Subject, given: Given[Limits]) -> Iterator[Finding]:
    """All that is in it, told with every word of it."""
    data = subject.at("data")
    if len(data.value or {}) > given.settings.most:
        yield Violation(data, f"there is too much: {data.value}", mended=To())


@of_stack("There is a ConfigMap.", severity="medium", fix="Make one.")
def config_there(stack: Stack, given: Given[Settings]) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """In the whole stack."""
    if not stack.of("ConfigMap"):
        yield Violation(stack.itself.root, "there is no ConfigMap")


@of_objects("Job", title="Jobs don't break policies.", severity="low", fix="None.")
def broken(subject: Subject, given: Given[Settings]) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Fails on what isn't as it thinks."""
    value: Any = subject.at("spec", "parallelism").value
    if value > 3:
        yield Violation(subject.root, "too parallel")


PACK = Pack("test", "For tests", (privileged, little_data, config_there, broken))
