"""What a policy tells of a pod, whatever makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from policies.judging import Given, Violation, judge, of_manifest
from policies.judging.declaring import NEWEST
from tests.unit.policies.wrapping import KINDS, pod, wrapped

if TYPE_CHECKING:
    from policies.judging import Policy, To

Level = Literal["baseline", "restricted"]
LEVELS: Final[tuple[Level, ...]] = ("baseline", "restricted")
PARTS: Final = ("initContainers", "containers", "ephemeralContainers")


def everywhere(container: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """A pod's specification with a container of each sort, all of which have these fields."""
    names = ("setup", "app", "debug")
    return {part: [{**pod(**container)["containers"][0], "name": name}] for part, name in zip(PARTS, names, strict=True)} | spec


def below(*paths: str) -> list[str]:
    """Paths below each of those containers."""
    return [f"spec.{part}[0].{path}" for part in PARTS for path in paths]


def findings(
    policy: Policy, spec: dict[str, Any], *, minor: int = NEWEST, level: Level = "restricted", annotations: dict[str, Any] | None = None
) -> list[Violation]:
    """What is found in a pod: the same in every kind that makes such pods, and at the same places in them."""
    given = Given(policy.settings(), minor, level=level)
    metadata = {} if annotations is None else {"annotations": annotations}
    found = {kind: judge(policy, of_manifest(wrapped(kind, spec, **metadata)), given) for kind in KINDS}
    bare = [one for one in found["Pod"] if isinstance(one, Violation)]
    for kind, ones in found.items():
        where = KINDS[kind][0]
        texts = [(one.at.path, one.reason, one.mended) for one in ones if isinstance(one, Violation)]
        assert texts == [(f"{where}{one.at.path}", one.reason, one.mended) for one in bare], kind
        assert len(texts) == len(ones), f"{kind}: nothing is unknown in a manifest"
    return bare


def told(
    policy: Policy, spec: dict[str, Any], *, minor: int = NEWEST, level: Level = "restricted", annotations: dict[str, Any] | None = None
) -> list[str]:
    """Where something is found."""
    return [one.at.path for one in findings(policy, spec, minor=minor, level=level, annotations=annotations)]


def said(
    policy: Policy, spec: dict[str, Any], *, minor: int = NEWEST, level: Level = "restricted", annotations: dict[str, Any] | None = None
) -> list[tuple[str, str, To | None]]:
    """Why something is refused, what to do about it, and what it would be set to."""
    found = findings(policy, spec, minor=minor, level=level, annotations=annotations)
    return [(one.reason, one.fix, one.mended) for one in found]
